"""The signatures under papers, as services ask for them: implements ports.Signatures.

Verify-only: holds no key. Source: vault.md, Vote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.vault import signatures, statements

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey
    from proxy.model.roster import RelyingParty


class PaperSignatures:
    """Checks what approvers sign."""

    def check(
        self,
        key: ApprovalKey,
        signature: str,
        message: bytes,
        relying_party: RelyingParty | None,
    ) -> None:
        """Return when the signature is the key's over `message`; Refused with the reason."""
        signatures.verify(key, signature, message, relying_party=relying_party)

    def may_enrol(self, key: ApprovalKey) -> None:
        """Return when signatures of the key prove something; Refused `key_malformed`."""
        signatures.may_load(key)

    def approval(self, order_sha256: bytes, nonce: bytes) -> bytes:
        """What a vote signs."""
        return statements.approval(order_sha256, nonce)

    def objection(self, document_sha256: bytes) -> bytes:
        """What a no to an order or a roster signs."""
        return statements.objection(document_sha256)

    def key_revocation(self, order_sha256: bytes) -> bytes:
        """What revokes the key that an order gave a registrar."""
        return statements.key_revocation(order_sha256)
