"""Who the state knows: how many people of a registrar are living, and who of some was erased.

For the escrow process, which sees rows alone: a row that somebody deleted or hid is missing there
and counted here. Reads the tables `records` and `erased`; opens nothing, and answers numbers and
yes or no. An erasure counts from its beginning on: what is refused for good lives no more.
Source: vault.md, State outside PostgreSQL; FORMAT.md, Relay, search, deposit.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from proxy.model.identifiers import RecordClass
from proxy.vault.record import CLASS_CODES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import lmdb
    from lmdb import _Database

    from proxy.model.identifiers import TenantId

ERASURE = struct.Struct(">IQB")  # a value of `erased`: up to this version, seconds, whether done
_PERSON_OCTETS = 32  # tenant and registration, with which a key of either table begins
_IDENTITY = bytes([CLASS_CODES[RecordClass.IDENTITY]])
_TENANT_OCTETS = 16
_VERSION_OCTETS = 4  # at the end of a record's key


class Census:
    """The tables `records` and `erased`, read in one transaction each time."""

    def __init__(
        self, environment: lmdb.Environment, records: _Database, erased: _Database
    ) -> None:
        self._environment = environment
        self._records = records
        self._erased = erased

    def count(self, tenant_id: TenantId) -> int:
        """How many registrations of the registrar have an identity record that is not erased.

        Looks at every record and erasure of the registrar, some million in a second.
        """
        with self._environment.begin() as transaction:
            known = self._count_known(transaction, tenant_id.bytes)
            return known - self._count_going(transaction, tenant_id.bytes)

    def are_erased(self, tenant_id: TenantId, registrations: Sequence[UUID]) -> list[bool]:
        """For each registration whether its person was erased, and nobody came in their place."""
        with self._environment.begin() as transaction:
            return [
                self._is_erased(transaction, tenant_id.bytes + one.bytes) for one in registrations
            ]

    def _count_known(self, transaction: lmdb.Transaction, tenant: bytes) -> int:
        count, last = 0, b""
        cursor = transaction.cursor(db=self._records)
        if not cursor.set_range(tenant):
            return 0
        place, code = _PERSON_OCTETS, _IDENTITY[0]
        for raw in cursor.iternext(keys=True, values=False):
            key = bytes(raw)
            if key[place] == code and (person := key[:place]) != last:
                if not person.startswith(tenant):
                    break
                last = person
                count += 1
        return count

    def _count_going(self, transaction: lmdb.Transaction, tenant: bytes) -> int:
        """Registrations whose erasure was begun, with records that are not forgotten yet."""
        going = []
        cursor = transaction.cursor(db=self._erased)
        if not cursor.set_range(tenant):
            return 0
        for key, value in cursor.iternext():
            if key[:_TENANT_OCTETS] != tenant:
                break
            if not value[-1]:
                going.append(bytes(key))
        return sum(
            self._newest(transaction, person) is not None and self._is_erased(transaction, person)
            for person in going
        )

    def _is_erased(self, transaction: lmdb.Transaction, person: bytes) -> bool:
        found = transaction.get(person, db=self._erased)
        if found is None:
            return False
        newest = self._newest(transaction, person)
        return newest is None or newest <= int(ERASURE.unpack(found)[0])

    def _newest(self, transaction: lmdb.Transaction, person: bytes) -> int | None:
        """The newest version of an identity record; None where there is none."""
        prefix = person + _IDENTITY
        cursor = transaction.cursor(db=self._records)
        # Behind all versions of the class: the record before that place is the newest, if any.
        found = cursor.prev() if cursor.set_range(prefix + b"\xff" * 5) else cursor.last()
        key = bytes(cursor.key()) if found else b""
        return int.from_bytes(key[-_VERSION_OCTETS:]) if key.startswith(prefix) else None
