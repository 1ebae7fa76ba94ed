"""What escrow speaks of: streams, deposits, their files, and a registration with the people behind.

Frozen facts; nothing here opens a file, a socket or a record. Words: a *stream* is one registrar's
schedule of deposits in one format to one agent; a *deposit* is one of them; a deposit has *files*,
each an OpenPGP message of its own; the *manifest* says what they hold, by counts and hashes alone.
Source: design.md s4; protocols facts s3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - msgspec reads it in manifests
from enum import StrEnum
from typing import TYPE_CHECKING

from proxy.model.deposit import Kind  # msgspec reads it in manifests

if TYPE_CHECKING:
    from proxy.model.contact import ContactSet
    from proxy.model.deposit import Account, DepositId, StreamId
    from proxy.model.identifiers import TenantId
    from proxy.model.public_record import Accreditation, Profile
    from proxy.model.registration import Registration

EVERY_ACCREDITATION = "*"
DIRECTORY_HOST = "localhost"
"""An agent of this host in the roster may be given a directory of this machine instead of SFTP."""


class Whose(StrEnum):
    """Whose duty a deposit meets."""

    OURS = "ours"  # we make the complete deposit of an accreditation
    REGISTRAR = "registrar"  # the registrar deposits; it gets the underlying persons from us
    OWN_COPY = "own-copy"  # recovery deposits, for ourselves


class FormatName(StrEnum):
    """The formats a stream may choose."""

    CSV_2007 = "csv2007"
    CSV_2024 = "csv2024"
    RFC8909 = "rfc8909"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a stream deposits, in its own time zone. Days as datetime.weekday(): Monday is 0."""

    time_zone: str  # IANA name
    full_days: frozenset[int]
    incremental_days: frozenset[int]  # empty: full deposits only; a full day has no incremental
    hour: int
    minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where a format is uncertain or agents differ; escrow/README.md says why of each."""

    underlying_only: bool = False  # only domain and p-columns: the registrar makes the rest
    billing: str = "person"  # csv2024: bc-name is the "person" or the "mask"
    ascii_only: bool = False  # csv2024: a habit of one agent; refused where a value would change
    compression: str = "gzip"  # "gzip" | "none", before encryption
    part_octets: int = 1_000_000_000  # plaintext of one file at most
    incremental: Kind = Kind.DIFF  # rfc8909: which of INCR and DIFF the incremental days make
    provider_id: str = ""  # rfc8909: the `ppsp` of the header
    roid_suffix: str = "PRIVACY"  # rfc8909: repository id suffix of objects
    checksum: str = "SHA256"  # rfc8909: "SHA256" | "CRC32"
    with_manifest: bool = False  # whether the agent gets our manifest too; recovery always has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One entry of the plan."""

    id: StreamId
    tenant_id: TenantId
    accreditation: str  # an AccreditationId, or EVERY_ACCREDITATION
    whose: Whose
    format: FormatName
    agent: str  # of the roster in force
    schedule: Schedule
    options: Options
    cool_down_s: int  # between two deliveries, so that the agent does not merge them
    receipt_within_s: int  # after it the alarm is raised
    directory: str  # remote directory; of a directory agent the local one
    user: str  # login name at the agent; "" for a directory
    receipts: str  # glob of the agent's reports, relative to `receipts_directory`
    receipts_directory: str
    unsigned_receipts: bool  # whether a report needs no OpenPGP signature of the agent

    @property
    def own_accreditation(self) -> str | None:
        """The accreditation whose names the stream holds; None for all of the registrar's."""
        return None if self.accreditation == EVERY_ACCREDITATION else self.accreditation


@dataclass(frozen=True, slots=True, kw_only=True)
class Underlying:
    """A registration with the people behind it, at the watermark. Personal data inside."""

    registration: Registration
    record_version: int
    changed_at: datetime
    lapses_at: datetime | None
    hold: bool
    profile: Profile
    accreditation: Accreditation
    contacts: ContactSet = field(repr=False)  # for recovery only who may act as registrant
    identity: bytes = field(repr=False)  # the identity record's plaintext, padding included
    declared: str = field(repr=False)  # the declaration as stored, JSON
    former_aliases: tuple[tuple[str, datetime], ...] = ()  # each with the end of its acceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a deposit is, known before its first row."""

    id: DepositId
    stream: Stream
    kind: Kind
    watermark: datetime  # of the database snapshot, UTC, whole seconds
    sequence: int  # of this stream's deposits, from 1
    resend: int  # times this deposit was made anew after the agent rejected it
    previous: DepositId | None  # what an incremental deposit builds on
    iana_id: int | None
    registrar_name: str
    registrations: int  # rows that will come
    total: int  # registrations in the stream at the watermark, also for incremental deposits
    account: Account  # the registrar, and what its registrations refer to
    other_contacts: int = 0  # incremental: contacts of the registrations that are not in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a format wrote, counted as it wrote: the self-check compares it with the snapshot."""

    domains: int
    contacts: int  # contact or handle objects defined; of inline formats, filled contact columns
    unresolved: tuple[str, ...]  # registration ids that refer to a contact that is not there
    empty_persons: tuple[str, ...]  # registration ids with nobody behind the mask
    unwritable: tuple[str, ...]  # registration ids the format can not hold (ascii_only)
    deletes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a deposit as the agent gets it."""

    name: str  # on the agent's disk, of the encrypted file
    plain_name: str  # what the OpenPGP message holds, before compression
    plain_octets: int
    plain_sha256: str  # hex, over the plaintext before compression
    octets: int  # of the encrypted file
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a deposit holds, without anything personal; its SHA-256 stands in the ledger."""

    deposit: str
    stream: str
    tenant: str
    accreditation: str
    whose: Whose
    format: FormatName
    kind: Kind
    watermark: datetime
    sequence: int
    resend: int
    previous: str  # deposit id, or ""
    agent: str
    recipients: tuple[str, ...]  # fingerprints, upper-case hex
    signer: str  # fingerprint, upper-case hex
    registrations: int
    total: int
    contacts: int
    deletes: int
    files: tuple[File, ...]
    place: str = ""  # digest of where it was sent: host, port, user, directory
    v: int = 1

    @property
    def stem(self) -> str:
        """How names of this deposit begin, apart from those that a format prescribes."""
        return f"{self.stream}_{self.watermark:%Y-%m-%dT%H%M%SZ}_{self.kind}"
