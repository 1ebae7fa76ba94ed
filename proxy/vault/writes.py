"""Several tables of the state changed in one transaction: all of it is durable, or nothing.

Source: vault.md, State outside PostgreSQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import lmdb
    from lmdb import _Database

    Write = tuple[_Database, bytes, bytes | None]
    """A table, a key and its value; None removes what is there."""


def write_all(transaction: lmdb.Transaction, writes: Iterable[Write]) -> None:
    """Write into the tables, in a transaction that the caller holds."""
    for table, key, value in writes:
        if value is None:
            transaction.delete(key, db=table)
        else:
            transaction.put(key, value, db=table)
