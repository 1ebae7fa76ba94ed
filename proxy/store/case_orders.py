"""Orders that cases wait for, as rows. Believes and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.model.case import CaseId
from proxy.model.order import OrderId, OrderKind
from proxy.store import pool, queries

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.store.pool import Connection, Record

QUERIES = queries.load("case_orders")
MOST = 200  # orders of one case


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOrder:
    """An order of a case; `state` as events have it."""

    id: OrderId
    case_id: CaseId
    kind: OrderKind
    state: str


async def add(
    connection: Connection, order_id: OrderId, case_id: CaseId, kind: OrderKind, now: datetime
) -> None:
    """Keep that an order was proposed."""
    with pool.translated():
        await connection.execute(QUERIES["add"], order_id, case_id, kind.value, now)


async def take(connection: Connection, now: datetime) -> CaseOrder | None:
    """An order to look at, held until the caller's transaction ends; None when none waits."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["take"], now)
    return None if row is None else _order(row)


async def find(connection: Connection, order_id: OrderId) -> CaseOrder | None:
    """An order, held until the caller's transaction ends."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find"], order_id)
    return None if row is None else _order(row)


async def move(
    connection: Connection, order_id: OrderId, state: str, look_at: datetime | None
) -> None:
    """Where it stands, and when to look again."""
    with pool.translated():
        await connection.execute(QUERIES["move"], order_id, state, look_at)


async def of_case(connection: Connection, case_id: CaseId) -> tuple[CaseOrder, ...]:
    """The orders of a case, oldest first."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["of_case"], case_id, MOST)
    return tuple(_order(row) for row in rows)


def _order(row: Record) -> CaseOrder:
    return CaseOrder(
        id=OrderId(row["order_id"]),
        case_id=CaseId(row["case_id"]),
        kind=OrderKind(row["kind"]),
        state=row["state"],
    )
