"""How a court's date bounds a window: business days before it, the end of a local day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from proxy.errors import Refused
from proxy.rules import business_days, clock_bounds
from tests.support.deadlines import CALENDAR, utc

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("ceiling", "days", "ends"),
    [
        ("2026-03-20T10:00", 3, "2026-03-17T23:00"),  # a Friday: the end of Tuesday
        ("2026-03-23T10:00", 3, "2026-03-18T23:00"),  # over a weekend
        ("2026-04-08T10:00", 3, "2026-04-01T22:00"),  # over Easter, and into summer time
        ("2026-03-20T10:00", 1, "2026-03-19T23:00"),
        ("2026-03-21T23:30", 1, "2026-03-20T23:00"),  # half past midnight of Sunday, in Berlin
    ],
)
def test_days_are_counted_back_from_the_courts_own_day(ceiling: str, days: int, ends: str) -> None:
    """Its day is not counted; weekends and holidays are not either."""
    assert clock_bounds.floor(utc(ceiling), days, BERLIN, CALENDAR) == utc(ends)


def test_a_floor_is_before_its_ceiling_and_leaves_as_many_days() -> None:
    """For every day of a year, and up to ten days."""
    start = utc("2026-01-12T12:00")
    for number in range(350):
        ceiling = start + timedelta(days=number)
        for days in (1, 3, 10):
            found = clock_bounds.floor(ceiling, days, BERLIN, CALENDAR)
            last = (found - timedelta(hours=6)).date()
            assert found < ceiling
            assert business_days.is_business_day(CALENDAR, last)
            between = business_days.business_days_between(
                CALENDAR, last, ceiling.date() - timedelta(days=1)
            )
            assert between == days


def test_a_date_beyond_the_calendar_is_refused() -> None:
    """Rather than every day be taken for a working day."""
    with pytest.raises(Refused) as refusal:
        clock_bounds.floor(utc("2050-01-12T12:00"), 3, BERLIN, CALENDAR)
    assert refusal.value.code == "calendar_ends"
