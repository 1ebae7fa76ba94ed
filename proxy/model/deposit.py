"""An escrow deposit as the database keeps it: its cursor through stage, deliver and receipt.

Frozen facts. What a deposit holds is escrow's part; here is what the tables and the ledger know.
Source: design.md s4 (Deposit); RFC 8909 s2 (kinds).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NewType
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import DomainName, RegistrationId, State, TenantId
    from proxy.model.public_record import Accreditation, Profile
    from proxy.model.registration import Registration

StreamId = NewType("StreamId", str)
"""A lower-case letter, then letters, digits and hyphens, 48 in all; names a stream for ever."""

DepositId = NewType("DepositId", UUID)


class Kind(StrEnum):
    """What a deposit holds (RFC 8909 s2)."""

    FULL = "full"
    INCR = "incr"  # what changed since the last full deposit
    DIFF = "diff"  # what changed since the previous deposit of any kind


class Step(StrEnum):
    """Where a deposit stands."""

    STAGING = "staging"  # files are being made; after a crash a new watermark is taken
    STAGED = "staged"  # files are on disk and checked; from here on they never change
    DELIVERED = "delivered"  # the agent has them, under their names
    VERIFIED = "verified"  # the agent's receipt says they are whole
    REJECTED = "rejected"  # the agent's receipt says they are not
    ABANDONED = "abandoned"  # given up, with a reason; the next deposit is current
    MISSED = "missed"  # its time passed while nobody could make it


OPEN_STEPS = frozenset({Step.STAGING, Step.STAGED})
"""Something is still to be done by us; a stream has at most one such deposit."""

SENT_STEPS = frozenset({Step.DELIVERED, Step.VERIFIED})
"""The agent has it and has not said that it is broken: an incremental one may build on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """One deposit. Only the fields from `step` on change after it was made."""

    id: DepositId
    tenant_id: TenantId
    stream: StreamId
    kind: Kind
    slot: datetime  # when the schedule wanted it
    sequence: int  # of this stream's deposits, from 1
    resend: int  # times it was made anew after the agent rejected it
    since: datetime | None  # watermark of the deposit it builds on; None for a full one
    previous: DepositId | None
    agent: str
    made_at: datetime
    step: Step = Step.STAGING
    watermark: datetime | None = None
    fingerprint: str | None = None  # of the agent's key that the files are encrypted to
    manifest: str | None = None  # JSON text, byte for byte what is hashed and signed
    manifest_sha256: bytes | None = None
    delivered_files: int = 0  # how many of the manifest's files the agent has under their names
    attempts: int = 0  # failures of the present step
    try_after: datetime | None = None
    reason: str = ""  # code of the last failure, "" when there was none
    staged_at: datetime | None = None
    delivered_at: datetime | None = None
    verified_at: datetime | None = None
    receipt_sha256: bytes | None = None
    drilled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which registrations belong into a deposit."""

    tenant_id: TenantId
    accreditation: str | None  # None: every accreditation of the tenant
    states: frozenset[State]
    with_country_codes: bool  # whether names under two-letter TLDs belong
    since: datetime | None  # changed after that moment; None: all


@dataclass(frozen=True, slots=True, kw_only=True)
class Depositable:
    """A registration at the snapshot with its sealed identity record, unopened."""

    registration: Registration
    record_version: int
    changed_at: datetime
    lapses_at: datetime | None
    hold: bool
    declared: str = field(repr=False)  # the declaration as stored, JSON text
    record: bytes = field(repr=False)  # sealed
    former_aliases: tuple[tuple[str, datetime], ...] = ()  # each with the end of its acceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A registration that left a stream since the deposit that an incremental one builds on."""

    domain: DomainName
    registration_id: RegistrationId
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKey:
    """An API key that is in force, without its secret: enough to go on, useless to log in."""

    id: str
    secret_sha256: bytes = field(repr=False)
    scopes: tuple[str, ...]
    reseller: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A registrar with all that its registrations refer to."""

    name: str
    created_at: datetime
    profiles: tuple[Profile, ...] = ()
    accreditations: tuple[Accreditation, ...] = ()
    keys: tuple[KeptKey, ...] = ()
