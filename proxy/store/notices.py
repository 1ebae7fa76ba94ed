"""The outbox of notices as rows. Believes and decides nothing; holds no address.

At least once: whoever takes a notice has it until a time, and if nothing is noted by then, it is
due again under the same Message-ID. What is proven is noted once and stays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from proxy.model.case import CaseId, NoticeId
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.model.letter import PURPOSES, AboutRegistration, LetterKind
from proxy.model.notice import DueNotice, NoticeResult, NoticeStanding, Party, Proof
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from proxy.model.case import Fact
    from proxy.model.letter import QueuedLetter
    from proxy.store.pool import Connection, Record

QUERIES = queries.load("notices")
MOST_OF_CASE = 1_000  # notices of one case; a busy one has some dozen
FIRST = NoticeId(UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A notice as a case's page shows it."""

    id: NoticeId
    template: str
    template_version: int | None
    to: Party
    language: str | None
    purpose: str
    standing: NoticeStanding
    attempts: int
    queued_at: datetime
    not_before: datetime
    reason: str
    reply: int
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    bounced_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """How much mail stands in the outbox. `oldest` is when the first of what waits was queued."""

    due: int
    waiting: int
    oldest: datetime | None
    unproven: int


async def queue(
    connection: Connection,
    *,
    notice_id: NoticeId,
    case_id: CaseId,
    template: str,
    to: Party,
    facts: Mapping[str, Fact],
    purpose: str = "",
    subject: str = "",
    not_before: datetime | None = None,
    now: datetime,
) -> None:
    """Have a notice sent, in the caller's transaction. `facts` holds no personal data."""
    with pool.translated():
        await connection.execute(
            QUERIES["queue"],
            notice_id,
            case_id,
            template,
            to.value,
            json.dumps(dict(facts)),
            purpose,
            subject,
            now,
            now if not_before is None else max(now, not_before),
        )


async def queue_letters(
    connection: Connection, letters: Sequence[QueuedLetter], now: datetime
) -> None:
    """Have letters sent, in the caller's transaction; those that are there stay as they are."""
    with pool.translated():
        await connection.execute(
            QUERIES["queue_letters"],
            [one.id for one in letters],
            [one.about.tenant_id for one in letters],
            [one.about.registration_id for one in letters],
            [one.about.kind.value for one in letters],
            [one.template for one in letters],
            [json.dumps(_facts_of(one)) for one in letters],
            [PURPOSES[one.about.kind].value for one in letters],
            [one.subject for one in letters],
            now,
        )


async def take(
    connection: Connection, *, now: datetime, until: datetime, mail_domain: str, limit: int
) -> tuple[DueNotice, ...]:
    """Notices that are due, in the caller's hand until a time; nobody else gets them before."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["take"], now, until, mail_domain, limit)
    return tuple(
        DueNotice(
            id=NoticeId(row["id"]),
            about=about,
            template=row["template"],
            to=Party(row["to_party"]),
            facts=_facts(row["facts"]),
            purpose=row["purpose"],
            subject=row["subject"],
            message_id=row["message_id"],
            attempt=row["attempts"],
            failing_since=row["failing_since"],
        )
        for row in rows
        if (about := _about(row)) is not None
    )


async def note_language(
    connection: Connection, notice_id: NoticeId, *, version: int, language: str
) -> None:
    """Keep in what words a notice goes out."""
    with pool.translated():
        await connection.execute(QUERIES["note_language"], notice_id, version, language)


async def note_accepted(
    connection: Connection, notice_id: NoticeId, *, now: datetime, reply: int
) -> bool:
    """Whether it was news that the recipient's exchanger took a notice."""
    return await _changed(connection, "note_accepted", notice_id, now, reply)


async def note_handed(
    connection: Connection, notice_id: NoticeId, *, now: datetime, reply: int
) -> bool:
    """Whether it was news that our own route took a notice."""
    return await _changed(connection, "note_handed", notice_id, now, reply)


async def note_retry(
    connection: Connection,
    taken: DueNotice,
    *,
    at: datetime,
    reason: str,
    reply: int = 0,
    failing_since: datetime | None = None,
) -> bool:
    """Whether the notice waits for another try; not if somebody else took it meanwhile."""
    return await _changed(
        connection, "note_retry", taken.id, taken.attempt, at, reason, reply, failing_since
    )


async def note_bounced(
    connection: Connection, notice_id: NoticeId, *, now: datetime, reason: str, reply: int = 0
) -> bool:
    """Whether it was news that a notice can not be delivered, whatever was thought before."""
    return await _changed(connection, "note_bounced", notice_id, now, reason, reply)


async def note_reported(connection: Connection, notice_id: NoticeId, *, now: datetime) -> bool:
    """Whether it was news that a notice, handed to our route, arrived; not after a bounce."""
    return await _changed(connection, "note_reported", notice_id, now)


async def note_withheld(connection: Connection, taken: DueNotice, *, reason: str) -> bool:
    """Whether the notice is withheld from now on."""
    return await _changed(connection, "note_withheld", taken.id, taken.attempt, reason)


async def give_up_unproven(
    connection: Connection, *, handed_before: datetime, now: datetime, limit: int
) -> int:
    """How many notices count as bounced, because no proof of them came."""
    with pool.translated():
        status = await connection.execute(QUERIES["give_up_unproven"], handed_before, now, limit)
    return int(status.rpartition(" ")[2])


async def acknowledge(
    connection: Connection, notice_id: NoticeId, case_id: CaseId, *, now: datetime
) -> bool:
    """Whether it was news that the link of a notice was followed."""
    return await _changed(connection, "acknowledge", notice_id, case_id, now)


async def acknowledge_letter(
    connection: Connection,
    notice_id: NoticeId,
    tenant_id: TenantId,
    registration_id: RegistrationId,
    *,
    now: datetime,
) -> bool:
    """Whether it was news that the deed of a letter's link was done."""
    return await _changed(
        connection, "acknowledge_letter", notice_id, tenant_id, registration_id, now
    )


async def take_untold(connection: Connection, after: NoticeId) -> NoticeResult | None:
    """The next notice of which its case does not know all, held until the transaction ends."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["take_untold"], after)
    if row is None:
        return None
    at, how = _proof(row)
    return NoticeResult(
        id=NoticeId(row["id"]),
        case_id=CaseId(row["case_id"]),
        template=row["template"],
        to=Party(row["to_party"]),
        delivered_at=at,
        proof=how,
        bounced_at=row["bounced_at"],
        reason=row["reason"],
        is_delivery_told=row["is_delivery_told"],
        is_bounce_told=row["is_bounce_told"],
    )


async def tell(connection: Connection, result: NoticeResult, now: datetime) -> None:
    """Keep that a case knows what is known of a notice."""
    with pool.translated():
        await connection.execute(
            QUERIES["tell"], result.id, result.is_delivered, result.bounced_at is not None, now
        )


async def of_case(connection: Connection, case_id: CaseId) -> tuple[NoticeRow, ...]:
    """The notices of a case, oldest first."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["of_case"], case_id, MOST_OF_CASE)
    return tuple(
        NoticeRow(
            id=NoticeId(row["id"]),
            template=row["template"],
            template_version=row["template_version"],
            to=Party(row["to_party"]),
            language=row["language"],
            purpose=row["purpose"],
            standing=NoticeStanding(row["state"]),
            attempts=row["attempts"],
            queued_at=row["queued_at"],
            not_before=row["not_before"],
            reason=row["reason"],
            reply=row["reply"],
            delivered_at=row["delivered_at"],
            acknowledged_at=row["acknowledged_at"],
            bounced_at=row["bounced_at"],
        )
        for row in rows
    )


async def levels(connection: Connection, now: datetime) -> Levels:
    """How much stands in the outbox."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["levels"], now)
    if row is None:
        return Levels(due=0, waiting=0, oldest=None, unproven=0)
    return Levels(
        due=row["due"], waiting=row["waiting"], oldest=row["oldest"], unproven=row["unproven"]
    )


def _about(row: Record) -> CaseId | AboutRegistration | None:
    """What a notice is about; None where another program queued a kind that we do not know."""
    if row["case_id"] is not None:
        return CaseId(row["case_id"])
    if row["kind"] not in set(LetterKind):
        return None
    return AboutRegistration(
        tenant_id=TenantId(row["tenant_id"]),
        registration_id=RegistrationId(row["registration_id"]),
        kind=LetterKind(row["kind"]),
    )


def _facts_of(letter: QueuedLetter) -> dict[str, Fact]:
    """What stands in every letter, and what its own template says beside."""
    reference = str(letter.about.registration_id)
    return {"domain": letter.domain, "registration": reference, **letter.facts}


def _proof(row: Record) -> tuple[datetime | None, Proof | None]:
    """The first proof that a notice arrived."""
    delivered, acknowledged = row["delivered_at"], row["acknowledged_at"]
    if row["bounced_at"] is not None and acknowledged is not None:
        return acknowledged, Proof.ACKNOWLEDGED
    if delivered is not None and (acknowledged is None or delivered <= acknowledged):
        return delivered, Proof.EXCHANGER
    if acknowledged is not None:
        return acknowledged, Proof.ACKNOWLEDGED
    return None, None


def _facts(text: str) -> Mapping[str, Fact]:
    return {
        name: tuple(str(one) for one in value) if isinstance(value, list) else value
        for name, value in json.loads(text).items()
    }


async def _changed(connection: Connection, query: str, *values: object) -> bool:
    with pool.translated():
        status = await connection.execute(QUERIES[query], *values)
    return status == "UPDATE 1"
