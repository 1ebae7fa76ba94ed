"""Rows that lapse or are tidied away; SQL in retention.sql. No rule stands here (rules/retention).

Each function does one bounded step in one transaction and says how many rows it took; a caller
repeats it while that is the step's limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.model.identifiers import DomainName, RegistrationId, TenantId
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
ERASED_ROWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """A registration that lives, and whose persons are erased."""

    tenant_id: TenantId
    id: RegistrationId
    domain: DomainName


async def lapse(
    connection: Connection, *, due: datetime, now: datetime, entry_ids: Sequence[UUID]
) -> int:
    """How many reservations due by `due` were ended; needs LAPSE_ROWS ids for the ledger."""
    with pool.translated():
        return int(await connection.fetchval(QUERIES["lapse"], due, now, list(entry_ids)))


async def erased(connection: Connection) -> tuple[Erased, ...]:
    """ERASED_ROWS at most."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["erased"], ERASED_ROWS)
    return tuple(
        Erased(
            tenant_id=TenantId(row["tenant_id"]),
            id=RegistrationId(row["id"]),
            domain=DomainName(row["domain"]),
        )
        for row in rows
    )


async def end_erased(connection: Connection, one: Erased, now: datetime, entry_id: UUID) -> None:
    """Ends it, with its publication; nothing where it is over by now."""
    with pool.translated():
        await connection.execute(QUERIES["end_erased"], one.tenant_id, one.id, now, entry_id)


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
