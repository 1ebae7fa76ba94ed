"""The ledger's rows as the vault writes them: entries, leaves, tiles, checkpoints.

Decides and signs nothing. Readers of the public part are in public_ledger.py.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from proxy.errors import NotFound, Refused
from proxy.model.identifiers import TenantId
from proxy.model.ledger import LedgerEntryId, LedgerRow
from proxy.store import pool, public_ledger, queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.model.ledger import LedgerBatch, LedgerEntry
    from proxy.store.pool import Connection, Record

QUERIES = queries.load("ledger")
WAITING_OCTETS = 64 << 20  # of facts taken at once: 300 imports of 5,000 rows each


async def waiting(connection: Connection, limit: int) -> tuple[LedgerEntry, ...]:
    """The oldest entries without a leaf, each as it may stand there or as unfit."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["waiting"], limit, WAITING_OCTETS)
    return tuple(_row(row).foreign_entry() for row in rows)


async def edge(connection: Connection) -> tuple[int, str | None]:
    """The size of the database's copy of the tree, and its newest checkpoint."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["edge"])
    return (0, None) if row is None else (row["size"], row["note"])


async def write(connection: Connection, batch: LedgerBatch) -> None:
    """The batch as rows, whether or not some are there; in the caller's transaction.

    Refused `ledger_disagrees` when a leaf or an entry's place is there with another value.
    """
    ids, indexes = list(batch.indexes), list(batch.indexes.values())
    own = [_columns(one) for one in batch.own]
    with pool.translated():
        await connection.execute(QUERIES["add_leaves"], batch.first_index, list(batch.leaves))
        count = len(batch.leaves) + 1  # and none after them
        if await public_ledger.leaves(connection, batch.first_index, count) != batch.leaves:
            raise Refused("ledger_disagrees")
        if own:
            await connection.execute(
                QUERIES["add_own_entries"], *(list(column) for column in zip(*own, strict=True))
            )
        await connection.execute(QUERIES["place_entries"], ids, indexes)
        placed = await connection.fetchval(QUERIES["count_placed"], ids, indexes)
        if placed != len(ids):
            raise Refused("ledger_disagrees")
        await connection.execute(QUERIES["add_checkpoint"], batch.size, batch.note, batch.at)


async def count_waiting(connection: Connection) -> int:
    """How many entries wait for a leaf."""
    with pool.translated():
        count: int = await connection.fetchval(QUERIES["count_waiting"])
    return count


async def find(connection: Connection, entry_id: LedgerEntryId) -> tuple[LedgerRow, int | None]:
    """An entry's row and its leaf's index, None while it waits; NotFound `entry_unknown`."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["entry"], entry_id)
    if row is None:
        raise NotFound("entry_unknown", "The ledger has no entry of that id.")
    return _row(row), row["leaf_index"]


async def count_tiles(connection: Connection, level: int) -> int:
    """How many full tiles of a level there are, if none is missing between."""
    with pool.translated():
        count: int = await connection.fetchval(QUERIES["count_tiles"], level)
    return count


async def add_tiles(
    connection: Connection, level: int, first_index: int, hashes: Sequence[bytes]
) -> None:
    """Keep full tiles; Refused `ledger_disagrees` when one is there with other hashes."""
    with pool.translated():
        await connection.execute(QUERIES["add_tiles"], level, first_index, list(hashes))
    found = await public_ledger.tiles(connection, level, first_index, len(hashes))
    if found != tuple(hashes):
        raise Refused("ledger_disagrees", f"A tile of level {level} is not what its leaves give.")


def _row(row: Record) -> LedgerRow:
    return LedgerRow(
        id=LedgerEntryId(row["id"]),
        tenant_id=None if row["tenant_id"] is None else TenantId(row["tenant_id"]),
        subject=row["subject"],
        kind=row["kind"],
        facts=row["facts"],
        micros=row["micros"],
    )


def _columns(
    entry: LedgerEntry,
) -> tuple[LedgerEntryId, TenantId | None, str, str, str, datetime]:
    facts = json.dumps(dict(entry.facts))
    return entry.id, entry.tenant_id, entry.subject, entry.kind, facts, entry.at
