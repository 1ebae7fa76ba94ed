"""Notes and proofs of ours, good and changed, for programs that judge them: [kind, case] pairs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from proxy.vault import cosignature, note, primitives, tree, verifier
from tests.support import ledger as logs

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (1, 2, 3, 7, 8, 255, 256, 300)
WITNESS_SEED = hashlib.sha256(b"a test witness").digest()
WITNESS = verifier.VerifierKey(
    name="witness.example/w1",
    kind=verifier.Kind.COSIGNATURE,
    public_key=primitives.ed25519_public(WITNESS_SEED),
)
LOG = logs.Log(logs.leaves(max(SIZES)))
Case = tuple[str, dict[str, Any], bool]  # kind, case, whether it is good


def cosigned(signed: str, at_s: int = 1_790_000_000) -> str:
    """The note with the witness's line."""
    found = note.parse(signed)
    sign = primitives.signer(WITNESS_SEED)
    own = cosignature.cosigned(found.text, WITNESS, sign, at_s)
    return note.render(note.Note(text=found.text, signatures=(*found.signatures, own)))


def cases() -> list[Case]:
    """Every case with the verdict that it must get."""
    return [*_notes(), *_inclusions(), *_consistencies()]


def _notes() -> Iterator[Case]:
    text = cosigned(LOG.signed())
    later = text.replace("\n300\n", "\n301\n")
    for kind, key in (("note", logs.KEY), ("cosignature", WITNESS)):
        rendered = verifier.render(key)
        yield kind, {"text": text, "key": rendered}, True
        yield kind, {"text": later, "key": rendered}, False
    yield "cosignature", {"text": LOG.signed(), "key": verifier.render(WITNESS)}, False
    other = verifier.VerifierKey(
        name=logs.KEY.name, kind=verifier.Kind.NOTE, public_key=WITNESS.public_key
    )
    yield "note", {"text": text, "key": verifier.render(other)}, False


def _inclusions() -> Iterator[Case]:
    for size in SIZES:
        for index in {0, size // 3, size - 1}:
            good: dict[str, Any] = {
                "index": index,
                "size": size,
                "leaf": LOG.leaves[index].hex(),
                "proof": [one.hex() for one in tree.inclusion_proof(index, size, LOG.read)],
                "root": LOG.checkpoint(size).root.hex(),
            }
            yield "inclusion", good, True
            yield "inclusion", {**good, "leaf": logs.leaf(-1).hex()}, False
            yield "inclusion", {**good, "proof": [*good["proof"], "00" * 32]}, False
            yield "inclusion", {**good, "root": "00" * 32}, False
            if size > 1:
                yield "inclusion", {**good, "proof": good["proof"][:-1]}, False


def _consistencies() -> Iterator[Case]:
    for second in SIZES:
        for first in {max(1, second // 3), 1, second}:
            good: dict[str, Any] = {
                "first": first,
                "second": second,
                "first_root": LOG.checkpoint(first).root.hex(),
                "second_root": LOG.checkpoint(second).root.hex(),
                "proof": [one.hex() for one in tree.consistency_proof(first, second, LOG.read)],
            }
            yield "consistency", good, True
            yield "consistency", {**good, "first_root": "00" * 32}, False
            yield "consistency", {**good, "second_root": "00" * 32}, False
            yield "consistency", {**good, "proof": [*good["proof"], "00" * 32]}, False
            if first < second:
                yield "consistency", {**good, "proof": good["proof"][1:]}, False
