"""Give waiting ledger entries their leaves, in batches that the vault signs.

Flow: the vault signs a batch and keeps it; it is written in one transaction, with the tiles that
it fills; the vault confirms. Failure and retry: a batch that was signed is written again until it
is there, before any other is made, so a crash neither forks nor sticks. Tiles of leaves that an
older program wrote are made up in steps first. Idempotency: rows that are there must be the same.
A database that does not continue the vault's own tree (rolled back, forged) is refused with an
alarm, and nothing is signed. A row that no other process may write, or that can not be read, gets
a leaf that says so: it neither waits for ever nor holds up others. Logs: nothing. Manual run:
none; it runs every ledger_interval_s.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.model.ledger import UNFIT
from proxy.services import complete_tiles
from proxy.store import ledger as store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from proxy.model.ledger import LedgerBatch, LedgerEntry
    from proxy.ports import Ledger
    from proxy.store.pool import Connection, Pool

BATCH_ENTRIES = 65_536  # the vault's largest batch
BATCH_OWN = BATCH_ENTRIES // 2  # of the vault's own entries in it, at most
CODE = "ledger_disagrees"
DISAGREES = (
    "The database's ledger is not the one that the vault signed: rows are missing, added or"
    " changed. Nothing more is signed and no data leaves the vault. Restore the newest backup of"
    " the database, or find out who wrote to it; `doctor --everything` and `ledger verify` tell"
    " what differs."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequenced:
    """One batch that is done: the tree's size, and whether more entries wait than it could hold."""

    size: int
    is_full: bool


async def sequence(
    pool: Pool, ledger: Ledger, *, now: datetime, unfit: Callable[[Sequence[LedgerEntry]], None]
) -> Sequenced:
    """One more batch; Refused `ledger_disagrees` changes nothing.

    `unfit` is told, before they are signed for, the entries whose rows are not fit to stand there.
    """
    async with pool.acquire() as connection:
        batch = ledger.prepared()
        if batch is None:
            if await store.edge(connection) != ledger.frontier():
                raise Refused(CODE, DISAGREES)
            await _make_up_tiles(connection, ledger)
            entries = await store.waiting(connection, BATCH_ENTRIES)
            unfit([one for one in entries if one.kind == UNFIT])
            batch = await _prepared(ledger, entries, now)
        async with connection.transaction():
            await store.write(connection, batch)
            await _fill_tiles(connection, ledger, batch.size)
    ledger.confirm(batch)
    is_full = len(batch.indexes) >= BATCH_ENTRIES or len(batch.own) >= BATCH_OWN
    return Sequenced(size=batch.size, is_full=is_full)


async def _make_up_tiles(connection: Connection, ledger: Ledger) -> None:
    """The tiles that are missing under the confirmed tree, each step a transaction."""
    size, _ = ledger.frontier()
    place, last = await complete_tiles.count_tiled(connection), -1
    if place > size:
        raise Refused(CODE, DISAGREES)
    while place != last:
        last = place
        async with connection.transaction():
            place = await complete_tiles.complete(connection, ledger, place, size)


async def _fill_tiles(connection: Connection, ledger: Ledger, size: int) -> None:
    place, last = await complete_tiles.count_tiled(connection), -1
    while place != last:
        last = place
        place = await complete_tiles.complete(connection, ledger, place, size)


async def _prepared(ledger: Ledger, entries: Sequence[LedgerEntry], now: datetime) -> LedgerBatch:
    """The batch, made beside the event loop. Waits for it even when told to stop: it writes."""
    making = asyncio.ensure_future(asyncio.to_thread(ledger.prepare, entries, now))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        await asyncio.wait({making})
        raise
