"""Rows that lapse or are tidied away; SQL in retention.sql. No rule stands here (rules/retention).

Each function does one bounded step in one transaction and says how many rows it took; a caller
repeats it while that is the step's limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from proxy.store.pool import Connection

QUERIES: Final = queries.load("retention")
LAPSE_ROWS: Final = 500  # as in retention.sql: keeps row locks under some tens of milliseconds
ANSWER_ROWS: Final = 5_000
LETTER_ROWS: Final = 5_000
OPERATION_ROWS: Final = 20  # each may take a million error rows along


async def lapse(
    connection: Connection, *, due: datetime, now: datetime, entry_ids: Sequence[UUID]
) -> int:
    """How many reservations due by `due` were ended; needs LAPSE_ROWS ids for the ledger."""
    with pool.translated():
        return int(await connection.fetchval(QUERIES["lapse"], due, now, list(entry_ids)))


async def forget_answers(
    connection: Connection, *, finished_before: datetime, unfinished_before: datetime
) -> int:
    """How many remembered answers were deleted."""
    with pool.translated():
        return int(
            await connection.fetchval(QUERIES["forget_answers"], finished_before, unfinished_before)
        )


async def forget_letters(connection: Connection, *, queued_before: datetime) -> int:
    """How many letters were deleted; no case's notice ever is."""
    with pool.translated():
        return int(await connection.fetchval(QUERIES["forget_letters"], queued_before))


async def forget_operations(connection: Connection, *, finished_before: datetime) -> int:
    """How many operations were deleted, with their errors."""
    with pool.translated():
        return int(await connection.fetchval(QUERIES["forget_operations"], finished_before))
