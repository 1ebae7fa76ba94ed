"""What the ledger records: that something happened, by ids and counts, never a person's data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NewType
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.identifiers import TenantId

LedgerEntryId = NewType("LedgerEntryId", UUID)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One event. `subject` is the scope of its salt: a registration, submission, run or case."""

    id: LedgerEntryId
    tenant_id: TenantId | None
    subject: str
    kind: str
    facts: Mapping[str, str | int | bool | tuple[str, ...]]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerBatch:
    """Leaves that the vault has signed for, on their way into the database.

    `indexes` says where each entry went; leaves without an entry are padding. `own` are entries
    of the vault itself, which may not stand in the database yet.
    """

    first_index: int
    leaves: tuple[bytes, ...]
    indexes: Mapping[LedgerEntryId, int]
    own: tuple[LedgerEntry, ...]
    note: str
    at: datetime

    @property
    def size(self) -> int:
        """The tree's size after this batch."""
        return self.first_index + len(self.leaves)
