"""Which certificates deposits are encrypted to, in the words of escrow.

Holds no key. pysequoia encrypts to expired and to revoked certificates without a word, so every
recipient passes `require_usable`. How a certificate is read is proxy.vault.openpgp_certificates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import Refused
from proxy.vault import openpgp_certificates as common
from proxy.vault.openpgp_certificates import LIMIT_OCTETS, Certificate, guarded

if TYPE_CHECKING:
    from datetime import datetime

    import pysequoia

__all__ = ("LIMIT_OCTETS", "Certificate", "guarded", "load", "merged", "parse", "require_usable")


def parse(data: bytes) -> Certificate:
    """The certificate in `data`, armoured or binary; exactly one, and no secret key.

    Refused `escrow_recipient_malformed`, `escrow_recipient_secret_key` or
    `escrow_recipient_no_encryption_key`. Expiry and revocation are facts, not faults, here.
    """
    return common.examine(load(data), _FAULTS)


def load(data: bytes) -> pysequoia.Cert:
    """The same, as pysequoia has it, without asking for an encryption key."""
    return common.load(data, _FAULTS)


def merged(known: bytes, update: bytes) -> bytes:
    """The certificate `known` with what `update` of the same key adds, even a revocation.

    Whether it is of use is not looked at: `parse` the result.
    """
    old, new = load(known), load(update)
    if old.fingerprint != new.fingerprint:
        raise Refused("escrow_recipient_other_key", "The update is of another key.")
    fault = Refused("escrow_recipient_malformed", "The update does not fit the certificate.")
    octets = bytes(guarded(lambda: old.merge(new), fault))
    if len(octets) > LIMIT_OCTETS:
        raise fault
    return octets


def require_usable(certificate: Certificate, now: datetime) -> None:
    """Return when deposits may be encrypted to it; Refused with the reason if not."""
    if certificate.is_revoked:
        raise Refused(
            "escrow_recipient_revoked",
            f"The key {certificate.fingerprint} was revoked by its owner. Ask the agent for its "
            "new key and have it approved.",
        )
    if certificate.expires_at is not None and certificate.expires_at <= now:
        raise Refused(
            "escrow_recipient_expired",
            f"The key {certificate.fingerprint} expired on {certificate.expires_at:%Y-%m-%d}. Ask "
            "the agent for the renewed certificate and add it; the same key needs no approval.",
        )


def _malformed() -> Refused:
    return Refused(
        "escrow_recipient_malformed",
        "This is not one sound OpenPGP certificate. Ask its owner for an export of the public key.",
    )


def _secret_key() -> Refused:
    return Refused(
        "escrow_recipient_secret_key",
        "This file holds a secret key. Nobody but its owner may have it: export the public "
        "key instead, and ask the owner to make a new key if the file was sent to you.",
    )


def _no_encryption_key(fingerprint: str) -> Refused:
    return Refused(
        "escrow_recipient_no_encryption_key",
        f"The certificate {fingerprint} has no key that deposits can be encrypted to: none was "
        "made for it, it was revoked, or it is too weak. Ask the agent for a complete one.",
    )


def _unsound(fingerprint: str) -> Refused:
    return Refused(
        "escrow_recipient_malformed",
        f"The certificate {fingerprint} is not soundly signed by its own key.",
    )


_FAULTS: Final = common.Faults(
    malformed=_malformed,
    secret_key=_secret_key,
    no_encryption_key=_no_encryption_key,
    unsound=_unsound,
)
