"""What a case's events come to: the fold that every decision looks at. Frozen; decides nothing.

Made by rules.casework.folding, from events alone: whoever has the chain gets the same case, the
vault as well as the staff's pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.case import (
        CaseId,
        CaseTypeId,
        EvidenceId,
        Fact,
        NoticeId,
        Outcome,
        Overlay,
    )
    from proxy.model.identifiers import DomainName, RegistrationId, TenantId
    from proxy.model.order import OrderId, OrderKind

OPEN: Final = "open"
"""The first act of every case; its facts are what does not change: type, tenant, registration,
domain, event_date, channel, fields (asked for), items (given), country, requester_class."""

MACHINE_ACTS: Final = frozenset(
    {
        OPEN,
        "evidence_added",  # evidence, kind, sha256
        "handler_assigned",  # person
        "conflict_declared",  # person
        "notice_queued",  # notice, template, to
        "notice_delivered",  # notice, how: exchanger | acknowledged | post
        "notice_bounced",  # notice, reason
        "deadline_set",  # deadline, round, due_at
        "deadline_moved",  # deadline, round, due_at, cause: pause | extension | outage | calendar
        "deadline_reminded",  # deadline, round, action
        "deadline_due",  # deadline, round, late_by_s
        "deadline_ended",  # deadline, round
        "task_opened",  # task, kind, role
        "task_done",  # task, kind
        "overlay_set",  # overlay, until ("" for none), evidence ("" for none)
        "overlay_cleared",  # overlay
        "order_proposed",  # order, kind, sha256
        "order_approved",  # order
        "order_voided",  # order, reason
        "order_carried_out",  # order
        "package_sealed",  # order, package, sha256, fields, copy
        "package_released",  # package (its link was sent)
        "package_collected",  # package
        "package_receipted",  # package, evidence
        "package_expired",  # package
        "effect_asked",  # effect, change: hold | unhold | release_privacy
        "effect_done",  # effect, change, outcome: applied | already | by_hand
        "effect_refused",  # effect, change, reason: people do it, or leave it
        "effect_withdrawn",  # effect, change
        "noted",  # evidence: a note of staff
    }
)
"""Acts that every case knows, whatever its type; all other acts are of the type's own table."""

RESERVED_FACTS: Final = frozenset(
    {"state", "is_open", "outcome", "sets", "clears", "material", "session"}
)
"""What the engine adds to the facts of a table's act: the fold needs no table.

`is_open` stands where it changes; `session` says how much the link of a registrant or requester
proved: "link" or "step_up".
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act that was done."""

    seq: int
    actor: str
    role: str
    at: datetime
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayInForce:
    """An overlay and since when it lies there; `until` is when it ends or must be reviewed."""

    seq: int
    since: datetime
    until: datetime | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeState:
    """A notice and what is known of its delivery."""

    template: str
    to: str
    queued_at: datetime
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineState:
    """A deadline's newest round as the events tell of it."""

    round: int
    set_at: datetime
    due_at: datetime
    is_due: bool = False  # the scanner said so: it is over, outages counted
    is_ended: bool = False  # what it waited for came


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """A task that is open."""

    kind: str
    role: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStanding:
    """An order of this case: proposed, approved, voided or carried_out."""

    kind: OrderKind
    state: str
    seq: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as it stands after `seq` events."""

    id: CaseId
    type: CaseTypeId
    tenant_id: TenantId
    registration_id: RegistrationId
    domain: DomainName
    event_date: datetime
    opened_at: datetime
    seq: int
    head: bytes
    state: str
    is_open: bool
    fields_asked: tuple[str, ...]
    items_given: tuple[str, ...]
    handler: str = ""
    outcome: Outcome | None = None
    overlays: Mapping[Overlay, OverlayInForce] = field(default_factory=dict)
    done: Mapping[str, tuple[Done, ...]] = field(default_factory=dict)
    """Every act by id, in order, machine acts among them."""

    notices: Mapping[NoticeId, NoticeState] = field(default_factory=dict)
    deadlines: Mapping[str, DeadlineState] = field(default_factory=dict)
    tasks: Mapping[str, TaskState] = field(default_factory=dict)
    orders: Mapping[OrderId, OrderStanding] = field(default_factory=dict)
    evidence: Mapping[EvidenceId, str] = field(default_factory=dict)  # SHA-256 in hex
    handed_in_by: Mapping[EvidenceId, str] = field(default_factory=dict)  # role, or kind of actor
    conflicted: frozenset[str] = frozenset()
    """Staff who may not act or vote here."""

    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Who acted, by role."""

    material_seq: int = 0
    """The newest event that changes what was voted on; a vote under an older one is void."""

    def last(self, act: str) -> Done | None:
        """The newest doing of an act."""
        found = self.done.get(act)
        return found[-1] if found else None
