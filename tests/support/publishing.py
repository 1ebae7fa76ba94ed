"""A vault in which a registrar has a key and a customer, and what it has published of them."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from proxy.model.case import NoticeId
from proxy.model.identifiers import DomainName
from proxy.model.letter import AboutRegistration, LetterKind, QueuedLetter
from proxy.model.publication import Consent, Instruction, InstructionId, Method
from proxy.run.vault_publish_letter import Announcing
from proxy.store import notices
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from proxy.vault import relay
from proxy.wire import frames, publish_document
from tests.support import openings as support
from tests.support import registrar_keys
from tests.support import vault as vaults
from tests.support.decisions import Office
from tests.support.openings import ask
from tests.support.registrar_keys import REGISTRAR, Registrar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.roster import Roster
    from proxy.model.sealed import ToSeal
    from proxy.run.vault_openings import Openings
    from tests.support.database import Database
    from tests.support.vault import Service

LABEL = b"pp-publish-v1"
FIELDS = ("registrant.email", "registrant.name", "registrant.street")
THEIRS = Registrar(mark="theirs", tenant_id=support.OTHER_TENANT)


def consent(field: str, **changes: Any) -> Consent:
    """A yes to a field, of the day before everything here happens."""
    whole = Consent(
        field=field,
        given_at=vaults.START - timedelta(days=1),
        method=Method.WEB_FORM,
        evidence="ab" * 32,
        confirmed=False,
    )
    return replace(whole, **changes)


def signed(instruction: Instruction, registrar: Registrar = REGISTRAR) -> frames.Instruct:
    """An instruction with a registrar's signature."""
    document = publish_document.render(instruction)
    return frames.Instruct(document=document, signature=registrar.sign(document, LABEL))


def room(service: Service) -> Openings:
    """The vault's openings as they stand."""
    letters = {LetterKind.PUBLICATION: Announcing(service.rooms)}
    return support.openings(service, letters=letters)


@dataclass(slots=True)
class Site:
    """A vault in which a registrar has a key and a customer in mode `published`."""

    office: Office
    roster: Roster
    item: ToSeal

    @property
    def service(self) -> Service:
        """The vault and its database."""
        return self.office.service

    @property
    def room(self) -> Openings:
        """The vault's openings as they stand."""
        return room(self.service)

    def instruction(self, item: ToSeal | None = None, **changes: Any) -> Instruction:
        """An instruction about the customer at this moment."""
        one = item or self.item
        whole = Instruction(
            deployment=support.DEPLOYMENT,
            id=InstructionId(uuid4()),
            tenant_id=one.tenant_id,
            registration_id=one.registration_id,
            revision=1,
            domain=DomainName(f"{one.registration_id}.example"),
            consents=tuple(map(consent, FIELDS)),
            at=self.service.vault.clock.moment,
        )
        return replace(whole, **changes)

    async def instruct(self, item: ToSeal | None = None, **changes: Any) -> InstructionId:
        """An instruction that the vault has taken."""
        instruction = self.instruction(item, **changes)
        await ask(self.room, signed(instruction))
        return instruction.id

    async def write_to(
        self, instruction: InstructionId, item: ToSeal | None = None
    ) -> relay.Addressed:
        """The letter, as the relay gets it: from here on the time runs."""
        one = item or self.item
        about = AboutRegistration(
            tenant_id=one.tenant_id,
            registration_id=one.registration_id,
            kind=LetterKind.PUBLICATION,
        )
        letter = QueuedLetter(
            id=NoticeId(uuid4()),
            about=about,
            template="n18_publication",
            domain="kaveri-silk.example",
            subject=str(instruction),
            facts={"fields": FIELDS},
        )
        access = self.service.database.access(LoginRole.WORKER)
        async with pools.connected(access) as connection:
            await notices.queue_letters(connection, [letter], vaults.START)
        asked = frames.Letter(
            tenant=str(one.tenant_id),
            registration=str(one.registration_id),
            kind=about.kind.value,
            notice=str(letter.id),
        )
        answer = await ask(self.room, asked)
        private = relay.load_key(self.service.vault.key_dir / "relay" / "relay.json")
        return relay.open_letter(
            private,
            base64.b64decode(answer["sealed"]),
            tenant=asked.tenant,
            registration=asked.registration,
            notice=asked.notice,
        )

    async def publish(self, instruction: UUID, item: ToSeal | None = None) -> dict[str, Any]:
        """What the worker gets, as it comes over its socket."""
        one = item or self.item
        answer = await ask(
            self.room,
            frames.Publish(
                tenant=str(one.tenant_id),
                registration=str(one.registration_id),
                instruction=str(instruction),
            ),
        )
        return dict(frames.parse_answer(frames.render(answer)[frames.LENGTH_OCTETS :]))

    async def end(self, instruction: UUID, standing: str) -> str:
        """Where it stands after somebody said that it is over."""
        return str((await ask(self.room, self.ended(instruction, standing)))["standing"])

    def ended(self, instruction: UUID, standing: str) -> frames.EndPublication:
        """How that is said."""
        return frames.EndPublication(
            tenant=str(self.item.tenant_id),
            registration=str(self.item.registration_id),
            instruction=str(instruction),
            standing=standing,
        )

    async def declare(self, mode: str = "published", item: ToSeal | None = None) -> None:
        """The registration's mode, as the database says it."""
        one = item or self.item
        await self.service.administrate(
            "UPDATE registration SET declared = jsonb_build_object('mode', $2::text) WHERE id = $1",
            one.registration_id,
            mode,
        )


@contextlib.asynccontextmanager
async def opened(directory: Path, database: Database) -> AsyncIterator[Site]:
    """A registrar with a key in force and one customer."""
    async with vaults.service(directory, database) as service:
        office = Office(service)
        roster = await office.found(rules=registrar_keys.RULES)
        await registrar_keys.enrol(office, roster)
        item = vaults.to_seal()
        await support.enrol(service, item)
        site = Site(office, roster, item)
        await site.declare()
        yield site


async def their_customer(site: Site) -> ToSeal:
    """Another registrar with a key and a customer of its own."""
    await support.add_tenant(site.service)
    await registrar_keys.enrol(site.office, site.roster, THEIRS)
    item = replace(vaults.to_seal(mark="theirs"), tenant_id=support.OTHER_TENANT)
    await support.enrol(site.service, item)
    await site.declare(item=item)
    return item
