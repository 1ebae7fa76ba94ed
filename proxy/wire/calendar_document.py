"""Calendars as documents and back. Pure. A calendar's version is its document's SHA-256.

The document names neither the library nor the day it was made by: the same days, from whatever
release, are the same version, and only other days are another. Source: casework s7.1 (Calendars).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from proxy.errors import InvalidInput
from proxy.model.calendar import Calendar, CalendarId, CalendarVersion
from proxy.wire import documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME_LIMIT = 200  # characters of a holiday's name

_Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LIMIT)]
_Year = Annotated[int, msgspec.Meta(ge=1, le=9998)]


class _Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    type: Literal["privacyproxy calendar"]
    v: Literal[1]
    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9-]{0,31}\Z")]
    zone: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}\Z")]
    weekend: tuple[Annotated[int, msgspec.Meta(ge=0, le=6)], ...]
    holidays: dict[_Day, _Name]
    workdays: tuple[_Day, ...]
    first_year: _Year
    last_year: _Year


def make(
    *,
    calendar_id: CalendarId,
    zone: str,
    weekend: Iterable[int],
    holidays: Mapping[date, str],
    workdays: Iterable[date],
    years: tuple[int, int],
) -> Calendar:
    """A calendar of these days, with the version that its document gives it."""
    bare = Calendar(
        id=calendar_id,
        version=CalendarVersion(""),
        zone=zone,
        weekend=frozenset(weekend),
        holidays=dict(sorted(holidays.items())),
        workdays=frozenset(workdays),
        first_year=years[0],
        last_year=years[1],
    )
    return replace(bare, version=CalendarVersion(documents.digest(render(bare))))


def render(calendar: Calendar) -> str:
    """The document of a calendar."""
    return documents.render(
        {
            "type": "privacyproxy calendar",
            "v": 1,
            "id": calendar.id,
            "zone": calendar.zone,
            "weekend": sorted(calendar.weekend),
            "holidays": {day.isoformat(): name for day, name in calendar.holidays.items()},
            "workdays": sorted(day.isoformat() for day in calendar.workdays),
            "first_year": calendar.first_year,
            "last_year": calendar.last_year,
        }
    )


def parse(document: str) -> Calendar:
    """The calendar; InvalidInput `document_malformed` or `document_not_canonical`."""
    found = documents.parse(document, _Document)
    try:
        calendar = make(
            calendar_id=CalendarId(found.id),
            zone=found.zone,
            weekend=found.weekend,
            holidays={date.fromisoformat(day): name for day, name in found.holidays.items()},
            workdays=[date.fromisoformat(day) for day in found.workdays],
            years=(found.first_year, found.last_year),
        )
    except ValueError:  # no such date
        raise _malformed() from None
    has_years = calendar.first_year <= calendar.last_year
    if not has_years or render(calendar) != document:  # days named twice, or in another order
        raise _malformed()
    return calendar


def _malformed() -> InvalidInput:
    return InvalidInput("document_malformed", "The calendar is damaged or of another kind.")
