"""Disclosure packages as rows. Believes and decides nothing; holds ciphertext and digests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.errors import Conflict, NotFound
from proxy.model.case import CaseId
from proxy.model.identifiers import TenantId
from proxy.model.order import OrderId
from proxy.model.roster import Person
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from uuid import UUID

    from proxy.model.identifiers import RegistrationId
    from proxy.store.pool import Connection, Record

QUERIES = queries.load("packages")
MOST_RECIPIENTS = 1_000  # of one registration


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPackage:
    """A package that the vault has built."""

    id: UUID
    order_id: OrderId
    case_id: CaseId
    tenant_id: TenantId
    sha256: str
    content: bytes = field(repr=False)
    copy_id: str
    recipient_openpgp: str
    recipient_sha256: bytes
    releaser: Person
    fields: tuple[str, ...]
    terms: str
    delete_by: date
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    """A package and where it stands."""

    id: UUID
    order_id: OrderId
    case_id: CaseId
    tenant_id: TenantId
    state: str
    sha256: str
    octets: int
    copy_id: str
    recipient_openpgp: str
    recipient_sha256: bytes
    releaser: Person
    fields: tuple[str, ...]
    terms: str
    delete_by: date
    made_at: datetime
    expires_at: datetime
    released_at: datetime | None
    collected_at: datetime | None
    receipted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """Somebody who was given data, by digest, and until when they may have it."""

    package_id: UUID
    order_id: OrderId
    case_id: CaseId
    recipient_sha256: bytes
    fields: tuple[str, ...]
    released_at: datetime
    delete_by: date


async def keep(connection: Connection, made: NewPackage) -> None:
    """Keep a package; Conflict `package_released` when one of its order has gone out."""
    with pool.translated():
        row = await connection.fetchrow(
            QUERIES["keep"],
            made.id,
            made.order_id,
            made.case_id,
            made.tenant_id,
            bytes.fromhex(made.sha256),
            made.content,
            made.copy_id,
            made.recipient_openpgp,
            made.recipient_sha256,
            made.releaser,
            list(made.fields),
            bytes.fromhex(made.terms),
            made.delete_by,
            made.made_at,
            made.expires_at,
        )
    if row is None:
        raise Conflict("package_released", "A package of this order was released before.")


async def find_of_order(connection: Connection, order_id: OrderId) -> PackageRow | None:
    """The package of an order."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_of_order"], order_id)
    return None if row is None else _package(row)


async def find(connection: Connection, package_id: UUID) -> PackageRow:
    """A package; NotFound `package_unknown`."""
    return await _one(connection, "find", package_id)


async def lock(connection: Connection, package_id: UUID) -> PackageRow:
    """The same, held until the caller's transaction ends."""
    return await _one(connection, "lock", package_id)


async def content(connection: Connection, package_id: UUID) -> bytes:
    """The ciphertext of a package that still has one; NotFound `package_unknown`."""
    with pool.translated():
        found: bytes | None = await connection.fetchval(QUERIES["content"], package_id)
    if found is None:
        raise unknown()
    return found


async def note_released(
    connection: Connection, package_id: UUID, *, now: datetime, expires_at: datetime
) -> None:
    """Its link goes out; the caller holds the row."""
    await _moved(connection, "note_released", package_id, now, expires_at)


async def note_collected(connection: Connection, package_id: UUID, now: datetime) -> None:
    """Its recipient has it; the ciphertext is gone."""
    await _moved(connection, "note_collected", package_id, now)


async def note_receipted(connection: Connection, package_id: UUID, now: datetime) -> None:
    """Its recipient confirmed it."""
    await _moved(connection, "note_receipted", package_id, now)


async def note_expired(connection: Connection, package_id: UUID, now: datetime) -> None:
    """Nobody fetched it; the ciphertext is gone."""
    await _moved(connection, "note_expired", package_id, now)


async def overdue(connection: Connection, now: datetime, limit: int) -> tuple[UUID, ...]:
    """Packages whose time is over, the oldest first."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["overdue"], now, limit)
    return tuple(row["id"] for row in rows)


async def add_recipient(
    connection: Connection, row: PackageRow, registration_id: RegistrationId, now: datetime
) -> None:
    """Note who is given what; once for a package."""
    with pool.translated():
        await connection.execute(
            QUERIES["add_recipient"],
            row.id,
            row.order_id,
            row.case_id,
            row.tenant_id,
            registration_id,
            row.recipient_sha256,
            list(row.fields),
            now,
            row.delete_by,
        )


async def recipients_of(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> Sequence[RecipientRow]:
    """Who was given data of a registration, the newest first."""
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["recipients_of"], tenant_id, registration_id, MOST_RECIPIENTS
        )
    return tuple(
        RecipientRow(
            package_id=row["package_id"],
            order_id=OrderId(row["order_id"]),
            case_id=CaseId(row["case_id"]),
            recipient_sha256=row["recipient_sha256"],
            fields=tuple(row["fields"]),
            released_at=row["released_at"],
            delete_by=row["delete_by"],
        )
        for row in rows
    )


def unknown() -> NotFound:
    """What is raised for a package that is not there."""
    return NotFound("package_unknown", "There is no package by this id.")


async def _one(connection: Connection, query: str, package_id: UUID) -> PackageRow:
    with pool.translated():
        row = await connection.fetchrow(QUERIES[query], package_id)
    if row is None:
        raise unknown()
    return _package(row)


async def _moved(connection: Connection, query: str, package_id: UUID, *given: object) -> None:
    with pool.translated():
        row = await connection.fetchrow(QUERIES[query], package_id, *given)
    if row is None:
        raise Conflict("package_state", "The package has moved on meanwhile.")


def _package(row: Record) -> PackageRow:
    return PackageRow(
        id=row["id"],
        order_id=OrderId(row["order_id"]),
        case_id=CaseId(row["case_id"]),
        tenant_id=TenantId(row["tenant_id"]),
        state=row["state"],
        sha256=row["sha256"].hex(),
        octets=row["octets"],
        copy_id=row["copy_id"],
        recipient_openpgp=row["recipient_openpgp"],
        recipient_sha256=row["recipient_sha256"],
        releaser=Person(row["releaser"]),
        fields=tuple(row["fields"]),
        terms=row["terms"].hex(),
        delete_by=row["delete_by"],
        made_at=row["made_at"],
        expires_at=row["expires_at"],
        released_at=row["released_at"],
        collected_at=row["collected_at"],
        receipted_at=row["receipted_at"],
    )
