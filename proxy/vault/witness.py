"""A witness's decision: whether a log's new checkpoint extends the last one, and its signature.

Pure but for signing: no socket, no file. A witness signs one history alone; two checkpoints of
the log that can not both be true are evidence, which its caller keeps (witness_files.py).
Source: C2SP tlog-cosignature; RFC 6962 s2.1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from proxy.errors import ProxyError, Refused
from proxy.vault import checkpoint, cosignature, note, primitives, tiles, tree, verifier

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.vault.checkpoint import Checkpoint
    from proxy.vault.verifier import VerifierKey


class Contradiction(Refused):
    """The log signed two histories."""

    def __init__(
        self, code: str, detail: str, *, last: str, offered: str, proof: tuple[bytes, ...] = ()
    ) -> None:
        """Keep the evidence: both notes as they came and, where their sizes differ, a proof.

        The proof's first hash is another root of the smaller size; the rest joins it to the root
        of the larger, so that no tile is needed to see that the smaller note lies.
        """
        super().__init__(code, detail)
        self.last = last
        self.offered = offered
        self.proof = proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Who watches which log. The seed signs cosignatures of this one witness and nothing else."""

    log: VerifierKey
    name: str
    seed: bytes

    @property
    def key(self) -> VerifierKey:
        """The witness's public key by its name."""
        return verifier.VerifierKey(
            name=self.name,
            kind=verifier.Kind.COSIGNATURE,
            public_key=primitives.ed25519_public(self.seed),
        )

    @override
    def __repr__(self) -> str:
        """The name alone: a seed stands in no traceback."""
        return f"Witness(name={self.name!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    checkpoint: Checkpoint
    at_s: int


def decide(
    witness: Witness, last: str | None, offered: str, source: tiles.Source, now: datetime
) -> str:
    """`offered` with the log's signature and the witness's, and no other.

    `last` is what this returned before; None trusts the log's first word. The answer must be
    durable before anybody gets it. Refused: what checkpoint.opened says of the offered note,
    `witness_state` (the last note is not our own), `witness_rolled_back` (smaller than the last),
    `cosignature_time` (our clock runs behind our last signature), `witness_tiles` (the tiles do
    not come to the root that the log signed: whoever serves them may be at fault). Contradiction:
    `witness_forked` (the size of the last with another root), `witness_inconsistent` (larger, and
    its tree begins with other leaves).
    """
    new = checkpoint.opened(offered, witness.log)
    at_s = int(now.timestamp())
    seen = None if last is None else _seen(witness, last)
    if last is None or seen is None:
        _check_first(new, source)
    else:
        _check_growth(seen.checkpoint, new, source, last, offered)
        if at_s < seen.at_s:
            raise Refused("cosignature_time", "The witness's clock is behind its last signature.")
    return _cosigned(witness, offered, at_s)


def _seen(witness: Witness, last: str) -> _Seen:
    """Our last checkpoint; Refused `witness_state` unless both the log and we signed it."""
    try:
        seen = checkpoint.opened(last, witness.log)
        found = note.parse(last)
        line = note.signature_of(found, witness.key)
        at_s = None if line is None else cosignature.check(found.text, line, witness.key)
    except ProxyError:
        at_s, seen = None, None
    if at_s is None or seen is None:
        raise Refused("witness_state", "The last checkpoint is not one that this witness cosigned.")
    return _Seen(checkpoint=seen, at_s=at_s)


def _check_first(new: Checkpoint, source: tiles.Source) -> None:
    if tree.root(new.size, tiles.TileReader(new.size, source).read) != new.root:
        raise Refused("witness_tiles", "The tiles do not come to the root that the log signed.")


def _check_growth(
    seen: Checkpoint, new: Checkpoint, source: tiles.Source, last: str, offered: str
) -> None:
    """Refused or Contradiction unless the new tree is the old one with leaves added."""
    if new.size < seen.size:
        raise Refused("witness_rolled_back", f"{new.size} leaves, after {seen.size}.")
    if new.size == seen.size:
        if new.root != seen.root:
            sentence = f"Two roots of one size, {new.size}, both signed by the log."
            raise Contradiction("witness_forked", sentence, last=last, offered=offered)
        return
    if not seen.size:  # an empty tree joins with any: look at the tiles as at first sight
        _check_first(new, source)
        return
    read = tiles.TileReader(new.size, source).read
    old_root = tree.root(seen.size, read)
    proof = tree.consistency_proof(seen.size, new.size, read)
    try:
        tree.check_consistency(seen.size, new.size, old_root, new.root, proof)
    except Refused:
        sentence = "The tiles do not come to the root that the log signed."
        raise Refused("witness_tiles", sentence) from None
    if old_root != seen.root:  # the tiles are the log's, for its signed root vouches for them
        sentence = f"The tree of {new.size} leaves does not extend that of {seen.size}."
        raise Contradiction(
            "witness_inconsistent", sentence, last=last, offered=offered, proof=(old_root, *proof)
        )


def _cosigned(witness: Witness, offered: str, at_s: int) -> str:
    """The note with the two lines that were checked or made here.

    Others are left out: a note filled up with lines would leave no room for ours.
    """
    found = note.parse(offered)
    of_log = note.signature_of(found, witness.log)
    sign = primitives.signer(witness.seed)
    own = cosignature.cosigned(found.text, witness.key, sign, at_s)
    signatures = (own,) if of_log is None else (of_log, own)
    return note.render(note.Note(text=found.text, signatures=signatures))
