"""When a stream deposits: its slots, in its own time zone, and what is due of them. Pure.

A slot is a local time of day on certain days of the week. Where the clocks go forward over it, it
is the first moment after the gap; where they go back, the first of its two moments, once. A day
that a zone left out altogether (Samoa, 30 December 2011) has no slot. All moments that come in and
go out are aware; slots are UTC. Source: design.md s4 (Deposit); RFC 8909 s2 (kinds).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from proxy.model.deposit import OPEN_STEPS, SENT_STEPS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from escrow.model import Schedule
    from proxy.model.deposit import Deposit

CLOCK_ERROR: Final = timedelta(days=1)  # a clock that is set right again
LOOKED_BACK: Final = timedelta(days=400)  # slots; nobody misses more than a year of them
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)  # offsets change at whole seconds
_WEEK_AND_MORE: Final = timedelta(days=15)  # a day of the week may be left out, not twice running


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A moment at which the schedule wants a deposit.

    `kind` is FULL or DIFF, which stands for whatever incremental deposit the stream's format makes.
    """

    at: datetime
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is to be made now, and what was not made in time."""

    due: Slot | None
    missed: tuple[Slot, ...]


def slots_between(schedule: Schedule, after: datetime, until: datetime) -> tuple[Slot, ...]:
    """The slots behind `after`, up to and with `until`, in order."""
    zone = ZoneInfo(schedule.time_zone)
    # A day more on either side: a slot may stand outside of its own date after a gap.
    first = after.astimezone(zone).date() - _DAY
    last = until.astimezone(zone).date() + _DAY
    return tuple(slot for slot in _slots(schedule, zone, first, last) if after < slot.at <= until)


def next_slot(schedule: Schedule, now: datetime) -> Slot:
    """The first slot behind `now`; a schedule has at least one day of the week."""
    return slots_between(schedule, now, now + _WEEK_AND_MORE)[0]


def credible(known: Sequence[Deposit], now: datetime) -> tuple[Deposit, ...]:
    """Those of a stream's deposits whose slot can be: a clock that was wrong keeps nothing back."""
    return tuple(one for one in known if one.slot <= now + CLOCK_ERROR)


def plan_run(schedule: Schedule, last: Deposit | None, now: datetime) -> Run:
    """What is due now, where `last` is the stream's newest deposit, made or missed.

    Only the newest slot is made, since a past state can not be rebuilt; those before it are missed.
    A stream that never had a deposit begins with a full one at once. Where a full one was missed,
    given up or refused, the next is full whatever its day says.
    """
    if last is None:
        return Run(due=Slot(at=now, kind=Kind.FULL), missed=())
    if last.slot < now - LOOKED_BACK:
        # Nobody misses years of deposits: a clock or a row was far off.
        return Run(due=Slot(at=now, kind=Kind.FULL), missed=(Slot(at=last.slot, kind=Kind.FULL),))
    slots = slots_between(schedule, last.slot, now)
    if not slots:
        return Run(due=None, missed=())
    *missed, newest = slots
    lacks_full = last.kind is Kind.FULL and last.step not in OPEN_STEPS | SENT_STEPS
    is_full = lacks_full or any(slot.kind is Kind.FULL for slot in slots)
    due = Slot(at=newest.at, kind=Kind.FULL if is_full else newest.kind)
    return Run(due=due, missed=tuple(missed))


def may_deliver_at(delivered_at: datetime | None, cool_down_s: int, now: datetime) -> datetime:
    """From when on the agent may get something, where `delivered_at` is when it last did."""
    if delivered_at is None:
        return now
    return max(now, delivered_at + timedelta(seconds=cool_down_s))


def _slots(schedule: Schedule, zone: ZoneInfo, first: date, last: date) -> Iterator[Slot]:
    day = first
    while day <= last:
        kind = _kind(schedule, day)
        at = None if kind is None else _moment(zone, day, schedule.hour, schedule.minute)
        if kind is not None and at is not None:
            yield Slot(at=at, kind=kind)
        day += _DAY


def _kind(schedule: Schedule, day: date) -> Kind | None:
    if day.weekday() in schedule.full_days:
        return Kind.FULL
    return Kind.DIFF if day.weekday() in schedule.incremental_days else None


def _moment(zone: ZoneInfo, day: date, hour: int, minute: int) -> datetime | None:
    """The moment of a local time, as the module says; None for a day that there was not."""
    wanted = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    at = wanted.astimezone(UTC)  # fold 0: of two moments the first
    if at.astimezone(zone).replace(tzinfo=None) == wanted.replace(tzinfo=None):
        return at
    end = _end_of_gap(zone, wanted)
    is_a_day = day in {end.astimezone(zone).date(), (end - _SECOND).astimezone(zone).date()}
    return end if is_a_day else None


def _end_of_gap(zone: ZoneInfo, wanted: datetime) -> datetime:
    """When the clocks went over `wanted`: the first moment of the later offset (PEP 495).

    By fold 1 the time is read with the later offset, and falls before the change; by fold 0 with
    the earlier one, and falls at it or behind.
    """
    before = wanted.replace(fold=1).astimezone(UTC)
    behind = wanted.replace(fold=0).astimezone(UTC)
    later = behind.astimezone(zone).utcoffset()
    while behind - before > _SECOND:
        middle = before + (behind - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == later:
            behind = middle
        else:
            before = middle
    return behind
