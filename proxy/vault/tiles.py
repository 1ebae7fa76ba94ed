"""Tiles of a tree as static files: coordinates, paths, contents, and proofs read out of them.

Pure: a source of tiles is a function. What a tile holds is not believed here; a proof made from
it is checked against a signed root. Source: C2SP tlog-tiles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.vault import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Source = Callable[["Tile"], bytes]  # the content of a tile; NotFound where there is none

HEIGHT = 8  # levels of the tree in one level of tiles
WIDTH = 1 << HEIGHT  # hashes in a full tile, entries in a full bundle
LEVELS = 64  # of tiles, as C2SP counts them
SIZE_LIMIT = 1 << 63  # leaves; what a signed number of 8 octets holds
COMMITMENT_OCTETS = 32  # every entry of this ledger
_PREFIX = COMMITMENT_OCTETS.to_bytes(2, "big")
_ENTRY_OCTETS = len(_PREFIX) + COMMITMENT_OCTETS
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Tile:
    """Hashes `number * 256` and on of a level of tiles, or with no level the entries themselves."""

    level: int | None
    number: int
    width: int = WIDTH

    @property
    def octets(self) -> int:
        """How long its content is."""
        return self.width * (_ENTRY_OCTETS if self.level is None else tree.HASH_OCTETS)

    @property
    def whole(self) -> Tile:
        """The full tile in the same place."""
        return Tile(level=self.level, number=self.number)


def path(tile: Tile) -> str:
    """Where the tile is served: `tile/0/x001/x234/067.p/12`."""
    groups = [f"{tile.number % 1000:03d}"]
    rest = tile.number // 1000
    while rest:
        groups.insert(0, f"x{rest % 1000:03d}")
        rest //= 1000
    level = "entries" if tile.level is None else str(tile.level)
    partial = "" if tile.width == WIDTH else f".p/{tile.width}"
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def parse(text: str) -> Tile:
    """The tile of a path; InvalidInput `tile_path` unless `path` gives that very text."""
    found = _PATH.fullmatch(text)
    if found is None:
        raise InvalidInput("tile_path")
    tile = Tile(
        level=None if found["level"] == "entries" else int(found["level"]),
        number=int(found["number"].replace("x", "").replace("/", "")),
        width=int(found["width"] or WIDTH),
    )
    is_possible = (tile.level or 0) < LEVELS and tile.number < SIZE_LIMIT and tile.width <= WIDTH
    if not is_possible or path(tile) != text:
        raise InvalidInput("tile_path")
    return tile


def new_tiles(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles that appear as a tree grows: bundles, then hashes, level by level, left to right.

    Full ones that are new and, at the right edge of the new tree, one partial tile a level.
    From size 0 these are all that a copy of the tree needs.
    """
    if not 0 <= old_size <= new_size < SIZE_LIMIT:
        raise Refused("tile_size")
    yield from _grown(None, old_size, new_size)
    level = 0
    while new_size:
        yield from _grown(level, old_size, new_size)
        level, old_size, new_size = level + 1, old_size >> HEIGHT, new_size >> HEIGHT


def _grown(level: int | None, old: int, new: int) -> Iterator[Tile]:
    """The tiles of one level, where it grows from `old` to `new` hashes."""
    for number in range(old >> HEIGHT, new >> HEIGHT):
        yield Tile(level=level, number=number)
    if new % WIDTH and old != new:
        yield Tile(level=level, number=new >> HEIGHT, width=new % WIDTH)


def tile_hashes(tile: Tile, read: tree.Read) -> bytes:
    """The content of a tile of hashes, from a tree that can be read."""
    if tile.level is None:
        raise ValueError("entries_have_no_hashes")
    first, level = tile.number << HEIGHT, tile.level * HEIGHT
    return b"".join(read(level, first + place) for place in range(tile.width))


def bundle(commitments: Sequence[bytes]) -> bytes:
    """Entries as a bundle holds them: each with its length, 2 octets, before it."""
    if any(len(one) != COMMITMENT_OCTETS for one in commitments):
        raise ValueError("commitment_length")
    return b"".join(_PREFIX + one for one in commitments)


def parse_bundle(content: bytes) -> tuple[bytes, ...]:
    """The entries of a bundle; InvalidInput `entry_bundle` unless each is a commitment."""
    places = range(0, len(content), _ENTRY_OCTETS)
    if len(content) % _ENTRY_OCTETS or not 0 < len(places) <= WIDTH:
        raise InvalidInput("entry_bundle")
    if any(content[place : place + 2] != _PREFIX for place in places):
        raise InvalidInput("entry_bundle")
    return tuple(content[place + 2 : place + _ENTRY_OCTETS] for place in places)


def fetched(tile: Tile, source: Source) -> bytes:
    """The content of a tile; Refused `tile_length`, naming the tile, if it is shorter or longer.

    A log may drop a partial tile once it is full (C2SP); then the full one's beginning is taken.
    """
    try:
        content, asked = source(tile), tile
    except NotFound:
        if tile.width == WIDTH:
            raise
        content, asked = source(tile.whole), tile.whole
    if len(content) != asked.octets:
        raise Refused("tile_length", f"{path(asked)} has another length than it should")
    return content[: tile.octets]


class TileReader:
    """Reads hashes of a tree of `size` leaves out of its tiles; keeps what it fetched.

    For some proofs, not for a walk over the tree: it forgets nothing.
    """

    def __init__(self, size: int, source: Source) -> None:
        self._size = size
        self._source = source
        self._kept: dict[tuple[int, int], list[bytes]] = {}

    def read(self, level: int, index: int) -> bytes:
        """The root of the `index`-th subtree of 2**level leaves; Refused if the tree lacks it."""
        if level < 0 or index < 0 or (index + 1) << level > self._size:
            raise Refused("tile_size")
        row, within = divmod(level, HEIGHT)
        number, place = divmod(index, WIDTH >> within)
        at = place * tree.HASH_OCTETS
        return self._rows(row, number)[within][at : at + tree.HASH_OCTETS]

    def _rows(self, level: int, number: int) -> list[bytes]:
        """The tile's hashes, and the full nodes above them, a row for each of its heights."""
        rows = self._kept.get((level, number))
        if rows is None:
            width = min(WIDTH, (self._size >> level * HEIGHT) - (number << HEIGHT))
            tile = Tile(level=level, number=number, width=width)
            rows = [fetched(tile, self._source)]
            while len(rows) < HEIGHT:
                rows.append(tree.row_above(rows[-1]))
            self._kept[level, number] = rows
        return rows
