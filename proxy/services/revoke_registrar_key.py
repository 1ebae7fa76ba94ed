"""Take a registrar's key away, by one member's word. Needs nothing of the database.

What two or more gave, after a delay, one alone may end at once: nobody can read back by it any
more, and nothing else is lost. Source: vault.md, Grants (registrar) and Roster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.model.identifiers import TenantId
from proxy.model.order import OrderKind, OrderState
from proxy.services import decide, keep_roster

if TYPE_CHECKING:
    from proxy.model.order import OrderId
    from proxy.services.decide import Deciding
    from proxy.wire.frames import Signature


def revoke(deciding: Deciding, order_id: OrderId, signature: Signature) -> None:
    """End the key that an order gave; Refused with the reason, and nothing has changed."""
    keeping, book = deciding.keeping, deciding.book
    kept = book.find(order_id)
    is_of_key = kept.kind is OrderKind.REGISTRAR_KEY and kept.tenant is not None
    if not is_of_key or kept.state is not OrderState.CARRIED_OUT:
        raise decide.refused("key_not_enrolled")
    roster = keep_roster.current(keeping).roster
    if roster.member(signature.person) is None:
        raise Refused("revocation_stranger", "Only members of the roster in force may revoke.")
    message = keeping.signatures.key_revocation(bytes.fromhex(kept.sha256))
    keep_roster.verify(keeping.signatures, roster, signature, message)
    entry = keeping.entry(
        "registrar_key_revoked",
        {"order": str(order_id), "sha256": kept.sha256, "person": signature.person},
        tenant_id=None if kept.tenant is None else TenantId(kept.tenant),
    )
    book.revoke_key(order_id, entry)
