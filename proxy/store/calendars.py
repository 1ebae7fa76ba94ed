"""Calendars as rows: documents by place and version. A version read again is the same for ever.

What is read is checked against its version, which is its digest: a row that somebody changed is
no calendar any more, and whoever counts by it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import NotFound, Refused
from proxy.model.calendar import CalendarId, CalendarVersion
from proxy.store import pool, queries
from proxy.wire import calendar_document

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from proxy.model.calendar import Calendar
    from proxy.store.pool import Connection, Record

QUERIES: Final = queries.load("calendars")
MOST_VERSIONS: Final = 1_000  # of all calendars together in a list


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCalendar:
    """A version of a calendar in a list."""

    id: CalendarId
    version: CalendarVersion
    made_at: datetime
    taken_at: datetime | None  # when somebody decided that running deadlines follow it
    taken_whole_at: datetime | None  # when the last one did


class Calendars:
    """Versions that were read once: they do not change, so they are kept."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: dict[tuple[CalendarId, CalendarVersion], Calendar] = {}

    async def find(
        self, connection: Connection, calendar_id: CalendarId, version: CalendarVersion
    ) -> Calendar:
        """A version; NotFound `calendar_missing`, Refused `calendar_forged`."""
        kept = self._kept.get((calendar_id, version))
        if kept is None:
            kept = await find(connection, calendar_id, version)
            self._kept[calendar_id, version] = kept
        return kept


async def add(connection: Connection, calendar: Calendar, now: datetime) -> None:
    """Keep a version; new deadlines are counted by it from now on."""
    with pool.translated():
        await connection.execute(
            QUERIES["add"],
            calendar.id,
            bytes.fromhex(calendar.version),
            calendar_document.render(calendar),
            now,
        )


async def newest(connection: Connection, calendar_id: CalendarId) -> Calendar:
    """The version for new deadlines; NotFound `calendar_missing`, Refused `calendar_forged`."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["newest"], calendar_id)
    return _calendar(row, calendar_id)


async def find(
    connection: Connection, calendar_id: CalendarId, version: CalendarVersion
) -> Calendar:
    """A version; NotFound `calendar_missing`, Refused `calendar_forged`."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find"], calendar_id, bytes.fromhex(version))
    return _calendar(row, calendar_id)


async def listed(connection: Connection) -> tuple[ListedCalendar, ...]:
    """Every version, those of one place together, the newest first."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["listed"], MOST_VERSIONS)
    return tuple(
        ListedCalendar(
            id=CalendarId(row["id"]),
            version=CalendarVersion(row["version"].hex()),
            made_at=row["made_at"],
            taken_at=row["taken_at"],
            taken_whole_at=row["taken_whole_at"],
        )
        for row in rows
    )


async def take(connection: Connection, calendar: Calendar, now: datetime) -> None:
    """Note the decision that running deadlines follow this version; the worker sees to it."""
    with pool.translated():
        await connection.execute(QUERIES["take"], calendar.id, bytes.fromhex(calendar.version), now)


async def being_taken(connection: Connection) -> tuple[Calendar, UUID | None] | None:
    """A version to be taken and the case up to which it was, held for the transaction."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["being_taken"])
    return None if row is None else (_calendar(row, row["id"]), row["taken_after"])


async def taken(
    connection: Connection, calendar: Calendar, after: UUID | None, whole_at: datetime | None
) -> None:
    """Note how far a version was taken."""
    with pool.translated():
        await connection.execute(
            QUERIES["taken"], calendar.id, bytes.fromhex(calendar.version), after, whole_at
        )


def _calendar(row: Record | None, calendar_id: CalendarId) -> Calendar:
    if row is None:
        raise NotFound(
            "calendar_missing", "There is no such calendar; make it with `calendar make`."
        )
    found = calendar_document.parse(row["document"])
    if found.id != calendar_id or bytes.fromhex(found.version) != row["version"]:
        raise Refused("calendar_forged", "The calendar is not the one that its version names.")
    return found
