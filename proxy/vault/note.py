"""C2SP signed notes: a text, an empty line, signature lines. Pure but for signing.

The vault's own checkpoints are signed here with the ledger's key; anybody's notes are parsed and
checked. Source: C2SP signed-note and tlog-checkpoint; FORMAT.md, Ledger.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, Refused
from proxy.vault import primitives, verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from proxy.vault.verifier import VerifierKey

NOTE_LIMIT_OCTETS = 1 << 18  # a note's; room for the 16 largest signatures that C2SP asks for
SIGNATURE_LIMIT = 100  # lines; more are no use, and each costs a look-up
_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")  # all but the newline


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line: who, by name and key id, and what follows the id."""

    name: str
    key_id: bytes
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text that ends in a newline, and its signatures, none of them checked."""

    text: str
    signatures: tuple[Signature, ...]


def origin(public_key: bytes) -> str:
    """The log's name: ours, and the start of its key's digest, so that no two logs share it."""
    return f"privacyproxy.ledger/{hashlib.sha256(public_key).hexdigest()[:16]}"


def log_key(public_key: bytes) -> VerifierKey:
    """The log's key by its name."""
    return verifier.VerifierKey(
        name=origin(public_key), kind=verifier.Kind.NOTE, public_key=public_key
    )


def key_id(public_key: bytes) -> bytes:
    """The first 4 octets of SHA-256(name LF type key)."""
    return log_key(public_key).id


def verifier_key(public_key: bytes) -> str:
    """The key in the form that verifiers of notes take: name+id+base64."""
    return verifier.render(log_key(public_key))


def checkpoint_text(public_key: bytes, size: int, root: bytes) -> str:
    """Origin, tree size and root hash, a line each."""
    return f"{origin(public_key)}\n{size}\n{base64.b64encode(root).decode()}\n"


def signed(public_key: bytes, text: str, sign: Callable[[bytes], bytes]) -> str:
    """The note: the text, an empty line, the signature line."""
    line = Signature(
        name=origin(public_key), key_id=key_id(public_key), content=sign(text.encode())
    )
    return render(Note(text=text, signatures=(line,)))


def render(note: Note) -> str:
    """The note as it travels."""
    return f"{note.text}\n{''.join(render_line(one) for one in note.signatures)}"


def render_line(signature: Signature) -> str:
    """One signature line with its end."""
    blob = base64.b64encode(signature.key_id + signature.content).decode()
    return f"{_DASH}{signature.name} {blob}\n"


def parse(text: str) -> Note:
    """The note of a text; InvalidInput `note_malformed`. Only the one rendering of a note parses.

    Stricter than C2SP in one thing: a key signs once, so no one can choose which line counts.
    """
    _check_characters(text)
    body, separator, rest = text.rpartition("\n\n")
    lines = rest.split("\n")
    if not separator or not body or lines.pop() or not 0 < len(lines) <= SIGNATURE_LIMIT:
        raise InvalidInput("note_malformed")
    signatures = tuple(_parse_line(line) for line in lines)
    if len({(one.name, one.key_id) for one in signatures}) != len(signatures):
        raise InvalidInput("note_malformed")
    return Note(text=body + "\n", signatures=signatures)


def _check_characters(text: str) -> None:
    try:
        octets = len(text.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        raise InvalidInput("note_malformed") from None
    if octets > NOTE_LIMIT_OCTETS or _CONTROL.search(text):
        raise InvalidInput("note_malformed")


def _parse_line(line: str) -> Signature:
    """A signature line without its end."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    blob = verifier.decoded(encoded)
    if not line.startswith(_DASH) or not verifier.is_name(name) or len(blob) <= verifier.ID_OCTETS:
        raise InvalidInput("note_malformed")
    return Signature(
        name=name, key_id=blob[: verifier.ID_OCTETS], content=blob[verifier.ID_OCTETS :]
    )


def signature_of(note: Note, key: VerifierKey) -> Signature | None:
    """The line that claims to be the key's: both name and id are its own."""
    wanted = (key.name, key.id)
    return next((one for one in note.signatures if (one.name, one.key_id) == wanted), None)


def verified(note: Note, keys: Sequence[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Those of `keys` (of kind NOTE) that signed the text.

    Refused `note_signature` if any known key's line does not hold, `note_unsigned` if none is
    there. Lines of unknown keys prove nothing and are passed over.
    """
    if any(key.kind is not verifier.Kind.NOTE for key in keys):
        raise Refused("verifier_key", "A key of another kind can not check this note.")
    found = [(key, line) for key in keys if (line := signature_of(note, key)) is not None]
    for key, line in found:
        if not primitives.is_signed(key.public_key, line.content, note.text.encode()):
            raise Refused("note_signature")
    if not found:
        raise Refused("note_unsigned")
    return tuple(key for key, _ in found)
