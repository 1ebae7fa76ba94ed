"""Erasures as rows: what is due, what is destroyed, and its certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from proxy.model.anchor import Certified
from proxy.model.erasure import DueEnded, Erasure
from proxy.model.identifiers import EndReason, RegistrationId, TenantId
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from proxy.store.pool import Connection, Record

QUERIES = queries.load("erasure")
_FIRST = (UUID(int=0), UUID(int=0), 0)


async def due_ended(
    connection: Connection, ended_until: datetime, limit: int
) -> tuple[DueEnded, ...]:
    """Ended registrations that may be due, locked until the transaction ends."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["due_ended"], ended_until, limit)
    return tuple(
        DueEnded(
            tenant_id=TenantId(row["tenant_id"]),
            registration_id=RegistrationId(row["id"]),
            version=row["record_version"],
            ended_at=row["ended_at"],
            end_reason=EndReason(row["end_reason"]),
            hold=row["hold"],
        )
        for row in rows
    )


async def due_superseded(
    connection: Connection, superseded_until: datetime, now: datetime, limit: int
) -> tuple[Erasure, ...]:
    """Erasures of superseded versions that are due; not locked."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["due_superseded"], superseded_until, limit)
    return tuple(_erasure(row, row["version"], now) for row in rows)


async def unheld(connection: Connection, erasures: Sequence[Erasure]) -> tuple[Erasure, ...]:
    """Those whose registration is there and not on hold, locked until the transaction ends."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["lock_unheld"], *_columns(erasures)[:2])
    free = {(row["tenant_id"], row["id"]) for row in rows}
    return tuple(one for one in erasures if (one.tenant_id, one.registration_id) in free)


async def destroy(
    connection: Connection,
    erasures: Sequence[Erasure],
    backups_until: Sequence[datetime],
    outlived: Collection[tuple[TenantId, RegistrationId]],
) -> int:
    """Destroy records, wrapped keys and tokens, and write the certificates; how many records.

    `outlived` are registrations of which newer contacts are known than those that are erased.
    """
    columns = _columns(erasures)
    with pool.translated():
        status = await connection.execute(QUERIES["shred"], *columns)
        await connection.execute(QUERIES["drop_blind_index"], *columns)
        await connection.execute(
            QUERIES["certify_erasures"],
            *columns,
            [one.erased_at for one in erasures],
            list(backups_until),
        )
        is_outlived = [(one.tenant_id, one.registration_id) in outlived for one in erasures]
        await connection.execute(QUERIES["mark_shredded"], *columns, is_outlived)
    return int(status.rpartition(" ")[2])


async def drop_empty_submissions(connection: Connection, limit: int) -> None:
    """Remove submissions whose last waiting record was destroyed."""
    with pool.translated():
        await connection.execute(QUERIES["drop_empty_submissions"], limit)


async def certified(
    connection: Connection, after: Certified | None, limit: int
) -> tuple[Certified, ...]:
    """Erasures as their certificates tell them, behind `after` in order of their key."""
    place = _FIRST if after is None else (after.tenant_id, after.registration_id, after.version)
    with pool.translated():
        rows = await connection.fetch(QUERIES["certified"], *place, limit)
    return tuple(
        Certified(
            tenant_id=TenantId(row["tenant_id"]),
            registration_id=RegistrationId(row["registration_id"]),
            version=row["version"],
            erased_at=row["erased_at"],
        )
        for row in rows
    )


def _erasure(row: Record, version: int, now: datetime) -> Erasure:
    return Erasure(
        tenant_id=TenantId(row["tenant_id"]),
        registration_id=RegistrationId(row["id"]),
        version=version,
        erased_at=now,
    )


def _columns(
    erasures: Sequence[Erasure],
) -> tuple[list[TenantId], list[RegistrationId], list[int]]:
    return (
        [one.tenant_id for one in erasures],
        [one.registration_id for one in erasures],
        [one.version for one in erasures],
    )


async def held(
    connection: Connection, names: Sequence[tuple[TenantId, RegistrationId]]
) -> frozenset[tuple[TenantId, RegistrationId]]:
    """Those of the registrations that are on hold."""
    if not names:
        return frozenset()
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["held"], [one for one, _ in names], [one for _, one in names]
        )
    return frozenset((TenantId(row["tenant_id"]), RegistrationId(row["id"])) for row in rows)
