"""Whether an effect that takes a name out rests on an order that the vault says was carried out.

Rows of effects are the database's word, and so are the events that tell of orders: they only say
which orders to ask the vault about. It refuses an order whose case's chain was changed. One order
stands for one hold, in the order in which the chain tells of them, so that a hold that was taken
back can not be asked for again on the same votes. Source: vault.md, Order; casework s6.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from proxy.errors import NotFound, Refused
from proxy.model.order import CaseSubject, OrderId, OrderKind, OrderState
from proxy.model.registrar_effect import Change
from proxy.store import cases

if TYPE_CHECKING:
    from proxy.model.case import Event
    from proxy.model.registrar_effect import KeptEffect
    from proxy.outer_ports import OrderWatch, SeenOrder
    from proxy.store.pool import Connection


async def is_ordered(watch: OrderWatch, connection: Connection, effect: KeptEffect) -> bool:
    """Whether people voted for this hold, as the vault knows; Unavailable while it is away."""
    events = await cases.events(connection, effect.case_id)
    asked = [one.facts.get("effect") for one in events if _asks_for_hold(one)]
    if str(effect.id) not in asked:
        return False
    place = asked.index(str(effect.id))
    told = [str(one.facts.get("order")) for one in events if one.act == "order_carried_out"]
    true = [one for one in dict.fromkeys(told) if await _is_true(watch, one, effect)]
    return place < len(true)


def _asks_for_hold(event: Event) -> bool:
    return event.act == "effect_asked" and event.facts.get("change") == Change.HOLD.value


async def _is_true(watch: OrderWatch, order: str, effect: KeptEffect) -> bool:
    try:
        seen = await watch(OrderId(UUID(order)))
    except (ValueError, NotFound, Refused):
        return False
    return seen.state is OrderState.CARRIED_OUT and _is_of(seen, effect)


def _is_of(seen: SeenOrder, effect: KeptEffect) -> bool:
    """Whether an order is to take out exactly this name, because of exactly this case."""
    order, subject = seen.order, seen.order.subject
    return (
        order.kind is OrderKind.DEACTIVATE
        and isinstance(subject, CaseSubject)
        and (subject.case, subject.tenant_id, subject.registration_id, subject.domain)
        == (effect.case_id, effect.tenant_id, effect.registration_id, effect.domain)
    )
