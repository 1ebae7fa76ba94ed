"""Copies of a ledger as static files in the layout of C2SP tlog-tiles, grown a piece at a time.

`DIR/vkey`, `DIR/checkpoint`, `DIR/tile/...`. A copy trusts the log's key and nothing else: every
new piece is checked against its neighbours, the whole against the signed root, and the old root
must be that of the new tree's beginning. The checkpoint is written last, so a copy that was cut
off is the older copy with spare files. Tiles and checkpoint that prove a fork go to `DIR/evidence`.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput, NotFound, ProxyError, Refused, Unavailable
from proxy.vault import checkpoint, files, note, proofs, tiles, tree, verifier
from proxy.vault.tiles import WIDTH, Tile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from proxy.run.ledger_remote import Remote
    from proxy.vault.checkpoint import Checkpoint
    from proxy.vault.verifier import VerifierKey

MOST_LEAVES: Final = 50_000_000
"""New leaves of one run: some 3.4 GB. A log may sign any size, and serve any tiles for it."""

FORKED: Final = "ledger_forked"
_BUNDLES: Final = 32  # asked for at a time, each with its tile
_EVIDENCE: Final = "evidence"
_PUBLIC_FILE, _PUBLIC_DIRECTORY = 0o644, 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy that is whole again."""

    old_size: int
    size: int
    fetched: int


class Copy:
    """The files of one copy."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def key(self) -> VerifierKey | None:
        """The log's key that the copy was begun with."""
        text = self.text("vkey")
        return None if text is None else verifier.parse(text.strip())

    def text(self, name: str) -> str | None:
        """A small file of the copy; None when it is absent."""
        try:
            content = files.read(self.directory / name, note.NOTE_LIMIT_OCTETS + 1)
        except OSError as error:
            raise Unavailable("copy", f"{self.directory / name}: {error.strerror}.") from None
        return None if content is None else content.decode(errors="replace")  # then: no note

    def source(self, tile: Tile) -> bytes:
        """A tile's content; NotFound where there is none."""
        try:
            content = files.read(self.directory / tiles.path(tile), tile.octets + 1)
        except OSError:  # a directory in its place, or not ours to read
            content = None
        if content is None:
            raise NotFound("tile_missing", f"{tiles.path(tile)} is missing")
        return content

    def keep(self, tile: Tile, content: bytes) -> None:
        """Put a tile in its place; not durable before `settle`."""
        path = self.directory / tiles.path(tile)
        path.parent.mkdir(_PUBLIC_DIRECTORY, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        draft.write_bytes(content)
        draft.replace(path)

    def forget(self, several: Iterable[Tile]) -> None:
        """Remove tiles that no checkpoint of the copy speaks of."""
        for tile in several:
            (self.directory / tiles.path(tile)).unlink(missing_ok=True)

    def set_aside(self, several: Iterable[Tile], offered: str) -> None:
        """Move a forked tree's tiles and checkpoint to `evidence`; the first fork stays."""
        evidence = self.directory / _EVIDENCE
        if (evidence / "checkpoint").exists():
            self.forget(several)
            return
        for tile in several:
            path = evidence / tiles.path(tile)
            path.parent.mkdir(_PUBLIC_DIRECTORY, parents=True, exist_ok=True)
            (self.directory / tiles.path(tile)).replace(path)
        self.settle(f"{_EVIDENCE}/checkpoint", offered)

    def settle(self, name: str, content: str) -> None:
        """Write a small file, after everything else is on the disk."""
        os.sync()
        files.write(self.directory / name, content.encode(), _PUBLIC_FILE)


async def grow(
    remote: Remote,
    copy: Copy,
    key: VerifierKey | None,
    progress: Callable[[int, int], None],
    *,
    most: int = MOST_LEAVES,
) -> Copied:
    """The copy, grown to the ledger's newest checkpoint, by `most` leaves at most.

    `key` is the log's; None takes the copy's own, or at first what the ledger claims. Refused:
    `ledger_key_changed`, `ledger_rolled_back`, `ledger_forked` (the note is kept beside as
    `checkpoint.refused`), `ledger_too_large`, `tile_disagrees`, `ledger_root`, and what a note can
    have wrong.
    """
    copy.directory.mkdir(_PUBLIC_DIRECTORY, parents=True, exist_ok=True)
    log = await _key(remote, copy, key)
    offered = await remote.checkpoint()
    new = checkpoint.opened(offered, log)
    kept = copy.text("checkpoint")
    old = None if kept is None else checkpoint.opened(kept, log)
    old_size = 0 if old is None else old.size
    _check_size(copy, old, new, offered)
    if new.size - old_size > most:
        raise Refused(
            "ledger_too_large",
            f"The ledger shows {new.size - old_size} new leaves, and one run takes {most} at most;"
            " --most takes more.",
        )
    growth = _Growth(remote, copy, new.size)
    try:
        for done in growth.parts(old_size):
            await growth.take(done)
            progress(min(new.size, done[-1] * WIDTH + WIDTH), new.size)
        await growth.close(old_size)
        _check_roots(copy, old, new, offered)
    except (InvalidInput, Refused) as fault:  # what was used would spoil the next try
        if fault.code == FORKED:
            copy.set_aside(growth.used, offered)
        else:
            copy.forget(growth.used)
        raise
    copy.settle("checkpoint", offered)
    await _keep_witnessed(remote, copy, log, new)
    return Copied(old_size=old_size, size=new.size, fetched=growth.fetched)


async def _key(remote: Remote, copy: Copy, given: VerifierKey | None) -> VerifierKey:
    """The log's key; what the copy began with is never replaced."""
    known = copy.key()
    if known is not None and given is not None and known != given:
        raise Refused("ledger_key_changed", "The copy was begun with another key of the log.")
    key = given or known or verifier.parse(await remote.key())
    if known is None:
        copy.settle("vkey", f"{verifier.render(key)}\n")
    return key


def _check_size(copy: Copy, old: Checkpoint | None, new: Checkpoint, offered: str) -> None:
    if old is None or new.size > old.size or new == old:
        return
    copy.settle("checkpoint.refused", offered)
    if new.size < old.size:
        sentence = f"The ledger shows {new.size} leaves, after {old.size}."
        raise Refused("ledger_rolled_back", sentence)
    raise Refused(FORKED, f"Two roots of one size, {new.size}, both signed by the log.")


def _check_roots(copy: Copy, old: Checkpoint | None, new: Checkpoint, offered: str) -> None:
    """Refused unless the tiles come to the old root and to the new one."""
    read = tiles.TileReader(new.size, copy.source).read
    if tree.root(new.size, read) != new.root:
        raise Refused("ledger_root", "The tiles do not come to the root that the log signed.")
    if old is not None and tree.root(old.size, read) != old.root:
        copy.settle("checkpoint.refused", offered)
        raise Refused(FORKED, f"The tree no longer begins with our {old.size} leaves.")


async def _keep_witnessed(remote: Remote, copy: Copy, log: VerifierKey, new: Checkpoint) -> None:
    """The newest cosigned checkpoint beside, where there is one."""
    try:
        witnessed = await remote.checkpoint("checkpoint/witnessed")
        if checkpoint.opened(witnessed, log).size <= new.size:
            copy.settle("checkpoint.witnessed", witnessed)
    except ProxyError:
        return  # static files have none; verify says what was not witnessed


class _Growth:
    """Fetches what is new and compares neighbours."""

    def __init__(self, remote: Remote, copy: Copy, size: int) -> None:
        self._remote = remote
        self._copy = copy
        self._size = size
        self._roots: dict[tuple[int, int], bytes] = {}
        self.used: list[Tile] = []  # none of them is of the old tree: those are other files
        self.fetched = 0

    def parts(self, old_size: int) -> Iterator[Sequence[int]]:
        """The numbers of bundles that are new or longer, some at a time."""
        numbers = range(old_size // WIDTH, -(-self._size // WIDTH))
        if self._size > old_size:
            for at in range(0, len(numbers), _BUNDLES):
                yield numbers[at : at + _BUNDLES]

    async def take(self, numbers: Sequence[int]) -> None:
        """Bundles and the lowest tiles over them."""
        await asyncio.gather(*(self._take_bundle(one) for one in numbers))

    async def _take_bundle(self, number: int) -> None:
        width = min(WIDTH, self._size - number * WIDTH)
        bundle = Tile(level=None, number=number, width=width)
        lowest = Tile(level=0, number=number, width=width)
        for is_fresh in (False, True):  # what a cut-off copy left may be damaged
            entries = tiles.parse_bundle(await self._get(bundle, is_fresh=is_fresh))
            hashes = b"".join([tree.leaf_hash(one) for one in entries])
            if await self._get(lowest, is_fresh=is_fresh) == hashes:
                if width == WIDTH:
                    self._roots[0, number] = proofs.tile_root(hashes)
                return
        raise _disagreement(lowest)

    async def close(self, old_size: int) -> None:
        """The higher tiles that are new, each against the tiles below it."""
        for tile in tiles.new_tiles(old_size, self._size):
            if tile.level:
                wanted = b"".join(
                    [
                        self._root(tile.level - 1, tile.number * WIDTH + place)
                        for place in range(tile.width)
                    ]
                )
                for is_fresh in (False, True):
                    if await self._get(tile, is_fresh=is_fresh) == wanted:
                        break
                else:
                    raise _disagreement(tile)

    def _root(self, level: int, number: int) -> bytes:
        """The root of a full tile of the copy, asked for once: by the one tile above it."""
        root = self._roots.pop((level, number), None)
        if root is None:
            tile = Tile(level=level, number=number)
            root = proofs.tile_root(tiles.fetched(tile, self._copy.source))
        return root

    async def _get(self, tile: Tile, *, is_fresh: bool) -> bytes:
        """A tile's content, from the copy if it is there and not asked for anew."""
        if not is_fresh:
            self.used.append(tile)
            try:
                content = self._copy.source(tile)
            except NotFound:
                content = b""
            if len(content) == tile.octets:
                return content
        content = await self._ask(tile)
        if len(content) != tile.octets:
            raise Refused("tile_length", f"{tiles.path(tile)} has another length than it should")
        self._copy.keep(tile, content)
        self.fetched += 1
        return content

    async def _ask(self, tile: Tile) -> bytes:
        """The tile; the full one's beginning where the log dropped a partial one (C2SP)."""
        try:
            return await self._remote.tile(tile)
        except NotFound:
            if tile.width == WIDTH:
                raise
        return (await self._remote.tile(tile.whole))[: tile.octets]


def _disagreement(tile: Tile) -> Refused:
    return Refused("tile_disagrees", f"{tiles.path(tile)} is not what lies below it comes to")
