"""Verifications of addresses in tests: the API, the worker's round, the relay and the vault."""

from __future__ import annotations

import base64
import contextlib
import copy
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proxy.metrics import Registry
from proxy.model.letter import AboutRegistration, LetterKind
from proxy.run.vault_email import EmailLetters
from proxy.services import verify_emails
from proxy.services.send_notices import Post, Sender
from proxy.store import notices
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from proxy.vault import relay, upkeep
from proxy.wire import frames, mail_address
from tests.support import notices as support
from tests.support import openings
from tests.support.api import body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.notice import DueNotice
    from proxy.run.vault_openings import Openings
    from proxy.store.pool import Pool
    from proxy.vault.relay import Addressed
    from tests.support.api import Api

EMAIL = "zqmark@people.example"
SERVICE = """UPDATE profile SET body = jsonb_set(body, '{email_verification}', '"service"')
  WHERE tenant_id = $1"""


def of(domain: str, email: str = EMAIL, **contact: Any) -> dict[str, Any]:
    """A registration with this address."""
    made = copy.deepcopy(body(domain))
    if domain != "kaveri.example":
        made["registry_domain_id"] = f"D-{domain.partition('.')[0]}"
    made["contacts"]["registrant"] |= {"email": email, **contact}
    return made


@dataclass(frozen=True, slots=True)
class Sent:
    """What the relay had in its hand: for tests alone."""

    notice: DueNotice
    email: str
    token: str


@dataclass(slots=True)
class House:
    """Everything but processes; the clock is the vault's, which a test moves."""

    api: Api
    relay: Pool
    worker: Pool
    mail: support.FakeMail = field(default_factory=support.FakeMail)
    sent: list[Sent] = field(default_factory=list)
    metrics: Registry = field(default_factory=Registry)

    @property
    def room(self) -> Openings:
        """The vault's answers as it stands."""
        kinds = {LetterKind.EMAIL_VERIFICATION: EmailLetters(self.api.service.rooms)}
        return openings.openings(self.api.service, letters=kinds)

    async def turn_on(self, api: Api | None = None) -> None:
        """A registrar's profile asks for verifications."""
        await self.api.rows(SERVICE, (api or self.api).tenant)

    async def addresses(self, notice: DueNotice) -> Addressed:
        """To whom a letter goes, as the relay asks it."""
        assert isinstance(notice.about, AboutRegistration)
        names = {
            "tenant": str(notice.about.tenant_id),
            "registration": str(notice.about.registration_id),
            "notice": str(notice.id),
        }
        asked = frames.Letter(**names, kind=notice.about.kind.value)
        answer = await openings.ask(self.room, asked)
        private = relay.load_key(self.api.service.vault.key_dir / "relay" / "relay.json")
        found = relay.open_letter(private, base64.b64decode(answer["sealed"]), **names)
        self.sent.append(Sent(notice, found.email, found.token))
        return found

    async def look(self) -> int:
        """The worker's round."""
        now = self.api.service.vault.clock.now()
        async with self.worker.acquire() as connection:
            return await verify_emails.look(connection, now, secrets.token_bytes, self.metrics)

    async def turn(self) -> list[Sent]:
        """Adopt, look, send, look; what was sent in it."""
        before = len(self.sent)
        await self.api.service.rounds.adopt()
        await self.look()
        post = Post(
            addresses=self.addresses, texts=support.texts, mail=self.mail,
            link=lambda _purpose, token: f"https://privacy.example/n/verify/{token}",
            return_path=lambda one: f"{support.PATHS.local_part(one)}@{support.DOMAIN}",
            sender=mail_address.parse(f"notices@{support.DOMAIN}"), sender_name="We",
            mail_domain=support.DOMAIN,
        )  # fmt: skip
        await Sender(self.relay, self.api.service.vault.clock, self.metrics, post).round()
        await self.look()
        return self.sent[before:]

    async def click(self, sent: Sent) -> None:
        """A person presses the button, and the web notes it; raises what the vault refuses with."""
        asked = frames.UseToken(token=sent.token, deed="verify")
        await openings.ask(self.room, asked)
        about = sent.notice.about
        assert isinstance(about, AboutRegistration)
        database = self.api.service.database
        async with pools.connected(database.access(LoginRole.WEB)) as connection:
            await notices.acknowledge_letter(
                connection, sent.notice.id, about.tenant_id, about.registration_id,
                now=self.api.service.vault.clock.now(),
            )  # fmt: skip
        await self.look()

    async def later(self, **delta: float) -> None:
        """The clock moves; the ledger has its batches, and hosts seal to a present key."""
        service = self.api.service
        await service.later(**delta)
        vault = service.vault
        vault.intake = upkeep.current_intake(vault.ring, vault.clock.now(), secrets.token_bytes)
        await service.rounds.renew_intake()

    async def standing(self, domain: str = "kaveri.example", api: Api | None = None) -> Any:
        """What the API tells of a name's address."""
        reply = await (api or self.api).call("GET", f"/v1/registrations/{domain}/status")
        assert reply.status == 200, reply.json
        return reply.json["email_verification"]

    async def told(self) -> list[tuple[str, str, str]]:
        """What registrars were told: kind, name, reason."""
        rows = await self.api.rows(
            "SELECT kind, domain, body ->> 'reason' AS reason FROM event"
            " WHERE kind LIKE 'registration.email%' ORDER BY seq"
        )
        return [(row["kind"].rpartition("_")[2], row["domain"], row["reason"]) for row in rows]


@contextlib.asynccontextmanager
async def house(api: Api) -> AsyncIterator[House]:
    """A house whose first registrar asks for verifications."""
    database = api.service.database
    relay_pool = await pools.open_pool(database.access(LoginRole.RELAY), max_size=4)
    worker = await pools.open_pool(database.access(LoginRole.WORKER), max_size=4)
    made = House(api, relay_pool, worker)
    await made.turn_on()
    try:
        yield made
    finally:
        await relay_pool.close()
        await worker.close()
