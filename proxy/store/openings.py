"""What the vault looks up for an opening: an alias, a token, a notice, a letter. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.model.identifiers import RecordClass, RegistrationId, State, TenantId
from proxy.model.letter import AboutRegistration, Letter, LetterKind
from proxy.model.sealed import RecordName
from proxy.store import pool, queries

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import CaseId, NoticeId
    from proxy.model.identifiers import ResellerId
    from proxy.store.pool import Connection

QUERIES = queries.load("openings")
_LOOK_UP_MS: Final = 5000  # a value that all of a million names share, of a reseller with few
_FIRST: Final = UUID(int=0)  # less than every id


async def find_by_alias(
    connection: Connection, alias: str, now: datetime
) -> tuple[TenantId, RegistrationId] | None:
    """The registration whose mail comes in under `alias`; None for an ended or unknown one.

    A former alias counts until its overlap ends.
    """
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_by_alias"], alias, now)
    return None if row is None else (TenantId(row["tenant_id"]), RegistrationId(row["id"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Whose registrations are looked for by a token: a tenant's, or one reseller's of it."""

    tenant_id: TenantId
    token: bytes = field(repr=False)
    reseller: ResellerId | None = None
    after: RegistrationId | None = None  # those with a greater id


async def find_sharing(
    connection: Connection, asked: Sharing, limit: int
) -> tuple[RecordName, ...]:
    """The identity records that the index has under the token, by registration."""
    after = asked.after or _FIRST
    with pool.translated():
        async with connection.transaction():
            await connection.execute(QUERIES["plan_sharing"], _LOOK_UP_MS)
            rows = await connection.fetch(
                QUERIES["find_sharing"], asked.tenant_id, asked.token, after, asked.reseller, limit
            )
    return tuple(
        RecordName(
            tenant_id=asked.tenant_id,
            registration_id=RegistrationId(row["registration_id"]),
            record_class=RecordClass.IDENTITY,
            version=row["version"],
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the database says of a registration that is asked for."""

    domain: str
    state: State
    revision: int
    record_version: int


async def find_declared(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> Declared | None:
    """A tenant's registration; None where it has none by this id."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_declared"], tenant_id, registration_id)
    if row is None:
        return None
    return Declared(
        domain=row["domain"],
        state=State(row["state"]),
        revision=row["revision"],
        record_version=row["record_version"],
    )


async def find_notice(
    connection: Connection, case_id: CaseId, notice_id: NoticeId
) -> tuple[str, str, str] | None:
    """Party, purpose and subject of a notice of the case; None where there is none."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_notice"], case_id, notice_id)
    return None if row is None else (row["to_party"], row["purpose"], row["subject"])


async def find_letter(connection: Connection, notice_id: NoticeId) -> Letter | None:
    """A letter as its row says it; None where there is none of this id, or of no known kind."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_letter"], notice_id)
    if row is None or row["kind"] not in set(LetterKind):
        return None
    about = AboutRegistration(
        tenant_id=TenantId(row["tenant_id"]),
        registration_id=RegistrationId(row["registration_id"]),
        kind=LetterKind(row["kind"]),
    )
    return Letter(id=notice_id, about=about, subject=row["subject"])
