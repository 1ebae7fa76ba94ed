"""The reader's side of evidence: parts that the vault sealed to a key of this one reading.

Runs on the machine of a member of staff, which makes the key and forgets it. Imports neither
keyring nor unseal. What comes out is a stranger's file: it is written to disk by who reads it, and
nothing here looks into it. Source: FORMAT.md, Evidence.
"""

from __future__ import annotations

import hashlib

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import x25519
from typing_extensions import override

from proxy.errors import Refused
from proxy.model.evidence import Header
from proxy.vault import primitives, statements


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    media_type: str
    name: str

    @override
    def __repr__(self) -> str:
        """Never a file's name."""
        return "<_Header>"


class Parts:
    """Opens the parts of one reading, in order."""

    def __init__(self, private_key: bytes, document: str) -> None:
        """`private_key` belongs to the key that `document` names."""
        self._key = x25519.X25519PrivateKey.from_private_bytes(private_key)
        self._digest = primitives.sha256(document.encode())
        self._hash = hashlib.sha256()
        self._place = 0
        self._is_done = False
        self._header: Header | None = None

    def take(self, part: bytes) -> bytes:
        """The octets in the next part; none in the first, which is the header.

        Refused `reading_part` for a part of another reading or place, or behind the last.
        """
        if self._is_done:
            raise _not_ours()
        try:
            plain = self._open(part, is_last=False)
        except (InvalidTag, ValueError):
            plain = self._last(part)
            self._is_done = True
        self._place += 1
        if self._header is None:
            self._header = _header(plain)
            return b""
        self._hash.update(plain)
        return plain

    def finish(self, sha256: str) -> Header:
        """What the file is, once all of it came; Refused `reading_incomplete`, `reading_sha256`.

        `sha256` is what the case's event says.
        """
        if not self._is_done or self._header is None:
            raise Refused("reading_incomplete", "The end of the file did not come.")
        if self._hash.hexdigest() != sha256:
            raise Refused("reading_sha256", "This is not the file that the case has.")
        return self._header

    def _last(self, part: bytes) -> bytes:
        try:
            return self._open(part, is_last=True)
        except (InvalidTag, ValueError):
            raise _not_ours() from None

    def _open(self, part: bytes, *, is_last: bool) -> bytes:
        bound = statements.read_part(self._digest, self._place, is_last=is_last)
        return primitives.INTAKE_SUITE.decrypt(part, self._key, bound)


def _header(plain: bytes) -> Header:
    try:
        found = msgspec.json.decode(plain, type=_Header)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _not_ours() from None
    return Header(kind=found.kind, media_type=found.media_type, name=found.name)


def _not_ours() -> Refused:
    return Refused("reading_part", "A part is not of this file, or not in its place.")
