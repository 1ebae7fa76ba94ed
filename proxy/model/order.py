"""Orders: what named people decide by their votes. Frozen; nothing here decides.

An order is a document; these are its facts once read. Another kind of order is another class of
`subject` here, a row in rules.orders and its deed in services.carry_out.
Source: vault.md, Roster and orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads it in the state (vault.orders)
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NewType
from uuid import UUID

if TYPE_CHECKING:
    from proxy.model.case import Basis, CaseId, CaseTypeId, Overlay
    from proxy.model.identifiers import DomainName, RecordClass, RegistrationId, TenantId
    from proxy.model.roster import Agent, AgentId, DeploymentId, Person

OrderId = NewType("OrderId", UUID)
"""128 random bits."""


class OrderKind(StrEnum):
    """What can be ordered. All are orders of a case but those of OF_NO_CASE."""

    CHANGE_AGENT = "change agent"
    REGISTRAR_KEY = "registrar key"
    DISCLOSE = "disclose"
    DISCLOSE_URGENTLY = "disclose in emergency"
    PUBLISH = "publish"
    DEACTIVATE = "deactivate"
    RELEASE_PRIVACY = "release privacy"
    LIFT_HOLD = "lift hold"
    GAG = "gag"
    LIFT_GAG = "lift gag"


OF_NO_CASE: Final = frozenset({OrderKind.CHANGE_AGENT, OrderKind.REGISTRAR_KEY})
"""Kinds that the operator proposes."""


class OrderState(StrEnum):
    """Where an order stands; all but the first are for ever."""

    OPEN = "open"
    STOPPED = "stopped"  # a member objected
    CARRIED_OUT = "carried out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAgent:
    """An escrow agent as it shall be; None: it shall be no more.

    `replaces` is the SHA-256 of the agent as the order's author saw it, "" where there was none:
    what was not seen is not replaced.
    """

    agent_id: AgentId
    agent: Agent | None
    replaces: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarKey:
    """By what a registrar asks for its own customers: 32 octets each, in hex."""

    signing: str  # Ed25519: its requests
    sealing: str  # X25519: what the answers are sealed to


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRegistrarKey:
    """A registrar's key as it shall be; None: it shall have none any more, at once.

    `replaces` is the SHA-256 of the newest key as the order's author saw it, "" where there was
    none.
    """

    tenant_id: TenantId
    key: RegistrarKey | None
    replaces: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRef:
    """A sealed record as the author saw it: no other version and no other bytes will do."""

    record_class: RecordClass
    version: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """To whom a package goes. `identity` is the SHA-256 of the evidence of who they are.

    `openpgp` is the full fingerprint of their certificate, which lies as evidence `certificate`;
    both are "" for a package under a pass-phrase.
    """

    name: str
    organization: str
    identity: str
    openpgp: str
    certificate: str  # an evidence id


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What is given to whom: `fields` are named role.field, for one `registrant.email`."""

    fields: tuple[str, ...]
    records: tuple[RecordRef, ...]
    recipient: Recipient
    terms: str  # SHA-256 of the terms of use that the recipient accepts
    delete_by: str  # a date, ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is published of a name: `fields` as in a disclosure."""

    fields: tuple[str, ...]
    records: tuple[RecordRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A gag: until when; without an end it is reviewed every 90 days."""

    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSubject:
    """What an order of a case is about, beside what is done: `deed` None where the kind says all.

    `event` is the hash of the newest event of the case that the author saw.
    """

    case: CaseId
    case_type: CaseTypeId
    event: str
    tenant_id: TenantId
    registration_id: RegistrationId
    domain: DomainName
    unicode_name: str
    event_date: datetime
    basis: Basis
    instrument: str  # SHA-256 of the paper it rests on; "" for none
    reasons: str  # SHA-256 of the reasons, which lie as evidence
    overlays: tuple[Overlay, ...]  # in force, in order
    overrides_veto: bool
    deed: Disclosure | Publication | Silence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an order says. `proposer`, `handler` and `releaser` may not vote on it; "" is nobody.

    `roster` is the SHA-256 of the roster it is made under: another roster needs another order.
    """

    deployment: DeploymentId
    id: OrderId
    kind: OrderKind
    roster_version: int
    roster: str
    proposer: Person
    handler: Person
    releaser: Person
    reason: str
    not_before: datetime
    expires_at: datetime
    subject: ChangeAgent | ChangeRegistrarKey | CaseSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOrder:
    """What the vault's own state knows of an order: enough to refuse every other paper.

    `case` is None for an order of no case, `tenant` for an agent's. `intended_at` is when the vault
    first set out to do what it says.
    """

    sha256: str
    nonce: bytes
    kind: OrderKind
    state: OrderState
    received_at: datetime
    expires_at: datetime
    case: UUID | None = None
    tenant: UUID | None = None
    overrides_veto: bool = False
    intended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltPackage:
    """A package that an order made: its id, the SHA-256 of its bytes, the mark of this copy."""

    id: UUID
    sha256: str
    copy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """Somebody whose valid signature an order carries, as the rules see them."""

    person: Person
    is_detached: bool
    """Whether the signature comes from the person's own machine, not through a web page."""
