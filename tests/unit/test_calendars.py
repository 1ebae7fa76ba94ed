"""Calendars as documents with a version, and how the library's holidays become one."""

from __future__ import annotations

from datetime import date

import pytest

from proxy.errors import InvalidInput
from proxy.model.calendar import CalendarId
from proxy.run import calendars
from proxy.wire import calendar_document, documents
from tests.support.deadlines import CALENDAR, HOLIDAYS, calendar

DOCUMENT = calendar_document.render(CALENDAR)
YEARS = range(2025, 2029)


def test_a_document_gives_the_calendar_back() -> None:
    """A calendar is read as it was written, with the version that is its document's digest."""
    again = calendar_document.parse(DOCUMENT)
    assert again == CALENDAR
    assert again.version == documents.digest(DOCUMENT)


def test_equal_days_are_one_version_and_other_days_another() -> None:
    """The order in which days are given does not matter; one more, or another name, does."""
    backwards = dict(reversed(HOLIDAYS.items()))
    assert calendar(backwards).version == CALENDAR.version
    others = [
        calendar({**HOLIDAYS, date(2026, 3, 24): "Day of Mourning"}),
        calendar({**HOLIDAYS, date(2026, 1, 1): "New Year"}),
        calendar(workdays=(date(2026, 3, 21),)),
        calendar(weekend=(4, 5)),
        calendar(years=(2010, 2046)),
    ]
    assert len({CALENDAR.version, *(one.version for one in others)}) == len(others) + 1


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"2026-01-01"', '"2026-02-30"'),
        ('"2026-01-01"', '"2026-1-1"'),
        ('"weekend":[5,6]', '"weekend":[6,5]'),
        ('"weekend":[5,6]', '"weekend":[5,7]'),
        ('"weekend":[5,6]', '"weekend":[5,5]'),
        ('"v":1', '"v":2'),
        ('"v":1', '"more":1,"v":1'),
        ('"Europe/Berlin"', '"../../secret"'),
        ('"XA-HARBOUR"', '""'),
        ('"Good Friday"', '""'),
        ('"first_year":2010', '"first_year":2046'),
    ],
)
def test_a_damaged_document_is_refused(right: str, wrong: str) -> None:
    """What is no canonical document of a calendar is none at all."""
    assert right in DOCUMENT
    with pytest.raises(InvalidInput) as refused:
        calendar_document.parse(DOCUMENT.replace(right, wrong, 1))
    assert refused.value.code in {"document_malformed", "document_not_canonical"}


def test_a_place_has_its_holidays_by_name() -> None:
    """Bavaria has Epiphany and Corpus Christi, named in English, and no year more than asked."""
    made = calendars.make("DE", "BY", "Europe/Berlin", YEARS)
    assert made.id == CalendarId("DE-BY")
    assert made.holidays[date(2026, 1, 6)] == "Epiphany"
    assert made.holidays[date(2026, 6, 4)] == "Corpus Christi"
    assert {day.year for day in made.holidays} == set(YEARS)
    assert (made.first_year, made.last_year) == (2025, 2028)
    assert made.weekend == {5, 6}
    assert calendar_document.parse(calendar_document.render(made)) == made


def test_worked_weekend_days_come_along() -> None:
    """Sunday 4 January 2026 is worked in China, in place of the Friday before."""
    made = calendars.make("CN", None, "Asia/Shanghai", YEARS)
    assert date(2026, 1, 4) in made.workdays
    assert date(2026, 1, 2) in made.holidays


def test_the_same_release_makes_the_same_version() -> None:
    """Made again, a calendar is the same value; its source names library and release."""
    first, again = (calendars.make("IN", "DL", "Asia/Kolkata", YEARS) for _ in range(2))
    assert first == again
    assert calendars.source().startswith("holidays 0.")


@pytest.mark.parametrize(("country", "subdivision"), [("XX", None), ("DE", "XX")])
def test_an_unknown_place_has_no_calendar(country: str, subdivision: str | None) -> None:
    """A country or subdivision that the library does not know is refused, not taken as free."""
    with pytest.raises(InvalidInput) as refused:
        calendars.make(country, subdivision, "UTC", YEARS)
    assert refused.value.code == "calendar_unknown"
