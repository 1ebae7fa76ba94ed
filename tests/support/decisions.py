"""Rosters and orders at a vault with its database, asked as calling roles ask it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import ProxyError
from proxy.run.vault_answers import Answers
from proxy.run.vault_approvals import Approvals
from proxy.vault import leaf
from proxy.vault.grants import Caller
from proxy.wire import frames, order_document, roster_document
from tests.support import papers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from proxy.model.case import CaseTypeId
    from proxy.model.case_type import CaseType
    from proxy.model.order import Order
    from proxy.model.roster import Roster
    from proxy.outer_ports import Packager
    from proxy.wire.frames import Request
    from tests.support.papers import Hand
    from tests.support.vault import Service


async def code(work: Awaitable[object]) -> str:
    """The code that work is refused with."""
    with pytest.raises(ProxyError) as refusal:
        await work
    return refusal.value.code


AGES_S = 10**9
ALL = (papers.ANNA, papers.BEN, papers.CHRIS, *papers.SAFES)


@dataclass(slots=True)
class Office:
    """A vault that answers about papers."""

    service: Service
    types: Mapping[CaseTypeId, CaseType] = field(default_factory=dict)
    packager: Packager | None = None
    approvals: Approvals = field(init=False)
    answers: Answers = field(init=False)

    def __post_init__(self) -> None:
        """Open it."""
        self.reopen()

    def reopen(self) -> None:
        """The vault's process as it is now."""
        # These tests let days pass between two steps, in which batches would have been written.
        rooms = replace(self.service.rooms, ledger_interval_s=AGES_S)
        self.approvals = Approvals(rooms, types=self.types, packager=self.packager)
        self.answers = Answers(self.approvals.commands())

    async def ask(self, request: Request, caller: Caller = Caller.OPERATOR) -> dict[str, Any]:
        """The last frame of an answer."""
        found: dict[str, Any] = {}
        async for one in self.answers.answer(caller, request):
            found = dict(one)
        return found

    def first(self, **changes: object) -> Roster:
        """The first roster of this installation."""
        return papers.roster(deployment=self.approvals.deployment(), **changes)

    async def submit(self, roster: Roster, *hands: Hand) -> dict[str, Any]:
        """A roster, signed by these."""
        return await self.ask(
            frames.SubmitRoster(
                document=roster_document.render(roster), signatures=papers.signed(roster, *hands)
            )
        )

    async def found(self, *hands: Hand, **changes: object) -> Roster:
        """The first roster, in force; signed by the usual team, if by nobody else."""
        roster = self.first(**changes)
        await self.submit(roster, *(hands or ALL))
        return roster

    def order(self, under: Roster, **changes: object) -> Order:
        """An order of this moment."""
        return papers.order(under, self.service.vault.clock.now(), **changes)

    async def propose(self, order: Order) -> dict[str, Any]:
        """An order, open for votes: its digest and nonce."""
        return await self.ask(frames.SubmitOrder(document=order_document.render(order)))

    async def vote(
        self, order: Order, kept: dict[str, Any], hand: Hand, caller: Caller = Caller.API
    ) -> dict[str, Any]:
        """A vote by `hand`."""
        signature = hand.vote(kept["sha256"], kept["nonce"])
        return await self.ask(frames.Vote(order=str(order.id), signature=signature), caller)

    async def approved(self, roster: Roster, *hands: Hand, **changes: object) -> Order:
        """An order with these votes."""
        order = self.order(roster, **changes)
        kept = await self.propose(order)
        for hand in hands:
            await self.vote(order, kept, hand)
        return order

    async def show(self, order: Order) -> dict[str, Any]:
        """An order as an approver sees it."""
        return await self.ask(frames.ShowOrder(order=str(order.id)), Caller.API)

    async def carry_out(self, order: Order) -> dict[str, Any]:
        """What comes of an order."""
        return await self.ask(frames.CarryOut(order=str(order.id)))

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.service.vault.clock.moment += timedelta(**span)

    def entries(self) -> list[str]:
        """The kinds of the vault's own entries that wait for the ledger, sorted."""
        found = self.service.vault.state.entries(1000)
        return sorted(leaf.parse(one).kind for _, one in found)
