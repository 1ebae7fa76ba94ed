"""Why a deadline falls when it does, in plain words. Pure; no locale, no personal data.

It tells the steps of the very reckoning that gives the moment, so it can not tell another story.
Times stand in the deadline's own zone with their offset; the last sentence gives UTC as well.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, assert_never

from proxy.model.deadline import Cause, Direction, Extension, Outage, Pause, Roll, Unit
from proxy.rules import business_days, clock, local_days, pausing
from proxy.rules.local_days import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from proxy.model.calendar import Calendar
    from proxy.model.deadline import Change, Deadline, Reckoning, Step, Terms

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_ONE: Final = {
    Unit.HOURS: "hour",
    Unit.CALENDAR_DAYS: "calendar day",
    Unit.BUSINESS_DAYS: "business day",
    Unit.MONTHS: "month",
}
_WHOSE: Final = {
    Direction.OUR_DUTY: "It is a duty of ours: doubt makes it earlier.",
    Direction.THEIR_WINDOW: "It is time given to somebody else: doubt makes it later.",
}
_NAMED_LIMIT: Final = 12  # holidays named in a sentence; a longer list would not be read


def explain(
    deadline: Deadline, calendar: Calendar, history: Sequence[Change] = ()
) -> tuple[str, ...]:
    """Sentences from the event to the due moment; Refused `calendar_ends` as `clock.due`."""
    reckoning = clock.reckon(deadline, calendar, history)
    zone = local_days.zone_named(deadline.zone)
    terms = deadline.terms
    found = [
        _period(terms),
        f"It began when {terms.begins_when}: {moment_text(deadline.started_at, zone)}.",
    ]
    found.extend(_beginning(deadline, reckoning, zone))
    for step in reckoning.steps:
        found.extend(_told(step, terms, calendar, zone))
    found.extend(_clocks(deadline, reckoning, zone))
    found.append(_ending(reckoning, zone))
    return tuple(found)


@lru_cache(maxsize=8_192)  # the days of running deadlines, told again and again
def day_text(day: date) -> str:
    """A date in words: `Friday 3 April 2026`."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_text(at: datetime, zone: ZoneInfo) -> str:
    """A moment in the words of a zone: `Friday 3 April 2026, 14:05 in Asia/Kolkata (UTC+05:30)`."""
    local = at.astimezone(zone)
    return f"{day_text(local.date())}, {_time_text(local)} in {zone.key} ({_offset_text(local)})"


def amount_text(amount: int, unit: Unit) -> str:
    """An amount of a unit: `1 business day`, `15 calendar days`."""
    return _many(amount, _ONE[unit])


def _period(terms: Terms) -> str:
    counted = f"{amount_text(terms.amount, terms.unit)} (terms {terms.id}, from {terms.source})"
    return f"The period is {counted}. {_WHOSE[terms.direction]}"


def _beginning(deadline: Deadline, reckoning: Reckoning, zone: ZoneInfo) -> Iterator[str]:
    terms, day = deadline.terms, reckoning.event_day
    if day is None:
        yield "Hours are counted as they pass; days, holidays and clock changes do not matter."
        return
    shown = deadline.started_at.astimezone(zone).date()
    if day != shown and terms.closes_at is not None:
        yield (
            f"What comes at {terms.closes_at:%H:%M} or later, or on no business day, counts as of "
            f"the next business day: {day_text(day)}."
        )
    elif day != shown:
        yield f"The clocks show that midnight twice: the event counts as of {day_text(day)}."
    if terms.unit is Unit.MONTHS:
        yield "Months run to the same date, or to the last day of a month that has no such date."
    elif terms.is_event_day_counted:
        yield f"The day of the event counts: {day_text(day)} is the first."
    else:
        yield f"The day of the event does not count: days are counted from {day_text(day + DAY)}."


def _told(step: Step, terms: Terms, calendar: Calendar, zone: ZoneInfo) -> Iterator[str]:
    match step.cause:
        case Cause.COUNT:
            yield from _counted(step, terms, calendar)
        case Cause.PAUSE | Cause.EXTENSION | Cause.OUTAGE:
            yield from _changed(step, terms, calendar, zone)
        case Cause.ROLL:
            yield from _rolled(step, terms, calendar)
        case Cause.BOUND_BELOW:
            yield f"It may not end before {moment_text(step.after.at, zone)}, so it ends then."
        case Cause.BOUND_ABOVE:
            yield f"It may not end after {moment_text(step.after.at, zone)}, so it ends then."
        case _ as never:
            assert_never(never)


def _counted(step: Step, terms: Terms, calendar: Calendar) -> Iterator[str]:
    first, last = step.before.day, step.after.day
    if first is None or last is None:
        return
    verb = "ends" if step.amount == 1 else "end"
    yield f"So {amount_text(step.amount, terms.unit)} {verb} with {day_text(last)}."
    if terms.unit is Unit.BUSINESS_DAYS:
        yield from _left_out(calendar, first if terms.is_event_day_counted else first + DAY, last)


def _changed(step: Step, terms: Terms, calendar: Calendar, zone: ZoneInfo) -> Iterator[str]:
    match step.change:
        case Pause() as pause:
            yield _paused(step, pause, terms, zone)
        case Extension() as extension:
            yield (
                f"It was extended by {amount_text(extension.amount, terms.unit)} "
                f"({extension.reason}), decided {moment_text(extension.decided_at, zone)}: "
                f"{_now(step, zone)}"
            )
        case Outage() as outage:
            yield _down(step, outage, terms, zone)
        case None:
            return
        case _ as never:
            assert_never(never)
    counts = terms.unit is Unit.BUSINESS_DAYS or isinstance(step.change, Outage)
    if counts and step.before.day is not None and step.after.day is not None:
        yield from _left_out(calendar, step.before.day + DAY, step.after.day)


def _paused(step: Step, pause: Pause, terms: Terms, zone: ZoneInfo) -> str:
    stop = moment_text(pausing.end_of(pause), zone)
    until = f"to {stop}" if pause.ended_at is not None else f"and may until {stop}"
    stood = f"It stood still ({pause.reason}) from {moment_text(pause.started_at, zone)} {until}: "
    if step.amount == 0:
        return f"{stood}nothing was lost by it that had counted."
    lost = (
        _duration_text(step.amount)
        if step.after.day is None
        else _many(step.amount, "business day" if terms.unit is Unit.BUSINESS_DAYS else "day")
    )
    whose = "in part" if terms.direction is Direction.THEIR_WINDOW else "as a whole"
    how = "" if step.after.day is None else f" (days paused {whose})"
    return f"{stood}{lost} did not count{how}, and {_now(step, zone)}"


def _down(step: Step, outage: Outage, terms: Terms, zone: ZoneInfo) -> str:
    start = moment_text(outage.started_at, zone)
    down = f"Our service was down from {start} to {moment_text(outage.ended_at, zone)}"
    if terms.direction is Direction.OUR_DUTY:
        return f"{down}; a duty of ours is not lengthened by it."
    if step.amount == 0:
        return f"{down}; that was not within 24 hours of the end and changes nothing."
    return (
        f"{down}, within 24 hours of the end: {_many(step.amount, 'business day')} more, "
        f"a whole one for each day that began. {_capital(_now(step, zone))}"
    )


def _rolled(step: Step, terms: Terms, calendar: Calendar) -> Iterator[str]:
    before, after = step.before.day, step.after.day
    if before is None or after is None:
        return
    is_next = terms.roll is Roll.NEXT
    where = "next business day that is free to count" if is_next else "last business day before it"
    why = _why(calendar, before)
    yield f"{day_text(before)} is {why}, so it ends with the {where}: {day_text(after)}."
    first, last = (before + DAY, after) if before < after else (after + DAY, before - DAY)
    yield from _left_out(calendar, first, last)


def _left_out(calendar: Calendar, first: date, last: date) -> Iterator[str]:
    """What lies between and is no business day: weekends as such, holidays by name."""
    weekend, named = False, []
    while first <= last:
        # A holiday of the weekend may be worked; most days are neither, and asked no further.
        if first in calendar.holidays or first.weekday() in calendar.weekend:
            if business_days.is_business_day(calendar, first):
                pass
            elif first in calendar.holidays:
                named.append(f"{day_text(first)} ({calendar.holidays[first]})")
            else:
                weekend = True
        first += DAY
    if len(named) > _NAMED_LIMIT:
        named[_NAMED_LIMIT:] = [f"{len(named) - _NAMED_LIMIT} more holidays"]
    parts = (["weekends"] if weekend else []) + named
    if parts:
        yield f"Not counted by calendar {calendar.id} ({calendar.version[:8]}): {', '.join(parts)}."


def _why(calendar: Calendar, day: date) -> str:
    if day in calendar.holidays:
        return f"a holiday ({calendar.holidays[day]})"
    is_weekend = not business_days.is_business_day(calendar, day)
    return "of the weekend" if is_weekend else "paused"


def _now(step: Step, zone: ZoneInfo) -> str:
    """Where the end stands behind a step, to stand in a sentence."""
    day = step.after.day
    return f"the end is {moment_text(step.after.at, zone) if day is None else day_text(day)}."


def _clocks(deadline: Deadline, reckoning: Reckoning, zone: ZoneInfo) -> Iterator[str]:
    """That the zone's clocks were changed on the way, and what that does."""
    first, last = deadline.started_at.astimezone(zone), reckoning.due.astimezone(zone)
    if first.utcoffset() != last.utcoffset():
        counted = "hours that pass" if reckoning.event_day is None else "days"
        yield (
            f"The clocks of {zone.key} stand at {_offset_text(first)} at the beginning and at "
            f"{_offset_text(last)} at the end; {counted} are counted, so nothing is lost or won."
        )
    if reckoning.steps[-1].after.day is None:
        return
    midnights = (
        local_days.beginning(zone, last.date(), is_later=False),
        local_days.beginning(zone, last.date(), is_later=True),
    )
    if midnights[0] != midnights[1]:
        which = "first" if reckoning.due == midnights[0] else "second"
        yield f"The clocks show that midnight twice; the {which} one ends the period."


def _ending(reckoning: Reckoning, zone: ZoneInfo) -> str:
    day, at = reckoning.steps[-1].after.day, reckoning.due
    utc = f"{at.replace(microsecond=0, tzinfo=None).isoformat()}Z"
    if day is None:
        return f"It is due {moment_text(at, zone)}, which is {utc}; what comes before is in time."
    local = at.astimezone(zone)
    if local.time() == time() and local.date() == day + DAY:
        when = f"at 24:00 in {zone.key} ({_offset_text(local)})"
    else:
        when = f"where the clocks jump over midnight, {moment_text(at, zone)}"
    return (
        f"It is due with the end of {day_text(day)}, {when}, which is {utc}; what comes before is "
        "in time."
    )


def _time_text(local: datetime) -> str:
    text = f"{local.hour:02}:{local.minute:02}"
    return f"{text}:{local.second:02}" if local.second else text


def _offset_text(local: datetime) -> str:
    return _offset_named(local.utcoffset() or timedelta())


@lru_cache(maxsize=256)
def _offset_named(offset: timedelta) -> str:
    seconds = int(offset.total_seconds())
    if not seconds:
        return "UTC"
    minutes, second = divmod(abs(seconds), 60)
    text = f"UTC{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{second:02}" if second else text  # local mean time, before there were zones


def _duration_text(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    parts = (_many(minutes // 60, "hour"), _many(minutes % 60, "minute"), _many(second, "second"))
    return " ".join(part for part in parts if not part.startswith("0 ")) or "no time"


def _many(amount: int, one: str) -> str:
    return f"{amount} {one}" if amount == 1 else f"{amount} {one}s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
