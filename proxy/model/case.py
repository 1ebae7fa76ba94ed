"""Cases: a third party wants to know who is behind a name. Frozen facts; nothing here decides.

A case is its events, in order, each bound to the one before by hash; everything else is a fold over
them (rules.casework.folding). Events hold ids, codes, counts and digests, never a person's data:
what people write lies sealed as evidence and stands here by its id and SHA-256.
Source: casework s6; vault.md, State outside PostgreSQL.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NewType
from uuid import UUID

import rfc8785

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.identifiers import DomainName, RegistrationId, TenantId
    from proxy.model.roster import StaffRole

CaseId = NewType("CaseId", UUID)
"""128 random bits: neither gaps nor rates of cases can be told from it."""

CaseTypeId = NewType("CaseTypeId", str)
EvidenceId = NewType("EvidenceId", UUID)
NoticeId = NewType("NoticeId", UUID)

Fact = str | int | bool | tuple[str, ...]

FIRST_PREVIOUS: Final = bytes(32)
"""What stands before a case's first event."""


class Overlay(StrEnum):
    """What lies over a case whatever its state."""

    GAG = "gag"  # the registrant may not be told
    HOLD = "hold"  # nothing may be erased
    SAFETY = "safety"  # somebody may come to harm: three people decide
    STAY = "stay"  # a court has not decided yet: nothing is released
    MINOR = "minor"  # the registrant may be a child: no private disclosure
    UDRP_LOCK = "udrp_lock"  # a UDRP or URS provider has the name locked: it keeps resolving


class Outcome(StrEnum):
    """How a case can end, and what may be done in it (casework s6.6)."""

    REFUSE = "refuse"
    FORWARD_ONLY = "forward_only"
    RESOLVED_DIRECT = "resolved_direct"
    DISCLOSE_PRIVATE = "disclose_private"
    DISCLOSE_TO_TRIBUNAL = "disclose_to_tribunal"
    PUBLISH = "publish"
    RELEASE_PRIVACY = "release_privacy"
    TEMP_HOLD = "temp_hold"
    DEACTIVATE = "deactivate"
    REDIRECT = "redirect"
    NO_DATA_HELD = "no_data_held"
    ALREADY_PUBLIC = "already_public"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    PRESERVED = "preserved"


class Refusal(StrEnum):
    """Why a request is refused; exactly one is the primary reason (casework s6.6)."""

    INCOMPLETE = "incomplete"
    NOT_VERIFIED = "not_verified"
    NO_STANDING = "no_standing"
    NOT_OURS = "not_ours"
    NO_LEGAL_BASIS = "no_legal_basis"
    NO_NECESSITY = "no_necessity"  # relay untried
    OVERRIDDEN = "overridden"  # the registrant's interest weighs more
    OBJECTION_UPHELD = "objection_upheld"
    SAFETY = "safety"
    PRETEXTUAL = "pretextual"
    FISHING = "fishing"
    WRONG_JURISDICTION = "wrong_jurisdiction"
    INSTRUMENT_DEFECTIVE = "instrument_defective"
    PRIVILEGE = "privilege"
    NOT_HELD = "not_held"
    GAG_CONFLICT = "gag_conflict"
    DUPLICATE = "duplicate"
    SURRENDERED = "surrendered"


class Basis(StrEnum):
    """On what ground a disclosure rests (casework s1, K12 to K21, N10)."""

    CONTRACT_BREACH = "contract_breach"  # the indemnity path
    LEGITIMATE_INTEREST = "legitimate_interest"
    LEGAL_PROCESS = "legal_process"
    EMERGENCY = "emergency"


class FieldClass(StrEnum):
    """Kinds of data about a customer (casework s6.3)."""

    PUBLIC_EQUIV = "public_equiv"
    DESIGNATED_CONTACT = "designated_contact"
    ACCOUNT = "account"
    FINANCIAL = "financial"
    ID_EVIDENCE = "id_evidence"
    CASE_INTERNAL = "case_internal"


class ActorKind(StrEnum):
    """Who acts."""

    STAFF = "staff"
    REGISTRANT = "registrant"
    REQUESTER = "requester"
    TIMER = "timer"  # a deadline; it reminds, escalates, lapses: it never decides
    SYSTEM = "system"  # the worker, on what the vault, the relay or a registrar reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who acts on a case. `person` is a staff handle; "" for all other kinds.

    `is_stepped_up` is said of a registrant or requester who proved their mailbox a second time.
    """

    kind: ActorKind
    person: str = ""
    roles: frozenset[StaffRole] = frozenset()
    is_stepped_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of a case. `role` is the role in which the actor acted, or the actor's kind."""

    case_id: CaseId
    seq: int
    id: UUID  # of its ledger entry
    previous: bytes
    actor: str  # staff handle, or the actor's kind
    role: str
    act: str
    facts: Mapping[str, Fact]
    at: datetime  # whole microseconds, UTC

    def digest(self) -> bytes:
        """The event's hash: SHA-256 over the one before it and its own canonical text."""
        facts = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.facts.items()
        }
        text = rfc8785.dumps(
            {
                "v": 1,
                "case": str(self.case_id),
                "seq": self.seq,
                "id": str(self.id),
                "actor": self.actor,
                "role": self.role,
                "act": self.act,
                "facts": facts,
                "at": self.at.isoformat(timespec="microseconds"),
            }
        )
        return hashlib.sha256(self.previous + text).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """What does not change over a case's life, and where its chain of events stands."""

    id: CaseId
    type: CaseTypeId
    tenant_id: TenantId
    registration_id: RegistrationId
    """The registration at the event date: a later holder of the name is not concerned."""

    domain: DomainName
    event_date: datetime
    opened_at: datetime
    seq: int
    head: bytes
    state: str
    is_open: bool
