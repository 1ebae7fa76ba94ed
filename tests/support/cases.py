"""Cases of a vault in tests: opened, told of and given evidence as the web role does it."""

from __future__ import annotations

import base64
import dataclasses
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from proxy.model.case import (
    FIRST_PREVIOUS,
    CaseFile,
    CaseId,
    CaseTypeId,
    Event,
    EvidenceId,
    NoticeId,
)
from proxy.model.case_state import OPEN
from proxy.model.identifiers import DomainName
from proxy.run import reading_desk
from proxy.services import case_events, keep_evidence
from proxy.services.case_events import NewEvent
from proxy.services.keep_evidence import Desk, Offered
from proxy.store import cases as store
from proxy.store import pool as pools
from proxy.vault import relay, seal_evidence, submissions
from proxy.vault.grants import Caller
from proxy.wire import frames
from tests.support import openings as support
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from proxy.model.case import Fact
    from proxy.model.evidence import Evidence
    from proxy.model.sealed import ToSeal
    from proxy.run.reading_desk import Prepared
    from proxy.run.vault_openings import Openings
    from proxy.vault.relay import Addressed
    from tests.support.vault import Service, Vault

LIMIT = 1_000_000


def sealer(vault: Vault) -> seal_evidence.EvidenceSealer:
    """The web role's sealer."""
    return seal_evidence.EvidenceSealer(
        keys=seal_evidence.load_keys(vault.key_dir / "web" / "web.json"),
        pin=submissions.load_pin(vault.data_dir / "vault.pub"),
        current=lambda: vault.intake,
        clock=vault.clock,
        random=secrets.token_bytes,
    )


async def chunks(content: bytes, octets: int = 10_000) -> AsyncIterator[bytes]:
    """A file as it comes over a line."""
    for start in range(0, len(content), octets):
        yield content[start : start + octets]


@dataclass(slots=True)
class Opened:
    """A case of a registration, and its vault."""

    service: Service
    item: ToSeal
    id: CaseId = field(default_factory=lambda: CaseId(uuid4()))

    @property
    def desk(self) -> Desk:
        """What files are kept with."""
        return Desk(
            sealer=sealer(self.service.vault), random=secrets.token_bytes, limit_octets=LIMIT
        )

    def offered(self, **changes: Any) -> Offered:
        """A text file of the complainant's."""
        whole = Offered(
            case_id=self.id,
            kind="letter",
            media_type="text/plain",
            name="letter.txt",
            actor="requester",
            role="requester",
        )
        return dataclasses.replace(whole, **changes)

    async def open(self) -> None:
        """Open it, as its first event says."""
        now, item = self.service.vault.clock.now(), self.item
        file = CaseFile(
            id=self.id,
            type=CaseTypeId("third_party"),
            tenant_id=item.tenant_id,
            registration_id=item.registration_id,
            domain=DomainName(f"{item.registration_id}.example"),
            event_date=now,
            opened_at=now,
            seq=0,
            head=FIRST_PREVIOUS,
            state="received",
            is_open=True,
        )
        facts: dict[str, Fact] = {
            "type": file.type,
            "tenant": str(item.tenant_id),
            "registration": str(item.registration_id),
            "domain": file.domain,
            "event_date": now.isoformat(),
            "state": file.state,
        }
        event = Event(
            case_id=self.id,
            seq=1,
            id=uuid4(),
            previous=FIRST_PREVIOUS,
            actor="requester",
            role="requester",
            act=OPEN,
            facts=facts,
            at=now,
        )
        async with self._web() as connection, connection.transaction():
            file = dataclasses.replace(file, seq=1, head=event.digest())
            await store.add_file(connection, file)
            await store.add_events(connection, [(file, event, "{}")])

    async def tell(self, act: str, **facts: Fact) -> None:
        """One more event."""
        one = NewEvent(actor="anna", role="handler", act=act, facts=facts)
        async with self._web() as connection, connection.transaction():
            await case_events.append(
                connection,
                self.id,
                [one],
                now=self.service.vault.clock.now(),
                random=secrets.token_bytes,
            )

    async def add(self, content: bytes, **changes: Any) -> Evidence:
        """A file, handed in."""
        async with self._web() as connection:
            return await keep_evidence.add(
                connection,
                self.desk,
                self.offered(**changes),
                chunks(content),
                now=self.service.vault.clock.now(),
            )

    async def add_text(self, text: str, **changes: Any) -> Evidence:
        """What somebody wrote."""
        async with self._web() as connection:
            return await keep_evidence.add_text(
                connection,
                self.desk,
                self.offered(**changes),
                text,
                now=self.service.vault.clock.now(),
            )

    async def queue(
        self, to: str = "registrant", purpose: str = "", subject: str = ""
    ) -> frames.Notice:
        """A notice in the outbox and in the chain, and how the relay asks for its address."""
        notice = NoticeId(uuid4())
        await self.service.administrate(
            """INSERT INTO notice (id, case_id, template, to_party, facts, purpose, subject,
                 queued_at, not_before, try_after)
               VALUES ($1, $2, 'demand', $3, '{}', $4, $5, $6, $6, $6)""",
            notice,
            self.id,
            to,
            purpose,
            subject,
            self.service.vault.clock.now(),
        )
        await self.tell("notice_queued", notice=str(notice), template="demand", to=to)
        return frames.Notice(
            case=str(self.id), notice=str(notice), to=to, purpose=purpose, subject=subject
        )

    def addressed(self, asked: frames.Notice, answer: dict[str, Any]) -> Addressed:
        """What the relay makes of an answer."""
        private = relay.load_key(self.service.vault.key_dir / "relay" / "relay.json")
        blob = base64.b64decode(answer["sealed"])
        return relay.open_notice(private, blob, case=asked.case, notice=asked.notice)

    def reading(self, evidence_id: EvidenceId, **changes: Any) -> Prepared:
        """A document that asks for a file, with its key."""
        given: dict[str, Any] = {
            "deployment": support.DEPLOYMENT,
            "case_id": self.id,
            "evidence_id": evidence_id,
            "reason": "The complaint is weighed.",
            "now": self.service.vault.clock.now(),
            "random": secrets.token_bytes,
        }
        return reading_desk.reading(**(given | changes))

    def match(self, field: str = "email", value: str = "", **changes: Any) -> Prepared:
        """A document that asks whether the registrant holds a value."""
        given: dict[str, Any] = {
            "deployment": support.DEPLOYMENT,
            "case_id": self.id,
            "value": (field, value or "marlene@registrant.example"),
            "reason": "The complainant names an address.",
            "now": self.service.vault.clock.now(),
            "random": secrets.token_bytes,
        }
        return reading_desk.match(**(given | changes))

    def _web(self) -> Any:
        return pools.connected(self.service.database.access("web"))


async def opened(service: Service, item: ToSeal | None = None) -> Opened:
    """A case of an adopted registration."""
    one = item or vaults.to_seal()
    await support.enrol(service, one)
    case = Opened(service, one)
    await case.open()
    return case


def signed(prepared: Prepared, person: str = "anna") -> frames.Signature:
    """A signature as tests.support.openings.Desk reads it."""
    return frames.Signature(person=person, key="SHA256:key", signature=prepared.message.hex())


def asking(prepared: Prepared, person: str = "anna") -> frames.ReadEvidence:
    """A reading, signed."""
    return frames.ReadEvidence(document=prepared.document, signature=signed(prepared, person))


def comparing(prepared: Prepared, person: str = "anna") -> frames.Match:
    """A match, signed."""
    return frames.Match(document=prepared.document, signature=signed(prepared, person))


async def parts(room: Openings, request: frames.ReadEvidence) -> list[bytes]:
    """The sealed parts that a reading brings; raises what the vault refuses with."""
    _, handle = room.commands()[frames.ReadEvidence]
    answers = [one async for one in handle(Caller.WEB, request)]
    assert answers[-1] == {"done": True}
    return [base64.b64decode(str(one["part"])) for one in answers[:-1]]


async def received(prepared: Prepared, found: Iterable[bytes], sha256: str) -> tuple[bytes, Any]:
    """The file and its header, as the reader's machine gets them."""

    async def once() -> AsyncIterator[bytes]:
        for one in found:
            yield one

    content = bytearray()
    header = await reading_desk.receive(prepared, once(), content.extend, sha256=sha256)
    return bytes(content), header
