"""Imports as operations: counters that move with each batch, and why lines failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from proxy.errors import Fault
from proxy.model.identifiers import DomainName
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.model.identifiers import OperationId, ResellerId, TenantId
    from proxy.store.pool import Connection

QUERIES: Final = queries.load("operations")
_faults: Final = msgspec.json.Decoder(tuple[Fault, ...]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An import and how far it is. Counts are lines; `failed` is part of `done`."""

    id: OperationId
    state: str
    total: int | None
    done: int
    failed: int
    absent: int | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineError:
    """Why a line failed."""

    line: int
    code: str
    faults: tuple[Fault, ...]


async def begin(
    connection: Connection,
    tenant_id: TenantId,
    operation_id: OperationId,
    now: datetime,
    reseller: ResellerId | None = None,
) -> bool:
    """Begins an import; False where there is one by that id already."""
    with pool.translated():
        begun = await connection.fetchval(QUERIES["begin"], tenant_id, operation_id, now, reseller)
    return begun is not None


async def resume(
    connection: Connection,
    tenant_id: TenantId,
    operation_id: OperationId,
    now: datetime,
    reseller: ResellerId | None = None,
) -> int | None:
    """Takes up an interrupted import of the same reseller; the lines dealt with.

    None when it is not interrupted, or another's: the rest of its lines would not be the same.
    """
    with pool.translated():
        row = await connection.fetchrow(QUERIES["resume"], tenant_id, operation_id, now, reseller)
    return None if row is None else int(row["done"])


async def name_lines(
    connection: Connection,
    tenant_id: TenantId,
    operation_id: OperationId,
    domains: Sequence[DomainName],
) -> frozenset[DomainName]:
    """Those of `domains` that the file has not named before."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["name_lines"], tenant_id, operation_id, domains)
    return frozenset(DomainName(row["domain"]) for row in rows)


async def advance(
    connection: Connection,
    tenant_id: TenantId,
    operation_id: OperationId,
    *,
    done: int,
    errors: Sequence[LineError],
    now: datetime,
) -> bool:
    """Counts `done` more lines, `errors` of them failed; False where the import was ended."""
    with pool.translated():
        if errors:
            await connection.execute(
                QUERIES["add_errors"],
                tenant_id,
                operation_id,
                [one.line for one in errors],
                [one.code for one in errors],
                [msgspec.json.encode(one.faults).decode() for one in errors],
            )
        moved = await connection.fetchval(
            QUERIES["advance"], tenant_id, operation_id, done, len(errors), now
        )
    return moved is not None


async def absent(
    connection: Connection,
    tenant_id: TenantId,
    operation_id: OperationId,
    reseller: ResellerId | None,
) -> int:
    """How many live names, all or those of a reseller, the file did not mention."""
    with pool.translated():
        return int(await connection.fetchval(QUERIES["absent"], tenant_id, operation_id, reseller))


async def finish(
    connection: Connection,
    tenant_id: TenantId,
    operation_id: OperationId,
    *,
    reason: str | None,
    absent_names: int | None,
    now: datetime,
) -> None:
    """Ends a running import: succeeded, or failed with a reason."""
    with pool.translated():
        await connection.execute(
            QUERIES["finish"],
            tenant_id,
            operation_id,
            "succeeded" if reason is None else "failed",
            reason,
            absent_names,
            now,
        )


async def interrupt(connection: Connection, now: datetime, touched_before: datetime) -> None:
    """Marks imports whose process is gone as interrupted."""
    with pool.translated():
        await connection.execute(QUERIES["interrupt"], now, touched_before)


async def forget_names(connection: Connection, finished_before: datetime) -> None:
    """Drops the names of imports that ended unfinished and were not taken up again."""
    with pool.translated():
        await connection.execute(QUERIES["forget_names"], finished_before)


async def find(
    connection: Connection,
    tenant_id: TenantId,
    operation_id: OperationId,
    reseller: ResellerId | None = None,
) -> Operation | None:
    """One operation of the tenant; of a reseller's alone where one is given."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find"], tenant_id, operation_id, reseller)
    return None if row is None else Operation(**dict(row))


async def errors_after(
    connection: Connection,
    tenant_id: TenantId,
    operation_id: OperationId,
    *,
    after: int,
    limit: int,
) -> tuple[LineError, ...]:
    """Failed lines by line number."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["errors"], tenant_id, operation_id, after, limit)
    return tuple(
        LineError(line=row["line"], code=row["code"], faults=_faults(row["faults"])) for row in rows
    )
