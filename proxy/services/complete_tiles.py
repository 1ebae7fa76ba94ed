"""Write the ledger's full tiles, level by level, out of its leaves and the tiles below.

Flow: lowest tiles out of 256 leaves each, higher ones out of the roots of 256 tiles each. Once
the lowest tiles reach a size, so do all levels. Failure and retry: the caller's transaction.
Cursor: the lowest tiles themselves. Idempotency: a tile that is there must be the same, otherwise
Refused `ledger_disagrees`. Determinism: yes. Secrets: none. Manual run: none. Logs: nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.store import ledger as store
from proxy.store import public_ledger

if TYPE_CHECKING:
    from proxy.ports import Ledger
    from proxy.store.pool import Connection

HEIGHT, WIDTH, LEVELS = 8, 256, 8  # C2SP tlog-tiles; LEVELS as the table has it
STEP_TILES = 64  # of the lowest level at a time: 16,384 leaves, some 30 ms of hashing


async def count_tiled(connection: Connection) -> int:
    """How many leaves stand in full tiles."""
    return await store.count_tiles(connection, 0) * WIDTH


async def complete(connection: Connection, ledger: Ledger, first: int, last: int) -> int:
    """Write tiles that leaves `first` to `last` fill, a step of them; how far it came.

    `first` is a multiple of 256. Done when it comes to `last` less what fills no tile.
    """
    size = min(last, first + STEP_TILES * WIDTH) // WIDTH * WIDTH
    if size <= first:
        return first
    await _write_lowest(connection, ledger, first // WIDTH, size // WIDTH)
    for level in range(1, LEVELS):
        shift = HEIGHT * (level + 1)
        for number in range(first >> shift, size >> shift):
            await _write_higher(connection, ledger, level, number)
    return size


async def _write_lowest(connection: Connection, ledger: Ledger, first: int, last: int) -> None:
    count = (last - first) * WIDTH
    leaves = await public_ledger.leaves(connection, first * WIDTH, count)
    if leaves is None or len(leaves) != count:
        raise Refused("ledger_disagrees", "Leaves are missing in the database.")
    hashes = await asyncio.to_thread(
        lambda: [ledger.tile_over(leaves[at : at + WIDTH]) for at in range(0, count, WIDTH)]
    )
    await store.add_tiles(connection, 0, first, hashes)


async def _write_higher(connection: Connection, ledger: Ledger, level: int, number: int) -> None:
    roots: list[bytes] = []
    while len(roots) < WIDTH:
        below = await public_ledger.tiles(
            connection, level - 1, number * WIDTH + len(roots), min(STEP_TILES, WIDTH - len(roots))
        )
        if not below:
            raise Refused("ledger_disagrees", "Tiles are missing in the database.")
        roots += await asyncio.to_thread(lambda: [ledger.tile_root(one) for one in below])  # noqa: B023 - awaited at once
    await store.add_tiles(connection, level, number, [b"".join(roots)])
