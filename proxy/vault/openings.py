"""What the openings for other processes do with records: an address sealed, a hit confirmed, a key.

Which record is opened comes from the state, never from the table: the newest version that the
vault adopted, for a deposit as of its snapshot. Who may ask, budgets and the ledger are
run.vault_openings' part and come first.
Source: vault.md, Grants; FORMAT.md, Relay, Search, Deposit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, Refused
from proxy.model.identifiers import RecordClass, Role
from proxy.model.sealed import RecordName
from proxy.vault import blind, persons, relay, unseal
from proxy.vault import state as states
from proxy.vault.state import Disagreement

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.sealed import SealedRecord
    from proxy.vault.keyring import Keyring
    from proxy.vault.state import State

_VERSION_LIMIT = 0xFFFFFFFF


class VaultOpenings:
    """Opens for the relay, for searches and for deposits."""

    def __init__(self, keyring: Keyring, state: State) -> None:
        self._keyring = keyring
        self._state = state
        self._opener = unseal.Opener(keyring, state)

    def newest_reach(
        self, tenant_id: TenantId, registration_id: RegistrationId
    ) -> RecordName | None:
        """The newest `reach` record that the state knows; None when it was erased.

        Refused `not_adopted` when there was none so far.
        """
        first, last = (
            RecordName(
                tenant_id=tenant_id,
                registration_id=registration_id,
                record_class=RecordClass.REACH,
                version=version,
            )
            for version in (1, _VERSION_LIMIT)
        )
        known = list(self._state.names_between(states.record_key(first), states.record_key(last)))
        newest = known[-1] if known else first
        if self._state.disagreement(newest, b"") is Disagreement.ERASED:
            return None
        if not known:
            raise Refused("not_adopted")
        return newest

    def address(
        self, name: RecordName, row: SealedRecord, *, role: Role = Role.REGISTRANT
    ) -> relay.Address | None:
        """The address of a role in the newest `reach` record; None without one.

        Refused as an opening is.
        """
        try:
            reach = persons.parse_reach(self._opener.open(name, row, newest=True))
        except InvalidInput as fault:
            raise Refused(fault.code) from None
        if role not in reach or not reach[role][0]:
            return None
        email, language = reach[role]
        return relay.Address(email=email, language=language)

    def seal_address(self, address: relay.Address, *, alias: str, message: str) -> bytes:
        """The blob for the relay that is enrolled; Refused `relay_key` without one."""
        public = self._keyring.file.relay_public
        if public is None:
            raise Refused("relay_key")
        return relay.seal_address(public, address, alias=alias, message=message)

    def token(self, tenant_id: TenantId, field: str, value: str) -> bytes | None:
        """The blind-index token of a value; None when nothing of the value counts."""
        return blind.token(field, value, self._keyring.blind_key(tenant_id, field))

    def confirm(self, name: RecordName, row: SealedRecord | None, token: bytes) -> None:
        """Return when the newest identity record gives the token; Refused `token_forged` if not.

        Other refusals are those of opening. So a row put into the index accuses nobody.
        """
        try:
            plaintext = self._opener.open(name, self._present(name, row), newest=True)
            contacts = persons.parse_identity(plaintext)
        except InvalidInput as fault:
            raise Refused(fault.code) from None
        key_of = self._keyring.blind_key
        if token not in blind.tokens(contacts, lambda field: key_of(name.tenant_id, field)):
            raise Refused("token_forged")

    def deposit_key(
        self,
        name: RecordName,
        row: SealedRecord | None,
        record_sha256: bytes,
        *,
        since: datetime,
    ) -> bytes:
        """The DEK of exactly the record that was announced; Refused with the reason.

        The newest version is opened, and one that was the newest at `since`: a deposit is of the
        database as its snapshot saw it. `record_changed` is a true record that was not the one
        announced. The commitment is checked: a wrapped key says not whose it is, and another
        record's must not leave under this one's name.
        """
        there = self._present(name, row)
        dek = self._opener.dek(name, there, newest=True, since=since, announced=record_sha256)
        unseal.check_key(dek, name, there.record)
        return dek

    def _present(self, name: RecordName, row: SealedRecord | None) -> SealedRecord:
        if row is not None:
            return row
        is_erased = self._state.disagreement(name, b"") is Disagreement.ERASED
        raise Refused(Disagreement.ERASED if is_erased else "record_missing")
