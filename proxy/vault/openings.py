"""What the openings for other processes do with records: address, hit, key, piece of a file.

Which record is opened comes from the state, never from the table: the newest version that the
vault adopted, for a deposit as of its snapshot. Who may ask, budgets and the ledger are
run.vault_openings' part and come first.
Source: vault.md, Grants; FORMAT.md, Relay, Search, Deposit, Evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, Refused
from proxy.model.identifiers import RecordClass, Role
from proxy.model.sealed import RecordName
from proxy.vault import blind, evidence, persons, relay, unseal
from proxy.vault import state as states
from proxy.vault.state import Disagreement

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.contact import ContactSet
    from proxy.model.evidence import Piece
    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.letter import Letter
    from proxy.model.sealed import SealedRecord
    from proxy.vault.keyring import Keyring
    from proxy.vault.state import State

_VERSION_LIMIT = 0xFFFFFFFF


class VaultOpenings:
    """Opens for the relay, for staff, for registrants and for deposits."""

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
        return self._newest(tenant_id, registration_id, RecordClass.REACH)

    def newest_identity(
        self, tenant_id: TenantId, registration_id: RegistrationId
    ) -> RecordName | None:
        """The same of the `identity` record."""
        return self._newest(tenant_id, registration_id, RecordClass.IDENTITY)

    def versions(
        self, tenant_id: TenantId, registration_id: RegistrationId, record_class: RecordClass
    ) -> list[RecordName]:
        """The records of a class that the state knows, oldest first."""
        first, last = (
            RecordName(
                tenant_id=tenant_id,
                registration_id=registration_id,
                record_class=record_class,
                version=version,
            )
            for version in (1, _VERSION_LIMIT)
        )
        return list(self._state.names_between(states.record_key(first), states.record_key(last)))

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

    def confirm(self, name: RecordName, row: SealedRecord | None, token: bytes) -> tuple[Role, ...]:
        """The roles in which the newest identity record gives the token; Refused `token_forged`.

        Other refusals are those of opening. So a row put into the index accuses nobody.
        """
        found = self._holders(name, row, token)
        if not found:
            raise Refused("token_forged")
        return found

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

    def holds(self, name: RecordName, row: SealedRecord | None, token: bytes) -> bool:
        """Whether the newest identity record gives the token; Refused as an opening is."""
        return bool(self._holders(name, row, token))

    def contacts(self, name: RecordName, row: SealedRecord | None) -> ContactSet:
        """The newest identity record's contacts; Refused as an opening is."""
        try:
            plaintext = self._opener.open(name, self._present(name, row), newest=True)
            return persons.parse_identity(plaintext)
        except InvalidInput as fault:
            raise Refused(fault.code) from None

    def email(self, name: RecordName, row: SealedRecord | None) -> str:
        """The registrant's address in a `reach` record, any version; "" without one."""
        try:
            reach = persons.parse_reach(self._opener.open(name, self._present(name, row)))
        except InvalidInput as fault:
            raise Refused(fault.code) from None
        return reach[Role.REGISTRANT][0] if Role.REGISTRANT in reach else ""

    def piece(self, name: RecordName, row: SealedRecord | None) -> Piece:
        """A piece of evidence; Refused as an opening is."""
        try:
            return evidence.parse(self._opener.open(name, self._present(name, row)))
        except InvalidInput as fault:
            raise Refused(fault.code) from None

    def seal_notice(self, addressed: relay.Addressed, *, case: str, notice: str) -> bytes:
        """The blob of a notice for the relay that is enrolled; Refused `relay_key` without one."""
        public = self._keyring.file.relay_public
        if public is None:
            raise Refused("relay_key")
        return relay.seal_notice(public, addressed, case=case, notice=notice)

    def _holders(
        self, name: RecordName, row: SealedRecord | None, token: bytes
    ) -> tuple[Role, ...]:
        contacts = self.contacts(name, row)
        key_of = self._keyring.blind_key
        return blind.holders(contacts, lambda field: key_of(name.tenant_id, field), token)

    def seal_letter(self, addressed: relay.Addressed, letter: Letter) -> bytes:
        """The blob of a letter for the relay that is enrolled; Refused `relay_key` without one."""
        public = self._keyring.file.relay_public
        if public is None:
            raise Refused("relay_key")
        return relay.seal_letter(
            public,
            addressed,
            tenant=str(letter.about.tenant_id),
            registration=str(letter.about.registration_id),
            notice=str(letter.id),
        )

    def _newest(
        self, tenant_id: TenantId, registration_id: RegistrationId, record_class: RecordClass
    ) -> RecordName | None:
        known = self.versions(tenant_id, registration_id, record_class)
        first = RecordName(
            tenant_id=tenant_id,
            registration_id=registration_id,
            record_class=record_class,
            version=1,
        )
        newest = known[-1] if known else first
        if self._state.disagreement(newest, b"") is Disagreement.ERASED:
            return None
        if not known:
            raise Refused("not_adopted")
        return newest

    def _present(self, name: RecordName, row: SealedRecord | None) -> SealedRecord:
        if row is not None:
            return row
        is_erased = self._state.disagreement(name, b"") is Disagreement.ERASED
        raise Refused(Disagreement.ERASED if is_erased else "record_missing")
