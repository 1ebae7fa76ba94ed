"""Sealed records as they travel from an intake host to the vault; bytes only, no keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uuid import UUID

    from proxy.model.contact import ContactSet
    from proxy.model.identifiers import RecordClass, RegistrationId, SubmissionId, TenantId


VERSIONS_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Versions of records after the first are seconds since then (FORMAT.md, Record): before our first
release, and they fit the column until 2094."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeKey:
    """The public half of an intake key pair, signed by the vault key that API hosts pin."""

    id: int
    public_key: bytes
    not_before: datetime
    not_after: datetime
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordName:
    """What a record's associated data binds: whose, which class, which version."""

    tenant_id: TenantId
    registration_id: RegistrationId
    record_class: RecordClass
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSeal:
    """The persons of one registration, to be sealed as record version `version`."""

    tenant_id: TenantId
    registration_id: RegistrationId
    version: int
    contacts: ContactSet


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRecord:
    """One sealed record: FORMAT.md bytes and its wrapped data key."""

    name: RecordName
    record: bytes = field(repr=False)
    wrapped_dek: bytes = field(repr=False)
    kek_epoch: int | None = None  # None: still wrapped under its submission's intake key


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One HPKE encapsulation carrying an intake key, signed by the intake host."""

    id: SubmissionId
    tenant_id: TenantId
    intake_key_id: int
    encapsulation: bytes = field(repr=False)
    signer_id: str
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBatch:
    """A submission and the records sealed under its intake key, two per registration."""

    submission: Submission
    records: tuple[SealedRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A record whose data key the vault has wrapped anew.

    Of an identity record `tokens` are the blind-index tokens, and `contacts` says how many contacts
    it holds; None for other classes.
    """

    name: RecordName
    wrapped_dek: bytes = field(repr=False)
    kek_epoch: int
    tokens: tuple[bytes, ...] | None = field(default=None, repr=False)
    contacts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAdopted:
    """A record that could not be adopted, and the reason's code."""

    name: RecordName
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """A record moved to another epoch; `record` only if it was encrypted anew."""

    name: RecordName
    from_epoch: int
    kek_epoch: int
    wrapped_dek: bytes = field(repr=False)
    record: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A rotation under way, as `keys status` and the progress bar show it."""

    id: UUID
    is_compromised: bool
    target_epoch: int
    started_at: datetime
    total: int
    done: int = 0
    unreadable: int = 0
