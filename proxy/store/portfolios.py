"""The names that a registrar says it sponsors under an accreditation: declared whole, each time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from proxy.model.identifiers import DomainName, TenantId
    from proxy.store.pool import Connection

QUERIES: Final = queries.load("portfolios")
BATCH: Final = 10_000  # names of one statement: a fraction of a second
NAMES: Final = 10_000  # of one statement


async def declare(
    connection: Connection,
    tenant_id: TenantId,
    accreditation: str,
    names: Iterable[DomainName],
    now: datetime,
) -> int:
    """How many names are declared now, in place of those before; nothing changes when it fails."""
    source, count = iter(names), 0
    with pool.translated():
        async with connection.transaction():
            await connection.execute(QUERIES["withdraw"], tenant_id, accreditation)
            await connection.execute(QUERIES["declare"], tenant_id, accreditation, now)
            while batch := list(islice(source, NAMES)):
                count = await connection.fetchval(
                    QUERIES["add_names"], tenant_id, accreditation, batch
                )
    return count
