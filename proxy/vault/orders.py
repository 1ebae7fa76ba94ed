"""What the vault remembers of orders in its own state: implements outer_ports.Orders.

An order's digest, its nonce and where it stands; documents and votes lie in PostgreSQL and are
checked against this. An order is single use: its line stays for ever. What an order changes in the
state itself (a roster, a gag, a hold, a veto) is changed with it in one transaction, and so is the
ledger entry that tells of it.
Source: vault.md, Order and State outside PostgreSQL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from proxy.errors import Conflict, NotFound
from proxy.model.case import CaseId
from proxy.model.identifiers import TenantId
from proxy.model.order import (
    CaseSubject,
    ChangeRegistrarKey,
    KeptOrder,
    OrderKind,
    OrderState,
    Silence,
)
from proxy.vault import leaf
from proxy.vault.casebook import CaseBook
from proxy.vault.registrar_keys import RegistrarKeys

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.model.ledger import LedgerEntry
    from proxy.model.order import Order, OrderId
    from proxy.model.roster import Waiting
    from proxy.vault.roster import RosterKeeper
    from proxy.vault.state import State
    from proxy.vault.writes import Write

NONCE_OCTETS = 32


class OrderBook:
    """The orders of the state."""

    def __init__(self, state: State, rosters: RosterKeeper, random: Callable[[int], bytes]) -> None:
        self._state = state
        self._rosters = rosters
        self._random = random
        self._cases = CaseBook(state)
        self._keys = RegistrarKeys(state)
        _, self._entries = state.table(b"entries")

    def find(self, order_id: OrderId) -> KeptOrder:
        """What is known of an order; NotFound `order_unknown`."""
        content = self._state.order(order_id.bytes)
        if content is None:
            raise NotFound("order_unknown", "There is no order by this id.")
        return msgspec.json.decode(content, type=KeptOrder)

    def is_known(self, order_id: OrderId) -> bool:
        """Whether an order of this id was ever received."""
        return self._state.order(order_id.bytes) is not None

    def receive(self, order: Order, sha256: str, now: datetime) -> KeptOrder:
        """The order with a nonce of its own; the same document again gives the same.

        Conflict `order_id_used` when another document has had this id.
        """
        content = self._state.order(order.id.bytes)
        if content is not None:
            known = msgspec.json.decode(content, type=KeptOrder)
            if known.sha256 != sha256:
                raise Conflict("order_id_used", "Another order has had this id; draw a new one.")
            return known
        subject = order.subject if isinstance(order.subject, CaseSubject) else None
        key = order.subject if isinstance(order.subject, ChangeRegistrarKey) else None
        concerned = subject or key
        made = KeptOrder(
            sha256=sha256,
            nonce=self._random(NONCE_OCTETS),
            kind=order.kind,
            state=OrderState.OPEN,
            received_at=now,
            expires_at=order.expires_at,
            case=None if subject is None else subject.case,
            tenant=None if concerned is None else concerned.tenant_id,
            overrides_veto=subject is not None and subject.overrides_veto,
        )
        self._keep(order.id, made)
        return made

    def key_fault(self, change: ChangeRegistrarKey) -> str | None:
        """Why a registrar's key can not be changed so, as a code; None when it can."""
        return self._keys.fault(change)

    def revoke_key(self, order_id: OrderId, entry: LedgerEntry) -> None:
        """The key that an order gave a registrar is one no more, with the entry that says so.

        Refused `key_not_enrolled` when there is none of this order.
        """
        kept = self.find(order_id)
        tenant = TenantId(UUID(int=0) if kept.tenant is None else kept.tenant)
        write = self._keys.revoking(tenant, kept.sha256, entry.at)
        self._keep(order_id, kept, (write, self._entry(entry)))

    def stop(self, order_id: OrderId, *, is_veto: bool = False) -> None:
        """A member objected: the order is over; a veto stays with its case, whatever comes."""
        kept = self.find(order_id)
        writes: tuple[Write, ...] = ()
        if is_veto and kept.case is not None:
            writes = self._cases.vetoing(CaseId(kept.case))
        self._keep(order_id, replace(kept, state=OrderState.STOPPED), writes)

    def intend(self, order_id: OrderId, entry: LedgerEntry) -> None:
        """Remember that the deed was set out on, with its entry: both or neither, and once."""
        kept = self._open(order_id)
        if kept.intended_at is None:
            self._keep(order_id, replace(kept, intended_at=entry.at), (self._entry(entry),))

    def carry_out(
        self,
        order: Order,
        entry: LedgerEntry,
        *,
        waiting: Waiting | None = None,
        follows: str = "",
        holds_from: datetime | None = None,
    ) -> None:
        """Use the order up, with its entry and what it changes in the state: all or nothing.

        `holds_from` is when a registrar's key begins to count.
        """
        kept = self._open(order.id)
        used = replace(kept, state=OrderState.CARRIED_OUT)
        roster = None if waiting is None else self._rosters.announced(waiting, follows=follows)
        changes = self._changes(order)
        if isinstance(order.subject, ChangeRegistrarKey):
            begins = entry.at if holds_from is None else holds_from
            changes = (self._keys.changing(order.subject, kept.sha256, entry.at, begins),)
        self._keep(order.id, used, (*changes, self._entry(entry)), roster)

    def _changes(self, order: Order) -> tuple[Write, ...]:
        """What an order of a case changes in the state."""
        subject = order.subject
        if not isinstance(subject, CaseSubject):
            return ()
        match order.kind:
            case OrderKind.GAG if isinstance(subject.deed, Silence):
                return self._cases.gagging(subject.case, subject.deed.until)
            case OrderKind.LIFT_GAG:
                return self._cases.ungagging(subject.case)
            case OrderKind.LIFT_HOLD:
                return self._cases.releasing(
                    subject.tenant_id, subject.registration_id, subject.case
                )
            case _:
                return ()

    def _open(self, order_id: OrderId) -> KeptOrder:
        kept = self.find(order_id)
        if kept.state is not OrderState.OPEN:
            raise Conflict("order_used", "This order is over.")
        return kept

    def _entry(self, entry: LedgerEntry) -> Write:
        return self._entries, entry.id.bytes, leaf.canonical(entry)

    def _keep(
        self,
        order_id: OrderId,
        order: KeptOrder,
        writes: tuple[Write, ...] = (),
        roster: bytes | None = None,
    ) -> None:
        self._state.put_order(
            order_id.bytes, msgspec.json.encode(order), roster=roster, writes=writes
        )
