"""Calendars made from the library `holidays`: the only module that imports it.

A calendar is made once, kept as a document (wire.calendar_document) and read from there ever after:
a later release of the library makes another version and moves nothing that runs. Names are in
English where the library has them. What a place decrees later (feasts by the moon, days of
mourning) is missing until somebody makes a newer version.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

import holidays

from proxy.errors import InvalidInput
from proxy.model.calendar import CalendarId
from proxy.wire import calendar_document

if TYPE_CHECKING:
    from proxy.model.calendar import Calendar

LANGUAGE = "en_US"  # the library's translations; a country without falls back to its own


def source() -> str:
    """What calendars are made from now: the library's name and release."""
    return f"holidays {metadata.version('holidays')}"


def make(country: str, subdivision: str | None, zone: str, years: range) -> Calendar:
    """The public holidays of a place, versioned; InvalidInput `calendar_unknown`.

    `country` and `subdivision` are codes of ISO 3166; `years` is not empty.
    """
    try:
        # Without expand, a look-up never adds a year of its own.
        found = holidays.country_holidays(
            country, subdiv=subdivision, years=years, expand=False, language=LANGUAGE
        )
    except NotImplementedError:
        raise InvalidInput(
            "calendar_unknown", "No holidays are known of that country or subdivision."
        ) from None
    return calendar_document.make(
        calendar_id=CalendarId(country if subdivision is None else f"{country}-{subdivision}"),
        zone=zone,
        weekend=found.weekend,
        holidays=dict(found.items()),
        workdays=found.weekend_workdays,
        years=(years[0], years[-1]),
    )
