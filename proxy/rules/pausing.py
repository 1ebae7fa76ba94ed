"""Pauses as stretches of time and as days. Pure.

Overlapping pauses are one stretch, so that it does not matter in how many pieces one was written
down. A day does not count for a window when any of it was paused, and for a duty when all of it
was. Source: casework s7.1, invariant 26.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from proxy.rules import local_days
from proxy.rules.local_days import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from proxy.model.deadline import Pause
    from proxy.rules.business_days import Days

Stretch = tuple[datetime, datetime]
"""From a moment to another, without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """What all pauses of a period come to: time, and days that do not count."""

    stretches: tuple[Stretch, ...] = ()
    days: tuple[Days, ...] = ()


def together(pauses: Iterable[Pause], zone: ZoneInfo, *, is_window: bool) -> Paused:
    """The pauses of a period as one."""
    found = stretches(pauses)
    return Paused(stretches=found, days=days(found, zone, is_window=is_window))


def end_of(pause: Pause) -> datetime:
    """When a pause is over, or will be at the latest."""
    return pause.ends_by if pause.ended_at is None else min(pause.ended_at, pause.ends_by)


def stretches(pauses: Iterable[Pause]) -> tuple[Stretch, ...]:
    """The time that pauses cover, in order, without overlaps and empty ones."""
    found: list[Stretch] = []
    for start, stop in sorted((one.started_at, end_of(one)) for one in pauses):
        if start >= stop:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((start, stop))
    return tuple(found)


def days(paused: Sequence[Stretch], zone: ZoneInfo, *, is_window: bool) -> tuple[Days, ...]:
    """The days that do not count, in order, without overlaps."""
    found: list[Days] = []
    for start, stop in paused:
        first = local_days.day_of(zone, start, is_later=False)
        last = local_days.day_of(zone, stop - timedelta.resolution, is_later=True)
        if not is_window:  # whole days only, by either reading of a midnight that comes twice
            first += DAY * (local_days.beginning(zone, first, is_later=False) < start)
            last -= DAY * (local_days.end(zone, last, is_later=True) > stop)
        if found and first <= found[-1][1]:
            first = found[-1][1] + DAY
        if first <= last:
            found.append((first, last))
    return tuple(found)


def elapsed(paused: Sequence[Stretch], after: datetime, until: datetime) -> timedelta:
    """How much of the time between two moments is paused."""
    return sum(
        (max(timedelta(), min(stop, until) - max(start, after)) for start, stop in paused),
        timedelta(),
    )


def run_on(at: datetime, left: timedelta, paused: Sequence[Stretch]) -> datetime:
    """The moment at which `left` has passed since `at`, pauses left out."""
    for start, stop in paused:
        if stop <= at:
            continue
        if start >= at + left:
            break
        left -= max(timedelta(), start - at)
        at = stop
    return at + left
