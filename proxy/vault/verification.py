"""Checks a whole copy of the ledger, offline: every entry, every tile, every checkpoint kept.

Reads each bundle and tile once, in order, and keeps the right edge alone, so memory does not grow
with the tree. Trusts nothing of the copy; checkpoints were opened under the log's key before.
Pure: the copy is a function. Source: RFC 6962 s2.1; C2SP tlog-tiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.vault import tiles, tree
from proxy.vault.tiles import HEIGHT, WIDTH, Tile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from proxy.vault.checkpoint import Checkpoint

    Progress = Callable[[int, int], None]  # leaves checked so far, leaves in all


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """What was checked and found good."""

    origin: str
    size: int
    root: bytes
    bundles: int
    tiles: int
    older_sizes: tuple[int, ...]


def verify_copy(
    source: tiles.Source, latest: Checkpoint, older: Sequence[Checkpoint], progress: Progress
) -> CopyReport:
    """The report on a copy that holds all that `latest` and every older checkpoint promised.

    Refused, naming the first tile or size at fault: `checkpoint_origin`, `ledger_rolled_back`
    (an older checkpoint promised more than the latest), `entries_missing`, `entries_malformed`,
    `tile_missing`, `tile_length`, `tile_disagrees` (entries and a tile differ), `ledger_forked`
    (an older checkpoint promised other leaves), `ledger_root` (the latest did).
    """
    _check_older(latest, older)
    walk = _Walk(source, latest.size)
    waiting = sorted(older, key=lambda one: one.size)
    for number in range(-(-latest.size // WIDTH)):
        upper = min(latest.size, (number + 1) * WIDTH)
        walk.take_bundle(number, upper - number * WIDTH)
        while waiting and waiting[0].size <= upper:
            _check_older_root(waiting.pop(0), walk)
        walk.close_full_tiles()
        progress(upper, latest.size)
    for one in waiting:  # of an empty copy: all of size 0
        _check_older_root(one, walk)
    if walk.root_at(latest.size) != latest.root:
        raise Refused("ledger_root", f"The copy's root at size {latest.size} is another one.")
    walk.close_partial_tiles()
    return CopyReport(
        origin=latest.origin,
        size=latest.size,
        root=latest.root,
        bundles=-(-latest.size // WIDTH),
        tiles=walk.tiles_checked,
        older_sizes=tuple(sorted(one.size for one in older)),
    )


def _check_older(latest: Checkpoint, older: Iterable[Checkpoint]) -> None:
    """Refused where the checkpoints themselves can not all be true."""
    for one in older:
        if one.origin != latest.origin:
            raise Refused("checkpoint_origin")
        if one.size > latest.size:
            sentence = f"The copy has {latest.size} leaves; a checkpoint promised {one.size}."
            raise Refused("ledger_rolled_back", sentence)


def _check_older_root(one: Checkpoint, walk: _Walk) -> None:
    if walk.root_at(one.size) != one.root:
        raise Refused("ledger_forked", f"The copy's root at size {one.size} is another one.")


class _Walk:
    """The right edge of the tree while its leaves are read: per level, the unfinished tile."""

    def __init__(self, source: tiles.Source, size: int) -> None:
        self._source = source
        self._size = size
        self._edge: list[list[bytes]] = [[]]
        self._numbers: list[int] = [0]
        self.tiles_checked = 0

    def take_bundle(self, number: int, width: int) -> None:
        """Add the leaves of a bundle; the lowest tile then holds exactly these."""
        tile = Tile(level=None, number=number, width=width)
        try:
            entries = tiles.parse_bundle(tiles.fetched(tile, self._source))
        except NotFound:
            raise Refused("entries_missing", f"{tiles.path(tile)} is missing") from None
        except InvalidInput:
            raise Refused("entries_malformed", f"{tiles.path(tile)} holds no entries") from None
        self._edge[0] += [tree.leaf_hash(entry) for entry in entries]

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` leaves, which reach into the newest bundle or end it."""
        hashes: list[bytes] = []
        for level in range(len(self._edge) - 1, -1, -1):
            hashes += _peaks(self._edge[level][: self._held(size, level)])
        return tree.folded(hashes)

    def _held(self, size: int, level: int) -> int:
        """How many hashes of the unfinished tile of a level a tree of `size` has."""
        return (size >> level * HEIGHT) - self._numbers[level] * WIDTH

    def close_full_tiles(self) -> None:
        """Compare every tile that is full now, and carry its root a level up."""
        level = 0
        while len(self._edge[level]) == WIDTH:
            self._compare(level)
            if level + 1 == len(self._edge):
                self._edge.append([])
                self._numbers.append(0)
            self._edge[level + 1] += _peaks(self._edge[level])
            self._edge[level] = []
            self._numbers[level] += 1
            level += 1

    def close_partial_tiles(self) -> None:
        """Compare the tiles at the right edge."""
        for level, held in enumerate(self._edge):
            if held:
                self._compare(level)

    def _compare(self, level: int) -> None:
        """Refused unless the stored tile is what the leaves come to."""
        held = self._edge[level]
        tile = Tile(level=level, number=self._numbers[level], width=len(held))
        try:
            stored = tiles.fetched(tile, self._source)
        except NotFound:
            raise Refused("tile_missing", f"{tiles.path(tile)} is missing") from None
        if stored != b"".join(held):
            raise Refused("tile_disagrees", f"{tiles.path(tile)} is not what the entries come to")
        self.tiles_checked += 1


def _peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the full subtrees over neighbouring hashes, largest first."""
    peaks: list[bytes] = []
    row = list(hashes)
    while row:
        if len(row) & 1:
            peaks.insert(0, row.pop())
        row = [tree.node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return peaks
