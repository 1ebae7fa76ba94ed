"""Looks at registries: whose turn it is, and what was seen. SQL in sponsor_looks.sql."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.sponsor import Seen
    from proxy.store.pool import Connection

QUERIES: Final = queries.load("sponsor_looks")
LEASE: Final = timedelta(minutes=10)
"""When a name is due again whose worker died over it: no look and its settlement last so long."""

_LOCK: Final = 0x7070_5350_4C4B  # "ppSPLK": names our lock among those with one number
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A name whose turn it is."""

    domain: DomainName
    registry: str
    misses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A holder of a name who asked for a DNS token."""

    tenant_id: TenantId
    id: RegistrationId
    secret: bytes = field(repr=False)


async def add(connection: Connection, after: str, budgets: Mapping[str, int], now: datetime) -> str:
    """Adds names that are new, in order after one; the last one, "" at the end of all names."""
    with pool.translated():
        last: str | None = await connection.fetchval(QUERIES["add"], after, list(budgets), now)
    return last or ""


async def take(
    connection: Connection, budgets: Mapping[str, int], now: datetime
) -> tuple[Due, ...]:
    """What is due, as far as each registry's looks a minute go, whoever looks."""
    with pool.translated():
        async with connection.transaction():
            await connection.execute(QUERIES["lock"], _LOCK)
            rows = await connection.fetch(
                QUERIES["take"],
                list(budgets),
                list(budgets.values()),
                now,
                now - _MINUTE,
                now + LEASE,
            )
    return tuple(
        Due(domain=DomainName(row["domain"]), registry=row["registry"], misses=row["misses"])
        for row in rows
    )


async def see(
    connection: Connection,
    domain: DomainName,
    seen: Seen,
    mask_of: RegistrationId | None,
    *,
    now: datetime,
    fresh: timedelta,
) -> None:
    """Keeps what was seen; what was seen before goes on if it is the same and not too old.

    `mask_of`: the registration whose mask was looked for.
    """
    with pool.translated():
        await connection.execute(
            QUERIES["see"],
            domain,
            now,
            seen.iana_id,
            seen.way.value,
            seen.registry_domain_id,
            seen.created_at,
            now - fresh,
            mask_of,
            seen.shows_mask,
        )


async def miss(connection: Connection, domain: DomainName, reason: str) -> None:
    """Keeps that a look gave nothing."""
    with pool.translated():
        await connection.execute(QUERIES["miss"], domain, reason)


async def look_again(
    connection: Connection, domain: DomainName, due_at: datetime, *, is_urgent: bool
) -> None:
    """When the name's turn is next, and whether it then goes before others."""
    with pool.translated():
        await connection.execute(QUERIES["next"], domain, due_at, is_urgent)


async def forget(connection: Connection, domain: DomainName) -> None:
    """Nobody holds the name any more."""
    with pool.translated():
        await connection.execute(QUERIES["forget"], domain)


async def holders(connection: Connection, domain: DomainName) -> tuple[Holder, ...]:
    """The holders of a name who asked for a token."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["secrets"], domain)
    return tuple(
        Holder(
            tenant_id=TenantId(UUID(int=row["tenant_id"].int)),
            id=RegistrationId(UUID(int=row["id"].int)),
            secret=row["secret"],
        )
        for row in rows
    )


async def show(connection: Connection, holder: Holder, now: datetime, *, is_shown: bool) -> None:
    """Keeps whether a holder's token stands in DNS."""
    with pool.translated():
        if is_shown:
            await connection.execute(QUERIES["show"], holder.tenant_id, holder.id, now)
        else:
            await connection.execute(QUERIES["hide"], holder.tenant_id, holder.id)
