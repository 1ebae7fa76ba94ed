"""A registrar before the API, a worker and a relay behind it, and the vault between them."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from proxy.metrics import Registry
from proxy.model.identifiers import DomainName, RegistrationId, ResellerId
from proxy.model.publication import Instruction, InstructionId
from proxy.rules import publishing as rules
from proxy.run.vault_answers import Answers
from proxy.services import carry_publications
from proxy.services.carry_publications import Carrying
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from proxy.vault import relay
from proxy.vault.grants import Caller
from proxy.wire import frames, publish_document, published
from tests.support import openings as support
from tests.support import publishing, registrar_keys
from tests.support.api import body
from tests.support.decisions import Office
from tests.support.registrar_keys import Registrar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.model.public_record import PublicRecord
    from proxy.store.pool import Pool
    from proxy.wire.frames import Answer, Request
    from tests.support.api import Api, Reply

NAME = "kaveri.example"
FIELDS = ("registrant.email", "registrant.name")
MARK = "zqmark"  # in every field of the persons of tests.support.api


@dataclass(slots=True)
class PublishDesk:
    """A registrar with a key and a customer in mode `published`, and all that serves it."""

    api: Api
    office: Office
    registrar: Registrar
    pool: Pool
    id: str = ""
    heard: list[str] = field(default_factory=list)
    """Every answer of the vault that API and worker saw."""

    def vault_of(self, caller: Caller) -> Callable[[Request], Awaitable[Answer]]:
        """The vault as a process sees it."""

        async def ask(request: Request) -> Answer:
            answers = Answers(publishing.room(self.api.service).commands())
            found = [one async for one in answers.answer(caller, request)]
            self.heard.append(str(found[-1]))
            return frames.parse_answer(frames.render(found[-1])[frames.LENGTH_OCTETS :])

        return ask

    @property
    def carrying(self) -> Carrying:
        """The worker's part."""
        return Carrying(
            pool=self.pool,
            ask=self.vault_of(Caller.WORKER),
            clock=self.api.service.vault.clock,
            random=secrets.token_bytes,
            metrics=Registry(),
        )

    async def round(self) -> int:
        """A worker's round: how many public records changed."""
        return await carry_publications.round_of(self.carrying)

    def instruction(self, **changes: Any) -> Instruction:
        """An instruction about the customer at this moment."""
        now = self.api.service.vault.clock.moment
        whole = Instruction(
            deployment=support.DEPLOYMENT,
            id=InstructionId(uuid4()),
            tenant_id=self.api.tenant,
            registration_id=RegistrationId(UUID(self.id)),
            revision=1,
            domain=DomainName(NAME),
            consents=tuple(
                publishing.consent(one, given_at=now - timedelta(days=1)) for one in FIELDS
            ),
            at=now,
        )
        return replace(whole, **changes)

    async def post(self, instruction: Instruction, *, path: str = "", **call: Any) -> Reply:
        """The call; `path` where the name in it is another."""
        document = publish_document.render(instruction)
        signature = self.registrar.sign(document, publishing.LABEL)
        where = f"/v1/registrations/{path or instruction.domain}/publish"
        content = {"document": document, "signature": signature}
        return await self.api.call("POST", where, content, **call)

    async def instruct(self, **changes: Any) -> Instruction:
        """An instruction of what is there now, taken."""
        kept = (await self.api.call("GET", f"/v1/registrations/{NAME}")).json
        instruction = self.instruction(revision=kept["revision"], **changes)
        assert (await self.post(instruction)).status == 202
        return instruction

    async def state(self) -> dict[str, Any]:
        """Where the newest one stands, as the registrar sees it."""
        found = (await self.api.call("GET", f"/v1/registrations/{NAME}/publication")).json
        assert isinstance(found, dict)
        return found

    async def send_letter(
        self, instruction: Instruction, *, is_handed: bool = True
    ) -> relay.Addressed:
        """The worker queues the letter, the relay gets its address, and hands it over or fails."""
        await self.round()
        if is_handed:
            await self.hand_over(instruction)
        asked = frames.Letter(
            tenant=str(instruction.tenant_id),
            registration=str(instruction.registration_id),
            kind="publication",
            notice=str(instruction.id),
        )
        answer = await self.vault_of(Caller.RELAY)(asked)
        private = relay.load_key(self.api.service.vault.key_dir / "relay" / "relay.json")
        return relay.open_letter(
            private,
            base64.b64decode(str(answer["sealed"])),
            tenant=asked.tenant,
            registration=asked.registration,
            notice=asked.notice,
        )

    async def hand_over(self, instruction: Instruction) -> None:
        """The letter leaves."""
        async with pools.connected(self.api.service.database.superuser()) as connection:
            await connection.execute(
                "UPDATE notice SET state = 'handed', handed_at = queued_at, try_after = NULL,"
                " attempts = 1, message_id = 'x' WHERE id = $1",
                instruction.id,
            )

    async def later(self, seconds: float = rules.DELAY.total_seconds() + 1) -> None:
        """So much later; the delay, if nothing else is said."""
        await registrar_keys.pass_by(self.office, seconds)

    async def published(self, **changes: Any) -> tuple[Instruction, relay.Addressed]:
        """The whole way, to the fields shown."""
        instruction = await self.instruct(**changes)
        addressed = await self.send_letter(instruction)
        await self.later()
        assert await self.round() == 1
        assert (await self.state())["state"] == "published"
        return instruction, addressed

    async def record(self) -> PublicRecord:
        """What is published."""
        rows = await self.api.rows("SELECT value FROM published WHERE domain = $1", NAME)
        return published.decode_record(rows[0]["value"])

    async def shown(self) -> dict[str, tuple[str, ...]]:
        """The granted fields of the registrant that are published."""
        contacts = (await self.record()).published
        return {each.field.value: each.lines for one in contacts for each in one.fields}

    async def reseller_key(self, reseller: str) -> str:
        """A key of a reseller's, with every scope."""
        return await self.api.register(reseller=ResellerId(reseller))

    async def told(self) -> list[str]:
        """What happened to the name, by kind, oldest first."""
        rows = await self.api.rows("SELECT kind FROM event ORDER BY seq")
        return [row["kind"] for row in rows]


async def opened(api: Api) -> PublishDesk:
    """One name of one registrar, whose key is in force."""
    office = Office(api.service)
    registrar = Registrar(tenant_id=api.tenant)
    roster = await office.found(rules=registrar_keys.RULES)
    await registrar_keys.enrol(office, roster, registrar)
    pool = await pools.open_pool(api.service.database.access(LoginRole.WORKER), max_size=3)
    desk = PublishDesk(api, office, registrar, pool)
    made = await api.put(body(NAME, mode="published"))
    desk.id = made.json["id"]
    await api.service.rounds.adopt()
    api.door.ask = desk.vault_of(Caller.API)
    return desk
