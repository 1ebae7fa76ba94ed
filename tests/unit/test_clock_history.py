"""What pauses, extensions, outages and bounds do to an end, reckoned by hand, in Berlin."""

from __future__ import annotations

from datetime import timedelta

import pytest

from proxy.model.deadline import Change, Deadline, Direction, Pause, Roll, Terms, Unit
from proxy.rules import clock
from tests.support.deadlines import (
    CALENDAR,
    deadline,
    extension,
    outage,
    pause,
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


FIFTEEN = terms(15, DAYS, THEIRS)
FIFTEEN_OURS = terms(15, DAYS, OURS)
START = "2026-03-20 10:15"  # without anything else the fifteen days end with 4 April
SOME_DAYS = pause("2026-03-25 10:00", "2026-04-25 10:00", "2026-03-27 09:00")
EVERYTHING = pause(START, "2026-05-20 10:00")


@pytest.mark.parametrize(
    ("of", "history", "expected"),
    [
        # Of 25, 26 and 27 March only the 26th was paused as a whole.
        (FIFTEEN, [SOME_DAYS], "2026-04-07 22:00"),
        (FIFTEEN_OURS, [SOME_DAYS], "2026-04-05 22:00"),
        (FIFTEEN, [SOME_DAYS, SOME_DAYS], "2026-04-07 22:00"),
        # From the first moment to 20 May, 12:00 in Berlin.
        (FIFTEEN, [EVERYTHING], "2026-06-04 22:00"),
        (FIFTEEN_OURS, [EVERYTHING], "2026-06-03 22:00"),
        (terms(72, HOURS), [EVERYTHING], "2026-05-23 10:00"),
        # 1 May and the weekends are lost to nobody: 30 March to 1 April, then from 20 May on.
        (terms(5, BUSINESS), [EVERYTHING], "2026-05-26 22:00"),
        # It begins behind the end, or is over before it begins.
        (FIFTEEN, [pause("2026-04-05 10:00", "2026-04-25 10:00")], "2026-04-04 22:00"),
        (FIFTEEN, [pause("2026-03-25 10:00", "2026-03-25 10:00")], "2026-04-04 22:00"),
        # The last second of 24 March in Berlin, then a weekend, for business days.
        (FIFTEEN, [pause("2026-03-24 22:59:59", "2026-03-24 23:00")], "2026-04-05 22:00"),
        (terms(5, BUSINESS), [pause("2026-03-20 23:00", "2026-03-22 23:00")], "2026-03-27 23:00"),
        # Months stand still as well: 31 days from 31 March.
        (
            terms(1, MONTHS),
            [pause("2026-03-30 22:00", "2026-04-30 22:00")],
            "2026-05-21 22:00",
        ),
        # 30 hours of 72.
        (terms(72, HOURS), [pause("2026-03-21 00:00", "2026-03-22 06:00")], "2026-03-24 16:15"),
        # Two on one day, and one within another, are one.
        (
            FIFTEEN,
            [
                pause("2026-03-25 08:00", "2026-03-25 09:00"),
                pause("2026-03-25 10:00", "2026-03-25 11:00"),
            ],
            "2026-04-05 22:00",
        ),
        (
            FIFTEEN,
            [
                pause("2026-03-25 08:00", "2026-03-28 09:00"),
                pause("2026-03-26 08:00", "2026-03-26 09:00"),
            ],
            "2026-04-08 22:00",
        ),
        # It begins with the very end.
        (terms(24, HOURS), [pause("2026-03-21 10:15", "2026-03-25 10:00")], "2026-03-21 10:15"),
        # Hours again, paused twice, the second time only because of the first.
        (
            terms(24, HOURS),
            [
                pause("2026-03-21 00:00", "2026-03-21 06:00"),
                pause("2026-03-21 12:15", "2026-03-21 13:15"),
            ],
            "2026-03-21 17:15",
        ),
    ],
)
def test_pauses(of: Terms, history: list[Change], expected: str) -> None:
    """A window loses no day that was paused in part, a duty none that was not paused as a whole."""
    assert due(deadline(of, START), *history) == expected


def test_a_window_is_not_rolled_into_a_pause() -> None:
    """From Saturday 4 April the end is rolled to Tuesday; paused as well, to Wednesday."""
    one = deadline(terms(15, DAYS, THEIRS, roll=Roll.NEXT), START)
    assert due(one, pause("2026-04-07 08:00", "2026-04-07 09:00")) == "2026-04-08 22:00"


@pytest.mark.parametrize(
    ("of", "history", "expected"),
    [
        (FIFTEEN, [extension(10, "2026-04-01 09:00")], "2026-04-14 22:00"),
        # A window that ended on Saturday ran to Tuesday: its ten days begin there.
        (
            terms(15, DAYS, THEIRS, roll=Roll.NEXT),
            [extension(10, "2026-04-01 09:00")],
            "2026-04-17 22:00",
        ),
        (
            terms(15, DAYS, OURS, roll=Roll.NEXT),
            [extension(10, "2026-04-01 09:00")],
            "2026-04-14 22:00",
        ),
        (terms(2, BUSINESS), [extension(3, "2026-03-23 09:00")], "2026-03-27 23:00"),
        (terms(1, MONTHS), [extension(2, "2026-04-01 09:00")], "2026-06-20 22:00"),
        # What was paused behind the old end is not part of the new one.
        (
            FIFTEEN,
            [pause("2026-04-06 08:00", "2026-04-06 09:00"), extension(10, "2026-04-01 09:00")],
            "2026-04-15 22:00",
        ),
        (
            terms(1, MONTHS),
            [pause("2026-04-21 22:00", "2026-04-24 22:00"), extension(2, "2026-04-01 09:00")],
            "2026-06-23 22:00",
        ),
        (terms(24, HOURS), [extension(12, "2026-03-20 12:00")], "2026-03-21 22:15"),
    ],
)
def test_extensions(of: Terms, history: list[Change], expected: str) -> None:
    """An extension adds of the same unit; doubt about its first day goes by the direction."""
    assert due(deadline(of, START), *history) == expected


ROLLED = terms(15, DAYS, THEIRS, roll=Roll.NEXT)  # ends with Tuesday 7 April, 22:00 UTC


@pytest.mark.parametrize(
    ("of", "history", "expected"),
    [
        (ROLLED, [outage("2026-04-07 10:00", "2026-04-07 11:00")], "2026-04-08 22:00"),
        (ROLLED, [outage("2026-04-07 21:59", "2026-04-08 21:59")], "2026-04-08 22:00"),
        (ROLLED, [outage("2026-04-06 23:00", "2026-04-08 05:00")], "2026-04-09 22:00"),
        # From Tuesday over to the next Monday is six days and a bit: seven business days.
        (ROLLED, [outage("2026-04-07 10:00", "2026-04-13 11:00")], "2026-04-16 22:00"),
        # Not within the last 24 hours, or behind the end.
        (ROLLED, [outage("2026-04-06 10:00", "2026-04-06 22:00")], "2026-04-07 22:00"),
        (ROLLED, [outage("2026-04-07 22:00", "2026-04-08 22:00")], "2026-04-07 22:00"),
        (ROLLED, [outage("2026-04-07 10:00", "2026-04-07 10:00")], "2026-04-07 22:00"),
        # What was down before the event took nothing of the window: 1 hour 45 minutes, not days.
        (
            terms(0, DAYS, THEIRS),
            [outage("2026-03-16 00:00", "2026-03-20 12:00")],
            "2026-03-23 23:00",
        ),
        # The day that it is given is not a paused one.
        (
            ROLLED,
            [
                pause("2026-04-08 08:00", "2026-04-08 09:00"),
                outage("2026-04-07 10:00", "2026-04-07 11:00"),
            ],
            "2026-04-09 22:00",
        ),
        # A duty of ours is not made longer by our own failure.
        (
            terms(15, DAYS, OURS, roll=Roll.NEXT),
            [outage("2026-04-07 10:00", "2026-04-07 11:00")],
            "2026-04-07 22:00",
        ),
        # Hours that end on Saturday 21 March at 10:15 go to the end of Monday.
        (
            terms(24, HOURS, THEIRS),
            [outage("2026-03-21 08:00", "2026-03-21 09:00")],
            "2026-03-23 23:00",
        ),
    ],
)
def test_outages(of: Terms, history: list[Change], expected: str) -> None:
    """A window that our outage cut short gets whole business days, one at the least."""
    assert due(deadline(of, START), *history) == expected


def test_bounds() -> None:
    """A period ends within its bounds, whatever was counted; the latest one wins."""
    early, late = utc("2026-03-30 12:00"), utc("2026-04-20 12:00")
    assert due(deadline(FIFTEEN, START, no_earlier_than=late)) == "2026-04-20 12:00"
    assert due(deadline(FIFTEEN, START, no_later_than=early)) == "2026-03-30 12:00"
    both = deadline(FIFTEEN, START, no_earlier_than=late, no_later_than=early)
    assert due(both, extension(10, "2026-03-21 09:00")) == "2026-03-30 12:00"


def test_an_outage_before_the_lower_bound_counts() -> None:
    """The last 24 hours of a window are those before its lower bound, where that is later."""
    one = deadline(FIFTEEN, START, no_earlier_than=utc("2026-04-20 12:00"))
    assert due(one, outage("2026-04-20 08:00", "2026-04-20 09:00")) == "2026-04-21 22:00"


def test_time_that_remains() -> None:
    """What remains shrinks to nothing and below, and stands still while a pause is open."""
    one = deadline(terms(72, HOURS, THEIRS), START)
    hour = timedelta(hours=1)
    assert clock.remaining(one, CALENDAR, (), utc("2026-03-21 10:15")) == 48 * hour
    assert clock.remaining(one, CALENDAR, (), utc("2026-03-23 11:15")) == -hour
    open_pause = pause("2026-03-21 10:15", "2026-03-31 10:15")
    for later in ("2026-03-21 10:15", "2026-03-24 09:00", "2026-03-31 10:15"):
        assert clock.remaining(one, CALENDAR, (open_pause,), utc(later)) == 48 * hour
    after = clock.remaining(one, CALENDAR, (open_pause,), utc("2026-03-31 11:15"))
    assert after == 47 * hour  # longer than it may last it does not


def test_a_pause_ends_by_its_limit() -> None:
    """Whoever ends a pause too late does not make it longer than it could be."""
    late = pause("2026-03-25 10:00", "2026-03-27 09:00", "2026-04-27 09:00")
    assert isinstance(late, Pause)
    assert due(deadline(FIFTEEN, START), late) == "2026-04-07 22:00"
