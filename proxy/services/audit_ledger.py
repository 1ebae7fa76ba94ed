"""Recount the ledger in the database against the tree that the vault signed, a step at a time.

Flow: leaves in order, and the full tiles over them; at the end of a walk the leaves must come to
the very tree of the vault's state. Failure and retry: Refused `ledger_disagrees` at the first
difference; the next walk begins anew. Cursor: the walk, in memory alone. Idempotency: it writes a
tile only where one is missing. Secrets: none. Manual run: `doctor --everything`. Logs: nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.services import complete_tiles
from proxy.services.complete_tiles import STEP_TILES, WIDTH
from proxy.services.sequence_ledger import CODE, DISAGREES
from proxy.store import public_ledger

if TYPE_CHECKING:
    from proxy.ports import Ledger, LedgerWalk
    from proxy.store.pool import Connection, Pool

STEP_LEAVES = STEP_TILES * WIDTH  # some 50 ms of hashing


async def step(pool: Pool, ledger: Ledger, walk: LedgerWalk) -> bool:
    """Whether the walk has come to its end with these leaves; Refused `ledger_disagrees`."""
    if not walk.left:
        return True
    try:
        async with pool.acquire() as connection, connection.transaction():
            await _look(connection, ledger, walk)
    except Refused as fault:
        raise Refused(CODE, f"{fault.detail} {DISAGREES}") from None
    return not walk.left


async def _look(connection: Connection, ledger: Ledger, walk: LedgerWalk) -> None:
    first, count = walk.place, min(STEP_LEAVES, walk.left)
    leaves = await public_ledger.leaves(connection, first, count)
    if leaves is None or len(leaves) != count:
        raise Refused(CODE, "Leaves are missing in the database.")
    await complete_tiles.complete(connection, ledger, first, first + count)
    await asyncio.to_thread(walk.take, leaves)
