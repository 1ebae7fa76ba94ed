"""The manifest as octets: what is hashed for the ledger, signed, and sent beside the files.

Canonical JSON of strings and integers, no personal data. One manifest, one text.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

from escrow.model import File, Manifest
from proxy.errors import InvalidInput

NAME: Final = "manifest.json"
SIGNATURE_NAME: Final = "manifest.json.asc"
LIMIT_OCTETS: Final = 16 << 20  # some ten thousand files; protects the reader's memory
VERSION: Final = 1
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_decode: Final = msgspec.json.Decoder(Manifest, strict=True).decode


def render(manifest: Manifest) -> bytes:
    """The manifest's text."""
    return _encode(manifest)


def parse(text: bytes) -> Manifest:
    """The manifest; InvalidInput `manifest_malformed` for anything but a text of `render`."""
    try:
        found = _decode(text) if len(text) <= LIMIT_OCTETS else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = None
    if found is None or found.v != VERSION or render(found) != text:
        raise InvalidInput("manifest_malformed", "This is no manifest of a deposit of ours.")
    if not all(_is_sound(one) for one in found.files):
        raise InvalidInput("manifest_malformed", "The manifest names impossible files.")
    return found


def digest(text: bytes) -> bytes:
    """What the ledger, a signature and a receipt mean by the deposit."""
    return hashlib.sha256(text).digest()


def _is_sound(file: File) -> bool:
    # Names become paths where the deposit is read: nothing in them may lead elsewhere.
    return (
        _FILE_NAME.fullmatch(file.name) is not None
        and _FILE_NAME.fullmatch(file.plain_name) is not None
        and _HEX.fullmatch(file.sha256) is not None
        and _HEX.fullmatch(file.plain_sha256) is not None
        and min(file.octets, file.plain_octets) >= 0
    )
