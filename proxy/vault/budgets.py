"""What was spent of budgets: distinct persons (or runs) per purpose and span of hours.

A table of the vault's state. How much there is to spend stands in vault.grants.
Source: vault.md, Grants; FORMAT.md, State.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import lmdb
    from lmdb import _Database

_SPAN = struct.Struct(">I")


class Budgets:
    """The table; every change is durable when the call returns."""

    def __init__(self, environment: lmdb.Environment, table: _Database) -> None:
        self._environment = environment
        self._table = table

    def spend(
        self,
        purpose: str,
        now: datetime,
        whom: bytes,
        limit: int,
        *,
        hours: int = 1,
        each: bytes = b"",
    ) -> bool:
        """Whether `whom` fits the budget of `purpose`; counted durably when it does.

        Time is cut into spans of `hours`; one person counts once in each. With `each` (of one
        length for a purpose) there is a budget for every such value. Older spans are forgotten on
        the way, of every `each`.
        """
        prefix = purpose.encode() + b"\0"
        span = prefix + _SPAN.pack(int(now.timestamp()) // (3600 * hours))
        place = span + each
        with self._environment.begin(write=True, db=self._table) as transaction:
            cursor = transaction.cursor()
            has_place = cursor.set_range(prefix)
            while has_place and prefix <= bytes(cursor.key()) < span:
                has_place = cursor.delete() and bool(cursor.key())
            spent = int.from_bytes(transaction.get(place) or b"")
            if transaction.get(place + whom) is not None:
                return True
            if spent >= limit:
                return False
            transaction.put(place, (spent + 1).to_bytes(4))
            transaction.put(place + whom, b"")
        return True
