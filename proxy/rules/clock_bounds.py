"""Outer limits of a period: the date of a court, and the days that stay before it. Pure.

Source: casework s8 (e): a window is never past the return date, and lasts to some business days
before it where that is later than the window itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.rules import business_days, local_days
from proxy.rules.local_days import DAY

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.calendar import Calendar


def floor(ceiling: datetime, days: int, zone: str, calendar: Calendar) -> datetime:
    """The end of the day that lies `days` business days before the ceiling's own day.

    Refused `calendar_ends` for a ceiling in a year that the calendar does not know.
    """
    place = local_days.zone_named(zone)
    day = local_days.day_of(place, ceiling, is_later=False)
    for _ in range(days):
        day = business_days.last_business_day(calendar, day - DAY)
    return local_days.end(place, day, is_later=False)
