"""Tiles of the public ledger out of the database: full ones as stored, others computed.

Shared by the web role and the vault's proofs. Believes nothing and checks nothing: whoever gets a
tile checks it against a signed root. Source: C2SP tlog-tiles.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from proxy.errors import NotFound, Unavailable
from proxy.store import public_ledger as store
from proxy.vault import proofs, tiles, tree
from proxy.vault.tiles import HEIGHT, WIDTH, Tile

if TYPE_CHECKING:
    from proxy.store.pool import Connection

ROOTS_KEPT = 4_096
"""Roots of full tiles in memory, some 1 MB: without them a partial tile of a higher level, at the
right edge of a large tree, would take the reading of up to 255 tiles."""

_STEP = 32  # tiles read at a time: 256 KiB, 5 ms of hashing


def is_within(tile: Tile, size: int) -> bool:
    """Whether a tree of `size` leaves has the tile."""
    return (tile.number * WIDTH + tile.width) << (HEIGHT * (tile.level or 0)) <= size


class LedgerTiles:
    """Reads tiles; keeps roots of full ones, which never change."""

    def __init__(self) -> None:
        self._roots: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    async def content(self, connection: Connection, tile: Tile) -> bytes:
        """The tile's octets, for a tile that the tree has.

        NotFound `tile_unknown` where leaves are missing after all, Unavailable `ledger_tiles`
        while an older ledger's tiles are still being made.
        """
        first = tile.number * WIDTH
        if tile.level is None:
            return tiles.bundle(await _leaves(connection, first, tile.width))
        stored = await store.tiles(connection, tile.level, tile.number, 1)
        if stored:
            return stored[0][: tile.octets]
        if tile.level == 0:
            found = await _leaves(connection, first, tile.width)
            return b"".join([tree.leaf_hash(one) for one in found])
        return await self._above(connection, tile.level - 1, first, tile.width)

    async def inclusion(self, connection: Connection, index: int, size: int) -> tuple[bytes, ...]:
        """The proof of leaf `index` in the tree of `size`; errors of `content`."""
        needed = proofs.needed_tiles(index, size)
        contents = {one: await self.content(connection, one) for one in needed}
        return proofs.inclusion(index, size, contents)

    async def _above(self, connection: Connection, level: int, first: int, count: int) -> bytes:
        """The roots of full tiles of a level, joined."""
        last = first + count
        at = first
        while at < last:
            if (level, at) in self._roots:
                at += 1
                continue
            found = await store.tiles(connection, level, at, min(_STEP, last - at))
            if not found:
                raise Unavailable("ledger_tiles", "The ledger's tiles are being made; wait.")
            for number, hashes in enumerate(found, at):
                self._keep(level, number, proofs.tile_root(hashes))
            at += len(found)
        return b"".join([self._roots[level, number] for number in range(first, last)])

    def forget(self) -> None:
        """Read all anew: something that was made of these tiles did not hold."""
        self._roots.clear()

    def _keep(self, level: int, number: int, root: bytes) -> None:
        self._roots[level, number] = root
        if len(self._roots) > ROOTS_KEPT:
            self._roots.popitem(last=False)  # the oldest: right edges move right


async def _leaves(connection: Connection, first: int, count: int) -> tuple[bytes, ...]:
    found = await store.leaves(connection, first, count)
    if found is None or len(found) != count:
        raise NotFound("tile_unknown", "The ledger has no such tile.")
    return found
