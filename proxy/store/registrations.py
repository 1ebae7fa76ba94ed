"""Registrations, their sealed records and their public record: read once, written by one statement.

Holds the translation between rows and model; decides nothing. `written` and `ended` answer False
where the rows are no longer as they were read: the caller reads again and decides anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from proxy.errors import Conflict, Refused
from proxy.model.identifiers import (
    AccreditationId,
    DomainName,
    EndReason,
    Mode,
    ProfileId,
    RegistrationId,
    ResellerId,
    State,
    TenantId,
)
from proxy.model.registration import Declaration, Dnssec, Nameserver, Registration
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from proxy.model.sealed import SealedBatch
    from proxy.store.pool import Connection, Record

QUERIES: Final = queries.load("registrations")

SESSION: Final = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_bitmapscan": "off",
    "enable_material": "off",
    "enable_sort": "off",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}
"""Server settings of connections that write registrations.

Rows are always reached by index: tables grow from nothing to millions between two analyses, and a
plan made while they were empty is ruinous after. One generic plan: planning the write anew costs
more than running it.
"""

QUOTA_EXCEEDED: Final = "quota_exceeded"
"""403 and not 429: waiting does not help, and nothing is asked too often."""

_FIRST: Final = UUID(int=0)
_CONSTRAINTS: Final = (
    "registration_live_domain",
    "registration_speaker",
    "registration_alias",
    "registration_pkey",
    "idempotency_pkey",
    "sealed_record_pkey",
)


class _Declared(msgspec.Struct, forbid_unknown_fields=True):
    """The `declared` column: a Declaration as JSON."""

    domain: DomainName
    mode: Mode
    accreditation: AccreditationId
    profile: ProfileId
    reseller: ResellerId | None = None
    registry_domain_id: str | None = None
    registrant_registry_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    transferred_at: datetime | None = None
    registry_expires_at: datetime | None = None
    registrar_expires_at: datetime | None = None
    statuses: tuple[str, ...] = ()
    nameservers: tuple[Nameserver, ...] = ()
    dnssec: Dnssec = Dnssec()
    customer_ref: str | None = None
    confirmed: tuple[str, ...] = ()


_decode: Final = msgspec.json.Decoder(_Declared).decode
_encode: Final = msgspec.json.Encoder().encode
_NOTHING_CONFIRMED: Final = ',"confirmed":[]}'  # the last member of a Declaration


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A registration as stored, with what only writers need."""

    registration: Registration
    record_version: int
    contacts_mac: bytes = field(repr=False)
    lapses_at: datetime | None
    value: bytes | None = field(repr=False)  # its published record


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands under a name: the tenant's own live registration, and whether another speaks."""

    kept: Kept | None
    spoken_elsewhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One registration to write, and what is published of it."""

    registration: Registration
    record_version: int
    contacts_mac: bytes = field(repr=False)
    lapses_at: datetime | None
    value: bytes | None = field(repr=False)
    replaced_revision: int | None  # of the present row; None for a new registration
    ends: RegistrationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What the ledger learns: ids and counts, never personal data."""

    id: UUID
    subject: str
    kind: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to be remembered under an Idempotency-Key."""

    route: str
    key_sha256: bytes = field(repr=False)
    body_mac: bytes = field(repr=False)
    status: int
    headers: Mapping[str, str]
    response: bytes = field(repr=False)


async def find(
    connection: Connection, tenant_id: TenantId, domains: Sequence[DomainName]
) -> dict[DomainName, Found]:
    """What stands under each of `domains`."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["find"], tenant_id, list(domains))
    return {
        DomainName(row["asked_domain"]): Found(
            kept=None if row["id"] is None else _kept(row, tenant_id),
            spoken_elsewhere=row["spoken_elsewhere"],
        )
        for row in rows
    }


async def find_by_id(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> Kept | None:
    """The registration, ended or not."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_by_id"], tenant_id, registration_id)
    return None if row is None else _kept(row, tenant_id)


async def list_after(
    connection: Connection,
    tenant_id: TenantId,
    *,
    after: UUID | None,
    since: datetime | None,
    reseller: ResellerId | None,
    limit: int,
) -> tuple[Kept, ...]:
    """Registrations in id order, ended ones included."""
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["list"], tenant_id, after or _FIRST, since, reseller, limit
        )
    return tuple(_kept(row, tenant_id) for row in rows)


async def status(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> tuple[bool, bool]:
    """Whether its newest contacts are adopted, and whether it is in the journal."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["status"], tenant_id, registration_id)
    return (False, False) if row is None else (row["adopted"], row["published"])


async def write(
    connection: Connection,
    tenant_id: TenantId,
    rows: Sequence[Row],
    *,
    sealed: SealedBatch | None,
    entries: Sequence[LedgerEntry],
    answers: Sequence[Answer],
    now: datetime,
) -> None:
    """Writes all of `rows`; raises Conflict("changed_meanwhile") when any is not as read.

    Outside a transaction a Conflict of one row has changed nothing; with several rows, use one.
    """
    new = [row for row in rows if row.replaced_revision is None]
    changed = [row for row in rows if row.replaced_revision is not None]
    ends = [row.ends for row in new if row.ends is not None]
    shown = [row for row in rows if row.value is not None]
    removed = [*ends, *(row.registration.id for row in changed if row.value is None)]
    arguments = (
        tenant_id,
        now,
        *_new_columns(new),
        ends,
        *_changed_columns(changed),
        *sealed_columns(sealed),
        [row.registration.declared.domain for row in shown],
        [row.registration.id for row in shown],
        [row.value for row in shown],
        removed,
        *_entry_columns(entries),
        *_answers_columns(answers),
    )
    meanwhile = Conflict("changed_meanwhile")
    full = Refused(QUOTA_EXCEEDED, "The account, or its reseller, has as many names as it may.")
    with pool.translated({**dict.fromkeys(_CONSTRAINTS, meanwhile), "quota_names": full}):
        written = await connection.fetchval(QUERIES["write"], *arguments)
    if written != len(rows):
        raise meanwhile


async def end(
    connection: Connection,
    present: Registration,
    *,
    state: State,
    reason: EndReason,
    entry: LedgerEntry,
    answer: Answer | None,
    now: datetime,
) -> None:
    """Ends `present`; raises Conflict("changed_meanwhile") when it is not as read."""
    meanwhile = Conflict("changed_meanwhile")
    with pool.translated({"idempotency_pkey": meanwhile}):
        ended = await connection.fetchval(
            QUERIES["end"],
            present.tenant_id,
            now,
            present.id,
            present.revision,
            state.value,
            reason.value,
            entry.id,
            text_of(entry.facts),
            *answer_columns(answer),
        )
    if ended is None:
        raise meanwhile


def registration_of(row: Record, tenant_id: TenantId) -> Registration:
    """The registration that a row holds; `declared` is among its columns as JSON text."""
    declared = _decode(row["declared"])
    return Registration(
        tenant_id=tenant_id,
        id=RegistrationId(UUID(int=row["id"].int)),
        revision=row["revision"],
        state=State(row["state"]),
        declared=Declaration(**msgspec.structs.asdict(declared)),
        reference=row["reference"],
        alias=row["alias"],
        enrolled_at=row["enrolled_at"],
        ended_at=row["ended_at"],
        end_reason=None if row["end_reason"] is None else EndReason(row["end_reason"]),
    )


def _kept(row: Record, tenant_id: TenantId) -> Kept:
    return Kept(
        registration=registration_of(row, tenant_id),
        record_version=row["record_version"],
        contacts_mac=row["contacts_mac"],
        lapses_at=row["lapses_at"],
        value=row["value"],
    )


def _new_columns(rows: Sequence[Row]) -> tuple[list[object], ...]:
    kept = [row.registration for row in rows]
    return (
        [one.id for one in kept],
        [one.declared.domain for one in kept],
        [one.state.value for one in kept],
        [_text_of_declared(one.declared) for one in kept],
        [one.reference for one in kept],
        [one.alias for one in kept],
        [row.contacts_mac for row in rows],
        [row.lapses_at for row in rows],
    )


def _changed_columns(rows: Sequence[Row]) -> tuple[list[object], ...]:
    kept = [row.registration for row in rows]
    return (
        [one.id for one in kept],
        [row.replaced_revision for row in rows],
        [one.state.value for one in kept],
        [_text_of_declared(one.declared) for one in kept],
        [one.reference for one in kept],
        [one.alias for one in kept],
        [row.record_version for row in rows],
        [row.contacts_mac for row in rows],
    )


def _text_of_declared(declared: Declaration) -> str:
    """JSON of a declaration, without a list of nothing confirmed.

    Programs of the version before do not know that member, and read these rows in an upgrade.
    """
    text = text_of(declared)
    return text if declared.confirmed else text.removesuffix(_NOTHING_CONFIRMED) + "}"


def sealed_columns(sealed: SealedBatch | None) -> tuple[object, ...]:
    """A submission and its records as arguments of a statement that writes them."""
    if sealed is None:
        return (None, None, None, None, None, [], [], [], [], [])
    one, records = sealed.submission, sealed.records
    return (
        one.id,
        one.intake_key_id,
        one.encapsulation,
        one.signer_id,
        one.signature,
        [record.name.registration_id for record in records],
        [record.name.record_class.value for record in records],
        [record.name.version for record in records],
        [record.record for record in records],
        [record.wrapped_dek for record in records],
    )


def _entry_columns(entries: Sequence[LedgerEntry]) -> tuple[list[object], ...]:
    return (
        [one.id for one in entries],
        [one.subject for one in entries],
        [one.kind for one in entries],
        [text_of(one.facts) for one in entries],
    )


def _answers_columns(answers: Sequence[Answer]) -> tuple[list[object], ...]:
    return (
        [one.route for one in answers],
        [one.key_sha256 for one in answers],
        [one.body_mac for one in answers],
        [one.status for one in answers],
        [text_of(one.headers) for one in answers],
        [one.response for one in answers],
    )


def answer_columns(answer: Answer | None) -> tuple[object, ...]:
    """An answer to remember as arguments of a statement, all None without one."""
    if answer is None:
        return (None, None, None, None, None, None)
    return (
        answer.route,
        answer.key_sha256,
        answer.body_mac,
        answer.status,
        text_of(answer.headers),
        answer.response,
    )


def text_of(value: object) -> str:
    """JSON for a jsonb column."""
    return _encode(value).decode()
