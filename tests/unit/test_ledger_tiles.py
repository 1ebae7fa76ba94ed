from __future__ import annotations

import pytest

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.vault import tiles, tree
from proxy.vault.tiles import Tile
from tests.support import ledger as logs


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(level=0, number=0), "tile/0/000"),
        (Tile(level=0, number=1234067), "tile/0/x001/x234/067"),
        (Tile(level=0, number=1000), "tile/0/x001/000"),
        (Tile(level=63, number=5, width=255), "tile/63/005.p/255"),
        (Tile(level=None, number=273, width=112), "tile/entries/273.p/112"),
        (Tile(level=None, number=(1 << 63) - 1), "tile/entries/x009/x223/x372/x036/x854/x775/807"),
    ],
)
def test_paths_are_those_of_c2sp(tile: Tile, path: str) -> None:
    """A tile has one path, and the path the tile."""
    assert tiles.path(tile) == path
    assert tiles.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0/0", "tile/0/0000", "tile/0/x000/001", "tile/0/x001", "tile/0/001/002",
        "tile/0/1234067", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/data/000",
        "tile/8/0/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/012", "tile/0/000.p",
        "tile/0/000.p/1/", "tile/0/000\n", "/tile/0/000", "tile/0/000/", "tile/entries/x1/000",
        "tile/0/x001/x234/67", "tile/0/\u0660\u0660\u0660", "tile/0/X001/000",
        "tile/0/x009/x223/x372/x036/x854/x775/808", "tile/0/../000",
    ],
)  # fmt: skip
def test_no_other_path_is_a_tile(path: str) -> None:
    """What the renderer would not write is refused."""
    with pytest.raises(InvalidInput, match="tile_path"):
        tiles.parse(path)


def test_a_tree_of_70000_has_the_tiles_that_c2sp_counts() -> None:
    """273 full tiles and one of 112; one full and one of 17; one of 1; and as many bundles."""
    found = list(tiles.new_tiles(0, 70_000))
    assert found[:274] == [
        *(Tile(level=None, number=number) for number in range(273)),
        Tile(level=None, number=273, width=112),
    ]
    assert found[274:] == [
        *(Tile(level=0, number=number) for number in range(273)),
        Tile(level=0, number=273, width=112),
        Tile(level=1, number=0),
        Tile(level=1, number=1, width=17),
        Tile(level=2, number=0, width=1),
    ]


def test_a_tree_of_256_has_a_full_tile_and_one_above() -> None:
    """A full tile's root begins a tile of the next level."""
    assert list(tiles.new_tiles(255, 256)) == [
        Tile(level=None, number=0),
        Tile(level=0, number=0),
        Tile(level=1, number=0, width=1),
    ]


def test_nothing_new_in_a_tree_that_did_not_grow() -> None:
    """Equal sizes have no new tile; a shrunken or endless tree is refused."""
    assert list(tiles.new_tiles(300, 300)) == []
    for old, new in ((2, 1), (-1, 1), (0, 1 << 63)):
        with pytest.raises(Refused, match="tile_size"):
            list(tiles.new_tiles(old, new))


def test_a_bundle_gives_back_its_entries() -> None:
    """Entries survive their bundle; each stands after its length."""
    entries = tuple(logs.leaves(256))
    content = tiles.bundle(entries)
    assert content[:2] == b"\x00\x20"
    assert len(content) == Tile(level=None, number=0).octets
    assert tiles.parse_bundle(content) == entries
    with pytest.raises(ValueError, match="commitment_length"):
        tiles.bundle([b"short"])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        tiles.bundle(logs.leaves(2))[:-1],
        tiles.bundle(logs.leaves(2)) + b"\x00",
        b"\x00\x21" + bytes(32),
        b"\x00\x1f" + bytes(32),
        tiles.bundle(logs.leaves(1)) + b"\x01\x20" + bytes(32),
        tiles.bundle(logs.leaves(257)),
    ],
    ids=["empty", "cut", "more", "longer", "shorter", "second", "too_many"],
)
def test_no_other_octets_are_a_bundle(content: bytes) -> None:
    """Entries of another length, parts of entries and too many entries are refused."""
    with pytest.raises(InvalidInput, match="entry_bundle"):
        tiles.parse_bundle(content)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700])
def test_hashes_read_from_tiles_are_the_trees(size: int) -> None:
    """Every full subtree that tiles hold has the hash that the tree has."""
    log = logs.Log(logs.leaves(size))
    reader = tiles.TileReader(size, log.source)
    for level in range(size.bit_length()):
        for index in range(size >> level):
            assert reader.read(level, index) == log.read(level, index)
    assert tree.root(size, reader.read) == tree.Frontier().extended(log.leaves).root()


def test_a_tile_of_another_length_is_refused() -> None:
    """Octets too few or too many are named, not read."""
    log = logs.Log(logs.leaves(300))
    tile = Tile(level=0, number=1, width=44)
    for content in (log.tiles[tile][:-1], log.tiles[tile] + b"\0", b""):
        log.tiles[tile] = content
        with pytest.raises(Refused, match="tile_length") as refusal:
            tiles.TileReader(300, log.source).read(0, 299)
        assert "tile/0/001.p/44" in refusal.value.detail


def test_a_dropped_partial_tile_is_read_from_the_full_one() -> None:
    """A log that grew past a partial tile may have dropped it."""
    log = logs.Log(logs.leaves(512))
    assert tiles.TileReader(300, log.source).read(0, 299) == log.read(0, 299)
    assert tiles.fetched(Tile(level=0, number=1, width=44), log.source) == b"".join(
        log.read(0, 256 + place) for place in range(44)
    )
    log.tiles.clear()
    for width in (44, 256):
        with pytest.raises(NotFound):
            tiles.fetched(Tile(level=0, number=1, width=width), log.source)


@pytest.mark.parametrize(("level", "index"), [(0, 300), (8, 1), (9, 0), (-1, 0), (0, -1)])
def test_no_hash_is_read_beyond_the_tree(level: int, index: int) -> None:
    """A subtree that is not full has no hash."""
    log = logs.Log(logs.leaves(300))
    with pytest.raises(Refused, match="tile_size"):
        tiles.TileReader(300, log.source).read(level, index)


def test_a_proof_fetches_each_tile_once() -> None:
    """A reader keeps what it fetched."""
    log = logs.Log(logs.leaves(700))
    asked: list[Tile] = []

    def source(tile: Tile) -> bytes:
        asked.append(tile)
        return log.source(tile)

    reader = tiles.TileReader(700, source)
    for index in range(700):
        proof = tree.inclusion_proof(index, 700, reader.read)
        tree.check_inclusion(
            index, 700, tree.leaf_hash(log.leaves[index]), proof, log.checkpoint().root
        )
    assert len(asked) == len(set(asked)) == 4


def test_entries_have_no_hashes() -> None:
    """A bundle is not made of hashes."""
    with pytest.raises(ValueError, match="entries_have_no_hashes"):
        tiles.tile_hashes(Tile(level=None, number=0), logs.Log([]).read)
