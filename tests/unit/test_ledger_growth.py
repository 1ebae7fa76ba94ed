"""Copies that grow against a log that lies: what is believed, fetched, removed and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.run import ledger_copy
from proxy.vault import checkpoint, tiles
from tests.support import ledger as logs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from proxy.vault.tiles import Tile

HONEST = logs.Log(logs.leaves(700))


class Served:
    """A log as `grow` asks it; any checkpoint may be put over its tiles."""

    def __init__(self, log: logs.Log, signed: str | None = None) -> None:
        self._log = log
        self._signed = signed or log.signed()
        self.asked = 0

    async def checkpoint(self, name: str = "checkpoint") -> str:
        """The newest one alone."""
        if name != "checkpoint":
            raise NotFound("remote_missing")
        return self._signed

    async def tile(self, tile: Tile) -> bytes:
        """A tile of the tree; junk of the right length where it has none."""
        self.asked += 1
        return self._log.tiles.get(tile) or bytes(tile.octets)


class Bounded(ledger_copy.Copy):
    """A copy that is asked to forget what was fetched and no more."""

    @override
    def forget(self, several: Iterable[Tile]) -> None:
        """Remove them, unless they are without end."""
        for number, tile in enumerate(several):
            assert number < 1_000
            super().forget((tile,))


async def grown(served: Served, directory: Path, most: int = 1 << 63) -> ledger_copy.Copied:
    """The copy of what is served."""
    return await ledger_copy.grow(
        served,  # type: ignore[arg-type]  # the three calls that are made of it
        Bounded(directory),
        logs.KEY,
        lambda _done, _all: None,
        most=most,
    )


def small(size: int) -> logs.Log:
    """The log when it was younger."""
    return logs.Log(HONEST.leaves[:size])


def forked(size: int) -> logs.Log:
    """A log with another leaf in the unfinished bundle of 300."""
    return logs.Log([*HONEST.leaves[:299], logs.leaf(-1), *logs.leaves(size)[300:]])


def files(directory: Path) -> set[str]:
    """The tiles below a directory."""
    return {
        str(one.relative_to(directory)) for one in directory.rglob("tile/**/*") if one.is_file()
    }


@pytest.mark.parametrize("size", [1 << 30, 1 << 62])
async def test_only_what_this_run_used_is_forgotten(tmp_path: Path, size: int) -> None:
    """A signed size without end does not keep the copy busy, and the older copy stays whole."""
    await grown(Served(small(300)), tmp_path)
    before = files(tmp_path)
    huge = checkpoint.Checkpoint(origin=logs.KEY.name, size=size, root=bytes(32))
    with pytest.raises(InvalidInput, match="entry_bundle"):
        await grown(Served(small(300), logs.signed(huge)), tmp_path)
    assert files(tmp_path) == before
    await grown(Served(HONEST), tmp_path)
    assert files(tmp_path) >= {tiles.path(tile) for tile in HONEST.tiles}


async def test_what_a_cut_off_run_left_does_not_spoil_the_next(tmp_path: Path) -> None:
    """Spare tiles that fit each other but not the root go, whoever fetched them."""
    await grown(Served(small(300)), tmp_path)
    for tile, content in forked(700).tiles.items():
        if tile not in small(300).tiles:
            ledger_copy.Copy(tmp_path).keep(tile, content)
    with pytest.raises(Refused, match=r"ledger_root|tile_disagrees"):
        await grown(Served(HONEST), tmp_path)
    assert (await grown(Served(HONEST), tmp_path)).size == 700


async def test_one_run_takes_so_many_leaves(tmp_path: Path) -> None:
    """More is refused before anything is fetched, and said with the flag that takes it."""
    served = Served(HONEST)
    with pytest.raises(Refused, match="ledger_too_large") as found:
        await grown(served, tmp_path, most=699)
    assert "--most" in found.value.detail
    assert served.asked == 0
    assert (await grown(served, tmp_path, most=700)).size == 700
    assert (await grown(served, tmp_path, most=0)).size == 700


async def test_a_fork_is_kept_as_evidence(tmp_path: Path) -> None:
    """Its tiles and checkpoint are set aside, the first for good, and the copy goes on."""
    await grown(Served(small(300)), tmp_path)
    for size in (700, 600):
        with pytest.raises(Refused, match="ledger_forked"):
            await grown(Served(forked(size)), tmp_path)
    evidence = tmp_path / "evidence"
    seen = checkpoint.opened((evidence / "checkpoint").read_text(), logs.KEY)
    assert seen == forked(700).checkpoint()
    for tile in tiles.new_tiles(300, 700):
        assert (evidence / tiles.path(tile)).read_bytes() == forked(700).tiles[tile]
    assert (await grown(Served(HONEST), tmp_path)).size == 700
