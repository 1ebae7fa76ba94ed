"""Who speaks for a name: holdings of all tenants, and the change from one speaker to another.

Holds the translation between rows and model; who speaks is decided in rules/speaking. Names are
locked by number, so that no file of claims can fill the server's table of locks.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.errors import Conflict
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.model.sponsor import Holding, Sighting, Way
from proxy.store import pool, queries, registrations

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from proxy.model.identifiers import DomainName
    from proxy.model.registration import Registration
    from proxy.store.pool import Connection, Record
    from proxy.store.registrations import LedgerEntry

QUERIES: Final = queries.load("speakers")
LOCKS: Final = 1024
"""Names share this many locks: a transaction holds no more, whatever it writes. The server's table
has room for some 6,000."""

_SPACE: Final = 0x7070_5350  # "ppSP": names our locks among those with two numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A holding, with the registration that it is of."""

    holding: Holding
    registration: Registration


async def lock(connection: Connection, domains: Collection[DomainName]) -> None:
    """Takes the names' locks until the transaction ends; always in the same order."""
    numbers = sorted({zlib.crc32(domain.encode()) % LOCKS for domain in domains})
    with pool.translated():
        await connection.execute(QUERIES["lock"], _SPACE, numbers)


async def holdings(connection: Connection, domain: DomainName) -> tuple[Held, ...]:
    """Every live holding of the name but reservations."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["holdings"], domain)
    return tuple(_held(row) for row in rows)


async def own(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> tuple[Held, bytes | None] | None:
    """A tenant's own registration, and what its DNS tokens are made of, if it ever asked."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["own"], tenant_id, registration_id)
    return None if row is None else (_held(row), row["secret"])


async def keep_secret(connection: Connection, tenant_id: TenantId, secret: bytes) -> None:
    """What a tenant's DNS tokens are made of; one that is there stays."""
    with pool.translated():
        await connection.execute(QUERIES["keep_secret"], tenant_id, secret)


async def look_soon(connection: Connection, domains: Sequence[DomainName], now: datetime) -> None:
    """Has the sponsors of names looked for at the next round."""
    registries = [domain.rpartition(".")[2] for domain in domains]
    with pool.translated():
        await connection.execute(QUERIES["look_soon"], list(domains), registries, now)


def _held(row: Record) -> Held:
    one = registrations.registration_of(row, TenantId(UUID(int=row["tenant_id"].int)))
    holding = Holding(
        tenant_id=one.tenant_id,
        id=one.id,
        state=one.state,
        is_declared=row["is_declared"],
        iana_ids=frozenset(row["iana_ids"]),
        has_iana_id=row["iana_id"] is not None,
        enrolled_at=one.enrolled_at,
        registry_domain_id=one.declared.registry_domain_id,
        created_at=one.declared.created_at,
        shown_at=row["shown_at"],
    )
    return Held(holding=holding, registration=one)


async def sighting(connection: Connection, domain: DomainName) -> Sighting | None:
    """What was last seen of the name's sponsor."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["sighting"], domain)
    if row is None:
        return None
    return Sighting(
        iana_id=row["iana_id"],
        way=Way(row["way"]),
        seen_at=row["seen_at"],
        since=row["since"],
        registry_domain_id=row["registry_domain_id"],
        created_at=row["created_at"],
        mask_of=None if row["mask_of"] is None else RegistrationId(UUID(int=row["mask_of"].int)),
        mask_gone_since=row["mask_gone_since"],
    )


async def leave(
    connection: Connection, present: Registration, entry: LedgerEntry, now: datetime
) -> None:
    """Ends a speaker whose name was transferred; Conflict("changed_meanwhile") if not as read."""
    ended = await _run(
        connection,
        "leave",
        (present.tenant_id, present.id, present.revision, now),
        (entry.id, registrations.text_of(entry.facts)),
    )
    if not ended:
        raise Conflict("changed_meanwhile")


async def speak(
    connection: Connection,
    present: tuple[UUID, UUID, int],
    value: bytes | None,
    entry: LedgerEntry,
    now: datetime,
) -> bool:
    """Makes a claim (tenant, registration, revision) the speaker; False where it is not as read."""
    return await _run(
        connection,
        "speak",
        (*present, now),
        (value, entry.id, registrations.text_of(entry.facts)),
    )


async def _run(
    connection: Connection, name: str, which: Sequence[object], what: Sequence[object]
) -> bool:
    with pool.translated({"registration_speaker": Conflict("changed_meanwhile")}):
        return await connection.fetchval(QUERIES[name], *which, *what) is not None
