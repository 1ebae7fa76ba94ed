"""Events to the case they come to. Pure; decides nothing.

The fold reads no table of any type: what an act of a table leads to stands in its own facts, put
there by the engine (model.case_state.RESERVED_FACTS). So the vault, a report and an old case under
a newer table all see the same. An event about something that was never begun (an order nobody
proposed, a notice nobody queued) changes nothing: it can only fail to prove what it claims.
Source: casework s6.4, s6.5 and s7.5; vault.md, State outside PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.errors import InvalidInput
from proxy.model.case import (
    FIRST_PREVIOUS,
    ActorKind,
    CaseTypeId,
    EvidenceId,
    NoticeId,
    Outcome,
    Overlay,
)
from proxy.model.case_state import (
    MACHINE_ACTS,
    OPEN,
    Case,
    DeadlineState,
    Done,
    NoticeState,
    OrderStanding,
    OverlayInForce,
    TaskState,
)
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.model.order import OrderId, OrderKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from proxy.model.case import Event, Fact

MATERIAL: Final = frozenset({"overlay_set", "overlay_cleared", "conflict_declared"})
"""Machine acts that void votes given before (casework s6.5); a table's acts say it themselves."""

_KINDS: Final = frozenset(one.value for one in ActorKind)


def fold(events: Iterable[Event]) -> Case:
    """The case; InvalidInput `case_chain_broken` unless every event follows the one before.

    InvalidInput `case_event_malformed` where an event lacks what its act says.
    """
    case: Case | None = None
    for event in events:
        case = _opened(event) if case is None else follow(case, event)
    if case is None:
        raise _broken()
    return case


def follow(case: Case, event: Event) -> Case:
    """The case after one more event; errors as `fold`."""
    follows = event.seq == case.seq + 1 and event.previous == case.head
    if not follows or event.case_id != case.id or event.act == OPEN:
        raise _broken()
    try:
        return _changed(case, event)
    except (KeyError, ValueError, TypeError):
        raise _malformed() from None


def _opened(event: Event) -> Case:
    if event.act != OPEN or event.seq != 1 or event.previous != FIRST_PREVIOUS:
        raise _broken()
    facts = event.facts
    try:
        case = Case(
            id=event.case_id,
            type=CaseTypeId(_text(facts, "type")),
            tenant_id=TenantId(UUID(_text(facts, "tenant"))),
            registration_id=RegistrationId(UUID(_text(facts, "registration"))),
            domain=DomainName(_text(facts, "domain")),
            event_date=_moment(facts, "event_date"),
            opened_at=event.at,
            seq=1,
            head=event.digest(),
            state=_text(facts, "state"),
            is_open=True,
            fields_asked=_texts(facts, "fields"),
            items_given=_texts(facts, "items"),
            material_seq=1,
        )
    except (KeyError, ValueError, TypeError):
        raise _malformed() from None
    return _remembered(case, event)


def _changed(case: Case, event: Event) -> Case:
    machine = _MACHINE.get(event.act)
    if machine is not None:
        case = machine(case, event)
    elif event.act not in MACHINE_ACTS:
        case = _acted(case, event)
    if event.act in MATERIAL or event.facts.get("material") is True:
        case = replace(case, material_seq=event.seq)
    return replace(_remembered(case, event), seq=event.seq, head=event.digest())


def _remembered(case: Case, event: Event) -> Case:
    """The case with the act among those done, and its actor among the people if one of staff."""
    one = Done(seq=event.seq, actor=event.actor, role=event.role, at=event.at, facts=event.facts)
    done = {**case.done, event.act: (*case.done.get(event.act, ()), one)}
    if event.actor in _KINDS:
        return replace(case, done=done)
    people = {**case.people, event.role: case.people.get(event.role, frozenset()) | {event.actor}}
    return replace(case, done=done, people=people)


def _acted(case: Case, event: Event) -> Case:
    """The case after an act of its table."""
    facts = event.facts
    if facts.get("state"):
        case = replace(case, state=_text(facts, "state"))
    if "is_open" in facts:
        is_open = facts["is_open"] is True
        was_over = is_open and not case.is_open  # taken up again: nothing came of it yet
        case = replace(case, is_open=is_open, outcome=None if was_over else case.outcome)
    if facts.get("outcome"):
        case = replace(case, outcome=Outcome(_text(facts, "outcome")))
    if "fields_asked" in facts:
        case = replace(case, fields_asked=_texts(facts, "fields_asked"))
    given = dict.fromkeys((*case.items_given, *_texts(facts, "items")))
    gone = {Overlay(name) for name in _texts(facts, "clears")}
    overlays = {at: one for at, one in case.overlays.items() if at not in gone}
    overlays |= {Overlay(name): _in_force(event) for name in _texts(facts, "sets")}
    return replace(case, items_given=tuple(given), overlays=overlays)


def _in_force(event: Event) -> OverlayInForce:
    until = event.facts.get("until")
    return OverlayInForce(
        seq=event.seq,
        since=event.at,
        until=moment(until) if until else None,
        by=event.actor,
    )


# What machine acts change; those that stand in none of these only stand among what was done.


def _evidence_added(case: Case, event: Event) -> Case:
    found = EvidenceId(UUID(_text(event.facts, "evidence")))
    return replace(
        case,
        evidence={**case.evidence, found: _text(event.facts, "sha256")},
        handed_in_by={**case.handed_in_by, found: event.role},
    )


def _handler_assigned(case: Case, event: Event) -> Case:
    return replace(case, handler=_text(event.facts, "person"))


def _conflict_declared(case: Case, event: Event) -> Case:
    return replace(case, conflicted=case.conflicted | {_text(event.facts, "person")})


def _overlay_set(case: Case, event: Event) -> Case:
    overlay = Overlay(_text(event.facts, "overlay"))
    return replace(case, overlays={**case.overlays, overlay: _in_force(event)})


def _overlay_cleared(case: Case, event: Event) -> Case:
    gone = Overlay(_text(event.facts, "overlay"))
    return replace(case, overlays={at: one for at, one in case.overlays.items() if at != gone})


def _notice_queued(case: Case, event: Event) -> Case:
    found = NoticeId(UUID(_text(event.facts, "notice")))
    one = NoticeState(
        template=_text(event.facts, "template"), to=_text(event.facts, "to"), queued_at=event.at
    )
    return replace(case, notices={**case.notices, found: one})


def _notice_told(case: Case, event: Event) -> Case:
    """A delivery or a bounce; the first of each counts, so that a late one moves nothing."""
    found = NoticeId(UUID(_text(event.facts, "notice")))
    one = case.notices.get(found)
    if one is None:
        return case
    if event.act == "notice_delivered":
        one = replace(one, delivered_at=one.delivered_at or event.at)
    else:
        one = replace(one, bounced_at=one.bounced_at or event.at)
    return replace(case, notices={**case.notices, found: one})


def _deadline_told(case: Case, event: Event) -> Case:
    name, number = _text(event.facts, "deadline"), _number(event.facts, "round")
    former = case.deadlines.get(name)
    if event.act == "deadline_set":
        if former is not None and former.round >= number:
            raise ValueError
        due_at = _moment(event.facts, "due_at")
        now = DeadlineState(round=number, set_at=event.at, due_at=due_at)
    elif former is None or former.round != number:
        return case
    elif event.act == "deadline_moved":
        now = replace(former, due_at=_moment(event.facts, "due_at"))
    elif event.act == "deadline_due":
        now = former if former.is_ended else replace(former, is_due=True)
    else:
        now = replace(former, is_ended=True)
    return replace(case, deadlines={**case.deadlines, name: now})


def _task_opened(case: Case, event: Event) -> Case:
    facts = event.facts
    one = TaskState(kind=_text(facts, "kind"), role=_text(facts, "role"), opened_at=event.at)
    return replace(case, tasks={**case.tasks, _text(facts, "task"): one})


def _task_done(case: Case, event: Event) -> Case:
    gone = _text(event.facts, "task")
    return replace(case, tasks={at: one for at, one in case.tasks.items() if at != gone})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Where an event takes an order, and from where alone: what is over stays over."""

    to: str
    of: frozenset[str]


_ORDER_STEPS: Final[Mapping[str, _Step]] = {
    "order_approved": _Step(to="approved", of=frozenset({"proposed"})),
    "order_voided": _Step(to="voided", of=frozenset({"proposed", "approved"})),
    "order_carried_out": _Step(to="carried_out", of=frozenset({"proposed", "approved"})),
}


def _order_proposed(case: Case, event: Event) -> Case:
    found = OrderId(UUID(_text(event.facts, "order")))
    if found in case.orders:
        raise ValueError
    one = OrderStanding(
        kind=OrderKind(_text(event.facts, "kind")),
        state="proposed",
        seq=event.seq,
        sha256=_text(event.facts, "sha256"),
    )
    return replace(case, orders={**case.orders, found: one})


def _order_told(case: Case, event: Event) -> Case:
    found, step = OrderId(UUID(_text(event.facts, "order"))), _ORDER_STEPS[event.act]
    one = case.orders.get(found)
    if one is None or one.state not in step.of:
        return case
    return replace(case, orders={**case.orders, found: replace(one, state=step.to)})


_MACHINE: Final[Mapping[str, Callable[[Case, Event], Case]]] = {
    "evidence_added": _evidence_added,
    "handler_assigned": _handler_assigned,
    "conflict_declared": _conflict_declared,
    "overlay_set": _overlay_set,
    "overlay_cleared": _overlay_cleared,
    "notice_queued": _notice_queued,
    "notice_delivered": _notice_told,
    "notice_bounced": _notice_told,
    "deadline_set": _deadline_told,
    "deadline_moved": _deadline_told,
    "deadline_due": _deadline_told,
    "deadline_ended": _deadline_told,
    "task_opened": _task_opened,
    "task_done": _task_done,
    "order_proposed": _order_proposed,
    **dict.fromkeys(_ORDER_STEPS, _order_told),
}


# Facts as what they are.


def _text(facts: Mapping[str, Fact], name: str) -> str:
    found = facts[name]
    if not isinstance(found, str):
        raise TypeError
    return found


def _texts(facts: Mapping[str, Fact], name: str) -> tuple[str, ...]:
    found = facts.get(name, ())
    if not isinstance(found, tuple):
        raise TypeError
    return found


def _number(facts: Mapping[str, Fact], name: str) -> int:
    found = facts[name]
    if isinstance(found, bool) or not isinstance(found, int):
        raise TypeError
    return found


def _moment(facts: Mapping[str, Fact], name: str) -> datetime:
    return moment(facts[name])


def moment(fact: Fact) -> datetime:
    """The moment that a fact says, with its offset; TypeError or ValueError where it says none."""
    if not isinstance(fact, str):
        raise TypeError
    found = datetime.fromisoformat(fact)
    if found.tzinfo is None:
        raise ValueError
    return found


def _broken() -> InvalidInput:
    return InvalidInput(
        "case_chain_broken",
        "The events of the case do not follow one another: one is missing, moved or changed.",
    )


def _malformed() -> InvalidInput:
    return InvalidInput("case_event_malformed", "An event of the case lacks what its act says.")
