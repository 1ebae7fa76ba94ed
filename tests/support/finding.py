"""What a registrar with a key asks when it searches its own customers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from proxy.wire import find_document, frames
from proxy.wire.find_document import Find
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.openings import ask
from tests.support.registrar_keys import REGISTRAR, Registrar

if TYPE_CHECKING:
    from proxy.model.identifiers import RegistrationId
    from tests.support.read_back import Site

LABEL = b"pp-find-v1"


def wanted(site: Site, **changes: Any) -> Find:
    """A search for the e-mail address of `contacts("marlene")`, at this moment."""
    whole = Find(
        deployment=support.DEPLOYMENT,
        id=uuid4(),
        tenant_id=vaults.TENANT,
        reseller=None,
        field="email",
        value="marlene@registrant.example",
        limit=100,
        after=None,
        reason="Ticket 17: the customer asks what is held.",
        at=site.service.vault.clock.moment,
    )
    return replace(whole, **changes)


def signed(find: Find, registrar: Registrar = REGISTRAR) -> frames.Find:
    """A search with a registrar's signature."""
    document = find_document.render(find)
    return frames.Find(document=document, signature=registrar.sign(document, LABEL))


def request(site: Site, registrar: Registrar = REGISTRAR, **changes: Any) -> frames.Find:
    """The same of one's own."""
    return signed(wanted(site, **changes), registrar)


async def found(site: Site, registrar: Registrar = REGISTRAR, **changes: Any) -> dict[str, Any]:
    """The roles of each registration that the vault tells, in its order."""
    answer = await ask(site.room, request(site, registrar, **changes))
    assert set(answer) == {"done", "registrations", "next", "entry"}
    return {one["id"]: one["roles"] for one in answer["registrations"]}


async def resold(site: Site, registration_id: RegistrationId, reseller: str) -> None:
    """Have a registration be a reseller's."""
    await site.service.administrate(
        "UPDATE registration SET declared = jsonb_build_object('reseller', $2::text) WHERE id = $1",
        registration_id,
        reseller,
    )
