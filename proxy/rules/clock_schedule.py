"""When a deadline's reminders and its end are acted on, and which of them now. Pure.

A reminder lies strictly between the event and the end. Hundredths are of the time that counts:
what a pause takes out moves them on, so none falls into a pause. What is late is not made up for
one by one: of several actions whose time has come only the last is taken, the others are done
with. The end is always the last and is never left out. Source: casework s7.1 and s7.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from proxy.model.deadline import DUE, LAST, Action, Direction, Pause
from proxy.rules import business_days, clock, local_days, pausing
from proxy.rules.local_days import DAY

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from proxy.model.calendar import Calendar
    from proxy.model.deadline import Change, Deadline, Plan

_WHOLE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a schedule asks for at a moment: an action to take, those that are done with, the next.

    `done` holds what was done before, and is complete: it replaces what was kept.
    """

    due_at: datetime
    take: Action | None
    done: tuple[str, ...]
    next: Action | None


def faults(plan: Plan) -> tuple[str, ...]:
    """What is wrong with a plan, as codes; empty when it can be followed."""
    hundredths = [one for one in plan.remind if one != LAST]
    wrong = {
        "reminder_unknown": any(not _is_hundredths(one) for one in hundredths),
        "reminder_twice": len(set(plan.remind)) != len(plan.remind),
        "reminder_without_reader": bool(plan.reminds) != bool(plan.whom),
        "task_malformed": any(not all(one.partition(":")) for one in plan.escalates),
    }
    return tuple(code for code, is_wrong in wrong.items() if is_wrong)


def actions(
    deadline: Deadline, plan: Plan, calendar: Calendar, history: Sequence[Change] = ()
) -> tuple[Action, ...]:
    """Every action in the order in which it is due; Refused `calendar_ends` as `clock.due`."""
    end = clock.due(deadline, calendar, history)
    start = deadline.started_at.astimezone(UTC)
    pauses = [one for one in history if isinstance(one, Pause)]
    paused = pausing.stretches(pauses)
    counted = end - start - pausing.elapsed(paused, start, end)
    found = []
    for name in plan.remind:
        if name == LAST:
            at = _last_day(deadline, calendar, pauses, end)
        else:
            at = pausing.run_on(start, counted * int(name) / _WHOLE, paused)
        if start < at < end:
            found.append(Action(name=name, at=at))
    found.sort(key=lambda one: (one.at, one.name == LAST, one.name))
    return (*found, Action(name=DUE, at=end))


def past(deadline: Deadline, plan: Plan, calendar: Calendar, now: datetime) -> tuple[str, ...]:
    """The reminders that come too late for a deadline that is set only now; the end never does."""
    schedule = actions(deadline, plan, calendar)
    return tuple(sorted(one.name for one in schedule[:-1] if one.at <= now))


def stand(schedule: Sequence[Action], done: Collection[str], now: datetime) -> Standing:
    """What is to be done at `now`, and what comes after it."""
    if DUE in done:
        return Standing(due_at=schedule[-1].at, take=None, done=tuple(sorted(done)), next=None)
    come = [one for one in schedule if one.at <= now]
    left = [one for one in come if one.name not in done]
    # One that an extension moved on behind another that was taken is not taken after it.
    take = left[-1] if left and come[-1] is left[-1] else None
    gone = set(done) | {one.name for one in come}
    after = next((one for one in schedule if one.at > now and one.name not in gone), None)
    return Standing(due_at=schedule[-1].at, take=take, done=tuple(sorted(gone)), next=after)


def _is_hundredths(name: str) -> bool:
    return name.isascii() and name.isdecimal() and name[0] != "0" and int(name) < _WHOLE


def _last_day(
    deadline: Deadline, calendar: Calendar, pauses: Sequence[Pause], end: datetime
) -> datetime:
    """When the last business day begins of which something is left: counted back from the end."""
    zone = local_days.zone_named(deadline.zone)
    is_window = deadline.terms.direction is Direction.THEIR_WINDOW
    paused = pausing.together(pauses, zone, is_window=is_window).days
    first = local_days.day_of(zone, deadline.started_at, is_later=False)
    day = local_days.day_of(zone, end - timedelta.resolution, is_later=False)
    while day > first and (
        any(start <= day <= stop for start, stop in paused)
        or not business_days.is_business_day(calendar, day)
    ):
        day -= DAY
    return local_days.beginning(zone, day, is_later=is_window)
