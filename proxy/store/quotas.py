"""How many live names an account, or one of its resellers, may have.

The count is kept by triggers of `registration`, under the lock of the quota's row and only where
there is a quota. A statement that would pass it changes nothing and breaks `quota_names`. A new
limit is written first and counted when every transaction that did not know of it is over: from
then on the count is exact, and no race passes it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import Unavailable
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.identifiers import ResellerId, TenantId
    from proxy.store.pool import Connection

QUERIES: Final = queries.load("quotas")
SETTLE_S: Final = 30.0
"""Seconds that other transactions get to end before a count is given up."""

_LOOK_S: Final = 0.02
_ACCOUNT: Final = ""  # the row of the whole account


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit, of the account where `reseller` is None; `used` None was never counted."""

    reseller: ResellerId | None
    names: int
    used: int | None


async def room(connection: Connection, tenant_id: TenantId) -> Mapping[str, int]:
    """How many more names may be had, by reseller, under "" for the account."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["room"], tenant_id)
    return {row["reseller"]: row["room"] for row in rows}


async def of_tenant(connection: Connection, tenant_id: TenantId) -> tuple[Quota, ...]:
    """Every limit of an account."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["list"], tenant_id)
    return tuple(
        Quota(reseller=row["reseller"] or None, names=row["names"], used=row["used"])
        for row in rows
    )


async def limit(
    connection: Connection, tenant_id: TenantId, reseller: ResellerId | None, names: int
) -> int:
    """Sets a limit in force and answers how many names there are; more than it may be left.

    Outside a transaction. Raises Unavailable where a transaction does not end: then nobody is
    refused yet, and the same call finishes it.
    """
    whose = tenant_id, reseller or _ACCOUNT
    with pool.translated():
        await connection.execute(QUERIES["limit"], *whose, names)
        await _settled(connection)
        async with connection.transaction():
            await connection.fetchval(QUERIES["hold"], *whose)
            return int(await connection.fetchval(QUERIES["count"], *whose))


async def lift(connection: Connection, tenant_id: TenantId, reseller: ResellerId | None) -> None:
    """Ends a limit."""
    with pool.translated():
        await connection.execute(QUERIES["lift"], tenant_id, reseller or _ACCOUNT)


async def _settled(connection: Connection) -> None:
    number = await connection.fetchval(QUERIES["newest_transaction"])
    for _ in range(int(SETTLE_S / _LOOK_S)):
        if await connection.fetchval(QUERIES["is_settled"], number):
            return
        await asyncio.sleep(_LOOK_S)
    raise Unavailable("busy", "A long transaction holds the count up; run the command again.")
