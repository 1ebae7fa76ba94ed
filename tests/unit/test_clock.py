"""When deadlines fall due: examples reckoned by hand, of days in Berlin unless said otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from proxy.errors import Refused
from proxy.model.deadline import Change, Deadline, Direction, Roll, Terms, Unit
from proxy.rules import business_days, clock, local_days
from tests.support.deadlines import (
    CALENDAR,
    HOLIDAYS,
    calendar,
    deadline,
    extension,
    terms,
    utc,
)

OURS, THEIRS = Direction.OUR_DUTY, Direction.THEIR_WINDOW
HOURS, DAYS, BUSINESS, MONTHS = (
    Unit.HOURS,
    Unit.CALENDAR_DAYS,
    Unit.BUSINESS_DAYS,
    Unit.MONTHS,
)


def due(one: Deadline, *history: Change) -> str:
    """The due moment as text."""
    return f"{clock.due(one, CALENDAR, history):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("of", "start", "expected"),
    [
        # Friday 20 March 2026 and 15 days: Saturday 4 April, in summer time.
        (terms(15, DAYS), "2026-03-20 10:15", "2026-04-04 22:00"),
        # Good Friday the 3rd, Easter Monday the 6th.
        (terms(15, DAYS, roll=Roll.NEXT), "2026-03-20 10:15", "2026-04-07 22:00"),
        (terms(15, DAYS, roll=Roll.PREVIOUS), "2026-03-20 10:15", "2026-04-02 22:00"),
        (terms(15, DAYS, is_event_day_counted=True), "2026-03-20 10:15", "2026-04-03 22:00"),
        (terms(0, DAYS), "2026-03-20 10:15", "2026-03-20 23:00"),
        (terms(0, DAYS, is_event_day_counted=True), "2026-03-20 10:15", "2026-03-20 23:00"),
        # Rolled back, but never before the day of the event: Saturday stays Saturday.
        (terms(0, DAYS, roll=Roll.PREVIOUS), "2026-03-21 10:15", "2026-03-21 23:00"),
        # Thursday before Easter: Tuesday is the first business day, Wednesday the second.
        (terms(2, BUSINESS), "2026-04-02 12:00", "2026-04-08 22:00"),
        (terms(0, BUSINESS), "2026-04-04 12:00", "2026-04-07 22:00"),
        (terms(1, BUSINESS), "2026-04-04 12:00", "2026-04-07 22:00"),
        (terms(1, BUSINESS, is_event_day_counted=True), "2026-03-20 12:00", "2026-03-20 23:00"),
        (terms(1, BUSINESS, is_event_day_counted=True), "2026-03-21 12:00", "2026-03-23 23:00"),
        # Six weeks have 30; the 3rd and the 6th of April and the 1st of May are three more days.
        (terms(30, BUSINESS), "2026-03-20 10:15", "2026-05-06 22:00"),
        # Over Christmas and the end of a year.
        (terms(2, BUSINESS), "2026-12-24 09:00", "2026-12-29 23:00"),
        (terms(5, BUSINESS), "2026-12-28 09:00", "2027-01-05 23:00"),
        (terms(10, DAYS), "2026-12-28 09:00", "2027-01-07 23:00"),
        # Months: short ones, leap days, twelve of them.
        (terms(1, MONTHS), "2028-01-31 09:00", "2028-02-29 23:00"),
        (terms(1, MONTHS), "2027-01-31 09:00", "2027-02-28 23:00"),
        (terms(1, MONTHS), "2026-11-30 09:00", "2026-12-30 23:00"),
        (terms(3, MONTHS), "2026-11-30 09:00", "2027-02-28 23:00"),
        (terms(12, MONTHS), "2028-02-29 09:00", "2029-02-28 23:00"),
        (terms(12, MONTHS), "2027-03-01 09:00", "2028-03-01 23:00"),
        (terms(1, MONTHS, roll=Roll.NEXT), "2026-03-03 09:00", "2026-04-07 22:00"),
        # Hours pass alike on the days of 23 and of 25 hours, and on a leap day.
        (terms(24, HOURS), "2026-03-28 12:00", "2026-03-29 12:00"),
        (terms(24, HOURS), "2026-10-24 12:00", "2026-10-25 12:00"),
        (terms(72, HOURS), "2028-02-28 12:00", "2028-03-02 12:00"),
        (terms(8, HOURS), "2026-12-31 20:00", "2027-01-01 04:00"),
        # Days end with the local day: the first summer day, the first winter day.
        (terms(1, DAYS), "2026-03-28 12:00", "2026-03-29 22:00"),
        (terms(1, DAYS), "2026-10-24 12:00", "2026-10-25 23:00"),
        # 22:30 UTC is 23:30 in Berlin before the change and 00:30 of the next day behind it.
        (terms(1, DAYS), "2026-03-28 22:30", "2026-03-29 22:00"),
        (terms(1, DAYS), "2026-03-29 22:30", "2026-03-31 22:00"),
    ],
)
def test_examples(of: Terms, start: str, expected: str) -> None:
    """Every example falls due when a person with a calendar says so."""
    assert due(deadline(of, start)) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2026-03-22 00:00"),
        ("Asia/Kolkata", "2026-03-22 18:30"),  # there the event was on the 21st, at 00:30
        ("America/Los_Angeles", "2026-03-22 07:00"),
        ("Asia/Kathmandu", "2026-03-22 18:15"),
    ],
)
def test_days_are_those_of_the_deadlines_zone(zone: str, expected: str) -> None:
    """One day from one moment ends at another moment in each zone."""
    assert due(deadline(terms(1, DAYS), "2026-03-20 19:00", zone)) == expected


@pytest.mark.parametrize(
    ("zone", "start", "ours", "theirs"),
    [
        # Havana, 1 November 2026: at 01:00 back to 00:00, so midnight comes twice.
        ("America/Havana", "2026-10-30 12:00", "2026-11-01 04:00", "2026-11-01 05:00"),
        # St. John's, 7 November 2010: at 00:01 back to 23:01.
        ("America/St_Johns", "2010-11-05 12:00", "2010-11-07 02:30", "2010-11-07 03:30"),
        # The same, for an event at the first 00:00:30 of the 7th, half a minute behind midnight.
        ("America/St_Johns", "2010-11-07 02:30:30", "2010-11-08 03:30", "2010-11-09 03:30"),
        # And at the second 23:30 of the 6th.
        ("America/St_Johns", "2010-11-07 03:00", "2010-11-08 03:30", "2010-11-09 03:30"),
        # Beirut, 29 March 2026: from 24:00 straight to 01:00.
        ("Asia/Beirut", "2026-03-27 12:00", "2026-03-28 22:00", "2026-03-28 22:00"),
        # Toronto, 30 March 1919: from 23:30 straight to 00:30.
        ("America/Toronto", "1919-03-29 12:00", "1919-03-31 04:30", "1919-03-31 04:30"),
        # Samoa left out 30 December 2011: the day that ends there has no length.
        ("Pacific/Apia", "2011-12-29 20:00", "2011-12-30 10:00", "2011-12-30 10:00"),
    ],
)
def test_odd_midnights(zone: str, start: str, ours: str, theirs: str) -> None:
    """A midnight that comes twice ends a duty first, a window second; a missing one is a jump."""
    assert due(deadline(terms(1, DAYS, OURS), start, zone)) == ours
    assert due(deadline(terms(1, DAYS, THEIRS), start, zone)) == theirs


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-20 15:59", "2026-03-24 23:00"),
        ("2026-03-20 16:00", "2026-03-25 23:00"),  # 17:00 in Berlin
        ("2026-03-21 08:00", "2026-03-25 23:00"),  # a Saturday
        ("2026-03-23 08:00", "2026-03-25 23:00"),
    ],
)
def test_what_comes_after_hours_came_the_next_business_day(start: str, expected: str) -> None:
    """With a closing time the evening and the weekend belong to the next business day."""
    assert due(deadline(terms(2, BUSINESS, closes_at=time(17)), start)) == expected


def test_a_worked_weekend_day_counts() -> None:
    """A Saturday that is worked in place of another day is a business day."""
    own = calendar(workdays=(date(2026, 3, 21),))
    at = clock.due(deadline(terms(1, BUSINESS), "2026-03-20 09:00"), own)
    assert at == utc("2026-03-21 23:00")


def test_another_weekend_is_another_due_day() -> None:
    """Where Friday and Saturday are the weekend, Sunday counts."""
    own = calendar(weekend=(4, 5))
    at = clock.due(deadline(terms(1, BUSINESS), "2026-03-19 09:00"), own)
    assert at == utc("2026-03-22 23:00")


@pytest.mark.parametrize("of", [terms(2, BUSINESS), terms(9, DAYS, roll=Roll.NEXT)])
def test_a_calendar_that_ends_too_early_refuses(of: Terms) -> None:
    """No day of a year that the calendar does not know is taken for a business day."""
    short = calendar(years=(2010, 2026))
    with pytest.raises(Refused) as refused:
        clock.due(deadline(of, "2026-12-30 09:00"), short)
    assert refused.value.code == "calendar_ends"


FIFTEEN = terms(15, DAYS, THEIRS)
START = "2026-03-20 10:15"


def test_a_month_later_as_one_walks_it_for_every_day_of_16_years() -> None:
    """One, three and twelve months agree with a walk day by day, over every start 2024 to 2040."""
    day = date(2024, 1, 1)
    while day.year <= 2040:
        for amount in (1, 3, 12):
            assert business_days.corresponding_date(day, amount) == walked(day, amount)
        day += timedelta(days=1)


def walked(day: date, amount: int) -> date:
    """The corresponding date, found by turning the leaves of a calendar."""
    wanted, firsts = day.day, 0
    while True:
        day += timedelta(days=1)
        firsts += day.day == 1
        if firsts == amount and (day.day == wanted or (day + timedelta(days=1)).day == 1):
            return day


def test_the_servers_zone_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event given in another zone of the world is the same event."""
    kolkata = local_days.zone_named("Asia/Kolkata")
    for of in (FIFTEEN, terms(2, BUSINESS), terms(8, HOURS)):
        there = deadline(of, utc(START).astimezone(kolkata))
        answer = clock.due(there, CALENDAR)
        assert answer == clock.due(deadline(of, START), CALENDAR)
        assert answer.tzinfo is UTC


def test_a_preview_leaves_the_facts_alone() -> None:
    """What-if is the same function over other facts; asked again, the first answer stands."""
    one = deadline(FIFTEEN, START)
    before = due(one)
    assert due(one, extension(10, "2026-04-01 09:00")) > before
    other = calendar({**HOLIDAYS, date(2026, 4, 4): "Day of Mourning"})
    assert clock.due(one, other) == clock.due(one, CALENDAR)
    assert due(one) == before


def test_the_last_moment_is_in_time_and_the_next_is_not() -> None:
    """What comes a microsecond before the due moment is still of the last local day."""
    at = clock.due(deadline(FIFTEEN, START), CALENDAR)
    zone = local_days.zone_named("Europe/Berlin")
    assert (at - datetime.resolution).astimezone(zone).date() == date(2026, 4, 4)
    assert at.astimezone(zone).date() == date(2026, 4, 5)
