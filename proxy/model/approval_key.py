"""The public key an approver votes with: an OpenSSH key or a passkey. Pure; verifies nothing.

A key is checked as it is made, so that whoever holds one may trust its shape; whether it is a
sound point of its curve is the vault's to say (signatures.may_load).
Source: RFC 8709 s4 (ssh-ed25519), OpenSSH PROTOCOL.u2f (sk-ssh-ed25519), RFC 4648 s4 and s5,
WebAuthn Level 2 s4 (credential id).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum

from proxy.errors import InvalidInput
from proxy.model import ssh_strings

POINT_OCTETS = 32  # RFC 8032 s5.1.5
LINE_LIMIT = 4096  # characters of a .pub line; such a line has some hundred
APPLICATION_LIMIT_OCTETS = 255  # of a security key; "ssh:" unless somebody chose a longer one
PUBLIC_LIMIT_OCTETS = 200  # a SubjectPublicKeyInfo of P-256 has 91, of Ed25519 44
CREDENTIAL_OCTETS = range(16, 1024)  # WebAuthn L2 s4: at least 16, at most 1,023


class KeyKind(StrEnum):
    """What a key is, in OpenSSH's own words where it has them."""

    ED25519 = "ssh-ed25519"
    SK_ED25519 = "sk-ssh-ed25519@openssh.com"
    PASSKEY = "webauthn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalKey:
    """A public key of one approver.

    `public` is base64 of the key blob as in a .pub file, for a passkey base64url without padding
    of the SubjectPublicKeyInfo (DER). `credential` is a passkey's id in base64url, else empty.
    """

    kind: KeyKind
    public: str
    credential: str = ""

    def __post_init__(self) -> None:
        """Refuse a key that is not exactly of its kind: InvalidInput `key_malformed`."""
        if not self._is_sound():
            raise _malformed()

    def _is_sound(self) -> bool:
        if self.kind is KeyKind.PASSKEY:
            public = base64url_octets(self.public) or b""
            credential = base64url_octets(self.credential) or b""
            return 0 < len(public) <= PUBLIC_LIMIT_OCTETS and len(credential) in CREDENTIAL_OCTETS
        blob = base64_octets(self.public) or b""
        return not self.credential and _openssh_parts(self.kind, blob) is not None

    @property
    def octets(self) -> bytes:
        """The public key as octets: OpenSSH's blob, or the SubjectPublicKeyInfo."""
        decode = base64url_octets if self.kind is KeyKind.PASSKEY else base64_octets
        return decode(self.public) or b""

    @property
    def id(self) -> str:
        """The fingerprint, as `ssh-keygen -lf` shows it for an OpenSSH key."""
        digest = hashlib.sha256(self.octets).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"

    @property
    def is_detached(self) -> bool:
        """Whether it signs on the approver's own machine, where no console stands between."""
        return self.kind is not KeyKind.PASSKEY

    @property
    def point(self) -> bytes:
        """The Ed25519 public key in an OpenSSH key, 32 octets; empty for a passkey."""
        parts = _openssh_parts(self.kind, self.octets)
        return parts[0] if parts else b""

    @property
    def application(self) -> bytes:
        """What a security key signs for ("ssh:"); empty for other kinds."""
        parts = _openssh_parts(self.kind, self.octets)
        return parts[1] if parts else b""


def parse_public_line(text: str) -> ApprovalKey:
    """The key of an OpenSSH .pub line: kind, base64 and perhaps a comment, nothing before them.

    InvalidInput `key_kind` for another kind of key, `key_malformed` for what is no such line.
    """
    line = text.removesuffix("\n").removesuffix("\r")
    kind, _, rest = line.partition(" ")
    public = rest.partition(" ")[0]
    if not kind or not public or not line.isprintable() or len(text) > LINE_LIMIT:
        raise _malformed()
    if kind not in {KeyKind.ED25519, KeyKind.SK_ED25519}:
        raise InvalidInput(
            "key_kind",
            "Approvals take Ed25519 keys: ssh-keygen -t ed25519, or -t ed25519-sk for a"
            " security key.",
        )
    return ApprovalKey(kind=KeyKind(kind), public=public)


def parse_public_blob(blob: bytes) -> ApprovalKey:
    """The key of an OpenSSH blob, as key files carry it; errors as of `parse_public_line`."""
    try:
        kind, _ = ssh_strings.take(blob)
        name = kind.decode("ascii")
    except ValueError:
        raise _malformed() from None
    return parse_public_line(f"{name} {base64.b64encode(blob).decode()}")


def parse_passkey(public: str, credential: str) -> ApprovalKey:
    """A passkey of its SubjectPublicKeyInfo and credential id, both base64url; `key_malformed`."""
    return ApprovalKey(kind=KeyKind.PASSKEY, public=public, credential=credential)


def base64_octets(text: str) -> bytes | None:
    """What canonical base64 (RFC 4648 s4, padded) stands for; None for anything else."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    # Only the one text that the octets render to: no stray bits, no padding more or less.
    return found if base64.b64encode(found).decode() == text else None


def base64url_octets(text: str) -> bytes | None:
    """What canonical base64url (RFC 4648 s5, no padding) stands for; None for anything else."""
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return found if base64url_text(found) == text else None


def base64url_text(octets: bytes) -> str:
    """The octets as base64url without padding."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _openssh_parts(kind: KeyKind, blob: bytes) -> tuple[bytes, bytes] | None:
    """Point and application of a blob; None unless it is wholly and exactly of `kind`."""
    if kind is KeyKind.PASSKEY:
        return None
    has_application = kind is KeyKind.SK_ED25519
    try:
        found, rest = ssh_strings.take_many(blob, 3 if has_application else 2)
    except ValueError:
        return None
    application = found[2] if has_application else b""
    # OpenSSH's applications start so; another would be a credential of somebody's web site.
    if has_application and not (
        application.startswith(b"ssh:")
        and len(application) <= APPLICATION_LIMIT_OCTETS
        and application.isascii()
    ):
        return None
    if rest or found[0] != kind.encode() or len(found[1]) != POINT_OCTETS:
        return None
    return found[1], application


def _malformed() -> InvalidInput:
    return InvalidInput("key_malformed", "This is no public key of a kind that approvals take.")
