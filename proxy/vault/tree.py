"""RFC 6962 trees: the right edge that appends, roots and proofs out of stored hashes, and checks.

Pure. Who checks a proof needs no tree; who makes one is handed `read`. Leaves are any octets here
(the ledger's are 32); proofs are checked for the hash of a leaf.
Source: RFC 6962 s2.1; RFC 9162 s2.1.3.2 and s2.1.4.2 (the checks).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Read = Callable[[int, int], bytes]  # (level, index): root of the index-th 2**level leaves

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_OCTETS = 32
PROOF_LIMIT = 64  # nodes; a tree of 2**63 leaves has proofs of at most 64
_LEAF, _NODE = b"\x00", b"\x01"  # RFC 6962 s2.1: a leaf can not be taken for a node


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(_LEAF + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbouring subtrees."""
    return hashlib.sha256(_NODE + left + right).digest()


def row_above(row: bytes) -> bytes:
    """The hashes over neighbouring pairs of a row of hashes; an odd last one is left out."""
    # Two hashes in a row are already what a node hashes: no pair is taken apart and joined.
    sha256, pair = hashlib.sha256, 2 * HASH_OCTETS
    places = range(0, len(row) - pair + 1, pair)
    return b"".join([sha256(_NODE + row[at : at + pair]).digest() for at in places])


def folded(hashes: Sequence[bytes]) -> bytes:
    """The root over the roots of full subtrees, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for node in reversed(hashes[:-1]):
        root = node_hash(node, root)
    return root


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """A tree of `size` leaves by the roots of its full subtrees, largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def extended(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier after appending `leaves`, in order."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            node = leaf_hash(leaf)
            carried = size
            while carried & 1:
                node = node_hash(hashes.pop(), node)
                carried >>= 1
            hashes.append(node)
            size += 1
        return Frontier(size=size, hashes=tuple(hashes))

    def root(self) -> bytes:
        """The Merkle tree hash."""
        return folded(self.hashes)


def root(size: int, read: Read) -> bytes:
    """The Merkle tree hash of the first `size` leaves."""
    return _range(0, size, read)


def inclusion_proof(index: int, size: int, read: Read) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of `size`, leaf's side first (RFC 6962 s2.1.1)."""
    if not 0 <= index < size:
        raise Refused("proof_index")
    low, high, proof = 0, size, []
    while high - low > 1:
        split = low + _split(high - low)
        if index < split:
            proof.append(_range(split, high, read))
            high = split
        else:
            proof.append(_range(low, split, read))
            low = split
    return tuple(reversed(proof))


def consistency_proof(first: int, second: int, read: Read) -> tuple[bytes, ...]:
    """What shows that the tree of `second` leaves extends that of `first` (RFC 6962 s2.1.2).

    Empty for equal sizes, and for an empty first tree, which every tree extends.
    """
    if not 0 <= first <= second:
        raise Refused("proof_size")
    if first == 0:
        return ()
    low, high, proof = 0, second, []
    while high != first:
        split = low + _split(high - low)
        if first <= split:
            proof.append(_range(split, high, read))
            high = split
        else:
            proof.append(_range(low, split, read))
            low = split
    if low:  # otherwise the old tree is this very subtree, and who checks knows its root
        proof.append(_range(low, high, read))
    return tuple(reversed(proof))


def check_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], wanted_root: bytes
) -> None:
    """Refused unless the hash `leaf` stands at `index` under the root (RFC 9162 s2.1.3.2).

    Codes: `proof_index`, `proof_length` (nodes missing, left over or of another length),
    `proof_root`.
    """
    if not 0 <= index < size:
        raise Refused("proof_index")
    _check_nodes((leaf, *proof))
    place, last, found = index, size - 1, leaf
    for node in proof:
        if last == 0:
            raise Refused("proof_length")
        if place & 1 or place == last:
            found = node_hash(node, found)
            place, last = _climbed(place, last)
        else:
            found = node_hash(found, node)
        place, last = place >> 1, last >> 1
    if last:
        raise Refused("proof_length")
    if found != wanted_root:
        raise Refused("proof_root")


def check_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Refused unless the second tree extends the first (RFC 9162 s2.1.4.2).

    Codes: `proof_size`, `proof_length`, `proof_root`. An empty first tree has the one root and an
    empty proof, which says nothing about the second root.
    """
    if not 0 <= first <= second:
        raise Refused("proof_size")
    if first in (0, second):
        if proof:
            raise Refused("proof_length")
        if first_root != (second_root if first == second else EMPTY_ROOT):
            raise Refused("proof_root")
        if second == 0 and second_root != EMPTY_ROOT:
            raise Refused("proof_root")
        return
    if not proof:
        raise Refused("proof_length")
    _check_nodes(proof)
    if _extended(first, second, first_root, proof) != (first_root, second_root):
        raise Refused("proof_root")


def _extended(
    first: int, second: int, first_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The roots of both trees that a consistency proof of the right length comes to."""
    # Step 2: the old tree, if it is full, is itself the first node.
    path = proof if first & (first - 1) else (first_root, *proof)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            raise Refused("proof_length")
        if place & 1 or place == last:
            old, new = node_hash(node, old), node_hash(node, new)
            place, last = _climbed(place, last)
        else:
            new = node_hash(new, node)
        place, last = place >> 1, last >> 1
    if last:
        raise Refused("proof_length")
    return old, new


def _climbed(place: int, last: int) -> tuple[int, int]:
    """Both numbers where a left edge ends: up past the levels that have no right neighbour."""
    while not place & 1 and place:
        place, last = place >> 1, last >> 1
    return place, last


def _check_nodes(nodes: Sequence[bytes]) -> None:
    if len(nodes) > PROOF_LIMIT + 1 or any(len(node) != HASH_OCTETS for node in nodes):
        raise Refused("proof_length")


def _split(count: int) -> int:
    """The largest power of two below `count`, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _range(low: int, high: int, read: Read) -> bytes:
    """The hash of the leaves from `low` to `high`, where `low` is on a boundary of that many."""
    hashes = []
    while low < high:
        level = (high - low).bit_length() - 1
        hashes.append(read(level, low >> level))
        low += 1 << level
    return folded(hashes)
