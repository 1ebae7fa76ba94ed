from __future__ import annotations

import pytest

from proxy.errors import Refused
from proxy.vault import tree
from tests.support import ledger as logs

# The inputs that Certificate Transparency's own tests use, and what they come to.
INPUTS = [
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
GROWTHS = {
    (1, 8): PATHS[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
LOG = logs.Log(logs.leaves(7))
ROOT = LOG.checkpoint().root
LEAF = tree.leaf_hash(logs.leaf(2))
PROOF = tree.inclusion_proof(2, 7, LOG.read)


def read(level: int, index: int) -> bytes:
    """A full subtree over the known inputs."""
    if level == 0:
        return tree.leaf_hash(INPUTS[index])
    return tree.node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    """The frontier and the tree that is read both come to the known root."""
    assert tree.Frontier().extended(tuple(INPUTS[:size])).root().hex() == ROOTS[size]
    assert tree.root(size, read).hex() == ROOTS[size]


def test_proofs_are_those_of_certificate_transparency() -> None:
    """Known audit paths and consistency proofs are made to the octet."""
    for (index, size), path in PATHS.items():
        assert [one.hex() for one in tree.inclusion_proof(index, size, read)] == path
    for (first, second), path in GROWTHS.items():
        assert [one.hex() for one in tree.consistency_proof(first, second, read)] == path


def test_a_leaf_is_not_a_node() -> None:
    """Two neighbouring hashes taken as a leaf do not hash as their parent."""
    left, right = tree.leaf_hash(b"a"), tree.leaf_hash(b"b")
    assert tree.leaf_hash(left + right) != tree.node_hash(left, right)


@pytest.mark.parametrize(
    ("index", "size", "leaf", "proof", "root", "code"),
    [
        (0, 0, LEAF, (), tree.EMPTY_ROOT, "proof_index"),
        (7, 7, LEAF, PROOF, ROOT, "proof_index"),
        (-1, 7, LEAF, PROOF, ROOT, "proof_index"),
        (2, 7, LEAF, PROOF[:-1], ROOT, "proof_length"),
        (2, 7, LEAF, PROOF[1:], ROOT, "proof_length"),
        (2, 7, LEAF, (*PROOF, PROOF[0]), ROOT, "proof_length"),
        (2, 7, LEAF, (PROOF[0][:-1], *PROOF[1:]), ROOT, "proof_length"),
        (2, 7, LEAF, PROOF * 40, ROOT, "proof_length"),
        (2, 7, LEAF[:-1], PROOF, ROOT, "proof_length"),
        (3, 7, LEAF, PROOF, ROOT, "proof_root"),
        (2, 7, LEAF, PROOF, ROOT[::-1], "proof_root"),
        (2, 7, tree.leaf_hash(b"x"), PROOF, ROOT, "proof_root"),
        (0, 1, LEAF, (), ROOT, "proof_root"),
    ],
)
def test_wrong_inclusion_is_refused_by_its_code(
    *, index: int, size: int, leaf: bytes, proof: tuple[bytes, ...], root: bytes, code: str
) -> None:
    """Each way in which an inclusion proof can be wrong has its reason."""
    tree.check_inclusion(2, 7, LEAF, PROOF, ROOT)
    with pytest.raises(Refused, match=f"^{code}$"):
        tree.check_inclusion(index, size, leaf, proof, root)


GROWTH = tree.consistency_proof(3, 7, LOG.read)
FULL_GROWTH = tree.consistency_proof(4, 7, LOG.read)
OLD = LOG.checkpoint(3).root
FULL = LOG.checkpoint(4).root


@pytest.mark.parametrize(
    ("first", "second", "old", "new", "proof", "code"),
    [
        (7, 3, ROOT, OLD, GROWTH, "proof_size"),
        (-1, 7, OLD, ROOT, GROWTH, "proof_size"),
        (3, 7, OLD, ROOT, (), "proof_length"),
        (4, 7, FULL, ROOT, (), "proof_length"),
        (3, 7, OLD, ROOT, GROWTH[:-1], "proof_length"),
        (3, 7, OLD, ROOT, (*GROWTH, GROWTH[0]), "proof_length"),
        (3, 7, OLD, ROOT, (*GROWTH[:-1], GROWTH[-1] + b"x"), "proof_length"),
        (3, 7, FULL, ROOT, GROWTH, "proof_root"),
        (3, 7, OLD, FULL, GROWTH, "proof_root"),
        (4, 7, OLD, ROOT, FULL_GROWTH, "proof_root"),
        (7, 7, ROOT, ROOT, GROWTH, "proof_length"),
        (7, 7, ROOT, OLD, (), "proof_root"),
        (0, 7, tree.EMPTY_ROOT, ROOT, GROWTH, "proof_length"),
        (0, 7, OLD, ROOT, (), "proof_root"),
        (0, 0, OLD, OLD, (), "proof_root"),
    ],
)
def test_wrong_consistency_is_refused_by_its_code(
    *, first: int, second: int, old: bytes, new: bytes, proof: tuple[bytes, ...], code: str
) -> None:
    """Each way in which a consistency proof can be wrong has its reason."""
    tree.check_consistency(3, 7, OLD, ROOT, GROWTH)
    with pytest.raises(Refused, match=f"^{code}$"):
        tree.check_consistency(first, second, old, new, proof)


def test_what_needs_no_proof_has_an_empty_one() -> None:
    """A tree extends itself and the empty tree, by a proof without nodes."""
    for first, second in ((7, 7), (0, 7), (0, 0)):
        assert tree.consistency_proof(first, second, LOG.read) == ()
        old, new = LOG.checkpoint(first).root, LOG.checkpoint(second).root
        tree.check_consistency(first, second, old, new, ())


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_no_proof_is_made_of_an_absent_leaf(index: int, size: int) -> None:
    """Asking for the path of a leaf that the tree lacks is refused."""
    with pytest.raises(Refused, match="proof_index"):
        tree.inclusion_proof(index, size, LOG.read)


@pytest.mark.parametrize(("first", "second"), [(4, 3), (-1, 3)])
def test_no_proof_is_made_of_a_shrunken_tree(first: int, second: int) -> None:
    """A smaller tree does not extend a larger one."""
    with pytest.raises(Refused, match="proof_size"):
        tree.consistency_proof(first, second, LOG.read)
