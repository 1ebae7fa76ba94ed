"""Which tiles a proof needs: enough of them, and few."""

from __future__ import annotations

import pytest

from proxy.vault import proofs, tree
from tests.support import ledger
from tests.support.ledger import Log


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 1_000, 66_000])
def test_a_proof_is_read_out_of_the_tiles_that_it_needs(size: int) -> None:
    """For leaves at every edge the named tiles suffice, and there are two a level at most."""
    log = Log(ledger.leaves(size))
    for index in {0, 1, 254, 255, 256, size // 2, size - 2, size - 1} & set(range(size)):
        needed = proofs.needed_tiles(index, size)
        contents = {one: log.source(one) for one in needed}
        found = proofs.inclusion(index, size, contents)
        assert found == tree.inclusion_proof(index, size, log.read)
        levels = [one.level for one in needed]
        assert max((levels.count(one) for one in levels), default=0) <= 2


def test_a_full_tiles_root_is_its_subtrees() -> None:
    """The root of a tile is the node above it; a tile of another width has none."""
    log = Log(ledger.leaves(512))
    row = b"".join(tree.leaf_hash(one) for one in log.leaves[256:])
    assert proofs.tile_root(row) == log.read(8, 1)
    for bad in (row[:-32], row + bytes(32), b""):
        with pytest.raises(ValueError, match="tile_width"):
            proofs.tile_root(bad)
