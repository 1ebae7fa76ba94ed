"""The releaser's side of a pass-phrase that the vault sealed to a key of their own machine.

Runs on that machine, which makes the key and forgets it. Imports neither keyring nor unseal.
Source: FORMAT.md, Package.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import x25519

from proxy.errors import Refused
from proxy.vault import primitives, statements


def open_sealed(private_key: bytes, document: str, sealed: bytes) -> str:
    """The pass-phrase; Refused `pass_phrase_sealed` for an answer to another document."""
    key = x25519.X25519PrivateKey.from_private_bytes(private_key)
    bound = statements.pass_phrase_sealed(primitives.sha256(document.encode()))
    try:
        return primitives.INTAKE_SUITE.decrypt(sealed, key, bound).decode("ascii").strip()
    except (InvalidTag, ValueError):
        raise Refused("pass_phrase_sealed", "This does not answer what was asked.") from None
