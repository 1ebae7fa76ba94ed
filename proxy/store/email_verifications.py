"""Verifications of registrants' addresses as rows. Believes and decides nothing; no address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.model.case import NoticeId
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.model.notice import NoticeStanding
from proxy.model.verification import Sending, Standing, Verification, Waiting
from proxy.store import pool, queries

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.rules.verifying import Step
    from proxy.store.pool import Connection, Record

QUERIES: Final = queries.load("email_verifications")


async def find(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> Verification | None:
    """How the address of a registration stands; None where nobody asks."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find"], tenant_id, registration_id)
    return None if row is None else _verification(row)


async def relay_domains(connection: Connection) -> frozenset[str]:
    """The domains of our own masks, every registrar's."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["relay_domains"])
    return frozenset(str(row["domain"]).lower() for row in rows)


async def take(connection: Connection, now: datetime, limit: int) -> tuple[Waiting, ...]:
    """What is to be looked at, held until the transaction ends."""
    with pool.translated():
        held = await connection.fetch(QUERIES["hold"], now, limit)
        rows = await connection.fetch(
            QUERIES["take"],
            [row["tenant_id"] for row in held],
            [row["registration_id"] for row in held],
        )
    return tuple(
        Waiting(
            tenant_id=TenantId(row["tenant_id"]),
            registration_id=RegistrationId(row["registration_id"]),
            domain=DomainName(row["domain"]),
            now=_verification(row),
            is_on=row["is_on"],
            notice_id=None if row["notice_id"] is None else NoticeId(row["notice_id"]),
            reminder_id=None if row["reminder_id"] is None else NoticeId(row["reminder_id"]),
            first=_sending(row, "first"),
            second=_sending(row, "second"),
        )
        for row in rows
    )


async def keep(
    connection: Connection,
    one: Waiting,
    step: Step,
    *,
    notice_id: NoticeId | None,
    reminder_id: NoticeId | None,
    now: datetime,
) -> None:
    """What a step leaves behind; a row that is another record's meanwhile stays as it is."""
    is_settled = step.standing is not Standing.ASKED
    with pool.translated():
        await connection.execute(
            QUERIES["keep"],
            one.tenant_id,
            one.registration_id,
            one.now.record_version,
            step.standing.value if is_settled else one.now.standing.value,
            step.reason if is_settled else one.now.reason,
            step.verified_at if is_settled else one.now.verified_at,
            notice_id,
            reminder_id,
            step.look_at,
            now if is_settled else one.now.settled_at,
        )


async def drop(connection: Connection, one: Waiting) -> None:
    """Nobody asks any more."""
    with pool.translated():
        await connection.execute(QUERIES["drop"], one.tenant_id, one.registration_id)


def _verification(row: Record) -> Verification:
    return Verification(
        record_version=row["record_version"],
        standing=Standing(row["state"]),
        asked_at=row["asked_at"],
        due_at=row["due_at"],
        verified_at=row["verified_at"],
        settled_at=row["settled_at"],
        reason=row["reason"],
    )


def _sending(row: Record, which: str) -> Sending | None:
    if row[f"{which}_state"] is None:
        return None
    return Sending(
        standing=NoticeStanding(row[f"{which}_state"]),
        reason=row[f"{which}_reason"],
        bounced_at=row[f"{which}_bounced_at"],
        acknowledged_at=row[f"{which}_acknowledged_at"],
    )
