"""Walls towards what stands outside a service's own process: handed in, and fakeable in tests.

ports.py has those of the vault and the snapshot; here are those of cases: orders and what the vault
knows of cases, the package that it builds, the mail that goes out, the endpoints of registrars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from proxy.model.approval_key import ApprovalKey
    from proxy.model.case import CaseFile, CaseId, Event, Fact, Overlay
    from proxy.model.evidence import ToSealPieces
    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.ledger import LedgerEntry
    from proxy.model.notice import DueNotice, MailAddress, Sent
    from proxy.model.order import BuiltPackage, KeptOrder, Order, OrderId, OrderState, RecordRef
    from proxy.model.roster import Person, Roster, Waiting
    from proxy.model.sealed import RecordName, SealedBatch
    from proxy.model.webhook import Tried


class EvidenceSealer(Protocol):
    """Write-only intake of evidence: what it has sealed it can not open."""

    def seal(self, given: ToSealPieces) -> SealedBatch:
        """One submission, a record for every piece; raises Unavailable without a key."""
        ...


class Passwords(Protocol):
    """Hashes of passwords of staff."""

    async def hash(self, password: str) -> str:
        """The hash to keep; Unavailable `passwords_busy`."""
        ...

    async def is_right(self, password: str, kept: str | None) -> bool:
        """Whether the password is that of a hash; without one, no, after as much work."""
        ...

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made at less cost than new ones are."""
        ...


class SecondFactors(Protocol):
    """What staff sign beside their password, and its verification."""

    @property
    def site(self) -> str:
        """What signatures are made for."""
        ...

    def sign_in(self, person: Person, nonce: bytes) -> bytes:
        """What somebody signs to sign in."""
        ...

    def enrolment(self, person: Person, code: str) -> bytes:
        """What a key signs when it is enrolled."""
        ...

    def check(self, key: ApprovalKey, signature: str, message: bytes) -> None:
        """Return when `signature` is the key's over `message`; Refused with the reason."""
        ...

    def may_enrol(self, key: ApprovalKey) -> None:
        """Return when signatures of the key prove something; Refused `key_malformed`."""
        ...


class Mail(Protocol):
    """How one message gets to one recipient."""

    async def send(self, message: bytes, *, to: MailAddress, return_path: str) -> Sent:
        """What came of one try; raises nothing of the network's."""
        ...


class Addressed(Protocol):
    """To whom a notice goes, in what language, and the token of its link ("" without one)."""

    @property
    def email(self) -> str:
        """The address."""
        ...

    @property
    def language(self) -> str | None:
        """A BCP 47 tag, if one is known."""
        ...

    @property
    def token(self) -> str:
        """What its link has to hold."""
        ...


class NoticeAddresses(Protocol):
    """The vault, for whom a notice is."""

    async def __call__(self, notice: DueNotice) -> Addressed:
        """The address of one notice; Refused, Unavailable as the vault says."""
        ...


class RenderedNotice(Protocol):
    """A notice in words."""

    @property
    def subject(self) -> str:
        """Its subject line."""
        ...

    @property
    def body(self) -> str:
        """Its text."""
        ...

    @property
    def version(self) -> int:
        """Which version of its template it is."""
        ...

    @property
    def language(self) -> str:
        """The language it really is in."""
        ...


class NoticeTexts(Protocol):
    """The templates."""

    def __call__(
        self, template: str, language: str | None, facts: Mapping[str, Fact], *, link: str
    ) -> RenderedNotice:
        """The notice in words; InvalidInput for a template that is not there."""
        ...


class HoldKeeper(Protocol):
    """The vault's own word that nothing of a registration is erased."""

    async def __call__(self, file: CaseFile) -> None:
        """Keep everything of the case's registration from now on; Unavailable without the vault."""
        ...


class Orders(Protocol):
    """The vault's own word on where orders stand."""

    def find(self, order_id: OrderId) -> KeptOrder:
        """What is known of an order; NotFound `order_unknown`."""
        ...

    def is_known(self, order_id: OrderId) -> bool:
        """Whether an order of this id was ever received."""
        ...

    def receive(self, order: Order, sha256: str, now: datetime) -> KeptOrder:
        """The order with a nonce of its own; Conflict `order_id_used`."""
        ...

    def stop(self, order_id: OrderId, *, is_veto: bool = False) -> None:
        """A member objected; a veto is remembered of the order's case as well."""
        ...

    def intend(self, order_id: OrderId, entry: LedgerEntry) -> None:
        """Remember that the deed was set out on, with its entry: both or neither, and once."""
        ...

    def carry_out(
        self, order: Order, entry: LedgerEntry, *, waiting: Waiting | None = None, follows: str = ""
    ) -> None:
        """Use the order up, with its entry and what it changes in the state: all or nothing."""
        ...


class CaseMemory(Protocol):
    """What the vault's own state knows of cases, whatever the rows say."""

    def head(self, case_id: CaseId, /) -> tuple[int, bytes] | None:
        """How many events are known, and the newest one's hash."""
        ...

    def extend(self, case_id: CaseId, events: Sequence[Event], /) -> object:
        """Move the head over events; Refused `case_forged`, `case_rolled_back`."""
        ...

    def cases_after(self, after: CaseId | None, limit: int) -> Sequence[CaseId]:
        """Cases that are known, in order, behind one."""
        ...

    def is_gagged(self, case_id: CaseId, now: datetime, /) -> bool:
        """Whether the registrant may not be told, by an order."""
        ...

    def is_held(self, tenant: TenantId, registration: RegistrationId, /) -> bool:
        """Whether any case holds a registration."""
        ...

    def holds(self, tenant: TenantId, registration: RegistrationId, case: CaseId, /) -> bool:
        """Whether this case does."""
        ...

    def is_vetoed(self, case_id: CaseId, /) -> bool:
        """Whether a DPO has said no to a disclosure or publication."""
        ...


class RecordMemory(Protocol):
    """What the vault's own state knows of sealed records."""

    def __call__(self, name: RecordName, sha256: str, /) -> bool:
        """Whether this is the newest version, of exactly those bytes."""
        ...


class Packager(Protocol):
    """The vault's maker of packages."""

    async def build(
        self,
        connection: Any,
        order: Order,
        sha256: str,
        *,
        approvers: int,
        now: datetime,
    ) -> BuiltPackage:
        """The package of a disclosure, kept as a row and released to nobody yet.

        In the caller's transaction. Asked again for the same order it gives the package that is
        there, and makes one only where there is none. Nothing of it goes anywhere until the order
        counts as carried out in the vault's state.
        """
        ...


class SeenOrder(Protocol):
    """What the vault says of an order."""

    @property
    def state(self) -> OrderState:
        """Where it stands."""
        ...

    @property
    def order(self) -> Order:
        """What it says."""
        ...

    @property
    def is_enough(self) -> bool:
        """Whether its votes are enough."""
        ...


class OrderWatch(Protocol):
    """The vault, asked about an order."""

    async def __call__(self, order_id: OrderId) -> SeenOrder:
        """The order as it stands; NotFound, Refused, Unavailable as the vault says."""
        ...


class DescribedCase(Protocol):
    """What the vault says that an order of a case has to name."""

    @property
    def event(self) -> str:
        """The newest event that the vault knows, by its hash in hex."""
        ...

    @property
    def overlays(self) -> tuple[Overlay, ...]:
        """What lies over the case by the vault's own state."""
        ...

    @property
    def records(self) -> tuple[RecordRef, ...]:
        """The registration's newest records."""
        ...


class CasePapers(Protocol):
    """The vault, for who proposes orders."""

    async def describe(self, case_id: CaseId) -> DescribedCase:
        """What an order of the case has to name."""
        ...

    async def roster(self) -> tuple[Roster, str]:
        """The roster in force and its digest; Conflict `roster_none`."""
        ...

    async def submit(self, document: str) -> None:
        """The order is open for votes; Refused says why not."""
        ...


class Hooks(Protocol):
    """How one message gets to one endpoint of a registrar."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Tried:
        """What came of one try; raises nothing of the network's."""
        ...
