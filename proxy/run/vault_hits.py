"""Hits of the blind index, and which of them are true. For searches by staff and by registrars.

A token is made with the key of the one tenant asked about, so no row of another can match it. What
the index names is opened here to see that it is true: the index can be written to by who holds the
database. An entry taken out of the index is not noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.run import vault_alarms as alarms
from proxy.store import openings as store
from proxy.store import sealed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.identifiers import Role
    from proxy.model.sealed import RecordName
    from proxy.run.vault_rounds import Rooms
    from proxy.store.openings import Sharing
    from proxy.vault.grants import Grant
    from proxy.vault.openings import VaultOpenings


async def named(rooms: Rooms, asked: Sharing, most: int) -> tuple[tuple[RecordName, ...], bool]:
    """At most so many records that the index names, by registration; whether there are more."""
    async with rooms.pool.acquire() as connection:
        found = await store.find_sharing(connection, asked, most + 1)
    return found[:most], len(found) > most


async def confirmed(
    rooms: Rooms, grant: Grant, vault: VaultOpenings, hits: Sequence[RecordName], token: bytes
) -> dict[RecordName, tuple[Role, ...]]:
    """The hits whose newest contacts give the token, and in which roles.

    The others alarm and are left out.
    """
    async with rooms.pool.acquire() as connection:
        rows = {row.name: row for row in await sealed.find_records(connection, hits)}
    found = {}
    for name in hits:
        try:
            found[name] = vault.confirm(name, rows.get(name), token)
        except Refused as refusal:
            alarms.row(rooms, grant, name, refusal.code)
    return found
