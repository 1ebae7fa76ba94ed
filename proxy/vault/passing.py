"""What the state remembers for a while: values that are forgotten once their time is over.

A table of the vault's state, of some hundred values: used search ids and deposits under way. Never
a key, never personal data. Source: vault.md, State outside PostgreSQL; FORMAT.md, State.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import lmdb
    from lmdb import _Database

_UNTIL = struct.Struct(">Q")  # seconds since 1970, before the value


class Passing:
    """The table; every change is durable when the call returns."""

    def __init__(self, environment: lmdb.Environment, table: _Database) -> None:
        self._environment = environment
        self._table = table

    def get(self, key: bytes, now: datetime) -> bytes | None:
        """The value, unless its time is over."""
        with self._environment.begin(db=self._table) as transaction:
            found = transaction.get(key)
            return None if found is None or _is_over(found, now) else bytes(found)[_UNTIL.size :]

    def values(self, prefix: bytes) -> list[bytes]:
        """All values whose keys begin so, also those whose time is over."""
        with self._environment.begin(db=self._table) as transaction:
            return [
                bytes(value)[_UNTIL.size :]
                for key, value in transaction.cursor().iternext()
                if bytes(key).startswith(prefix)
            ]

    def put(self, key: bytes, value: bytes, until: datetime, now: datetime) -> None:
        """Keep the value until then; forgets what is over on the way."""
        with self._environment.begin(write=True, db=self._table) as transaction:
            _forget(transaction, now)
            transaction.put(key, _until(until) + value)

    def drop(self, key: bytes) -> bool:
        """Forget a value now; whether it was there."""
        with self._environment.begin(write=True, db=self._table) as transaction:
            return bool(transaction.delete(key))

    def claim(self, key: bytes, until: datetime, now: datetime) -> bool:
        """Whether the key was free; taken until then when it was."""
        with self._environment.begin(write=True, db=self._table) as transaction:
            _forget(transaction, now)
            return bool(transaction.put(key, _until(until), overwrite=False))


def _forget(transaction: lmdb.Transaction, now: datetime) -> None:
    # All of it is looked at: the table is small, and an index by time would be a second truth.
    over = [bytes(key) for key, value in transaction.cursor().iternext() if _is_over(value, now)]
    for key in over:
        transaction.delete(key)


def _is_over(value: bytes | memoryview[int], now: datetime) -> bool:
    until: int = _UNTIL.unpack(value[: _UNTIL.size])[0]
    return until < now.timestamp()


def _until(until: datetime) -> bytes:
    return _UNTIL.pack(int(until.timestamp()))
