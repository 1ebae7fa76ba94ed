"""Before and after an order of a case is carried out: whether it is time, and that it is looked at.

The vault decides on votes and papers. That the registrant's time before a release is over is the
case's own matter: its table leads to where a package is sealed, and only there is one asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import NotFound, Refused
from proxy.model.order import CaseSubject, OrderKind
from proxy.store import case_orders, cases

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.order import Order, OrderId
    from proxy.store.pool import Connection

SEALING: Final = "sealing"
"""The state of every type in which a package is sealed (case_types/blocks.toml)."""


async def check(connection: Connection, order: Order) -> None:
    """Return when the case waits for this order; NotFound, or Refused `case_not_sealing`."""
    if not isinstance(order.subject, CaseSubject):
        raise NotFound("order_unknown", "No case has such an order.")
    file = await cases.find(connection, order.subject.case)
    if order.kind is OrderKind.DISCLOSE and file.state != SEALING:
        raise Refused("case_not_sealing", "First the act `seal`, once the time before it is over.")


async def look_soon(connection: Connection, order_id: OrderId, now: datetime) -> None:
    """Have the worker look at an order at once."""
    async with connection.transaction():
        found = await case_orders.find(connection, order_id)
        if found is not None and found.state in {"proposed", "approved"}:
            await case_orders.move(connection, order_id, found.state, now)
