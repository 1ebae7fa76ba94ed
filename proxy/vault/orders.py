"""What the vault remembers of orders in its own state: implements ports.Orders.

An order's digest, its nonce and where it stands; documents and votes lie in PostgreSQL and are
checked against this. An order is single use: its line stays for ever.
Source: vault.md, Order and State outside PostgreSQL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from proxy.errors import Conflict, NotFound
from proxy.model.order import KeptOrder, OrderState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.model.order import OrderId, OrderKind
    from proxy.model.roster import Waiting
    from proxy.vault.roster import RosterKeeper
    from proxy.vault.state import State

NONCE_OCTETS = 32


class OrderBook:
    """The orders of the state."""

    def __init__(self, state: State, rosters: RosterKeeper, random: Callable[[int], bytes]) -> None:
        self._state = state
        self._rosters = rosters
        self._random = random

    def find(self, order_id: OrderId) -> KeptOrder:
        """What is known of an order; NotFound `order_unknown`."""
        content = self._state.order(order_id.bytes)
        if content is None:
            raise NotFound("order_unknown", "There is no order by this id.")
        return msgspec.json.decode(content, type=KeptOrder)

    def is_known(self, order_id: OrderId) -> bool:
        """Whether an order of this id was ever received."""
        return self._state.order(order_id.bytes) is not None

    def receive(
        self, order_id: OrderId, kind: OrderKind, sha256: str, expires_at: datetime, now: datetime
    ) -> KeptOrder:
        """The order with a nonce of its own; the same document again gives the same.

        Conflict `order_id_used` when another document has had this id.
        """
        content = self._state.order(order_id.bytes)
        if content is not None:
            known = msgspec.json.decode(content, type=KeptOrder)
            if known.sha256 != sha256:
                raise Conflict("order_id_used", "Another order has had this id; draw a new one.")
            return known
        made = KeptOrder(
            sha256=sha256,
            nonce=self._random(NONCE_OCTETS),
            kind=kind,
            state=OrderState.OPEN,
            received_at=now,
            expires_at=expires_at,
        )
        self._keep(order_id, made)
        return made

    def stop(self, order_id: OrderId) -> None:
        """A member objected: the order is over."""
        self._keep(order_id, replace(self.find(order_id), state=OrderState.STOPPED))

    def carry_out(self, order_id: OrderId, waiting: Waiting, *, follows: str) -> None:
        """The order is used, and the roster it makes waits: both or neither, durably."""
        kept = self.find(order_id)
        if kept.state is not OrderState.OPEN:
            raise Conflict("order_used", "This order is over.")
        used = replace(kept, state=OrderState.CARRIED_OUT)
        self._state.put_order(
            order_id.bytes,
            msgspec.json.encode(used),
            roster=self._rosters.announced(waiting, follows=follows),
        )

    def _keep(self, order_id: OrderId, order: KeptOrder) -> None:
        self._state.put_order(order_id.bytes, msgspec.json.encode(order))
