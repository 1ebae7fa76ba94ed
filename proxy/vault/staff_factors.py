"""What staff sign as their second factor, and its verification. Implements SecondFactors.

Verifies only: holds no key and makes no signature. A sign-in has a label and, for OpenSSH keys, a
namespace of its own, so that no sign-in is ever a vote. A passkey knows no namespace: its
relying-party id is the host of the web role's base address, and what it signs is a digest under our
label. Approvers keep another passkey, of the roster's relying party, for votes.
Source: WebAuthn Level 2 s7.2; OpenSSH PROTOCOL.sshsig; vault.md, Vote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from proxy.model.approval_key import KeyKind
from proxy.model.roster import RelyingParty
from proxy.vault import primitives, signatures, sshsig

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey
    from proxy.model.roster import Person

_SIGN_IN: Final = b"pp-staff-sign-in-v1"
_ENROL: Final = b"pp-staff-enrol-v1"
_PORTS: Final = {"http": 80, "https": 443}


def sign_in(site: str, person: Person, nonce: bytes) -> bytes:
    """The 32 octets that somebody signs to sign in.

    `nonce` is the service's, of 256 random bits and used once: the signature is good for that one
    attempt. `site` keeps another service from passing our nonce on as its own.
    """
    return primitives.sha256(primitives.joined(_SIGN_IN, site.encode(), person.encode(), nonce))


def enrolment(site: str, person: Person, code: str) -> bytes:
    """The 32 octets that a key signs when it is enrolled: its owner has it, and the code.

    The code is used once, so the signature is. Whoever sees the signature can not guess the code:
    it has 256 bits.
    """
    code_sha256 = primitives.sha256(code.encode())
    return primitives.sha256(primitives.joined(_ENROL, site.encode(), person.encode(), code_sha256))


def relying_party(base_url: str) -> RelyingParty:
    """For which site staff's passkeys are: the host of the web role's base address."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    is_usual = parts.port is None or parts.port == _PORTS[parts.scheme]
    return RelyingParty(
        id=host, origins=(f"{parts.scheme}://{shown}{'' if is_usual else f':{parts.port}'}",)
    )


class StaffFactors:
    """Checks second factors for one site."""

    def __init__(self, base_url: str) -> None:
        """`base_url` is the web role's, from the settings: never what a request says."""
        self._relying_party = relying_party(base_url)

    @property
    def site(self) -> str:
        """What signatures are made for: the host of the base address."""
        return self._relying_party.id

    def sign_in(self, person: Person, nonce: bytes) -> bytes:
        """What somebody signs to sign in."""
        return sign_in(self.site, person, nonce)

    def enrolment(self, person: Person, code: str) -> bytes:
        """What a key signs when it is enrolled."""
        return enrolment(self.site, person, code)

    def check(self, key: ApprovalKey, signature: str, message: bytes) -> None:
        """Return when `signature` is the key's over `message`, user verified; Refused if not."""
        if key.kind is KeyKind.PASSKEY:
            signatures.verify(key, signature, message, relying_party=self._relying_party)
        else:
            sshsig.verify_sshsig(key, signature, message, namespace=sshsig.STAFF_NAMESPACE)

    def may_enrol(self, key: ApprovalKey) -> None:
        """Return when signatures of the key prove something; Refused `key_malformed`."""
        signatures.may_load(key)
