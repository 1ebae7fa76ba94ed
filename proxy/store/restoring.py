"""A registrar brought back from recovery deposits: everything in one transaction, or nothing.

For the owner's login, on a service that does not know the registrar. Rows keep their ids, states
and times; records come sealed anew, as an API host seals them, and wait for the vault to adopt
them. Nothing here decides which deposit's word counts (escrow.restore does).
Source: design.md s4 (Restore).
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg

from proxy.errors import Conflict, InvalidInput, Refused
from proxy.model.identifiers import RecordClass, RegistrationId, SubmissionId
from proxy.model.sealed import RecordName, SealedRecord, Submission
from proxy.store import pool, queries, registrations
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from proxy.model.deposit import Account
    from proxy.model.identifiers import TenantId
    from proxy.model.ledger import LedgerEntry
    from proxy.model.registration import Registration
    from proxy.model.sealed import SealedBatch
    from proxy.store.pool import Access, Connection, Record

QUERIES: Final = queries.load("restoring")
_NOT_EMPTY: Final = Refused(
    "restore_not_empty",
    "The service knows this registrar already. Restore into an installation that does not.",
)
_TAKEN: Final = ("registration_speaker", "registration_live_domain", "registration_alias")
_TAKEN_FORMER: Final = "former_alias_pkey"
_SENTENCES: Final = {
    "restore_name_taken": "another registration, here or in the deposit, speaks for the name of",
    "restore_alias_taken": "another registration, here or in the deposit, has the alias of",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """One registration to write, its record apart."""

    registration: Registration
    record_version: int
    changed_at: datetime
    lapses_at: datetime | None
    hold: bool
    declared: str = field(repr=False)  # the declaration as stored, JSON text
    contacts_mac: bytes = field(repr=False)
    value: bytes | None = field(repr=False)  # what is published of it
    former_aliases: tuple[tuple[str, datetime], ...] = ()


@contextlib.asynccontextmanager
async def transaction(access: Access) -> AsyncIterator[Connection]:
    """A connection of the owner's in one transaction: committed at the end, undone by an error."""
    opened = await pool.open_pool(access, max_size=1, session=registrations.SESSION)
    try:
        async with opened.acquire() as connection:
            one = connection.transaction()
            await one.start()
            try:
                yield connection
            except BaseException:
                with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await one.rollback()
                raise
            await one.commit()
    finally:
        opened.terminate()


async def begin(connection: Connection, tenant_id: TenantId, account: Account) -> None:
    """Adds the registrar with all that its registrations refer to.

    Refused `restore_not_empty` when it is known, whatever it has; Conflict `restore_key_taken`.
    """
    taken = Conflict("restore_key_taken", "An API key of the deposit is another registrar's here.")
    accreditations, profiles = account.accreditations, account.profiles
    with pool.translated({"tenant_pkey": _NOT_EMPTY, "api_key_pkey": taken}):
        await connection.execute(QUERIES["add_tenant"], tenant_id, account.name, account.created_at)
        await connection.execute(
            QUERIES["add_accreditations"],
            tenant_id,
            [one.id for one in accreditations],
            [one.registrar_name for one in accreditations],
            [one.iana_id for one in accreditations],
        )
        await connection.execute(
            QUERIES["add_profiles"],
            tenant_id,
            [one.id for one in profiles],
            [one.revision for one in profiles],
            [published.encode_profile(one).decode() for one in profiles],
        )
        for key in account.keys:
            await connection.execute(
                QUERIES["add_key"],
                key.id,
                tenant_id,
                key.secret_sha256,
                list(key.scopes),
                key.reseller,
                key.created_at,
            )


async def unknown(
    connection: Connection, tenant_id: TenantId, ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Those of at most 10,000 registrations that are not there yet."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["unknown"], tenant_id, list(ids))
    return frozenset(_uuid(row["id"]) for row in rows)


async def write(
    connection: Connection, tenant_id: TenantId, rows: Sequence[Restored], sealed: SealedBatch
) -> None:
    """Writes new registrations with their records.

    Conflict `restore_name_taken` or `restore_alias_taken`, InvalidInput `restore_unfit`; each names
    registrations by id.
    """
    clash = Conflict("restore_taken")
    try:
        with pool.translated(dict.fromkeys((*_TAKEN, _TAKEN_FORMER), clash)):
            async with connection.transaction():  # a savepoint: what follows may still ask
                await connection.execute(
                    QUERIES["write"],
                    tenant_id,
                    *_registration_columns(rows),
                    *_former_columns(rows),
                    *registrations.sealed_columns(sealed),
                    *_published_columns(rows),
                )
    except (Conflict, asyncpg.CardinalityViolationError):  # the latter: twice in these rows
        raise await _named(connection, rows) from None
    except (asyncpg.DataError, InvalidInput, pool.BadArgument, pool.BrokenConstraint):
        first, last = rows[0].registration.id, rows[-1].registration.id
        raise InvalidInput(
            "restore_unfit",
            f"The database refuses a registration of the deposit, one from {first} to {last}.",
        ) from None


async def finish(connection: Connection, entry: LedgerEntry) -> None:
    """Tells the ledger."""
    with pool.translated():
        await connection.execute(
            QUERIES["finish"],
            entry.id,
            entry.tenant_id,
            entry.subject,
            entry.kind,
            json.dumps(dict(entry.facts)),
            entry.at,
        )


async def identities(
    connection: Connection, tenant_id: TenantId, after: UUID, limit: int
) -> tuple[tuple[Submission, SealedRecord], ...]:
    """Identity records that nobody adopted yet, behind `after` by registration id."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["identities"], tenant_id, after, limit)
    return tuple(_waiting(row, tenant_id) for row in rows)


async def _named(connection: Connection, rows: Sequence[Restored]) -> Conflict:
    former, former_ids, _ = _former_columns(rows)
    kept = [row.registration for row in rows]
    with pool.translated():
        found = await connection.fetch(
            QUERIES["taken"],
            [one.id for one in kept],
            [one.declared.domain for one in kept],
            [one.state.value for one in kept],
            [one.alias for one in kept],
            former_ids,
            former,
        )
    if not found:  # two of these rows clash with each other
        return Conflict(
            "restore_name_taken",
            "Two registrations of the deposit have the same name or alias; one of those from "
            f"{kept[0].id} to {kept[-1].id}.",
        )
    code = found[0]["code"]
    names = ", ".join(str(_uuid(row["id"])) for row in found if row["code"] == code)
    return Conflict(code, f"Nothing was restored: {_SENTENCES[code]} {names}.")


def _registration_columns(rows: Sequence[Restored]) -> tuple[list[object], ...]:
    kept = [row.registration for row in rows]
    return (
        [one.id for one in kept],
        [one.declared.domain for one in kept],
        [one.state.value for one in kept],
        [one.revision for one in kept],
        [row.declared for row in rows],
        [one.reference for one in kept],
        [one.alias for one in kept],
        [row.record_version for row in rows],
        [row.contacts_mac for row in rows],
        [row.hold for row in rows],
        [one.enrolled_at for one in kept],
        [row.changed_at for row in rows],
        [row.lapses_at for row in rows],
        [one.ended_at for one in kept],
        [None if one.end_reason is None else one.end_reason.value for one in kept],
    )


def _former_columns(rows: Sequence[Restored]) -> tuple[list[object], ...]:
    former = [
        (alias, row.registration.id, until) for row in rows for alias, until in row.former_aliases
    ]
    return tuple([one[place] for one in former] for place in range(3))


def _published_columns(rows: Sequence[Restored]) -> tuple[list[object], ...]:
    shown = [row for row in rows if row.value is not None]
    return (
        [row.registration.declared.domain for row in shown],
        [row.registration.id for row in shown],
        [row.value for row in shown],
    )


def _waiting(row: Record, tenant_id: TenantId) -> tuple[Submission, SealedRecord]:
    submission = Submission(
        id=SubmissionId(_uuid(row["id"])),
        tenant_id=tenant_id,
        intake_key_id=row["intake_key_id"],
        encapsulation=row["encapsulation"],
        signer_id=row["signer_id"],
        signature=row["signature"],
    )
    name = RecordName(
        tenant_id=tenant_id,
        registration_id=RegistrationId(_uuid(row["registration_id"])),
        record_class=RecordClass.IDENTITY,
        version=row["version"],
    )
    return submission, SealedRecord(name=name, record=row["record"], wrapped_dek=row["wrapped_dek"])


def _uuid(value: UUID) -> UUID:
    """A plain UUID: the driver's own kind compares equal, and prints otherwise."""
    return UUID(int=value.int)
