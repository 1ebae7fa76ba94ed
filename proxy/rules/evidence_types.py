"""Which files may be evidence, told by their first octets: a type is allowed, never guessed.

We read no more of a foreign file than says whether it begins as its type does; text is looked
through for octets that no text has. What is inside is for whoever opens it, on their own machine.
Source: design promises; the formats' own magic numbers (ISO 32000 s7.5.2, RFC 2083 s3.1, ITU-T T.81
B.1.1.3, RFC 9580 s6.2, RFC 5322 s2.2, RFC 8259 s2).
"""

from __future__ import annotations

import codecs
import re
from typing import Final

HEAD_OCTETS: Final = 1_024
"""Of a file's beginning that `begins_as` wants, or all of a shorter one."""

_PDF: Final = b"%PDF-"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_ARMOUR: Final = re.compile(
    rb"-----BEGIN PGP (?:MESSAGE|SIGNED MESSAGE|SIGNATURE|PUBLIC KEY BLOCK)-----\r?\n"
)
_FIELD: Final = re.compile(rb"[!-9;-~]{1,76}[ \t]*:")  # RFC 5322 s2.2, s3.6.8
_JSON: Final = re.compile(rb"[ \t\r\n]*[\[{]")
_NO_TEXT: Final = bytes(one for one in range(32) if one not in b"\t\n\r\f") + b"\x7f"

PLAIN: Final = "text/plain"
MESSAGE: Final = "message/rfc822"
_UTF8: Final = frozenset({PLAIN, "application/json"})
_ARMOURED: Final = frozenset(
    {"application/pgp-encrypted", "application/pgp-keys", "application/pgp-signature"}
)
ALLOWED: Final = frozenset(
    {"application/pdf", "image/png", "image/jpeg", MESSAGE} | _UTF8 | _ARMOURED
)


def begins_as(media_type: str, head: bytes) -> bool:
    """Whether a file that begins so may be of the type; False for every type not allowed."""
    match media_type:
        case "application/pdf":
            return head.startswith(_PDF)
        case "image/png":
            return head.startswith(_PNG)
        case "image/jpeg":
            return head.startswith(_JPEG)
        case "message/rfc822":
            return _FIELD.match(head) is not None
        case "application/json":
            return _JSON.match(head) is not None
        case "text/plain":
            return not head.startswith(_PDF)  # the one binary file that begins as text does
        case _:
            return media_type in _ARMOURED and _ARMOUR.match(head) is not None


class Text:
    """Looks through a text as it comes; of other types it asks nothing."""

    def __init__(self, media_type: str) -> None:
        """`media_type` is one of ALLOWED."""
        self._decoder = codecs.getincrementaldecoder("utf-8")() if media_type in _UTF8 else None
        self._is_octets = media_type == MESSAGE  # a message may be in any character set
        self._is_armour = media_type in _ARMOURED

    def may_hold(self, octets: bytes, *, is_end: bool = False) -> bool:
        """Whether the next octets can be of such a text; `is_end` with the last of them."""
        if self._is_octets:
            return b"\0" not in octets
        if self._is_armour:
            return octets.isascii() and not _has_controls(octets)
        if self._decoder is None:
            return True
        try:
            self._decoder.decode(octets, is_end)
        except UnicodeDecodeError:
            return False
        return not _has_controls(octets)


def _has_controls(octets: bytes) -> bool:
    return len(octets.translate(None, _NO_TEXT)) != len(octets)
