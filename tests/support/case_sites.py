"""A vault with a roster and a case in its database, on whose orders people vote."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from proxy.model.case import (
    FIRST_PREVIOUS,
    CaseFile,
    CaseId,
    Event,
)
from proxy.model.identifiers import DomainName, RecordClass, RegistrationId
from proxy.model.order import (
    BuiltPackage,
    Disclosure,
    Order,
    OrderId,
    OrderKind,
    Publication,
    RecordRef,
)
from proxy.run.vault_case_watch import CaseWatch
from proxy.services import case_events
from proxy.store import cases as store
from proxy.store import pool as pools
from proxy.vault.grants import Caller
from proxy.wire import frames, order_document
from tests.support import openings
from tests.support import vault as vaults
from tests.support.case_orders import (
    ANNA,
    BEN,
    CHRIS,
    DORA,
    EVERYBODY,
    FACTS,
    FAY,
    TYPE,
    TYPES,
    Chain,
    deed,
)
from tests.support.decisions import Office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from datetime import datetime
    from pathlib import Path

    from proxy.model.case import Fact
    from proxy.model.roster import Roster
    from proxy.model.sealed import ToSeal
    from tests.support.database import Database
    from tests.support.papers import Hand
    from tests.support.vault import Service


async def keep(service: Service, chain: Chain, added: Iterable[Event] | None = None) -> None:
    """The chain's rows, or those of its newest events, as the web role writes them."""
    events = list(chain.events if added is None else added)
    first = events[0]
    before = chain.events[: first.seq - 1]
    file = CaseFile(
        id=chain.case_id,
        type=TYPE,
        tenant_id=chain.tenant_id,
        registration_id=chain.registration_id,
        domain=chain.domain,
        event_date=chain.now,
        opened_at=chain.now,
        seq=len(before),
        head=before[-1].digest() if before else FIRST_PREVIOUS,
        state="received",
        is_open=True,
    )
    async with (
        pools.connected(service.database.access("web")) as connection,
        connection.transaction(),
    ):
        rows = []
        for event in events:
            file = case_events.follow(file, event)
            rows.append((file, event, case_events.ledger_facts(file, event)))
        if first.seq == 1:
            opened = dataclasses.replace(file, seq=1, head=chain.events[0].digest(), is_open=True)
            await store.add_file(connection, opened)
        await store.add_events(connection, rows)
        await store.move(connection, [file], chain.now)


def random_chain(registration_id: RegistrationId, domain: str, now: datetime) -> Chain:
    """A case of a registration of a vault."""
    return Chain(
        case_id=CaseId(UUID(bytes=secrets.token_bytes(16))),
        registration_id=registration_id,
        domain=DomainName(domain),
        now=now,
    )


@dataclass(slots=True)
class Shelf:
    """Packages by order: stands for the vault's own maker of them."""

    built: dict[OrderId, BuiltPackage] = field(default_factory=dict)
    asked: int = 0

    async def build(
        self, connection: pools.Connection, order: Order, sha256: str, *, approvers: int,
        now: datetime,
    ) -> BuiltPackage:  # fmt: skip
        """One package an order, whoever asks how often."""
        assert connection.is_in_transaction()
        assert sha256
        assert approvers
        assert now.tzinfo
        self.asked += 1
        made = BuiltPackage(id=uuid4(), sha256="9a" * 32, copy="c1")
        return self.built.setdefault(order.id, made)


@dataclass(slots=True)
class Site:
    """A vault with a roster in force, a registration and a case of it."""

    service: Service
    item: ToSeal
    chain: Chain
    shelf: Shelf = field(default_factory=Shelf)
    office: Office = field(init=False)
    roster: Roster = field(init=False)
    record: RecordRef = field(init=False)

    async def open(self) -> None:
        """Found the roster, enrol the registration, open the case."""
        self.office = Office(self.service, types=TYPES, packager=self.shelf)
        self.roster = await self.office.found(*EVERYBODY, **FACTS)
        await openings.enrol(self.service, self.item)
        self.record = await self.newest()
        self.chain.open()
        await keep(self.service, self.chain)

    async def newest(self, version: int = 1) -> RecordRef:
        """The registration's contacts as the vault has them."""
        rows = await openings.rows(self.service, RecordClass.IDENTITY)
        own = next(
            one for one in rows
            if (one.name.registration_id, one.name.version)
            == (self.item.registration_id, version)
        )  # fmt: skip
        sha256 = hashlib.sha256(own.record).hexdigest()
        return RecordRef(record_class=RecordClass.IDENTITY, version=version, sha256=sha256)

    async def tell(
        self, what: str, by: tuple[str, str] = ("gus", "handler"), **facts: Fact
    ) -> Event:
        """One more event, in the database."""
        self.chain.now = self.service.vault.clock.now()
        event = self.chain.tell(what, by, **facts)
        await keep(self.service, self.chain, [event])
        return event

    def order(self, kind: OrderKind, **changes: Any) -> Order:
        """A sound order of this case, of this moment."""
        self.chain.now = self.service.vault.clock.now()
        wanted = deed(kind)
        if isinstance(wanted, Disclosure | Publication):
            wanted = dataclasses.replace(wanted, records=(self.record,))
        return self.chain.order(self.roster, kind, **{"deed": wanted, **changes})

    async def propose(self, order: Order) -> dict[str, Any]:
        """An order, open for votes, from the staff's pages."""
        return await self.office.ask(
            frames.SubmitOrder(document=order_document.render(order)), Caller.WEB
        )

    async def approved(self, kind: OrderKind, *hands: Hand, **changes: Any) -> Order:
        """An order with votes: of those whom its kind takes, if no others are named."""
        order = self.order(kind, **changes)
        kept = await self.propose(order)
        for hand in hands or HANDS[kind]:
            await self.office.vote(order, kept, hand)
        return order

    async def carry_out(self, order: Order, caller: Caller = Caller.WORKER) -> dict[str, Any]:
        """What comes of it."""
        return await self.office.ask(frames.CarryOut(order=str(order.id)), caller)

    def watch(self) -> CaseWatch:
        """The vault's eye on cases."""
        return CaseWatch(self.service.rooms)

    def reopen(self) -> None:
        """The vault's process died and was started again."""
        self.service.reopen()
        self.office.service = self.service
        self.office.reopen()


HANDS = {
    OrderKind.DISCLOSE: (ANNA, BEN, CHRIS),
    OrderKind.DISCLOSE_URGENTLY: (BEN, FAY),
    OrderKind.PUBLISH: (ANNA, BEN, CHRIS, DORA),
    **dict.fromkeys(
        (OrderKind.RELEASE_PRIVACY, OrderKind.DEACTIVATE, OrderKind.LIFT_HOLD, OrderKind.GAG,
         OrderKind.LIFT_GAG),
        (ANNA, BEN),
    ),
}  # fmt: skip


@contextlib.asynccontextmanager
async def site(folder: Path, database: Database) -> AsyncIterator[Site]:
    """A site that is open."""
    async with vaults.service(folder, database) as service:
        item = vaults.to_seal()
        name = f"{item.registration_id}.example"
        made = Site(service, item, random_chain(item.registration_id, name, vaults.START))
        await made.open()
        yield made
