"""The calendar of the office that works on cases: made where there is none, or none that lasts.

What a running service counts by is in the database; the library is asked only when a version is
made: at the first start, once its years run out, or by an operator's command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import NotFound
from proxy.model.calendar import CalendarId
from proxy.store import calendars, pool

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.calendar import Calendar
    from proxy.settings import Settings
    from proxy.store.pool import Access

YEARS_BEFORE: Final = 2  # counting back, and events that came in late
YEARS_AFTER: Final = 8  # the library knows some countries only for some years ahead
YEARS_LEFT: Final = 5  # at the least; the longest limit is of twelve months and may stand still


async def ensure(access: Access, settings: Settings, now: datetime) -> None:
    """Return once the office's calendar is there and lasts; InvalidInput `calendar_unknown`.

    A version is not replaced because the library has other days by now: that is a decision.
    """
    async with pool.connected(access) as connection:
        try:
            newest = await calendars.newest(connection, CalendarId(settings.casework_calendar))
        except NotFound:
            newest = None
        if newest is None or newest.last_year < now.year + YEARS_LEFT:
            await calendars.add(connection, make(settings, settings.casework_calendar, now), now)


def make(settings: Settings, place: str, now: datetime) -> Calendar:
    """The calendar of a place as the library knows it now; InvalidInput `calendar_unknown`."""
    from proxy.run import calendars as library  # noqa: PLC0415 - every start would pay for it

    country, _, subdivision = place.partition("-")
    years = range(now.year - YEARS_BEFORE, now.year + YEARS_AFTER + 1)
    return library.make(country, subdivision or None, settings.casework_zone, years)
