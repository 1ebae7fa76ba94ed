"""Which mailboxes of a tenant's customers were asked and confirmed, by their blind tokens.

A table of the vault's state. `"P" ‖ tenant ‖ registration` -> version (4) ‖ token (16): to what
address of a registration a letter went last. `"T" ‖ tenant ‖ token` -> tenant and registration (32)
that asked for it last, or confirmed it ‖ seconds when asked (8) ‖ seconds when confirmed (8, 0
before). Tokens are keyed by tenant, so no two tenants share a word of anybody. Both go when the
registration is erased or has another address: what is lost is asked again, and harms nobody.
Source: FORMAT.md, State and Blind index.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import lmdb

    from proxy.model.identifiers import TenantId
    from proxy.vault.state import State

_TENANT_OCTETS = 16
_LAST = struct.Struct(">I16s")
_MAILBOX = struct.Struct(">32sQQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """What is known of an address: who asked last, and when it was confirmed, None before."""

    person: bytes  # tenant and registration
    asked_at: datetime
    confirmed_at: datetime | None


class Mailboxes:
    """The table; every change is durable when the call returns."""

    def __init__(self, state: State) -> None:
        self._environment, self._table = state.table(b"mailboxes")

    def find(self, tenant_id: TenantId, token: bytes) -> Mailbox | None:
        """What is known of an address of a tenant."""
        with self._environment.begin(db=self._table) as transaction:
            found = transaction.get(_mailbox_key(tenant_id.bytes, token))
        return None if found is None else _mailbox(bytes(found))

    def ask(self, person: bytes, version: int, token: bytes, now: datetime) -> None:
        """A letter goes to this address of a registration; one it had before is forgotten."""
        key = _mailbox_key(person[:_TENANT_OCTETS], token)
        with self._environment.begin(write=True, db=self._table) as transaction:
            self._leave(transaction, person, but=key)
            transaction.put(b"P" + person, _LAST.pack(version, token))
            known = transaction.get(key)
            if known is not None:
                mailbox = _mailbox(bytes(known))
                if mailbox.confirmed_at is not None or mailbox.person == person:
                    return  # a reminder does not begin the time anew
            transaction.put(key, _MAILBOX.pack(person, int(now.timestamp()), 0))

    def confirm(self, person: bytes, version: int, now: datetime) -> bool:
        """Whether the last letter went out with this version; then its address is confirmed."""
        with self._environment.begin(write=True, db=self._table) as transaction:
            found = transaction.get(b"P" + person)
            if found is None or _LAST.unpack(found)[0] != version:
                return False
            key = _mailbox_key(person[:_TENANT_OCTETS], _LAST.unpack(found)[1])
            at = int(now.timestamp())
            known = transaction.get(key)
            asked = at if known is None else int(_MAILBOX.unpack(known)[1])
            transaction.put(key, _MAILBOX.pack(person, asked, at))
        return True

    def forget_others(self, person: bytes, token: bytes) -> None:
        """The registration has this address now: what was known by another one of it goes."""
        key = _mailbox_key(person[:_TENANT_OCTETS], token)
        with self._environment.begin(write=True, db=self._table) as transaction:
            self._leave(transaction, person, but=key)

    def drop(self, person: bytes) -> None:
        """The registration was erased; one that was never written to is no fault."""
        with self._environment.begin(write=True, db=self._table) as transaction:
            self._leave(transaction, person)

    def _leave(self, transaction: lmdb.Transaction, person: bytes, but: bytes = b"") -> None:
        found = transaction.get(b"P" + person)
        if found is None:
            return
        key = _mailbox_key(person[:_TENANT_OCTETS], _LAST.unpack(found)[1])
        if key == but:
            return
        known = transaction.get(key)
        if known is not None and _mailbox(bytes(known)).person == person:
            transaction.delete(key)
        transaction.delete(b"P" + person)


def _mailbox_key(tenant: bytes, token: bytes) -> bytes:
    return b"T" + tenant + token


def _mailbox(value: bytes) -> Mailbox:
    person, asked, confirmed = _MAILBOX.unpack(value)
    return Mailbox(
        person=person,
        asked_at=datetime.fromtimestamp(asked, UTC),
        confirmed_at=datetime.fromtimestamp(confirmed, UTC) if confirmed else None,
    )
