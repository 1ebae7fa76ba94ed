"""What our own outages do to a window that is about to end. Pure.

Looked at when the window falls due and not before: an outage counts by what it took of the last
24 hours of an end that stands. Nothing is credited twice, and what goes on is credited as far as it
went; the rest is looked at when the new end comes. Source: casework s7.1 (Downtime), invariant 25.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.model.deadline import Direction, Outage
from proxy.rules import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from proxy.model.calendar import Calendar
    from proxy.model.deadline import Change, Deadline
    from proxy.rules.pausing import Stretch

LONGEST_SILENCE: Final = timedelta(minutes=3)
"""Between two beats of a part that is up; a longer one is an outage. Beats come twice a minute."""


def seen_until(beats: Mapping[str, datetime], now: datetime) -> datetime:
    """Up to when it is known whether we were up: the ends of windows behind it have to wait.

    Whatever is silent for longer than it may be is down, and that is known as well.
    """
    quiet = [at for at in beats.values() if now - LONGEST_SILENCE <= at < now]
    return min(quiet, default=now)


def going_on(beats: Mapping[str, datetime], now: datetime) -> tuple[Outage, ...]:
    """Outages that nobody has seen the end of."""
    return tuple(
        Outage(started_at=at, ended_at=now)
        for at in sorted(beats.values())
        if now - at > LONGEST_SILENCE
    )


def lengthen(
    deadline: Deadline,
    calendar: Calendar,
    history: tuple[Change, ...],
    outages: Sequence[Outage],
    now: datetime,
) -> tuple[Change, ...]:
    """The history with every outage that moves the end on, as far as it has come by `now`.

    Refused `calendar_ends` as `clock.due`.
    """
    if deadline.terms.direction is not Direction.THEIR_WINDOW:
        return history
    useless: set[Stretch] = set()
    while (end := clock.due(deadline, calendar, history)) <= now:
        known = [one for one in history if isinstance(one, Outage)]
        found = next(
            (
                one
                for one in _without(outages, known, now)
                if one not in useless and one[0] < end and one[1] > end - clock.LAST_HOURS
            ),
            None,
        )
        if found is None:
            break
        more = (*history, Outage(started_at=found[0], ended_at=found[1]))
        if clock.due(deadline, calendar, more) > end:
            history = more
        else:  # before the window began, or beyond what a court allowed
            useless.add(found)
    return history


def _without(
    outages: Iterable[Outage], known: Sequence[Outage], now: datetime
) -> tuple[Stretch, ...]:
    """The time that outages cover by `now`, in order, without what is known of it."""
    left = _together((one.started_at, min(one.ended_at, now)) for one in outages)
    for start, stop in _together((one.started_at, one.ended_at) for one in known):
        left = tuple(
            part
            for begin, end in left
            for part in ((begin, min(end, start)), (max(begin, stop), end))
            if part[0] < part[1]
        )
    return left


def _together(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same time in order, without overlaps and empty stretches."""
    found: list[Stretch] = []
    for start, stop in sorted(one for one in stretches if one[0] < one[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((start, stop))
    return tuple(found)
