"""Business calendars: which days count, as data. Frozen; nothing here looks anything up.

A calendar is a value with a version. Whoever set a deadline keeps the version it was set under, so
that no release of a library and no late decree moves a deadline that runs; a newer version is
another value, and taking it is a decision (rules.clock_changes). Source: casework s7.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

CalendarId = NewType("CalendarId", str)
"""Country and subdivision by ISO 3166, or a name of the operator's: IN-DL, US-CA, CONTRACT-7."""

CalendarVersion = NewType("CalendarVersion", str)
"""SHA-256 of the calendar's document, in hex: equal days have equal versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days of a place, for the years it knows; it says nothing of other years."""

    id: CalendarId
    version: CalendarVersion
    zone: str  # IANA name; local days where a deadline names no zone of its own
    weekend: frozenset[int]  # as date.weekday() counts: 0 is Monday
    holidays: Mapping[date, str]  # each with its name
    workdays: frozenset[date]  # worked although of the weekend, in place of another day
    first_year: int
    last_year: int
