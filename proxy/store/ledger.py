"""The ledger's rows: entries, leaves, checkpoints. Decides and signs nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.model.identifiers import TenantId
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.store import pool, queries

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.ledger import LedgerBatch
    from proxy.store.pool import Connection

QUERIES = queries.load("ledger")


async def waiting(connection: Connection, limit: int) -> tuple[LedgerEntry, ...]:
    """The oldest entries without a leaf."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["waiting"], limit)
    return tuple(
        LedgerEntry(
            id=LedgerEntryId(row["id"]),
            tenant_id=None if row["tenant_id"] is None else TenantId(row["tenant_id"]),
            subject=row["subject"],
            kind=row["kind"],
            facts=json.loads(row["facts"]),
            at=row["at"],
        )
        for row in rows
    )


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
    own = [_row(one) for one in batch.own]
    with pool.translated():
        await connection.execute(QUERIES["add_leaves"], batch.first_index, list(batch.leaves))
        rows = await connection.fetch(QUERIES["leaves"], batch.first_index, len(batch.leaves) + 1)
        if [row["commitment"] for row in rows] != list(batch.leaves):
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


def _row(
    entry: LedgerEntry,
) -> tuple[LedgerEntryId, TenantId | None, str, str, str, datetime]:
    facts = json.dumps(dict(entry.facts))
    return entry.id, entry.tenant_id, entry.subject, entry.kind, facts, entry.at


async def leaves(connection: Connection, first_index: int, limit: int) -> tuple[bytes, ...] | None:
    """Leaves from `first_index` on, in order; None when one of them is missing between."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["leaves"], first_index, limit)
    if [row["index"] for row in rows] != list(range(first_index, first_index + len(rows))):
        return None
    return tuple(row["commitment"] for row in rows)
