"""Receipts: the proof of one entry for a stranger, who needs the log's verifier key and no more.

A receipt discloses its entry and that entry's salt, nothing of any other. Pure.
Source: FORMAT.md, Ledger; RFC 9162 s2.1.3.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from proxy.errors import InvalidInput, Refused
from proxy.vault import checkpoint, leaf, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.ledger import LedgerEntry
    from proxy.vault.checkpoint import Checkpoint
    from proxy.vault.verifier import VerifierKey

RECEIPT_LIMIT_OCTETS = 1 << 20  # an entry is some hundred octets, a note a few thousand
_HASH = re.compile(r"[0-9a-f]{64}")


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON document. `entry` is the very text that was committed to; hex is lower case."""

    v: int
    entry: str
    salt: str
    index: int
    checkpoint: str
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a receipt proves: this entry stands at `index` of the tree of that checkpoint."""

    entry: LedgerEntry
    index: int
    checkpoint: Checkpoint


def made(
    content: bytes, salt_octets: bytes, index: int, signed: str, proof: Sequence[bytes]
) -> Receipt:
    """The receipt of an entry in its canonical form."""
    return Receipt(
        v=1,
        entry=content.decode(),
        salt=salt_octets.hex(),
        index=index,
        checkpoint=signed,
        proof=tuple(node.hex() for node in proof),
    )


def render(receipt: Receipt) -> bytes:
    """The receipt as JSON, indented for whoever reads it."""
    return msgspec.json.format(msgspec.json.encode(receipt), indent=1) + b"\n"


def parse(content: bytes) -> Receipt:
    """The receipt of a document; InvalidInput `receipt_malformed`."""
    if len(content) > RECEIPT_LIMIT_OCTETS:
        raise InvalidInput("receipt_malformed")
    try:
        found = msgspec.json.decode(content, type=Receipt)
    except (ValueError, RecursionError):  # msgspec's own errors are of the first kind
        raise InvalidInput("receipt_malformed") from None
    hashes = (found.salt, *found.proof)
    if found.v != 1 or not all(_HASH.fullmatch(one) for one in hashes):
        raise InvalidInput("receipt_malformed")
    return found


def check(receipt: Receipt, log: VerifierKey) -> Proven:
    """What the receipt proves to who trusts `log`.

    Errors of checkpoint.opened (not the log's word), leaf.parse (no entry), tree.check_inclusion
    (another entry, salt or place than the log committed to).
    """
    seen = checkpoint.opened(receipt.checkpoint, log)
    try:
        content = receipt.entry.encode()
        salt_octets, *proof = (bytes.fromhex(one) for one in (receipt.salt, *receipt.proof))
    except ValueError:
        raise InvalidInput("receipt_malformed") from None
    if len(salt_octets) != leaf.SALT_OCTETS:
        raise Refused("receipt_salt")
    entry = leaf.parse(content)
    hashed = tree.leaf_hash(leaf.commitment(salt_octets, content))
    tree.check_inclusion(receipt.index, seen.size, hashed, proof, seen.root)
    return Proven(entry=entry, index=receipt.index, checkpoint=seen)
