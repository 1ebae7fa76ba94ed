"""Whether terms make sense, and what may still be done to a deadline. Pure decisions.

Source: casework s7.1 (Pauses, Extensions, Rebasing), invariants 26 and 27.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfoNotFoundError

from proxy.model.deadline import Direction, Extension, Pause, PauseReason, Roll, Unit
from proxy.rules import clock, local_days, pausing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.model.calendar import Calendar
    from proxy.model.deadline import Change, Deadline, Terms

NEGOTIATION_LIMIT: Final = timedelta(days=10)  # casework s7.1
AMOUNT_LIMIT: Final = 1_200
"""Of any unit, at most: a hundred years of months, three of days; keeps dates in range."""


class Rebasing(StrEnum):
    """What a newer calendar means for a deadline that runs."""

    SAME = "same"  # the end does not move: the newer version may be taken
    LENGTHEN = "lengthen"  # a window may be moved to its later end
    KEEP = "keep"  # the window would end earlier: what was promised stays
    FLAG = "flag"  # a duty would move: a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebased:
    """The decision, and the ends by the calendar it was set under and by the newer one."""

    verdict: Rebasing
    due: datetime
    due_by_newer: datetime


def faults(terms: Terms) -> tuple[str, ...]:
    """What is wrong with terms, as codes; empty when they can be counted by."""
    is_hours = terms.unit is Unit.HOURS
    is_business = terms.unit is Unit.BUSINESS_DAYS
    wrong = {
        "amount_out_of_range": not 0 <= terms.amount <= AMOUNT_LIMIT,
        "roll_without_days": terms.roll is not Roll.NONE and (is_hours or is_business),
        "event_day_without_days": terms.is_event_day_counted
        and terms.unit in {Unit.HOURS, Unit.MONTHS},
        "closing_without_business_days": terms.closes_at is not None and not is_business,
        "closing_with_zone": terms.closes_at is not None and terms.closes_at.tzinfo is not None,
        "pauses_without_limit": bool(terms.pauses) != (terms.pause_days > 0),
    }
    return tuple(code for code, is_wrong in wrong.items() if is_wrong)


def may_set(deadline: Deadline, calendar: Calendar) -> str | None:
    """Why a deadline may not be set under this calendar, as a code; None when it may."""
    if found := faults(deadline.terms):
        return found[0]
    if deadline.terms.calendar != calendar.id:
        return "calendar_of_another_place"
    if deadline.calendar_version != calendar.version:
        return "calendar_of_another_version"
    try:
        local_days.zone_named(deadline.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a path; a folder of the zone files
        return "zone_unknown"
    moments = (deadline.started_at, deadline.no_earlier_than, deadline.no_later_than)
    return "time_naive" if any(one and one.tzinfo is None for one in moments) else None


def may_pause(
    deadline: Deadline, calendar: Calendar, history: Sequence[Change], pause: Pause
) -> str | None:
    """Why a deadline may not be paused so, as a code; None when it may."""
    terms = deadline.terms
    if pause.reason not in terms.pauses:
        return "pause_reason_not_allowed"
    if not deadline.started_at <= pause.started_at < pausing.end_of(pause):
        return "pause_times_wrong"
    if pause.started_at >= clock.due(deadline, calendar, history):
        return "pause_after_due"
    is_negotiation = pause.reason is PauseReason.NEGOTIATION
    if is_negotiation and pausing.end_of(pause) - pause.started_at > NEGOTIATION_LIMIT:
        return "pause_too_long"
    pauses = [one for one in history if isinstance(one, Pause)]
    stretches = pausing.stretches([*pauses, pause])
    total = sum((stop - start for start, stop in stretches), timedelta())
    return "pauses_too_long" if total > timedelta(days=terms.pause_days) else None


def may_extend(
    deadline: Deadline,
    calendar: Calendar,
    history: Sequence[Change],
    extension: Extension,
    limit: int,
) -> str | None:
    """Why a deadline may not be extended so, as a code; `limit` is the most of its unit in all."""
    due = clock.due(deadline, calendar, history)
    if extension.decided_at >= due or extension.noticed_at >= due:
        return "extension_after_due"
    if extension.decided_at < deadline.started_at or extension.noticed_at < extension.decided_at:
        return "extension_times_wrong"
    before = sum(one.amount for one in history if isinstance(one, Extension))
    if extension.amount < 1 or before + extension.amount > limit:
        return "extension_too_long"
    return None


def rebase(
    deadline: Deadline, calendar: Calendar, newer: Calendar, history: Sequence[Change]
) -> Rebased:
    """What `newer` means for a deadline set under `calendar`; it moves nothing itself."""
    due = clock.due(deadline, calendar, history)
    moved = clock.due(replace(deadline, calendar_version=newer.version), newer, history)
    if moved == due:
        verdict = Rebasing.SAME
    elif deadline.terms.direction is Direction.OUR_DUTY:
        verdict = Rebasing.FLAG
    else:
        verdict = Rebasing.LENGTHEN if moved > due else Rebasing.KEEP
    return Rebased(verdict=verdict, due=due, due_by_newer=moved)
