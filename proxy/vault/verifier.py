"""Verifier keys of signed notes: who signed, told by name and key, as one line of text.

Public halves only. Source: C2SP signed-note (type 0x01), tlog-cosignature (type 0x04).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum

from proxy.errors import InvalidInput

KEY_OCTETS = 32  # Ed25519
ID_OCTETS = 4
KEY_LIMIT = 512  # characters of a verifier key; a name of some hundred at most
_KEY = re.compile(r"(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+={0,2})")


class Kind(IntEnum):
    """What a key signs."""

    NOTE = 0x01  # the text of a note
    COSIGNATURE = 0x04  # "cosignature/v1", a time and the text


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A key by which notes are checked. The id follows from the rest and finds, never proves."""

    name: str
    kind: Kind
    public_key: bytes

    @property
    def id(self) -> bytes:
        """The first 4 octets of SHA-256(name LF type key)."""
        parts = (self.name.encode(), b"\n", bytes([self.kind]), self.public_key)
        return hashlib.sha256(b"".join(parts)).digest()[:ID_OCTETS]


def is_name(text: str) -> bool:
    """Whether a key may be called so: no space, no plus, nothing that a terminal would not print.

    Stricter than C2SP, which refuses spaces and pluses alone: readers print names, and controls
    or directions of writing (Unicode's categories C and Z) would make them say something else.
    """
    return 0 < len(text) <= KEY_LIMIT and "+" not in text and " " not in text and text.isprintable()


def render(key: VerifierKey) -> str:
    """The key as name+id+base64."""
    encoded = base64.b64encode(bytes([key.kind]) + key.public_key).decode()
    return f"{key.name}+{key.id.hex()}+{encoded}"


def parse(text: str) -> VerifierKey:
    """The key of one line without its end; InvalidInput `verifier_key`.

    Its id must be the right one: a name or key that was mistyped does not go unnoticed.
    """
    found = _KEY.fullmatch(text) if len(text) <= KEY_LIMIT else None
    octets = b"" if found is None else decoded(found["key"])
    if found is None or not is_name(found["name"]) or not octets:
        raise InvalidInput("verifier_key")
    if octets[0] not in set(Kind) or len(octets) != 1 + KEY_OCTETS:
        raise InvalidInput("verifier_key")
    key = VerifierKey(name=found["name"], kind=Kind(octets[0]), public_key=octets[1:])
    if key.id.hex() != found["id"]:
        raise InvalidInput("verifier_key")
    return key


def decoded(text: str) -> bytes:
    """The octets of a base64 text; none at all unless it is the one text for them."""
    try:
        octets = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return octets if base64.b64encode(octets).decode() == text else b""
