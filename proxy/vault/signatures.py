"""The door to approvers' signatures: one call, whatever the approver signs with.

Verifies only: imports neither keyring nor unseal nor state, and makes no signature.
Source: vault.md, Roster and orders; sshsig.py and webauthn.py for the two formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.model.approval_key import KeyKind
from proxy.vault import public_keys, sshsig, webauthn

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey
    from proxy.model.roster import RelyingParty


def verify(
    key: ApprovalKey, signature: str, message: bytes, *, relying_party: RelyingParty | None
) -> None:
    """Return when `signature` is the key's over `message`; Refused with the fault's code if not.

    `signature` is an armoured SSHSIG, or a passkey's assertion as JSON; a passkey takes `message`
    as its challenge, so it must be a digest that holds a fresh nonce. Without a relying party no
    passkey counts (`assertion_rp`). `key_malformed` for a key under which signatures prove
    nothing.
    """
    if key.kind is not KeyKind.PASSKEY:
        sshsig.verify_sshsig(key, signature, message)
        return
    if relying_party is None:
        raise Refused("assertion_rp", "Passkeys are not set up here.")
    try:
        octets = signature.encode()
    except UnicodeEncodeError:  # a lone surrogate
        raise Refused("assertion_malformed", "This is no assertion of a passkey.") from None
    webauthn.verify_assertion(
        key,
        webauthn.parse_assertion(octets),
        message,
        rp_id=relying_party.id,
        origins=relying_party.origins,
    )


def may_load(key: ApprovalKey) -> None:
    """Return when the key may be enrolled; Refused `key_malformed` when it may not.

    A passkey must be P-256 or Ed25519; an Ed25519 point must lie on its curve and not be one of
    the few under which anybody can sign anything.
    """
    public_keys.load(key)
