"""Local days of a zone as moments, whatever its clocks do. Pure but for the zone files.

A day begins at its midnight. Where the clocks jump over midnight it begins with the jump; a date
that a zone left out (Samoa, 30 December 2011) is a day without length. Where they show midnight
twice it is doubtful which one is meant, and the caller says: the earlier or the later. Both
readings give boundaries in the order of the dates, so a later moment never has an earlier day.
Source: casework s7.1, invariants 20 and 22; PEP 495.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)  # offsets change at whole seconds
_ZONES = 1_024  # more than there are; zoneinfo itself keeps eight and reads the others again

_DAYS = 8_192  # a scan meets the same days again and again: 0.1 in place of 3 microseconds


@lru_cache(maxsize=_ZONES)
def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name; ZoneInfoNotFoundError where there is none."""
    return ZoneInfo(name)


@lru_cache(maxsize=_DAYS)
def beginning(zone: ZoneInfo, day: date, *, is_later: bool) -> datetime:
    """When `day` begins, UTC: at the later of two midnights, or at the earlier."""
    midnight = datetime.combine(day, time(), zone)
    first = midnight.astimezone(UTC)
    second = midnight.replace(fold=1).astimezone(UTC)
    if first > second:  # no midnight: read by the offset behind the jump it comes before the jump
        return _jump(zone, second, first)
    return second if is_later else first


def end(zone: ZoneInfo, day: date, *, is_later: bool) -> datetime:
    """When `day` is over, UTC."""
    return beginning(zone, day + DAY, is_later=is_later)


def day_of(zone: ZoneInfo, at: datetime, *, is_later: bool) -> date:
    """The day that `at` falls on; where midnight comes twice, the later day if `is_later`.

    The later day begins at the earlier midnight. Whoever wants a period to end late begins it with
    the later day.
    """
    local = at.astimezone(zone)
    day = local.date()
    if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
        return day  # not shown twice
    if beginning(zone, day, is_later=not is_later) > at:
        return day - DAY
    return day + DAY if end(zone, day, is_later=not is_later) <= at else day


def _jump(zone: ZoneInfo, before: datetime, behind: datetime) -> datetime:
    """The change of offset after `before`, at or before `behind`."""
    offset = behind.astimezone(zone).utcoffset()
    while behind - before > _SECOND:
        middle = before + (behind - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            behind = middle
        else:
            before = middle
    return behind
