"""What anybody may read of the ledger, and the one thing a witness may add: its cosignature.

Logins: web and vault. Believes nothing: readers check tiles against a signed root.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.store.pool import Connection, Record

QUERIES = queries.load("public_ledger")
COSIGNED_LIMIT = 16  # checkpoints among which one is looked for whose lines hold


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint as the vault signed it."""

    size: int
    note: str


async def newest(connection: Connection) -> SignedCheckpoint | None:
    """The newest checkpoint; None before the first."""
    with pool.translated():
        return _checkpoint(await connection.fetchrow(QUERIES["newest"]))


async def newest_cosigned(
    connection: Connection, witnesses: Sequence[str]
) -> tuple[SignedCheckpoint, ...]:
    """The newest checkpoints with lines of these witnesses, newest first."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["newest_cosigned"], witnesses, COSIGNED_LIMIT)
    return tuple(SignedCheckpoint(size=row["size"], note=row["note"]) for row in rows)


async def at_size(connection: Connection, size: int) -> SignedCheckpoint | None:
    """The checkpoint of a size, if one was signed."""
    with pool.translated():
        return _checkpoint(await connection.fetchrow(QUERIES["at_size"], size))


async def cosignatures(
    connection: Connection, size: int, witnesses: Sequence[str]
) -> tuple[str, ...]:
    """These witnesses' lines under the checkpoint of a size, each with its end, none checked."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["cosignatures"], size, witnesses)
    return tuple(row["line"] for row in rows)


async def add_cosignature(
    connection: Connection, size: int, witness: str, line: str, at: datetime
) -> None:
    """Keep a witness's line under a checkpoint; of several the first stays."""
    with pool.translated():
        await connection.execute(QUERIES["add_cosignature"], size, witness, line, at)


async def leaves(connection: Connection, first_index: int, limit: int) -> tuple[bytes, ...] | None:
    """Leaves from `first_index` on, in order; None when one of them is missing between."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["leaves"], first_index, limit)
    return _unbroken(rows, first_index, "commitment")


async def tiles(
    connection: Connection, level: int, first_index: int, limit: int
) -> tuple[bytes, ...] | None:
    """Full tiles from `first_index` on, in order; None when one of them is missing between."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["tiles"], level, first_index, limit)
    return _unbroken(rows, first_index, "hashes")


def _unbroken(rows: Sequence[Record], first_index: int, column: str) -> tuple[bytes, ...] | None:
    """A column of rows, numbered without a gap from `first_index`; None if they are not."""
    if [row["index"] for row in rows] != list(range(first_index, first_index + len(rows))):
        return None
    return tuple(row[column] for row in rows)


def _checkpoint(row: Record | None) -> SignedCheckpoint | None:
    return None if row is None else SignedCheckpoint(size=row["size"], note=row["note"])
