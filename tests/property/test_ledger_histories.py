"""Laws of trees, tiles, notes and witnesses, over whatever histories and whatever tampering."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from proxy.errors import InvalidInput, ProxyError, Refused
from proxy.vault import (
    checkpoint,
    leaf,
    note,
    receipt,
    tiles,
    tree,
    verification,
    verifier,
    witness,
)
from proxy.vault.tiles import Tile
from tests.support import ledger as logs

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WITNESS = witness.Witness(log=logs.KEY, name="witness.example", seed=bytes(32))
PAIRS_UP_TO = 40
LEAVES = logs.leaves(PAIRS_UP_TO)
SIZES = st.integers(1, 600)


def rfc_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 s2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = half(len(leaves))
    return hashlib.sha256(b"\1" + rfc_root(leaves[:k]) + rfc_root(leaves[k:])).digest()


def rfc_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 s2.1.1."""
    if len(leaves) == 1:
        return []
    k = half(len(leaves))
    if m < k:
        return [*rfc_path(m, leaves[:k]), rfc_root(leaves[k:])]
    return [*rfc_path(m - k, leaves[k:]), rfc_root(leaves[:k])]


def rfc_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 s2.1.2."""
    if m == len(leaves):
        return [] if whole else [rfc_root(leaves)]
    k = half(len(leaves))
    if m <= k:
        return [*rfc_subproof(m, leaves[:k], whole), rfc_root(leaves[k:])]
    return [*rfc_subproof(m - k, leaves[k:], False), rfc_root(leaves[:k])]


def half(count: int) -> int:
    """The largest power of two smaller than `count`."""
    k = 1
    while 2 * k < count:
        k *= 2
    return k


@pytest.mark.parametrize("size", range(PAIRS_UP_TO + 1))
def test_every_proof_is_the_rfcs_and_holds(size: int) -> None:
    """For all indexes and older sizes: the RFC's proof is made, and it alone is accepted."""
    read = logs.Log(LEAVES).read
    root = rfc_root(LEAVES[:size])
    assert tree.root(size, read) == root
    for index in range(size):
        path = tree.inclusion_proof(index, size, read)
        assert list(path) == rfc_path(index, LEAVES[:size])
        hashed = tree.leaf_hash(LEAVES[index])
        tree.check_inclusion(index, size, hashed, path, root)
        for other in range(size):
            if other != index:
                with pytest.raises(Refused):
                    tree.check_inclusion(other, size, hashed, path, root)
    for first in range(1, size + 1):
        proof = tree.consistency_proof(first, size, read)
        old = rfc_root(LEAVES[:first])
        assert list(proof) == rfc_subproof(first, LEAVES[:size], True)
        tree.check_consistency(first, size, old, root, proof)
        for other in range(1, size):
            if other != first:
                with pytest.raises(Refused):
                    tree.check_consistency(other, size, old, root, proof)


def mutated(data: st.DataObject, nodes: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The nodes with one flipped, left out, doubled, or two swapped; never the same."""
    place = data.draw(st.integers(0, max(0, len(nodes) - 1)))
    match data.draw(st.sampled_from(["flip", "drop", "insert", "swap", "cut"])):
        case "flip" if nodes:
            bit = data.draw(st.integers(0, 255))
            number = int.from_bytes(nodes[place], "big") ^ 1 << bit
            changed = (*nodes[:place], number.to_bytes(32, "big"), *nodes[place + 1 :])
        case "drop" if nodes:
            changed = (*nodes[:place], *nodes[place + 1 :])
        case "swap" if len(nodes) > 1:
            other = data.draw(st.integers(0, len(nodes) - 1))
            listed = list(nodes)
            listed[place], listed[other] = listed[other], listed[place]
            changed = tuple(listed)
        case "cut" if nodes:
            changed = (*nodes[:place], nodes[place][:-1], *nodes[place + 1 :])
        case _:
            extra = data.draw(st.sampled_from([*nodes, bytes(32)]))
            changed = (*nodes[:place], extra, *nodes[place:])
    assume(changed != nodes)
    return changed


@given(SIZES, st.data())
def test_no_changed_proof_holds(size: int, data: st.DataObject) -> None:
    """A proof with any node changed, missing or left over is refused."""
    log = logs.Log(logs.leaves(size))
    root = log.checkpoint().root
    index = data.draw(st.integers(0, size - 1))
    path = mutated(data, tree.inclusion_proof(index, size, log.read))
    with pytest.raises(Refused):
        tree.check_inclusion(index, size, tree.leaf_hash(log.leaves[index]), path, root)
    first = data.draw(st.integers(1, size))
    proof = mutated(data, tree.consistency_proof(first, size, log.read))
    with pytest.raises(Refused):
        tree.check_consistency(first, size, log.checkpoint(first).root, root, proof)


@given(st.lists(st.integers(0, 1500), min_size=1, max_size=5).map(sorted))
@example([255, 256, 257])
def test_growing_tiles_make_the_whole_copy(sizes: list[int]) -> None:
    """What each growth adds comes to all that a copy needs; nothing full is written twice."""
    kept: set[Tile] = set()
    before = 0
    for size in sizes:
        added = list(tiles.new_tiles(before, size))
        assert len(set(added)) == len(added)
        assert not kept & {one for one in added if one.width == tiles.WIDTH}
        kept |= set(added)
        assert set(tiles.new_tiles(0, size)) <= kept
        before = size


TAMPERINGS = ["edit", "delete", "insert", "reorder", "roll_back", "fork"]


def tampered(data: st.DataObject, how: str, promised: list[bytes]) -> list[bytes]:
    """Another history: the promised leaves changed in one way, and perhaps more after them."""
    place = data.draw(st.integers(0, len(promised) - 1))
    more = [logs.leaf(-2 - number) for number in range(data.draw(st.integers(0, 300)))]
    match how:
        case "edit":
            made = [*promised[:place], logs.leaf(-1), *promised[place + 1 :], *more]
        case "delete":
            made = [*promised[:place], *promised[place + 1 :], *more]
        case "insert":
            made = [*promised[:place], logs.leaf(-1), *promised[place:], *more]
        case "reorder":
            assume(len(promised) > 1)
            other = data.draw(st.integers(0, len(promised) - 1).filter(lambda one: one != place))
            made = list(promised)
            made[place], made[other] = made[other], made[place]
            made += more
        case "roll_back":
            made = promised[:place]
        case _:
            made = [*promised[:place], *(logs.leaf(-1 - one) for one in range(len(promised)))]
    return made


@pytest.mark.parametrize("how", TAMPERINGS)
@given(size=SIZES, data=st.data())
def test_no_other_history_passes(how: str, size: int, data: st.DataObject) -> None:
    """A changed history, signed, is told by an older checkpoint and by a witness alike."""
    before = logs.Log(logs.leaves(size))
    after = logs.Log(tampered(data, how, before.leaves))
    with pytest.raises(Refused) as refusal:
        verification.verify_copy(
            after.source, after.checkpoint(), (before.checkpoint(),), lambda _done, _all: None
        )
    seen = witness.decide(WITNESS, None, before.signed(), before.source, NOW)
    with pytest.raises(Refused) as found:
        witness.decide(WITNESS, seen, after.signed(), after.source, NOW)
    codes = (refusal.value.code, found.value.code)
    if after.size < size:
        assert codes == ("ledger_rolled_back", "witness_rolled_back")
    else:
        same = after.size == size
        assert codes == ("ledger_forked", "witness_forked" if same else "witness_inconsistent")
        assert isinstance(found.value, witness.Contradiction)


@given(size=SIZES, more=st.integers(0, 600))
def test_honest_growth_passes(size: int, more: int) -> None:
    """A log that only appends is never refused, by the reader or the witness."""
    before, after = logs.Log(logs.leaves(size)), logs.Log(logs.leaves(size + more))
    report = verification.verify_copy(
        after.source, after.checkpoint(), (before.checkpoint(),), lambda _done, _all: None
    )
    assert report.size == size + more
    seen = witness.decide(WITNESS, None, before.signed(), before.source, NOW)
    cosigned = witness.decide(WITNESS, seen, after.signed(), after.source, NOW)
    assert checkpoint.opened(cosigned, logs.KEY) == after.checkpoint()


@given(size=SIZES, data=st.data())
def test_no_changed_octet_of_a_copy_passes(size: int, data: st.DataObject) -> None:
    """Any octet of any tile or bundle, changed to any other, is refused."""
    log = logs.Log(logs.leaves(size))
    tile = data.draw(st.sampled_from(sorted(log.tiles, key=tiles.path)))
    content = bytearray(log.tiles[tile])
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    log.tiles[tile] = bytes(content)
    with pytest.raises(Refused):
        verification.verify_copy(log.source, log.checkpoint(), (), lambda _done, _all: None)


TILES = st.builds(
    Tile,
    level=st.none() | st.integers(0, 63),
    number=st.integers(0, tiles.SIZE_LIMIT - 1),
    width=st.integers(1, 256),
)


@given(TILES)
def test_a_tile_has_one_path(tile: Tile) -> None:
    """parse(path(tile)) is the tile."""
    assert tiles.parse(tiles.path(tile)) == tile


ALPHABET = st.text(st.sampled_from("tileenrs/x.p0123456789 +\n\u2014=Aab"), max_size=80)


@given(st.text(max_size=80) | ALPHABET)
@example("\u2014")
def test_parsers_of_text_never_fall_over(text: str) -> None:
    """Whatever the text: a value that renders to the same text, or InvalidInput."""
    with contextlib.suppress(InvalidInput):
        assert tiles.path(tiles.parse(text)) == text
    with contextlib.suppress(InvalidInput):
        assert checkpoint.render(checkpoint.parse(text)) == text
    with contextlib.suppress(InvalidInput):
        assert verifier.render(verifier.parse(text)) == text
    for one in (text, f"{text}\n\n\u2014 a AAAAAAA=\n", f"x\n\n\u2014 {text} AAAAAAA=\n"):
        with contextlib.suppress(InvalidInput):
            assert note.render(note.parse(one)) == one


@given(st.binary(max_size=200))
def test_parsers_of_octets_never_fall_over(octets: bytes) -> None:
    """Whatever the octets: a value or InvalidInput."""
    with contextlib.suppress(InvalidInput):
        assert tiles.bundle(tiles.parse_bundle(octets)) == octets
    with contextlib.suppress(InvalidInput):
        assert leaf.canonical(leaf.parse(octets)) == octets
    with contextlib.suppress(InvalidInput):
        receipt.parse(octets)


SIGNED = logs.Log(logs.leaves(5)).signed()


@given(st.integers(0, len(SIGNED) - 1), st.characters(codec="utf-8"))
def test_no_changed_character_of_a_note_passes(place: int, character: str) -> None:
    """A signed checkpoint holds for the very text that was signed."""
    changed = SIGNED[:place] + character + SIGNED[place + 1 :]
    assume(changed != SIGNED)
    with pytest.raises(ProxyError):
        checkpoint.opened(changed, logs.KEY)
