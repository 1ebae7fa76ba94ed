"""A vault in which a registrar has a key and a customer, and what the registrar asks it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from proxy.model.identifiers import DomainName
from proxy.wire import frames, read_back_document
from proxy.wire.read_back_document import Asked, Ground
from tests.support import openings as support
from tests.support import registrar_keys
from tests.support import vault as vaults
from tests.support.decisions import Office
from tests.support.openings import ask
from tests.support.registrar_keys import REGISTRAR, Registrar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.order import Order
    from proxy.model.roster import Roster
    from proxy.model.sealed import ToSeal
    from tests.support.database import Database
    from tests.support.vault import Service

FIELDS = ("registrant.email", "registrant.name", "registrant.street")
THEIRS = Registrar(mark="theirs", tenant_id=support.OTHER_TENANT)


@dataclass(slots=True)
class Site:
    """A vault in which a registrar has a key and a customer."""

    office: Office
    roster: Roster
    item: ToSeal
    order: Order

    @property
    def service(self) -> Service:
        """The vault and its database."""
        return self.office.service

    @property
    def room(self) -> Any:
        """The vault's openings as they stand."""
        return support.openings(self.service)

    def asked(self, item: ToSeal | None = None, **changes: Any) -> Asked:
        """A request about the customer at this moment."""
        one = item or self.item
        whole = Asked(
            deployment=support.DEPLOYMENT,
            id=uuid4(),
            tenant_id=one.tenant_id,
            registration_id=one.registration_id,
            revision=1,
            domain=DomainName(f"{one.registration_id}.example"),
            fields=FIELDS,
            ground=Ground.CUSTOMER,
            reason="Ticket 17: the customer asks what is held.",
            at=self.service.vault.clock.moment,
        )
        return replace(whole, **changes)

    def request(
        self, registrar: Registrar = REGISTRAR, item: ToSeal | None = None, **changes: Any
    ) -> frames.ReadBack:
        """The same, signed."""
        return signed(self.asked(item, **changes), registrar)

    async def read(self, registrar: Registrar = REGISTRAR, **changes: Any) -> dict[str, Any]:
        """What the registrar reads."""
        request = self.request(registrar, **changes)
        answer = await ask(self.room, request)
        return registrar.open(request.document, answer["sealed"])


def signed(asked: Asked, registrar: Registrar = REGISTRAR) -> frames.ReadBack:
    """A request with a registrar's signature."""
    document = read_back_document.render(asked)
    return frames.ReadBack(document=document, signature=registrar.sign(document))


@contextlib.asynccontextmanager
async def opened(directory: Path, database: Database) -> AsyncIterator[Site]:
    """A registrar with a key in force and one customer."""
    async with vaults.service(directory, database) as service:
        office = Office(service)
        roster = await office.found(rules=registrar_keys.RULES)
        order = await registrar_keys.enrol(office, roster)
        item = vaults.to_seal()
        await support.enrol(service, item)
        yield Site(office, roster, item, order)


async def their_customer(site: Site) -> ToSeal:
    """Another registrar with a key and a customer of its own."""
    await support.add_tenant(site.service)
    await registrar_keys.enrol(site.office, site.roster, THEIRS)
    item = replace(vaults.to_seal(mark="theirs"), tenant_id=support.OTHER_TENANT)
    await support.enrol(site.service, item)
    return item
