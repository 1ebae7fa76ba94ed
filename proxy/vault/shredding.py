"""Forgetting, and the operator's check: implement ports.Forgetter and ports.Examiner on the state.

Destroying the wrapped DEK and the record is PostgreSQL's part; here it is made final: whatever is
put back is refused. Source: vault.md, Shredding; FORMAT.md, State.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput, Refused
from proxy.model.identifiers import RecordClass
from proxy.vault import evidence, persons, unseal
from proxy.vault import state as states
from proxy.vault.casebook import CaseBook
from proxy.vault.mailboxes import Mailboxes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.vault.keyring import Keyring
    from proxy.vault.state import State

_NEWEST: Final = 2**32 - 1  # no version is above this (vault.state)


class VaultForgetter:
    """Keeps erasures in the state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._cases = CaseBook(state)
        self._mailboxes = Mailboxes(state)

    def begin(self, erasures: Sequence[tuple[RecordName, datetime]]) -> None:
        """Refuse these versions and all older ones from now on."""
        self._state.begin_erasures(erasures)

    def finish(self, erasures: Sequence[tuple[RecordName, datetime]]) -> None:
        """The rows are gone; forget hashes, and whose mailbox was whose but of who has newer ones.

        The erasures stay, so this comes again at every start of the vault.
        """
        for name, _ in erasures:
            if not self._is_outlived(name):
                self._mailboxes.drop(states.person_key(name.tenant_id, name.registration_id))
        self._state.finish_erasures(erasures)

    def cancel(self, name: RecordName) -> bool:
        """Take back an erasure that was begun and not finished."""
        return self._state.cancel_erasure(name)

    def erasures(
        self, after: RecordName | None, limit: int
    ) -> list[tuple[RecordName, datetime, bool]]:
        """Erasures behind `after`, in order of tenant and registration."""
        key = b"" if after is None else states.person_key(after.tenant_id, after.registration_id)
        return self._state.erasures(key, limit)

    def held(
        self, registrations: Iterable[tuple[TenantId, RegistrationId]]
    ) -> frozenset[tuple[TenantId, RegistrationId]]:
        """Those that any case holds."""
        return self._cases.held(registrations)

    def outlived(
        self, erasures: Sequence[tuple[RecordName, datetime]]
    ) -> frozenset[tuple[TenantId, RegistrationId]]:
        """Those of which newer contacts are known than the erased ones."""
        return frozenset(
            (name.tenant_id, name.registration_id)
            for name, _ in erasures
            if self._is_outlived(name)
        )

    def _is_outlived(self, name: RecordName) -> bool:
        """Whether a record of the same class is adopted that is newer; costs one look."""
        first = states.record_key(name) + b"\0"
        last = states.record_key(dataclasses.replace(name, version=_NEWEST))
        return any(True for _ in self._state.keys_between(first, last))


class VaultExaminer:
    """Opens records to see that they open; keeps nothing and gives reasons only."""

    def __init__(self, keyring: Keyring, state: State) -> None:
        self._opener = unseal.Opener(keyring, state)
        self._state = state

    def examine(self, records: Sequence[SealedRecord]) -> tuple[str | None, ...]:
        """For every record the reason why it can not be read, None where it can."""
        return tuple(self._fault(one) for one in records)

    def missing(
        self, present: Sequence[RecordName], after: RecordName | None, *, is_last: bool
    ) -> int:
        """How many anchored records behind `after` and up to the last present one are absent."""
        first = b"\0" if after is None else states.record_key(after) + b"\0"
        last = None if is_last or not present else states.record_key(present[-1])
        there = set(present)
        return sum(1 for name in self._state.names_between(first, last) if name not in there)

    def _fault(self, row: SealedRecord) -> str | None:
        try:
            check_plaintext(row.name.record_class, self._opener.open(row.name, row))
        except (Refused, InvalidInput) as fault:
            return fault.code
        return None


def check_plaintext(record_class: RecordClass, plaintext: bytes) -> None:
    """Return when a record of the class reads so; InvalidInput with a code if not."""
    if record_class is RecordClass.IDENTITY:
        persons.parse_identity(plaintext)
    elif record_class is RecordClass.REACH:
        persons.parse_reach(plaintext)
    elif record_class is RecordClass.EVIDENCE:
        evidence.parse(plaintext)
