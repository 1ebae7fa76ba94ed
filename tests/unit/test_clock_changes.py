"""What terms are refused, and which pauses, extensions and newer calendars a deadline takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from proxy.model.calendar import Calendar, CalendarId, CalendarVersion
from proxy.model.deadline import (
    Deadline,
    Direction,
    Extension,
    Pause,
    PauseReason,
    Roll,
    Terms,
    Unit,
)
from proxy.rules import clock_changes
from proxy.rules.clock_changes import Rebasing
from tests.support.deadlines import (
    CALENDAR,
    HOLIDAYS,
    calendar,
    deadline,
    extension,
    pause,
    terms,
    utc,
)

START = "2026-03-20 10:15"
ALLOWED = frozenset({PauseReason.IDENTITY_PROOF, PauseReason.NEGOTIATION})
WINDOW = deadline(  # to the end of Saturday 4 April, 22:00 UTC
    terms(15, Unit.CALENDAR_DAYS, Direction.THEIR_WINDOW, pauses=ALLOWED, pause_days=12), START
)


@pytest.mark.parametrize(
    ("of", "codes"),
    [
        (terms(15, Unit.CALENDAR_DAYS, roll=Roll.NEXT, is_event_day_counted=True), ()),
        (terms(2, Unit.BUSINESS_DAYS, closes_at=time(17)), ()),
        (terms(-1, Unit.HOURS), ("amount_out_of_range",)),
        (terms(1_201, Unit.MONTHS), ("amount_out_of_range",)),
        (terms(1, Unit.HOURS, roll=Roll.NEXT), ("roll_without_days",)),
        (terms(1, Unit.BUSINESS_DAYS, roll=Roll.NEXT), ("roll_without_days",)),
        (terms(1, Unit.MONTHS, is_event_day_counted=True), ("event_day_without_days",)),
        (terms(1, Unit.HOURS, is_event_day_counted=True), ("event_day_without_days",)),
        (terms(1, Unit.CALENDAR_DAYS, closes_at=time(17)), ("closing_without_business_days",)),
        (terms(1, Unit.BUSINESS_DAYS, closes_at=time(17, tzinfo=UTC)), ("closing_with_zone",)),
        (terms(1, Unit.CALENDAR_DAYS, pauses=ALLOWED), ("pauses_without_limit",)),
        (terms(1, Unit.CALENDAR_DAYS, pause_days=3), ("pauses_without_limit",)),
        (
            terms(-1, Unit.HOURS, roll=Roll.NEXT),
            ("amount_out_of_range", "roll_without_days"),
        ),
    ],
)
def test_terms_that_make_no_sense_are_found(of: Terms, codes: tuple[str, ...]) -> None:
    """Each fault of terms has a code; terms that can be counted by have none."""
    assert clock_changes.faults(of) == codes


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (WINDOW, None),
        (deadline(terms(-1, Unit.HOURS), START), "amount_out_of_range"),
        (
            replace(WINDOW, terms=replace(WINDOW.terms, calendar=CalendarId("XB"))),
            "calendar_of_another_place",
        ),
        (replace(WINDOW, calendar_version=CalendarVersion("0")), "calendar_of_another_version"),
        (replace(WINDOW, zone="Europe/Atlantis"), "zone_unknown"),
        (replace(WINDOW, zone="../tzdata"), "zone_unknown"),
        (replace(WINDOW, zone="Europe"), "zone_unknown"),
        (replace(WINDOW, zone=""), "zone_unknown"),
        (replace(WINDOW, started_at=utc(START).replace(tzinfo=None)), "time_naive"),
        (replace(WINDOW, no_later_than=datetime(2026, 4, 1)), "time_naive"),  # noqa: DTZ001 - the rule
    ],
)
def test_a_deadline_is_set_with_its_own_calendar_and_a_zone(
    one: Deadline, code: str | None
) -> None:
    """Terms, calendar, version, zone and moments fit, or a code says which does not."""
    assert clock_changes.may_set(one, CALENDAR) == code


@pytest.mark.parametrize(
    ("history", "asked", "code"),
    [
        ((), pause("2026-03-25 10:00", "2026-04-04 10:00"), None),
        (
            (),
            pause("2026-03-25 10:00", "2026-03-26 10:00", reason=PauseReason.FEE),
            "pause_reason_not_allowed",
        ),
        ((), pause("2026-03-20 10:14", "2026-03-26 10:00"), "pause_times_wrong"),
        ((), pause("2026-03-25 10:00", "2026-03-25 10:00"), "pause_times_wrong"),
        ((), pause("2026-04-04 22:00", "2026-04-05 10:00"), "pause_after_due"),
        (
            (pause("2026-03-25 10:00", "2026-03-26 10:00"),),
            pause("2026-04-05 10:00", "2026-04-05 12:00"),
            None,  # two days later now
        ),
        ((), pause("2026-03-25 10:00", "2026-04-06 10:00"), None),
        ((), pause("2026-03-25 10:00", "2026-04-06 10:01"), "pauses_too_long"),
        (
            (),
            pause("2026-03-25 10:00", "2026-04-04 10:01", reason=PauseReason.NEGOTIATION),
            "pause_too_long",
        ),
        (
            (pause("2026-03-25 10:00", "2026-04-04 10:00"),),
            pause("2026-04-05 10:00", "2026-04-08 10:00"),
            "pauses_too_long",
        ),
        (
            (pause("2026-03-25 10:00", "2026-04-04 10:00"),),
            pause("2026-03-27 10:00", "2026-04-05 10:00"),
            None,  # most of it is paused already: eleven days in all
        ),
    ],
)
def test_pauses_have_reasons_and_limits(
    history: tuple[Pause, ...], asked: Pause, code: str | None
) -> None:
    """Only the terms' reasons pause, before the end, and all pauses together for so many days."""
    assert clock_changes.may_pause(WINDOW, CALENDAR, history, asked) == code


def test_an_emergency_has_no_pauses() -> None:
    """Terms that name no reason can not be paused at all."""
    urgent = deadline(terms(24, Unit.HOURS), START)
    for reason in PauseReason:
        asked = pause("2026-03-20 12:00", "2026-03-20 13:00", reason=reason)
        code = clock_changes.may_pause(urgent, CALENDAR, (), asked)
        assert code == "pause_reason_not_allowed"


@pytest.mark.parametrize(
    ("history", "asked", "code"),
    [
        ((), extension(10, "2026-04-01 09:00", "2026-04-04 21:59"), None),
        ((), extension(10, "2026-04-01 09:00", "2026-04-04 22:00"), "extension_after_due"),
        ((), extension(10, "2026-04-05 09:00"), "extension_after_due"),
        ((), extension(10, "2026-04-01 09:00", "2026-04-01 08:59"), "extension_times_wrong"),
        ((), extension(10, "2026-03-19 09:00", "2026-03-21 09:00"), "extension_times_wrong"),
        ((), extension(11, "2026-04-01 09:00"), "extension_too_long"),
        ((), extension(0, "2026-04-01 09:00"), "extension_too_long"),
        ((extension(6, "2026-04-01 09:00"),), extension(4, "2026-04-07 09:00"), None),
        (
            (extension(6, "2026-04-01 09:00"),),
            extension(5, "2026-04-07 09:00"),
            "extension_too_long",
        ),
    ],
)
def test_extensions_are_told_before_the_end(
    history: tuple[Extension, ...], asked: Extension, code: str | None
) -> None:
    """An extension is decided and told before the old end, and never more than the limit in all."""
    assert clock_changes.may_extend(WINDOW, CALENDAR, history, asked, limit=10) == code


MOURNING = calendar({**HOLIDAYS, date(2026, 3, 24): "Day of Mourning"})
WITHOUT_EASTER = calendar({day: name for day, name in HOLIDAYS.items() if day.month != 4})
TWO_DAYS = terms(2, Unit.BUSINESS_DAYS, Direction.THEIR_WINDOW)


@pytest.mark.parametrize(
    ("direction", "start", "newer", "verdict"),
    [
        (Direction.THEIR_WINDOW, START, MOURNING, Rebasing.LENGTHEN),
        (Direction.OUR_DUTY, START, MOURNING, Rebasing.FLAG),
        (Direction.THEIR_WINDOW, "2026-04-02 09:00", WITHOUT_EASTER, Rebasing.KEEP),
        (Direction.OUR_DUTY, "2026-04-02 09:00", WITHOUT_EASTER, Rebasing.FLAG),
        (Direction.OUR_DUTY, "2026-06-02 09:00", MOURNING, Rebasing.SAME),
    ],
)
def test_a_newer_calendar_moves_no_deadline_by_itself(
    direction: Direction, start: str, newer: Calendar, verdict: Rebasing
) -> None:
    """It can lengthen a window, never shorten one; of a duty it says that people must decide."""
    one = deadline(replace(TWO_DAYS, direction=direction), start)
    found = clock_changes.rebase(one, CALENDAR, newer, ())
    assert found.verdict is verdict
    assert (found.due == found.due_by_newer) is (verdict is Rebasing.SAME)
