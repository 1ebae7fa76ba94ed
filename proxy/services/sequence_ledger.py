"""Give waiting ledger entries their leaves, in batches that the vault signs.

Flow: the vault signs a batch and keeps it; it is written in one transaction; the vault confirms.
Failure and retry: a batch that was signed is written again until it is there, before any other is
made, so a crash neither forks nor sticks. Idempotency: rows that are there must be the same.
A database that does not continue the vault's own tree (rolled back, forged) is refused with an
alarm, and nothing is signed. Logs: sizes. Manual run: none; it runs every ledger_interval_s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.store import ledger as store

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.ports import Ledger
    from proxy.store.pool import Pool

BATCH_ENTRIES = 4096  # the vault's largest batch


async def sequence(pool: Pool, ledger: Ledger, *, now: datetime) -> int:
    """The size of the tree after one more batch; Refused `ledger_disagrees` changes nothing."""
    async with pool.acquire() as connection:
        batch = ledger.prepared()
        if batch is None:
            if await store.edge(connection) != ledger.frontier():
                raise Refused("ledger_disagrees")
            batch = ledger.prepare(await store.waiting(connection, BATCH_ENTRIES), now)
        async with connection.transaction():
            await store.write(connection, batch)
    ledger.confirm(batch)
    return batch.size
