"""When contacts were renewed, as the state remembers it: a deposit is of the database as it was.

A table of the vault's state: key of an `identity` record of a version above 1 -> seconds since 1970
when it was adopted, written in the transaction that makes its hash known, so there is one first
time and no second. A record that had no successor yet when a deposit's snapshot was taken can so be
told from one that was superseded long ago and put back. What is not remembered is long ago: after
`REMEMBERED`, and in a state built anew (vault.reanchor). Never a key, never personal data.
Source: vault.md, State outside PostgreSQL; FORMAT.md, State and Deposit.
"""

from __future__ import annotations

import struct
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from proxy.model.identifiers import RecordClass

if TYPE_CHECKING:
    from datetime import datetime

    import lmdb
    from lmdb import _Database

    from proxy.model.sealed import RecordName

REMEMBERED = timedelta(hours=48)  # far longer than a deposit lasts and looks back (vault.deposits)
PAGE = 20_000  # entries looked at in one go, some 30 ms if all are over; 28 million a day
_AT = struct.Struct(">Q")  # seconds since 1970
_VERSION_OCTETS = 4  # at the end of a record's key


class Renewals:
    """The table `renewed` beside `records`; what is noted is durable with the caller's write."""

    def __init__(self, environment: lmdb.Environment, records: _Database, table: _Database) -> None:
        self._environment = environment
        self._records = records
        self._table = table
        self._place = b""  # where `forget` goes on; a restart begins anew

    def note(
        self, transaction: lmdb.Transaction, key: bytes, name: RecordName, now: datetime
    ) -> None:
        """Remember when a record was adopted, if it renews contacts that may be deposited.

        First versions follow nothing, and are most of what is ever adopted.
        """
        if name.version > 1 and name.record_class is RecordClass.IDENTITY:
            transaction.put(key, _AT.pack(int(now.timestamp())), db=self._table)

    def drop(self, transaction: lmdb.Transaction, key: bytes) -> None:
        """The record was erased: so is when it came."""
        transaction.delete(key, db=self._table)

    def is_newest(self, transaction: lmdb.Transaction, key: bytes, since: datetime | None) -> bool:
        """Whether no version of a record is known above this one, or none was before `since`.

        All later versions are asked for their time, not the next alone: one whose adoption was
        held back for long may come between.
        """
        cursor = transaction.cursor(db=self._records)
        has_place = cursor.set_range(key + b"\0")
        while has_place:
            later = bytes(cursor.key())
            if later[:-_VERSION_OCTETS] != key[:-_VERSION_OCTETS]:
                return True
            if since is None or not self._came_since(transaction, later, since):
                return False
            has_place = cursor.next()
        return True

    def forget(self, now: datetime) -> int:
        """How many of the next PAGE entries were over, and are forgotten, durably.

        The table is in no order of time: call again to go on, round and round.
        """
        over, oldest = [], (now - REMEMBERED).timestamp()
        with self._environment.begin(db=self._table) as transaction:
            cursor = transaction.cursor()
            has_place = cursor.set_range(self._place or b"\0")
            page = list(islice(cursor.iternext(), PAGE)) if has_place else []
        over = [bytes(key) for key, value in page if _AT.unpack(value)[0] < oldest]
        self._place = bytes(page[-1][0]) + b"\0" if len(page) == PAGE else b""
        if over:
            with self._environment.begin(write=True, db=self._table) as transaction:
                for key in over:
                    transaction.delete(key)
        return len(over)

    def _came_since(self, transaction: lmdb.Transaction, key: bytes, since: datetime) -> bool:
        at = transaction.get(key, db=self._table)
        return at is not None and int(_AT.unpack(at)[0]) >= int(since.timestamp())
