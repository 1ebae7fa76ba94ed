"""Checkpoints: what a log says of its tree, read out of a note that it signed. Pure.

Source: C2SP tlog-checkpoint.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, Refused
from proxy.vault import note, tree, verifier

if TYPE_CHECKING:
    from proxy.vault.verifier import VerifierKey

SIZE_LIMIT = 1 << 63  # leaves
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A log's name, tree size and root; `extensions` are lines that we do not interpret."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def render(checkpoint: Checkpoint) -> str:
    """The text that a log signs."""
    encoded = base64.b64encode(checkpoint.root).decode()
    lines = (checkpoint.origin, str(checkpoint.size), encoded, *checkpoint.extensions)
    return "".join(f"{line}\n" for line in lines)


def parse(text: str) -> Checkpoint:
    """The checkpoint of a note's text; InvalidInput `checkpoint_malformed`."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):  # noqa: PLR2004 - three lines and the end
        raise InvalidInput("checkpoint_malformed")
    origin, size, encoded, *extensions = lines
    root = verifier.decoded(encoded)
    if not origin.isprintable():
        raise InvalidInput("checkpoint_malformed")
    if not _SIZE.fullmatch(size) or int(size) >= SIZE_LIMIT or len(root) != tree.HASH_OCTETS:
        raise InvalidInput("checkpoint_malformed")
    if size == "0" and root != tree.EMPTY_ROOT:
        raise InvalidInput("checkpoint_malformed")
    return Checkpoint(origin=origin, size=int(size), root=root, extensions=tuple(extensions))


def opened(signed: str, log: VerifierKey) -> Checkpoint:
    """The checkpoint of a note that `log` signed.

    Errors of note.parse, note.verified and `parse`; Refused `checkpoint_origin` if the log signed
    for another name than its key's.
    """
    found = note.parse(signed)
    note.verified(found, (log,))
    checkpoint = parse(found.text)
    if checkpoint.origin != log.name:
        raise Refused("checkpoint_origin")
    return checkpoint
