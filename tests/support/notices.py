"""Outboxes in tests: a case with its chain begun, notices in it, and a post with chosen ends."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from proxy.model.case import FIRST_PREVIOUS, CaseFile, CaseId, CaseTypeId, Event, NoticeId
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.model.notice import Handing, Party, Sent
from proxy.services.send_notices import Post, Sender
from proxy.store import cases, pool
from proxy.store import notices as store
from proxy.store.logins import LoginRole
from proxy.vault.return_path import ReturnPaths
from proxy.wire import mail_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.errors import ProxyError
    from proxy.metrics import Registry
    from proxy.model.case import Fact
    from proxy.model.notice import DueNotice, MailAddress
    from proxy.outer_ports import Mail
    from proxy.store.pool import Connection, Pool
    from tests.support.database import Database

START = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
DOMAIN = "mail.registrar.example"
PATHS = ReturnPaths(bytes(range(32)))


@dataclass(slots=True)
class Clock:
    """A clock that a test moves."""

    at: datetime = START

    def now(self) -> datetime:
        """Its moment."""
        return self.at

    def move(self, **by: float) -> None:
        """Forward."""
        self.at += timedelta(**by)


@dataclass(frozen=True, slots=True)
class Addressed:
    """Where a notice goes."""

    email: str
    language: str | None = "en"
    token: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in words."""

    subject: str
    body: str
    version: int
    language: str


def texts(template: str, language: str | None, facts: Mapping[str, Fact], *, link: str) -> Words:
    """Words for any template."""
    return Words(f"About {template}", f"{len(facts)} facts. {link}\n", 3, language or "en")


@dataclass(slots=True)
class FakeMail:
    """A post whose ends a test chooses; it keeps what it was given."""

    ends: list[Sent] = field(default_factory=list)
    sent: list[tuple[bytes, str, str]] = field(default_factory=list)

    async def send(self, message: bytes, *, to: MailAddress, return_path: str) -> Sent:
        """The next end; accepted where none was chosen."""
        self.sent.append((message, to.text, return_path))
        return self.ends.pop(0) if self.ends else Sent(handing=Handing.ACCEPTED, reply=250)


@dataclass(slots=True)
class FakeVault:
    """Addresses by chance of the test; a refusal where one is set."""

    email: str = "meera@kaveri-silk.example"
    token: str = ""
    refusal: ProxyError | None = None
    asked: list[NoticeId] = field(default_factory=list)

    async def __call__(self, notice: DueNotice) -> Addressed:
        """The address of a notice."""
        self.asked.append(notice.id)
        if self.refusal is not None:
            raise self.refusal
        return Addressed(self.email, token=self.token)


def sender(pool_: Pool, clock: Clock, mail: Mail, vault: FakeVault, metrics: Registry) -> Sender:
    """The outgoing half of a relay."""
    return Sender(
        pool_,
        clock,
        metrics,
        Post(
            addresses=vault,
            texts=texts,
            mail=mail,
            link=lambda _purpose, token: f"https://privacy.example/n/{token}" if token else "",
            return_path=lambda one: f"{PATHS.local_part(one)}@{DOMAIN}",
            sender=mail_address.parse(f"notices@{DOMAIN}"),
            sender_name="Domain privacy service",
            mail_domain=DOMAIN,
        ),
    )


async def open_case(database: Database) -> CaseId:
    """A case whose first event is there, as rows."""
    case_id, tenant_id = CaseId(uuid4()), TenantId(uuid4())
    async with pool.connected(database.superuser()) as connection:
        await connection.execute(
            "INSERT INTO tenant (id, name, created_at) VALUES ($1, 'A registrar', $2)",
            tenant_id,
            START,
        )
    event = Event(
        case_id=case_id, seq=1, id=uuid4(), previous=FIRST_PREVIOUS, actor="requester",
        role="requester", act="open", facts={}, at=START,
    )  # fmt: skip
    file = CaseFile(
        id=case_id, type=CaseTypeId("third_party_claim"), tenant_id=tenant_id,
        registration_id=RegistrationId(uuid4()), domain=DomainName("kaveri-silk.example"),
        event_date=START, opened_at=START, seq=1, head=event.digest(), state="received",
        is_open=True,
    )  # fmt: skip
    async with pool.connected(database.access(LoginRole.WEB)) as connection:
        await cases.add_file(connection, file)
        await cases.add_events(connection, [(file, event, "{}")])
    return case_id


async def queue(
    database: Database, case_id: CaseId, *, to: Party = Party.REGISTRANT, now: datetime = START
) -> NoticeId:
    """A notice that waits."""
    notice_id = NoticeId(uuid4())
    async with pool.connected(database.access(LoginRole.WORKER)) as connection:
        await store.queue(
            connection, notice_id=notice_id, case_id=case_id, template="claim_received", to=to,
            facts={"reference": "A-1"}, now=now,
        )  # fmt: skip
    return notice_id


async def one(database: Database, case_id: CaseId) -> store.NoticeRow:
    """The one notice of a case."""
    (found,) = await all_of(database, case_id)
    return found


async def all_of(database: Database, case_id: CaseId) -> tuple[store.NoticeRow, ...]:
    """The notices of a case."""
    async with pool.connected(database.access(LoginRole.WEB)) as connection:
        return await store.of_case(connection, case_id)


async def acts(connection: Connection, case_id: CaseId) -> list[str]:
    """The acts of a case behind the first."""
    return [event.act for event in await cases.events(connection, case_id, after=1)]


def draw(octets: int) -> bytes:
    """Randomness."""
    return secrets.token_bytes(octets)
