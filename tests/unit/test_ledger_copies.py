from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Refused
from proxy.vault import tiles, tree, verification
from proxy.vault.tiles import Tile
from tests.support import ledger as logs

if TYPE_CHECKING:
    from proxy.vault.checkpoint import Checkpoint
    from proxy.vault.verification import CopyReport

SIZE = 700
OLDER = (0, 1, 4, 255, 256, 257, 512, 700)


def verified(log: logs.Log, latest: Checkpoint | None = None, *older: Checkpoint) -> CopyReport:
    """The report on the log as a copy."""
    return verification.verify_copy(
        log.source, latest or log.checkpoint(), older, lambda _done, _all: None
    )


def refusal(log: logs.Log, latest: Checkpoint | None = None, *older: Checkpoint) -> Refused:
    """Why the copy is refused."""
    with pytest.raises(Refused) as found:
        verified(log, latest, *older)
    return found.value


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, SIZE, 65_536, 65_537])
def test_a_good_copy_is_reported_whole(size: int) -> None:
    """Every bundle, tile and older checkpoint is counted, and progress ends at the end."""
    log = logs.Log(logs.leaves(size))
    older = [log.checkpoint(one) for one in (*OLDER, size) if one <= size]
    told: list[tuple[int, int]] = []
    report = verification.verify_copy(
        log.source, log.checkpoint(), older, lambda done, total: told.append((done, total))
    )
    assert report.size == size
    assert report.root == tree.Frontier().extended(log.leaves).root()
    assert report.bundles + report.tiles == len(log.tiles)
    assert report.older_sizes == tuple(sorted(one.size for one in older))
    assert told[-1:] == ([(size, size)] if size else [])


def test_a_shorter_copy_is_rolled_back() -> None:
    """A checkpoint that promised more leaves than there are is enough to tell."""
    log = logs.Log(logs.leaves(SIZE))
    found = refusal(logs.Log(logs.leaves(600)), None, log.checkpoint(10), log.checkpoint())
    assert found.code == "ledger_rolled_back"
    assert "600" in found.detail
    assert "700" in found.detail


@pytest.mark.parametrize("size", [300, 512, SIZE])
def test_a_rewritten_leaf_is_a_fork(size: int) -> None:
    """A whole and signed tree with another leaf is refused by an older checkpoint, by its size."""
    promised = logs.Log(logs.leaves(SIZE))
    other = logs.leaves(SIZE + 100)
    other[290] = logs.leaf(-1)
    forked = logs.Log(other)
    assert verified(forked, None, promised.checkpoint(290)).size == SIZE + 100
    found = refusal(
        forked, None, promised.checkpoint(SIZE), promised.checkpoint(size), promised.checkpoint(9)
    )
    assert (found.code, f"size {size} " in found.detail) == ("ledger_forked", True)


def test_another_root_of_the_same_size_is_told() -> None:
    """A copy that is not what the latest checkpoint signed is refused."""
    log = logs.Log(logs.leaves(SIZE))
    other = dataclasses.replace(log.checkpoint(), root=log.checkpoint(9).root)
    assert refusal(log, other).code == "ledger_root"
    assert refusal(log, None, other).code == "ledger_forked"


def test_checkpoints_are_of_one_log() -> None:
    """An older checkpoint of another log says nothing of this one."""
    log = logs.Log(logs.leaves(9))
    foreign = dataclasses.replace(log.checkpoint(4), origin="another.example/log")
    assert refusal(log, None, foreign).code == "checkpoint_origin"


@pytest.mark.parametrize("tile", logs.Log(logs.leaves(SIZE)).tiles, ids=tiles.path)
def test_every_tile_of_a_copy_counts(tile: Tile) -> None:
    """A changed, cut or missing tile, whichever it is, is refused by its path."""
    content = logs.Log(logs.leaves(SIZE)).tiles[tile]
    last = len(content) - 1
    is_bundle = tile.level is None
    for damaged, code in (
        (content[:last] + bytes([content[last] ^ 1]), "tile_disagrees"),
        (content[:last], "tile_length"),
        (None, "entries_missing" if is_bundle else "tile_missing"),
    ):
        log = logs.Log(logs.leaves(SIZE))
        del log.tiles[tile]
        if damaged is not None:
            log.tiles[tile] = damaged
        found = refusal(log)
        is_leaf_of_edge = is_bundle and tile.width < tiles.WIDTH and code == "tile_disagrees"
        assert found.code == ("ledger_root" if is_leaf_of_edge else code)
        if code == "tile_disagrees" and is_bundle:
            continue  # told by the tile over the entries
        assert f"{tiles.path(tile)} " in found.detail


def test_entries_of_another_form_are_told() -> None:
    """A bundle with another length prefix is no bundle."""
    log = logs.Log(logs.leaves(9))
    tile = Tile(level=None, number=0, width=9)
    log.tiles[tile] = b"\x00\x21" + log.tiles[tile][2:]
    found = refusal(log)
    assert (found.code, "tile/entries/000.p/9 " in found.detail) == ("entries_malformed", True)
