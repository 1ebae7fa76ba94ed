"""Which tiles a proof of inclusion needs, and the proof once they are there. Pure.

So that whoever keeps tiles in a database can fetch them all before anything is computed.
Source: RFC 6962 s2.1.1; C2SP tlog-tiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.vault import tiles, tree
from proxy.vault.tiles import HEIGHT, WIDTH, Tile

if TYPE_CHECKING:
    from collections.abc import Mapping


def tile_root(hashes: bytes) -> bytes:
    """The root of a full tile; ValueError for any other length."""
    if len(hashes) != WIDTH * tree.HASH_OCTETS:
        raise ValueError("tile_width")
    while len(hashes) > tree.HASH_OCTETS:
        hashes = tree.row_above(hashes)
    return hashes


def needed_tiles(index: int, size: int) -> frozenset[Tile]:
    """The tiles of a tree of `size` leaves that the proof of leaf `index` is read out of."""
    needed: set[Tile] = set()

    def note(level: int, place: int) -> bytes:
        row, within = divmod(level, HEIGHT)
        number = place >> (HEIGHT - within)
        width = min(WIDTH, (size >> row * HEIGHT) - (number << HEIGHT))
        needed.add(Tile(level=row, number=number, width=width))
        return b""

    tree.inclusion_proof(index, size, note)
    return frozenset(needed)


def inclusion(index: int, size: int, contents: Mapping[Tile, bytes]) -> tuple[bytes, ...]:
    """The proof of leaf `index`, out of the tiles that `needed_tiles` named."""
    return tree.inclusion_proof(index, size, tiles.TileReader(size, contents.__getitem__).read)
