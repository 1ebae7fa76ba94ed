"""The few walls a service is handed: the only things tests may fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from proxy.model.anchor import Certified
    from proxy.model.approval_key import ApprovalKey
    from proxy.model.contact import Contact, ContactSet
    from proxy.model.identifiers import DomainName, ProfileId, RegistrationId, Role, TenantId
    from proxy.model.journal import JournalPosition, ProfileChange, RecordChange
    from proxy.model.ledger import LedgerBatch, LedgerEntry
    from proxy.model.order import KeptOrder, OrderId
    from proxy.model.public_record import PublicContact
    from proxy.model.registrar import (
        Answer,
        ContactHandle,
        Declined,
        Effect,
        Lock,
        Observed,
    )
    from proxy.model.roster import Person, RelyingParty, Standing, Waiting
    from proxy.model.sealed import (
        Adopted,
        NotAdopted,
        RecordName,
        Rewrapped,
        Rotation,
        SealedBatch,
        SealedRecord,
        ToSeal,
    )


class Clock(Protocol):
    """The only reader of the time of day."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class Sealer(Protocol):
    """Write-only intake: what it has sealed it can not open."""

    def seal(self, batch: Sequence[ToSeal]) -> SealedBatch:
        """One submission for all of `batch` (one tenant); raises Unavailable without a key."""
        ...

    def fingerprint(
        self, tenant_id: TenantId, registration_id: RegistrationId, contacts: ContactSet
    ) -> bytes:
        """A keyed 32-byte MAC of the contacts: equal means unchanged; tells nobody else more."""
        ...

    def body_mac(self, tenant_id: TenantId, body: bytes) -> bytes:
        """A keyed 32-byte MAC of a request body, for idempotency keys."""
        ...


class Adopter(Protocol):
    """The vault's side of adoption."""

    def adopt(self, batches: Sequence[SealedBatch]) -> Sequence[Adopted | NotAdopted]:
        """Every record of `batches`, checked, anchored in the vault's state and re-wrapped."""
        ...


class Rewrapper(Protocol):
    """The vault's side of a rotation."""

    def rotation(self) -> Rotation | None:
        """The rotation under way."""
        ...

    def note_progress(self, rotation: Rotation | None) -> None:
        """Remember how far it is, durably; None when it is finished."""
        ...

    def rewrap(
        self, records: Sequence[SealedRecord], rotation: Rotation
    ) -> Sequence[Rewrapped | NotAdopted]:
        """Every record moved to the rotation's epoch; re-encrypted if it is `is_compromised`."""
        ...

    def settle(self, changed: Sequence[RecordName], dropped: Sequence[RecordName]) -> None:
        """The database has the new bytes of `changed`; the change of `dropped` did not happen."""
        ...

    def unsettled(self, limit: int) -> Sequence[tuple[RecordName, bytes]]:
        """Records whose change a crash left open, with the SHA-256 of the new bytes."""
        ...


class Forgetter(Protocol):
    """The vault's side of shredding."""

    def begin(self, erasures: Sequence[tuple[RecordName, datetime]]) -> None:
        """Refuse these versions and all older ones from now on."""
        ...

    def finish(self, erasures: Sequence[tuple[RecordName, datetime]]) -> None:
        """The database has forgotten them."""
        ...

    def cancel(self, name: RecordName) -> bool:
        """Take back an erasure that was begun and not finished; whether there was one."""
        ...

    def erasures(
        self, after: RecordName | None, limit: int
    ) -> Sequence[tuple[RecordName, datetime, bool]]:
        """Erasures known to the vault, in order: name, time, whether finished."""
        ...

    def held(
        self, registrations: Iterable[tuple[TenantId, RegistrationId]]
    ) -> frozenset[tuple[TenantId, RegistrationId]]:
        """Those that a case holds by the vault's own word, whatever the rows say."""
        ...

    def outlived(
        self, erasures: Sequence[tuple[RecordName, datetime]]
    ) -> frozenset[tuple[TenantId, RegistrationId]]:
        """Those of which newer contacts are known than the erased ones."""
        ...


class Ledger(Protocol):
    """The vault's side of the ledger: it alone extends and signs the tree."""

    def add(self, entries: Sequence[LedgerEntry]) -> None:
        """Keep entries of the vault's own, durably, before what they speak of happens."""
        ...

    def frontier(self) -> tuple[int, str | None]:
        """The tree's size and the newest checkpoint, as the vault knows them."""
        ...

    def prepared(self) -> LedgerBatch | None:
        """A batch that was signed and not confirmed yet."""
        ...

    def prepare(self, waiting: Sequence[LedgerEntry], now: datetime) -> LedgerBatch:
        """A signed batch of `waiting` and the vault's own entries, shuffled and padded."""
        ...

    def confirm(self, batch: LedgerBatch) -> None:
        """The database holds the batch."""
        ...

    def tile_over(self, leaves: Sequence[bytes]) -> bytes:
        """The hashes of leaves, joined: a tile of the lowest level."""
        ...

    def tile_root(self, hashes: bytes) -> bytes:
        """The root of a full tile."""
        ...

    def walk(self) -> LedgerWalk:
        """A recount of the confirmed tree, from its first leaf on."""
        ...


class LedgerWalk(Protocol):
    """A recount of the leaves of a database, up to a tree that the vault signed."""

    @property
    def place(self) -> int:
        """How many leaves were taken."""
        ...

    @property
    def left(self) -> int:
        """How many leaves are missing to the signed tree."""
        ...

    def take(self, leaves: Sequence[bytes]) -> None:
        """The next leaves, in order; Refused `ledger_disagrees` if they come to another tree."""
        ...


class Rosters(Protocol):
    """The vault's own word on which roster is in force."""

    def standing(self) -> Standing | None:
        """What is in force and what waits; None before genesis."""
        ...

    def found(self, sha256: str, document: str, evidence: str, now: datetime) -> None:
        """Take the first roster; Conflict `roster_exists`."""
        ...

    def announce(self, waiting: Waiting, *, follows: str) -> None:
        """Let a successor of `follows` wait; Conflict `roster_waiting` or `roster_moved`."""
        ...

    def note_objection(self, person: Person) -> None:
        """A member said no to the roster that waits."""
        ...

    def stop(self) -> None:
        """The roster that waits does not come."""
        ...

    def settle(self, now: datetime) -> Waiting | None:
        """The roster whose time has come, now in force."""
        ...


class Signatures(Protocol):
    """The verification of approvers' signatures, and what they sign."""

    def check(
        self,
        key: ApprovalKey,
        signature: str,
        message: bytes,
        relying_party: RelyingParty | None,
    ) -> None:
        """Return when the signature is the key's over `message`; Refused with the reason."""
        ...

    def may_enrol(self, key: ApprovalKey) -> None:
        """Return when signatures of the key prove something; Refused `key_malformed`."""
        ...

    def approval(self, order_sha256: bytes, nonce: bytes) -> bytes:
        """What a vote signs."""
        ...

    def key_revocation(self, order_sha256: bytes) -> bytes:
        """What revokes the key that an order gave a registrar."""
        ...

    def objection(self, document_sha256: bytes) -> bytes:
        """What a no to an order or a roster signs."""
        ...


class Surveyor(Protocol):
    """The vault's side of a survey: what a database comes to while the state is lost."""

    def erase(self, erasures: Sequence[Certified]) -> None:
        """The next erasures, in order of tenant, registration and version; before any record."""
        ...

    def take(self, records: Sequence[SealedRecord]) -> Sequence[str | None]:
        """The next records, in key order: for each the reason why it is left out, or None."""
        ...

    def take_leaves(self, leaves: Sequence[bytes]) -> None:
        """The next leaves of the ledger."""
        ...

    def end_leaves(self, size: int, note: str | None) -> None:
        """The ledger's size and newest checkpoint; Refused `anchor_ledger` if they do not fit."""
        ...

    def stop(self, orders: Sequence[tuple[OrderId, KeptOrder]]) -> None:
        """Orders that are over."""
        ...


class Examiner(Protocol):
    """The vault's side of the operator's check: it counts, and gives nothing away."""

    def examine(self, records: Sequence[SealedRecord]) -> Sequence[str | None]:
        """For every record the reason why it can not be read, None where it can."""
        ...

    def missing(
        self, present: Sequence[RecordName], after: RecordName | None, *, is_last: bool
    ) -> int:
        """How many records the vault knows between `after` and the last present are absent."""
        ...


class PublishedNames(Protocol):
    """The snapshot as an edge reads it; every method raises Unavailable without one."""

    def get(self, domain: bytes) -> bytes | None:
        """The published value under an A-label name."""
        ...

    def profile_bodies(self) -> Mapping[tuple[TenantId, ProfileId], bytes]:
        """Every published profile as JSON."""
        ...

    def profiles_generation(self) -> int:
        """Another number means other profiles."""
        ...

    def as_of(self) -> datetime:
        """The moment up to which the snapshot is known to be current."""
        ...


class SnapshotFile(Protocol):
    """The snapshot as its one writer sees it."""

    def position(self) -> JournalPosition | None:
        """Up to where it follows the journal; None when it must be rebuilt."""
        ...

    def as_of(self) -> datetime | None:
        """Up to which moment it is current."""
        ...

    def apply(
        self,
        records: Iterable[RecordChange],
        profiles: Iterable[ProfileChange],
        position: JournalPosition,
        as_of: datetime | None,
    ) -> None:
        """Commit a batch durably, into the generation under construction if there is one."""
        ...

    def begin_rebuild(self, position: JournalPosition, as_of: datetime) -> None:
        """Start an empty generation beside the one in use."""
        ...

    def finish_rebuild(self) -> None:
        """Let readers move to the new generation."""
        ...

    def abandon_rebuild(self) -> None:
        """Throw the generation under construction away."""
        ...

    def check_readers(self) -> int:
        """Free the slots of readers that died."""
        ...

    def entries(self) -> int:
        """How many names it holds."""
        ...


class Registrar(Protocol):
    """A registrar's or registry's own system, through an adapter (registrar_adapters/README.md).

    Every change may be repeated with the same effect id until its answer is final. For one name
    the caller asks for one effect at a time and stores what it saw before it asks.
    """

    async def read(self, domain: DomainName) -> Observed | Declined:
        """What is shown of `domain` now."""
        ...

    async def apply_mask(
        self, effect: Effect, roles: frozenset[Role], mask: PublicContact
    ) -> Answer:
        """`mask` acts in `roles`; other roles stay as they are."""
        ...

    async def restore(
        self, effect: Effect, roles: frozenset[Role], item: Contact | ContactHandle
    ) -> Answer:
        """The person given, or the contact object that was there before, acts in `roles`."""
        ...

    async def hold(self, effect: Effect) -> Answer:
        """The name stops resolving (clientHold); never under a UDRP lock."""
        ...

    async def unhold(self, effect: Effect, before: frozenset[str]) -> Answer:
        """Take a hold back; `before` is the `seen` of the hold, whose statuses stay."""
        ...

    async def lock(self, effect: Effect, locks: frozenset[Lock]) -> Answer:
        """All of `locks` are set."""
        ...

    async def unlock(
        self, effect: Effect, locks: frozenset[Lock], before: frozenset[str]
    ) -> Answer:
        """Take a lock back; `before` is the `seen` of the lock, whose statuses stay."""
        ...
