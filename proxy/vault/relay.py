"""The relay's own key, and the blobs in which it gets one address for one message or notice.

The vault seals with the public half; the relay opens with KEYDIR/relay/relay.json. Imports neither
keyring nor unseal, so that the relay may load it. Source: vault.md, Grants; FORMAT.md, Relay and
Notices.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import x25519
from typing_extensions import override

from proxy.errors import Refused, Unavailable
from proxy.vault import files, primitives, statements

if TYPE_CHECKING:
    from pathlib import Path

# Holds the longest address the API takes (254 characters, up to 4 octets each) and a language of
# 35; every blob has this length, so that it tells nothing of whose it is.
PLAINTEXT_OCTETS = 1280
NOTICE_OCTETS = 1408  # the same and a token of 43 characters
_FILE_LIMIT_OCTETS = 4096


class _RelayFile(msgspec.Struct, forbid_unknown_fields=True):
    private_key: bytes

    @override
    def __repr__(self) -> str:
        """Never the key."""
        return "<_RelayFile>"


class _Plain(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    email: str
    v: int
    language: str | None = None

    @override
    def __repr__(self) -> str:
        """Never the address."""
        return "<_Plain>"


class _Notice(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    email: str
    v: int
    language: str | None = None
    token: str = ""

    @override
    def __repr__(self) -> str:
        """Neither address nor token."""
        return "<_Notice>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a message goes, and the language to write in."""

    email: str = field(repr=False)
    language: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """Where a notice goes, in which language, and the token of its link; "" for none."""

    email: str = field(repr=False)
    language: str | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)


def render_key(private_key: bytes) -> bytes:
    """The bytes of relay.json."""
    return msgspec.json.encode(_RelayFile(private_key=private_key))


def load_key(path: Path) -> bytes:
    """The private key in relay.json; Unavailable `relay_key` when absent or damaged."""
    try:
        content = files.read(path, _FILE_LIMIT_OCTETS)
        found = msgspec.json.decode(content or b"", type=_RelayFile)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        raise Unavailable("relay_key", f"The relay's key file {path} can not be read.") from None
    if len(found.private_key) != primitives.KEY_OCTETS:
        raise Unavailable("relay_key", f"The relay's key file {path} is damaged.")
    return found.private_key


def seal_address(public_key: bytes, address: Address, *, alias: str, message: str) -> bytes:
    """The blob: for this alias and message alone, always of one length; Refused `relay_address`."""
    plain = _Plain(email=address.email, v=1, language=address.language)
    plaintext = msgspec.json.encode(plain, order="sorted")
    if len(plaintext) > PLAINTEXT_OCTETS:
        raise Refused("relay_address")
    return primitives.seal_to(
        public_key, plaintext.ljust(PLAINTEXT_OCTETS), statements.relayed(alias, message)
    )


def open_address(private_key: bytes, blob: bytes, *, alias: str, message: str) -> Address:
    """The address inside a blob of this alias and message; Refused `relay_blob`."""
    key = x25519.X25519PrivateKey.from_private_bytes(private_key)
    try:
        plaintext = primitives.INTAKE_SUITE.decrypt(blob, key, statements.relayed(alias, message))
        found = msgspec.json.decode(plaintext, type=_Plain)
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        raise Refused("relay_blob") from None
    return Address(email=found.email, language=found.language)


def seal_notice(public_key: bytes, addressed: Addressed, *, case: str, notice: str) -> bytes:
    """The blob: for this case and notice alone, always of one length; Refused `relay_address`."""
    return _sealed(public_key, addressed, statements.noticed(case, notice))


def open_notice(private_key: bytes, blob: bytes, *, case: str, notice: str) -> Addressed:
    """The address inside a blob of this case and notice; Refused `relay_blob`."""
    return _opened(private_key, blob, statements.noticed(case, notice))


def seal_letter(
    public_key: bytes, addressed: Addressed, *, tenant: str, registration: str, notice: str
) -> bytes:
    """The same for a letter: for this registration and notice alone."""
    return _sealed(public_key, addressed, statements.lettered(tenant, registration, notice))


def open_letter(
    private_key: bytes, blob: bytes, *, tenant: str, registration: str, notice: str
) -> Addressed:
    """The address inside a blob of this registration and notice; Refused `relay_blob`."""
    return _opened(private_key, blob, statements.lettered(tenant, registration, notice))


def _sealed(public_key: bytes, addressed: Addressed, bound: bytes) -> bytes:
    plain = _Notice(email=addressed.email, v=1, language=addressed.language, token=addressed.token)
    plaintext = msgspec.json.encode(plain, order="sorted")
    if len(plaintext) > NOTICE_OCTETS:
        raise Refused("relay_address")
    return primitives.seal_to(public_key, plaintext.ljust(NOTICE_OCTETS), bound)


def _opened(private_key: bytes, blob: bytes, bound: bytes) -> Addressed:
    key = x25519.X25519PrivateKey.from_private_bytes(private_key)
    try:
        plaintext = primitives.INTAKE_SUITE.decrypt(blob, key, bound)
        found = msgspec.json.decode(plaintext, type=_Notice)
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        raise Refused("relay_blob") from None
    return Addressed(email=found.email, language=found.language, token=found.token)
