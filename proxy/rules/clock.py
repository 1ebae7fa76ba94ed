"""When a deadline falls due, and by which steps. Pure: the same facts give the same moment.

A reckoning counts from the event, and then takes the history in the order in which it became known.
No step goes back, so nothing that is added to a history shortens a period: neither a pause nor an
extension nor an outage. A preview is the same reckoning over other facts.

The end of a day is the first moment that no longer belongs to it: what comes before is in time.
A duty of ours gets the earlier end and a window of theirs the later one wherever there is doubt: a
midnight that comes twice, a day that was paused in part, an extension of what ended on a Sunday.
Source: casework s7.1 and s10, invariants 20 to 26.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, assert_never

from proxy.model.deadline import (
    Cause,
    Direction,
    Extension,
    Outage,
    Pause,
    Reckoning,
    Roll,
    Standing,
    Step,
    Unit,
)
from proxy.rules import business_days, local_days, pausing
from proxy.rules.local_days import DAY
from proxy.rules.pausing import Paused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from proxy.model.calendar import Calendar
    from proxy.model.deadline import Change, Deadline, Terms
    from proxy.rules.business_days import Days

LAST_HOURS: Final = timedelta(hours=24)
"""An outage within so much of a window's end lengthens it (casework s7.1, Downtime)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What does not change while one deadline is reckoned."""

    terms: Terms
    calendar: Calendar
    zone: ZoneInfo
    is_window: bool
    started_at: datetime
    event_day: date
    floor: datetime | None


def due(deadline: Deadline, calendar: Calendar, history: Sequence[Change] = ()) -> datetime:
    """When the deadline falls due, UTC; a pause that nobody ended lasts as long as it may.

    Refused `calendar_ends` when the count leaves the years of the calendar.
    """
    return reckon(deadline, calendar, history).due


def remaining(
    deadline: Deadline, calendar: Calendar, history: Sequence[Change], now: datetime
) -> timedelta:
    """What is left at `now`, below zero when it is late; during a pause, as if it ended now."""
    so_far = tuple(
        replace(one, ended_at=now) if isinstance(one, Pause) and one.ended_at is None else one
        for one in history
    )
    return due(deadline, calendar, so_far) - now


def reckon(deadline: Deadline, calendar: Calendar, history: Sequence[Change] = ()) -> Reckoning:
    """The due moment with every step that leads to it."""
    frame = _frame(deadline, calendar)
    start = Standing(at=frame.started_at, day=None if _is_hours(frame) else frame.event_day)
    stands = _begin(frame)
    steps = [Step(cause=Cause.COUNT, amount=frame.terms.amount, before=start, after=stands)]
    pauses: list[Pause] = []
    paused = Paused()
    for change in history:
        before = paused
        if isinstance(change, Pause):
            pauses.append(change)
            paused = pausing.together(pauses, frame.zone, is_window=frame.is_window)
        steps.append(_moved(frame, stands, change, before, paused))
        stands = steps[-1].after
    closing = _closing(frame, deadline, stands, paused)
    end = closing[-1].after if closing else stands
    return Reckoning(due=end.at, event_day=start.day, steps=(*steps, *closing))


def _moved(frame: _Frame, stands: Standing, change: Change, before: Paused, paused: Paused) -> Step:
    match change:
        case Pause():
            return _pause(frame, stands, change, before, paused)
        case Extension():
            return _extend(frame, stands, change, paused)
        case Outage():
            return _credit(frame, stands, change, paused)
        case _ as never:
            assert_never(never)


def _frame(deadline: Deadline, calendar: Calendar) -> _Frame:
    terms = deadline.terms
    zone = local_days.zone_named(deadline.zone)
    is_window = terms.direction is Direction.THEIR_WINDOW
    started_at = deadline.started_at.astimezone(UTC)
    day = local_days.day_of(zone, started_at, is_later=is_window)
    if terms.closes_at is not None and terms.unit is Unit.BUSINESS_DAYS:
        local = started_at.astimezone(zone)
        is_after_hours = local.date() == day and local.time() >= terms.closes_at
        day = business_days.next_business_day(calendar, day + DAY if is_after_hours else day)
    return _Frame(
        terms=terms,
        calendar=calendar,
        zone=zone,
        is_window=is_window,
        started_at=started_at,
        event_day=day,
        floor=deadline.no_earlier_than,
    )


def _is_hours(frame: _Frame) -> bool:
    return frame.terms.unit is Unit.HOURS


def _counting(frame: _Frame) -> Calendar | None:
    """The calendar whose days alone are counted, if it is not all of them."""
    return frame.calendar if frame.terms.unit is Unit.BUSINESS_DAYS else None


def _origin(frame: _Frame) -> date:
    """The day behind which counting begins."""
    return frame.event_day - DAY if frame.terms.is_event_day_counted else frame.event_day


def _on(frame: _Frame, day: date) -> Standing:
    return Standing(at=local_days.end(frame.zone, day, is_later=frame.is_window), day=day)


def _begin(frame: _Frame) -> Standing:
    if _is_hours(frame):
        return Standing(at=frame.started_at + timedelta(hours=frame.terms.amount), day=None)
    return _on(frame, max(_counted(frame), frame.event_day))


def _counted(frame: _Frame) -> date:
    """The last day of the terms' amount, as counted from the event."""
    terms, origin = frame.terms, _origin(frame)
    match terms.unit:
        case Unit.MONTHS:
            return business_days.corresponding_date(frame.event_day, terms.amount)
        case Unit.BUSINESS_DAYS:
            day = business_days.walk(origin, terms.amount, (), frame.calendar)
            return business_days.next_business_day(frame.calendar, max(day, frame.event_day))
        case Unit.CALENDAR_DAYS | Unit.HOURS:  # hours come here never
            return origin + terms.amount * DAY
        case _ as never:
            assert_never(never)


def _pause(frame: _Frame, stands: Standing, change: Pause, before: Paused, paused: Paused) -> Step:
    """The end moves on by as much as is paused now and was counted until now."""
    if stands.day is None:
        lost = pausing.elapsed(paused.stretches, frame.started_at, stands.at)
        lost -= pausing.elapsed(before.stretches, frame.started_at, stands.at)
        moved = Standing(at=pausing.run_on(stands.at, lost, paused.stretches), day=None)
        return _step(Cause.PAUSE, lost // timedelta(seconds=1), stands, moved, change)
    origin, counting = _origin(frame), _counting(frame)
    days = business_days.count(paused.days, origin, stands.day, counting)
    days -= business_days.count(before.days, origin, stands.day, counting)
    moved = _on(frame, business_days.walk(stands.day, days, paused.days, counting))
    return _step(Cause.PAUSE, days, stands, moved, change)


def _extend(frame: _Frame, stands: Standing, change: Extension, paused: Paused) -> Step:
    """The end moves on by more of the unit: a window's from the day it was rolled to."""
    if stands.day is None:
        added = timedelta(hours=change.amount)
        moved = Standing(at=pausing.run_on(stands.at, added, paused.stretches), day=None)
        return _step(Cause.EXTENSION, change.amount, stands, moved, change)
    base = _rolled(frame, stands.day, paused.days) if frame.is_window else stands.day
    counting = _counting(frame)
    if frame.terms.unit is Unit.MONTHS:
        target = business_days.corresponding_date(base, change.amount)
        lost = business_days.count(paused.days, base, target, None)
        day = business_days.walk(target, lost, paused.days, None)
    else:
        day = business_days.walk(base, change.amount, paused.days, counting)
    return _step(Cause.EXTENSION, change.amount, stands, _on(frame, day), change)


def _credit(frame: _Frame, stands: Standing, change: Outage, paused: Paused) -> Step:
    """A window moves on by a business day for each day that an outage near its end began."""
    if not frame.is_window:
        return _step(Cause.OUTAGE, 0, stands, stands, change)
    day = None if stands.day is None else _rolled(frame, stands.day, paused.days)
    end = stands.at if day is None else _on(frame, day).at
    if frame.floor is not None and frame.floor > end:
        day, end = None, frame.floor
    start = max(change.started_at, frame.started_at)
    if max(start, end - LAST_HOURS) >= min(change.ended_at, end):
        return _step(Cause.OUTAGE, 0, stands, stands, change)
    amount = -((start - change.ended_at) // DAY)  # rounded up
    base = local_days.day_of(frame.zone, end, is_later=True) if day is None else day
    moved = _on(frame, business_days.walk(base, amount, paused.days, frame.calendar))
    if stands.day is None:
        moved = replace(moved, day=None)
    return _step(Cause.OUTAGE, amount, stands, moved, change)


def _closing(frame: _Frame, deadline: Deadline, stands: Standing, paused: Paused) -> list[Step]:
    """What is done to the end once all is counted: it is rolled, and kept within the bounds."""
    steps: list[Step] = []
    if stands.day is not None and frame.terms.roll is not Roll.NONE:
        rolled = _rolled(frame, stands.day, paused.days)
        if rolled != stands.day:
            steps.append(_step(Cause.ROLL, 0, stands, _on(frame, rolled)))
            stands = steps[-1].after
    ceiling = deadline.no_later_than
    if frame.floor is not None and frame.floor > stands.at:
        bound = Standing(at=frame.floor.astimezone(UTC), day=None)
        steps.append(_step(Cause.BOUND_BELOW, 0, stands, bound))
        stands = bound
    if ceiling is not None and ceiling < stands.at:
        bound = Standing(at=ceiling.astimezone(UTC), day=None)
        steps.append(_step(Cause.BOUND_ABOVE, 0, stands, bound))
    return steps


def _rolled(frame: _Frame, day: date, paused: Sequence[Days]) -> date:
    """The business day that `day` is rolled to; not forward into a pause."""
    match frame.terms.roll:
        case Roll.NONE:
            return day
        case Roll.NEXT:
            return business_days.walk(day - DAY, 1, paused, frame.calendar)
        case Roll.PREVIOUS:
            before = business_days.last_business_day(frame.calendar, day)
            return day if before < frame.event_day else before
        case _ as never:
            assert_never(never)


def _step(
    cause: Cause, amount: int, before: Standing, after: Standing, change: Change | None = None
) -> Step:
    return Step(cause=cause, amount=amount, before=before, after=after, change=change)
