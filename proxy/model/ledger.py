"""What the ledger records: that something happened, by ids and counts, never a person's data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NewType
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.identifiers import TenantId

LedgerEntryId = NewType("LedgerEntryId", UUID)

UNFIT = "unfit"
FOREIGN_KINDS = frozenset(
    {
        "accreditation_added",
        "api_key_added",
        "api_key_revoked",
        "api_key_rotated",
        "case_event",
        "deposit_abandoned",
        "deposit_delivered",
        "deposit_drilled",
        "deposit_missed",
        "deposit_rejected",
        "deposit_restored",
        "deposit_staged",
        "deposit_verified",
        "journal_restored",
        "profile_written",
        "quota_set",
        "registrar_added",
        "registration_ended",
        "registration_enrolled",
        "registration_replaced",
        "registrations_imported",
        "reseller_added",
        "reseller_removed",
        "staff_enrolled",
        "staff_invited",
        "staff_password_changed",
        "staff_recovery_opened",
        "staff_recovered",
        "staff_roles_changed",
        "staff_suspended",
    }
)
"""What processes other than the vault note: rows of any other kind are not theirs to write."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTEGER_LIMIT = 2**53  # RFC 8785 has no larger number


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
class LedgerRow:
    """An entry as the database has it, where several logins write: nothing of it is trusted.

    `facts` is JSON, `micros` the microseconds since 1970; both as text, of any size.
    """

    id: LedgerEntryId
    tenant_id: TenantId | None
    subject: str
    kind: str
    facts: str
    micros: str

    def entry(self) -> LedgerEntry | None:
        """The entry; None when a leaf could not commit to it."""
        try:
            facts = _facts(self.facts)
            at = _EPOCH + timedelta(microseconds=int(self.micros.partition(".")[0]))
        except (ValueError, TypeError, OverflowError, RecursionError):
            return None
        return LedgerEntry(
            id=self.id,
            tenant_id=self.tenant_id,
            subject=self.subject,
            kind=self.kind,
            facts=facts,
            at=at,
        )

    def foreign_entry(self) -> LedgerEntry:
        """The entry if another process may write one of its kind; else the unfit one."""
        found = self.entry() if self.kind in FOREIGN_KINDS else None
        return self.unfit_entry() if found is None else found

    def unfit_entry(self) -> LedgerEntry:
        """What stands in the ledger for a row that is unfit: its id, and a hash of its text."""
        parts = [str(self.tenant_id), self.subject, self.kind, self.facts, self.micros]
        text = json.dumps(parts).encode()
        return LedgerEntry(
            id=self.id,
            tenant_id=None,
            subject=str(self.id),
            kind=UNFIT,
            facts={"sha256": hashlib.sha256(text).hexdigest()},
            at=_EPOCH,
        )


def _facts(text: str) -> Mapping[str, str | int | bool | tuple[str, ...]]:
    """The facts of a row; ValueError or TypeError for what an entry can not hold."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError
    return {name: _fact(value) for name, value in found.items()}


def _fact(value: object) -> str | int | bool | tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if isinstance(value, str) or (isinstance(value, int) and abs(value) < _INTEGER_LIMIT):
        return value
    raise TypeError


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
