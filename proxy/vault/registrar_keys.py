"""By which keys registrars ask for their own customers: a table of the vault's own state.

Tenant -> the key in force and the one that waits, in JSON. Written by a carried-out order, and by a
member's revocation; nothing else writes here, the database least of all. A key holds only after the
roster's delay, so that members can revoke what two of them did. Public keys alone: no secret, no
personal data. Source: vault.md, Grants (registrar); FORMAT.md, Registrar keys.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from proxy.errors import Refused
from proxy.model.order import RegistrarKey
from proxy.rules import orders, reasons
from proxy.vault import primitives, public_keys
from proxy.wire import order_document

if TYPE_CHECKING:
    from proxy.model.identifiers import TenantId
    from proxy.model.order import ChangeRegistrarKey
    from proxy.vault.state import State
    from proxy.vault.writes import Write


class KeptKey(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A registrar's key, the SHA-256 of the order that it comes from, and from when it holds."""

    signing: str
    sealing: str
    order: str
    holds_from: datetime


_KEPT = msgspec.json.Decoder(tuple[KeptKey, ...])


class RegistrarKeys:
    """The table; what changes it is written by vault.orders, along with the order."""

    def __init__(self, state: State) -> None:
        self._environment, self._table = state.table(b"registrar_keys")

    def all(self, tenant_id: TenantId) -> tuple[KeptKey, ...]:
        """A registrar's keys, the newest last; at most one of them waits."""
        with self._environment.begin(db=self._table) as transaction:
            found = transaction.get(tenant_id.bytes)
            return () if found is None else _KEPT.decode(bytes(found))

    def in_force(self, tenant_id: TenantId, now: datetime) -> KeptKey | None:
        """The newest key that holds by now; None without one."""
        holding = [one for one in self.all(tenant_id) if one.holds_from <= now]
        return holding[-1] if holding else None

    def fault(self, change: ChangeRegistrarKey) -> str | None:
        """Why an order can not make this change, as a code; None when it can."""
        kept = self.all(change.tenant_id)
        newest = RegistrarKey(signing=kept[-1].signing, sealing=kept[-1].sealing) if kept else None
        digest = order_document.registrar_key_digest
        fault = orders.key_fault(change, digest(newest), digest(change.key))
        if fault is None and change.key is not None and not _is_sound(change.key):
            return "order_key_unsound"
        return fault

    def changing(
        self, change: ChangeRegistrarKey, order_sha256: str, now: datetime, holds_from: datetime
    ) -> Write:
        """What an order writes: the key so far holds until the new one does; none ends all."""
        if change.key is None:
            return self._table, change.tenant_id.bytes, None
        present = self.in_force(change.tenant_id, now)
        made = KeptKey(
            signing=change.key.signing,
            sealing=change.key.sealing,
            order=order_sha256,
            holds_from=holds_from,
        )
        kept = (made,) if present is None else (present, made)
        return self._table, change.tenant_id.bytes, msgspec.json.encode(kept)

    def revoking(self, tenant_id: TenantId, order_sha256: str, now: datetime) -> Write:
        """What a revocation of the key from an order writes; Refused `key_not_enrolled`.

        A key that waits goes alone. One that holds goes with those before it: what was replaced,
        perhaps because it was stolen, does not come back.
        """
        kept = self.all(tenant_id)
        place = next((at for at, one in enumerate(kept) if one.order == order_sha256), None)
        if place is None:
            raise Refused("key_not_enrolled", reasons.SENTENCES["key_not_enrolled"])
        before = kept[:place] if kept[place].holds_from > now else ()
        left = (*before, *kept[place + 1 :])
        return self._table, tenant_id.bytes, msgspec.json.encode(left) if left else None


def _is_sound(key: RegistrarKey) -> bool:
    """Whether signatures of the key prove something and something can be sealed to it."""
    try:
        public_keys.ed25519_key(bytes.fromhex(key.signing))
        primitives.seal_to(bytes.fromhex(key.sealing), b"", b"")
    except (Refused, ValueError):
        return False
    return True
