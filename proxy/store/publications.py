"""Instructions to publish, as rows: a mirror of the vault's state that API and worker can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.model.case import CaseId
from proxy.model.identifiers import DomainName, Mode, RegistrationId, State, TenantId
from proxy.model.notice import NoticeStanding
from proxy.model.publication import InstructionId, Standing
from proxy.store import pool, queries, registrations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.model.publication import Instruction
    from proxy.store.pool import Connection, Record
    from proxy.store.registrations import LedgerEntry

QUERIES: Final = queries.load("publications")
LETTER_DAYS: Final = timedelta(days=60)
"""How long after an instruction its letter may come back: it goes out within thirty days at most,
and mail hosts give up within some more."""
TOOK: Final = 50  # as in publications.sql: instructions that are due, at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the database says of a registration, and the value that is published of it."""

    domain: DomainName
    state: State
    revision: int
    record_version: int
    mode: Mode | None
    value: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Which instruction, of what."""

    tenant_id: TenantId
    registration_id: RegistrationId
    id: InstructionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An instruction about which the vault has to be asked."""

    which: Open
    record_version: int
    fields: tuple[str, ...]
    standing: Standing
    instructed_at: datetime
    letter_id: UUID | None
    letter: NoticeStanding | None
    domain: DomainName


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where the newest instruction about a registration stands."""

    id: InstructionId
    fields: tuple[str, ...]
    standing: Standing
    instructed_at: datetime
    not_before: datetime | None
    published_at: datetime | None
    left_out: tuple[str, ...]
    ended_at: datetime | None


async def find_declared(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> Declared | None:
    """A tenant's registration; None where it has none by this id."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_declared"], tenant_id, registration_id)
    return None if row is None else _declared(row, None)


async def open_cases(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> tuple[CaseId, ...]:
    """Cases about a registration that are open."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["open_cases"], tenant_id, registration_id)
    return tuple(CaseId(UUID(int=row["id"].int)) for row in rows)


async def hold(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> Declared | None:
    """The same with what is published of it, held until the caller's transaction ends."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["hold"], tenant_id, registration_id)
        if row is None:
            return None
        value = await connection.fetchval(
            QUERIES["value"], row["domain"], tenant_id, registration_id
        )
    return _declared(row, value)


async def show(
    connection: Connection, which: Open, value: bytes, entry: LedgerEntry, now: datetime
) -> None:
    """Another value in the place of what is published of a registration that is held."""
    facts = registrations.text_of(entry.facts)
    with pool.translated():
        await connection.execute(
            QUERIES["show"], which.tenant_id, which.registration_id, value, now, entry.id, facts
        )


async def add(
    connection: Connection, instruction: Instruction, record_version: int, now: datetime
) -> None:
    """Keeps an instruction that the vault has taken; again, it stays as it is."""
    with pool.translated():
        await connection.execute(
            QUERIES["add"],
            instruction.tenant_id,
            instruction.registration_id,
            instruction.id,
            record_version,
            list(instruction.fields),
            now,
        )


async def newest(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> Told | None:
    """The newest instruction about a registration."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["newest"], tenant_id, registration_id)
    if row is None:
        return None
    return Told(
        id=InstructionId(UUID(int=row["id"].int)),
        fields=tuple(row["fields"]),
        standing=Standing(row["standing"]),
        instructed_at=row["instructed_at"],
        not_before=row["not_before"],
        published_at=row["published_at"],
        left_out=tuple(row["left_out"]),
        ended_at=row["ended_at"],
    )


async def finish(
    connection: Connection, which: Open, standing: Standing, now: datetime, *, is_told: bool = False
) -> bool:
    """Ends an instruction; False where it was not open.

    Hold the registration first: so events of a name keep their order, and nobody waits in a ring.
    """
    with pool.translated():
        ended = await connection.fetchval(
            QUERIES["finish"],
            which.tenant_id,
            which.registration_id,
            which.id,
            standing.value,
            now,
            is_told,
        )
    return ended is not None


async def shown(connection: Connection) -> tuple[Open, ...]:
    """All that are shown."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["shown"])
    return tuple(_open(row) for row in rows)


async def doubt(connection: Connection, which: Open, now: datetime) -> bool:
    """Whether one of them waits for the vault's word again. Hold the registration."""
    key = (which.tenant_id, which.registration_id, which.id)
    with pool.translated():
        return await connection.fetchval(QUERIES["doubt"], *key, now) is not None


async def look_soon(connection: Connection, now: datetime) -> None:
    """The vault is asked about all that are shown."""
    with pool.translated():
        await connection.execute(QUERIES["look_soon"], now)


async def publish(
    connection: Connection,
    which: Open,
    now: datetime,
    left_out: Sequence[str],
    look_at: datetime,
) -> bool:
    """Marks one that waits as carried out; False where it does not wait. Hold the registration."""
    with pool.translated():
        done = await connection.fetchval(
            QUERIES["publish"],
            which.tenant_id,
            which.registration_id,
            which.id,
            now,
            list(left_out),
            look_at,
        )
    return done is not None


async def take_due(connection: Connection, now: datetime, until: datetime) -> tuple[Due, ...]:
    """Some of those that are due, for a while nobody else's."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["take_due"], now, until)
    return tuple(
        Due(
            which=_open(row),
            record_version=row["record_version"],
            fields=tuple(row["fields"]),
            standing=Standing(row["standing"]),
            instructed_at=row["instructed_at"],
            letter_id=row["letter_id"],
            letter=None if row["letter_state"] is None else NoticeStanding(row["letter_state"]),
            domain=DomainName(row["domain"]),
        )
        for row in rows
    )


async def undelivered(connection: Connection, since: datetime) -> tuple[Open, ...]:
    """Some that are open though nobody could be told of them."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["undelivered"], since)
    return tuple(map(_open, rows))


async def look_again(
    connection: Connection,
    which: Open,
    look_at: datetime,
    not_before: datetime | None,
    letter_id: UUID | None = None,
) -> None:
    """When the vault is asked next, and what it said of the time."""
    with pool.translated():
        await connection.execute(
            QUERIES["look_again"],
            which.tenant_id,
            which.registration_id,
            which.id,
            look_at,
            not_before,
            letter_id,
        )


async def untold(connection: Connection) -> tuple[tuple[Open, Standing], ...]:
    """Some of those that ended without the vault's knowledge."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["untold"])
    return tuple((_open(row), Standing(row["standing"])) for row in rows)


async def tell(connection: Connection, which: Open) -> None:
    """The vault knows of the end."""
    with pool.translated():
        await connection.execute(QUERIES["tell"], which.tenant_id, which.registration_id, which.id)


def _open(row: Record) -> Open:
    return Open(
        tenant_id=TenantId(UUID(int=row["tenant_id"].int)),
        registration_id=RegistrationId(UUID(int=row["registration_id"].int)),
        id=InstructionId(UUID(int=row["id"].int)),
    )


def _declared(row: Record, value: bytes | None) -> Declared:
    return Declared(
        domain=DomainName(row["domain"]),
        state=State(row["state"]),
        revision=row["revision"],
        record_version=row["record_version"],
        mode=None if row["mode"] is None else Mode(row["mode"]),
        value=value,
    )
