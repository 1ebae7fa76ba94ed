"""The vault as services of cases are handed it: holds, papers, orders. Composition's part alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxy.errors import Conflict
from proxy.model.case import Overlay
from proxy.model.identifiers import RecordClass
from proxy.model.order import OrderState, RecordRef
from proxy.wire import frames, order_document, roster_document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.model.case import CaseFile, CaseId
    from proxy.model.order import Order, OrderId
    from proxy.model.roster import Roster
    from proxy.wire.frames import Answer, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """See outer_ports.DescribedCase."""

    event: str
    overlays: tuple[Overlay, ...]
    records: tuple[RecordRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """See outer_ports.SeenOrder."""

    order: Order
    state: OrderState
    is_enough: bool


class VaultOfCases:
    """One calling role's way to the vault; implements HoldKeeper, OrderWatch and CasePapers."""

    def __init__(self, ask: Callable[[Request], Awaitable[Answer]]) -> None:
        """`ask` puts a request to the vault."""
        self._ask = ask

    async def hold(self, file: CaseFile) -> None:
        """Keep everything of the case's registration."""
        await self._ask(
            frames.PlaceHold(
                tenant=str(file.tenant_id),
                registration=str(file.registration_id),
                case=str(file.id),
            )
        )

    async def watch(self, order_id: OrderId) -> Seen:
        """An order as it stands."""
        found: Any = await self._ask(frames.ShowOrder(order=str(order_id)))
        return Seen(
            order=order_document.parse(found["document"]),
            state=OrderState(found["state"]),
            is_enough=not found["lacking"],
        )

    async def describe(self, case_id: CaseId) -> Described:
        """What an order of the case has to name."""
        found: Any = await self._ask(frames.DescribeCase(case=str(case_id)))
        return Described(
            event=found["event"],
            overlays=tuple(Overlay(one) for one in found["overlays"]),
            records=tuple(
                RecordRef(
                    record_class=RecordClass(one["class"]),
                    version=one["version"],
                    sha256=one["sha256"],
                )
                for one in found["records"]
            ),
        )

    async def roster(self) -> tuple[Roster, str]:
        """The roster in force and its digest; Conflict `roster_none`."""
        after = 0
        while True:
            found: Any = await self._ask(frames.ShowRoster(after=after))
            current = found["current"]
            if current is None:
                raise Conflict("roster_none", "There is no roster yet: `privacyproxy roster init`.")
            for one in found["rosters"]:
                if one["sha256"] == current["sha256"]:
                    return roster_document.parse(one["document"]), current["sha256"]
            if not found["rosters"]:
                raise Conflict("roster_none", "The roster in force is not shown: see `doctor`.")
            after = max(one["version"] for one in found["rosters"])

    async def submit(self, document: str) -> None:
        """The order is open for votes."""
        await self._ask(frames.SubmitOrder(document=document))
