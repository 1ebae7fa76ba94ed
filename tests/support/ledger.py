"""A log for tests: its leaves, its signed checkpoints, its tiles; and one who tampers with them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from proxy.errors import NotFound
from proxy.vault import checkpoint, note, primitives, tiles, tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from proxy.vault.checkpoint import Checkpoint
    from proxy.vault.tiles import Tile

SEED = hashlib.sha256(b"a test log").digest()
PUBLIC = primitives.ed25519_public(SEED)
KEY = note.log_key(PUBLIC)


def leaf(number: int) -> bytes:
    """An invented commitment."""
    return hashlib.sha256(b"leaf %d" % number).digest()


def leaves(count: int) -> list[bytes]:
    """As many invented commitments."""
    return [leaf(number) for number in range(count)]


class Log:
    """A tree with its tiles, as `source` serves them."""

    def __init__(self, commitments: Iterable[bytes]) -> None:
        self.leaves = list(commitments)
        self._rows = [[tree.leaf_hash(one) for one in self.leaves]]
        while len(self._rows[-1]) > 1:
            row = self._rows[-1]
            self._rows.append(
                [tree.node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
            )
        self.tiles = {tile: self._content(tile) for tile in tiles.new_tiles(0, self.size)}

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self.leaves)

    def _content(self, tile: Tile) -> bytes:
        if tile.level is None:
            first = tile.number * tiles.WIDTH
            return tiles.bundle(self.leaves[first : first + tile.width])
        return tiles.tile_hashes(tile, self.read)

    def read(self, level: int, index: int) -> bytes:
        """The root of a full subtree."""
        return self._rows[level][index]

    def source(self, tile: Tile) -> bytes:
        """The content of a tile."""
        if tile not in self.tiles:
            raise NotFound("tile")
        return self.tiles[tile]

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """What the log says of its first leaves."""
        count = self.size if size is None else size
        return checkpoint.Checkpoint(origin=KEY.name, size=count, root=tree.root(count, self.read))

    def signed(self, size: int | None = None) -> str:
        """The same as the log signs it."""
        return signed(self.checkpoint(size))


def signed(said: Checkpoint, seed: bytes = SEED) -> str:
    """A checkpoint in a note of the log with that seed."""
    public = primitives.ed25519_public(seed)
    return note.signed(public, checkpoint.render(said), primitives.signer(seed))
