"""Checkpoints as C2SP signed notes: text, then one Ed25519 signature line. Pure but for signing.

Source: C2SP tlog-checkpoint and signed-note; FORMAT.md, Ledger.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ED25519 = b"\x01"  # signature type of signed-note


def origin(public_key: bytes) -> str:
    """The log's name: ours, and the start of its key's digest, so that no two logs share it."""
    return f"privacyproxy.ledger/{hashlib.sha256(public_key).hexdigest()[:16]}"


def key_id(public_key: bytes) -> bytes:
    """The first 4 octets of SHA-256(name LF type key)."""
    name = origin(public_key).encode()
    return hashlib.sha256(name + b"\n" + _ED25519 + public_key).digest()[:4]


def verifier_key(public_key: bytes) -> str:
    """The key in the form that verifiers of notes take: name+id+base64."""
    encoded = base64.b64encode(_ED25519 + public_key).decode()
    return f"{origin(public_key)}+{key_id(public_key).hex()}+{encoded}"


def checkpoint_text(public_key: bytes, size: int, root: bytes) -> str:
    """Origin, tree size and root hash, a line each."""
    return f"{origin(public_key)}\n{size}\n{base64.b64encode(root).decode()}\n"


def signed(public_key: bytes, text: str, sign: Callable[[bytes], bytes]) -> str:
    """The note: the text, an empty line, the signature line."""
    blob = base64.b64encode(key_id(public_key) + sign(text.encode())).decode()
    return f"{text}\n\u2014 {origin(public_key)} {blob}\n"
