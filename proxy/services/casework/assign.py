"""Who handles a case, and who keeps away from it. Source: casework s6.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.model import staff as staff_model
from proxy.model.roster import StaffRole
from proxy.model.staff import StaffState
from proxy.rules.casework import folding
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import act
from proxy.store import cases as store
from proxy.store import staff

if TYPE_CHECKING:
    from proxy.model.case import Actor, CaseId
    from proxy.model.roster import Person
    from proxy.services.casework.office import Turn

_MAY_ASSIGN: Final = frozenset(
    {StaffRole.INTAKE, StaffRole.HANDLER, StaffRole.DECIDER, StaffRole.DIRECTOR}
)
_HANDLES: Final = frozenset({StaffRole.HANDLER, StaffRole.INVESTIGATOR, StaffRole.ABUSE})
_HANDS_IN: Final = frozenset(StaffRole) - {StaffRole.AUDITOR}  # who audits reads, and adds nothing


def check_role(actor: Actor, roles: frozenset[StaffRole]) -> StaffRole:
    """The role in which somebody acts; Refused `staff_role` without any of `roles`."""
    held = sorted(actor.roles & roles)
    if not held:
        raise Refused("staff_role", f"This is for: {', '.join(sorted(roles))}.")
    return held[0]


async def assign(turn: Turn, case_id: CaseId, actor: Actor, person: str) -> None:
    """Somebody handles the case; Refused `case_conflict` for who keeps away from it.

    Refused `handler_unfit` for who is no active member of staff that handles cases.
    """
    role = check_role(actor, _MAY_ASSIGN)
    async with turn.connection.transaction():
        await _check_handler(turn, _person(person))
        held = await act.hold(turn, case_id)
        if not held.case.is_open:
            raise Refused("case_over", "The case is over.")
        if {actor.person, person} & held.case.conflicted:
            raise Refused("case_conflict", "Somebody with a conflict of interest keeps away.")
        if person == held.case.handler:
            return
        event = NewEvent(
            actor=actor.person, role=role.value, act="handler_assigned", facts={"person": person}
        )
        await _append(turn, case_id, event)
        await store.set_handler(turn.connection, case_id, person)


async def declare_conflict(turn: Turn, case_id: CaseId, actor: Actor, person: str) -> None:
    """Somebody keeps away from the case from now on, by their own word or that of legal or the DPO.

    Only more people can be kept away: nobody takes a conflict back. Said again it is no news: a
    conflict voids the votes given, and one session must not do that over and over.
    """
    roles = actor.roles & {StaffRole.LEGAL, StaffRole.DPO, StaffRole.DIRECTOR}
    if actor.person != person and not roles:
        raise Refused("staff_role", "A conflict is declared by oneself, legal, DPO or director.")
    role = min(roles or actor.roles)
    _person(person)
    async with turn.connection.transaction():
        held = await act.hold(turn, case_id)
        if person in held.case.conflicted:
            return
        event = NewEvent(
            actor=actor.person, role=role.value, act="conflict_declared", facts={"person": person}
        )
        await _append(turn, case_id, event)


async def check_hands_in(turn: Turn, case_id: CaseId, actor: Actor) -> None:
    """Return when somebody may hand evidence in; NotFound `case_unknown` for who keeps away."""
    check_role(actor, _HANDS_IN)
    await store.find(turn.connection, case_id)
    case = folding.fold(await store.events(turn.connection, case_id))
    if actor.person in case.conflicted:
        raise store.unknown()


async def check_sees_order(turn: Turn, case_id: CaseId, actor: Actor) -> None:
    """Return when somebody may read an order of a case; NotFound as of no order for who keeps away.

    An order says whose name it is and who gets what: as much as the case itself, which they do not
    see either.
    """
    case = folding.fold(await store.events(turn.connection, case_id))
    if actor.person in case.conflicted:
        raise NotFound("order_unknown", "There is no order by this id.")


async def _check_handler(turn: Turn, person: Person) -> None:
    found = await staff.find(turn.connection, person)
    if found is None or found.state is not StaffState.ACTIVE or not found.roles & _HANDLES:
        roles = ", ".join(sorted(_HANDLES))
        raise Refused(
            "handler_unfit", f"Nobody active of staff has this handle and a role of: {roles}."
        )


def _person(text: str) -> Person:
    """A handle; anything else could be a person's name, which events do not hold."""
    found = staff_model.parse_person(text)
    if found is None:
        raise InvalidInput(
            "person", "A handle is a lower-case letter, then letters, digits and hyphens."
        )
    return found


async def _append(turn: Turn, case_id: CaseId, event: NewEvent) -> None:
    await case_events.append(
        turn.connection, case_id, [event], now=turn.now, random=turn.office.random
    )
