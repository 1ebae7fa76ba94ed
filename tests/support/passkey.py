"""An authenticator in software: passkeys of ES256 and Ed25519, every part of an assertion movable.

Source: WebAuthn Level 2 s5.8.1 (client data), s6.1 (authenticator data), s6.5.6 (signatures).
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.model import approval_key
from proxy.model.roster import RelyingParty
from proxy.vault.webauthn import Assertion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.approval_key import ApprovalKey

RP_ID = "approvals.example"
ORIGIN = "https://approvals.example"
RELYING_PARTY = RelyingParty(id=RP_ID, origins=(ORIGIN, "https://console.approvals.example"))
PRESENT, VERIFIED, ATTESTED, EXTENDED = 0x01, 0x04, 0x40, 0x80


def url(octets: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey whose keys come from `seed`, so that vectors stay the same."""

    seed: bytes
    is_p256: bool = True

    @property
    def private(self) -> ec.EllipticCurvePrivateKey | Ed25519PrivateKey:
        """The private key."""
        if self.is_p256:
            return ec.derive_private_key(int.from_bytes(self.seed[:31]) + 1, ec.SECP256R1())
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def spki(self) -> bytes:
        """The public key as a SubjectPublicKeyInfo."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def credential(self) -> str:
        """Its credential id, base64url."""
        return url(hashlib.sha256(b"credential" + self.seed).digest())

    @property
    def public(self) -> ApprovalKey:
        """The key as we read it."""
        return approval_key.parse_passkey(url(self.spki), self.credential)

    def sign(self, client_data: bytes, authenticator_data: bytes) -> bytes:
        """The authenticator's signature over whatever it is given."""
        signed = authenticator_data + hashlib.sha256(client_data).digest()
        private = self.private
        if isinstance(private, Ed25519PrivateKey):
            return private.sign(signed)
        return private.sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    def assertion(
        self,
        challenge: bytes,
        *,
        members: Mapping[str, object] | None = None,
        client_data: bytes | None = None,
        rp_id: str = RP_ID,
        flags: int = PRESENT | VERIFIED,
        counter: int = 0,
        after: bytes = b"",
        credential: str | None = None,
    ) -> Assertion:
        """A soundly signed assertion; `members` change or, when None, drop client data's."""
        said: dict[str, object] = {
            "type": "webauthn.get",
            "challenge": url(challenge),
            "origin": ORIGIN,
            "crossOrigin": False,
            **(members or {}),
        }
        said = {name: value for name, value in said.items() if value is not None}
        if client_data is None:
            client_data = json.dumps(said, separators=(",", ":")).encode()
        head = hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, counter)
        return Assertion(
            credential=credential or self.credential,
            client_data_json=client_data,
            authenticator_data=head + after,
            signature=self.sign(client_data, head + after),
        )


def as_json(assertion: Assertion) -> str:
    """The assertion as a browser's PublicKeyCredential.toJSON() gives it."""
    return json.dumps(
        {
            "id": assertion.credential,
            "rawId": assertion.credential,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": url(assertion.client_data_json),
                "authenticatorData": url(assertion.authenticator_data),
                "signature": url(assertion.signature),
                "userHandle": url(b"approver-1"),
            },
        }
    )
