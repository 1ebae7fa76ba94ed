"""Who handles a case, and who keeps away from it. Source: casework s6.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import Refused
from proxy.model.roster import StaffRole
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import act
from proxy.store import cases as store

if TYPE_CHECKING:
    from proxy.model.case import Actor, CaseId
    from proxy.services.casework.office import Turn

_MAY_ASSIGN: Final = frozenset(
    {StaffRole.INTAKE, StaffRole.HANDLER, StaffRole.DECIDER, StaffRole.DIRECTOR}
)


def check_role(actor: Actor, roles: frozenset[StaffRole]) -> StaffRole:
    """The role in which somebody acts; Refused `staff_role` without any of `roles`."""
    held = sorted(actor.roles & roles)
    if not held:
        raise Refused("staff_role", f"This is for: {', '.join(sorted(roles))}.")
    return held[0]


async def assign(turn: Turn, case_id: CaseId, actor: Actor, person: str) -> None:
    """Somebody handles the case; Refused `case_conflict` for who keeps away from it."""
    role = check_role(actor, _MAY_ASSIGN)
    async with turn.connection.transaction():
        held = await act.hold(turn, case_id)
        if not held.case.is_open:
            raise Refused("case_over", "The case is over.")
        if {actor.person, person} & held.case.conflicted:
            raise Refused("case_conflict", "Somebody with a conflict of interest keeps away.")
        event = NewEvent(
            actor=actor.person, role=role.value, act="handler_assigned", facts={"person": person}
        )
        await _append(turn, case_id, event)
        await store.set_handler(turn.connection, case_id, person)


async def declare_conflict(turn: Turn, case_id: CaseId, actor: Actor, person: str) -> None:
    """Somebody keeps away from the case from now on, by their own word or that of legal or the DPO.

    Only more people can be kept away: nobody takes a conflict back.
    """
    roles = actor.roles & {StaffRole.LEGAL, StaffRole.DPO, StaffRole.DIRECTOR}
    if actor.person != person and not roles:
        raise Refused("staff_role", "A conflict is declared by oneself, legal, DPO or director.")
    role = min(roles or actor.roles)
    async with turn.connection.transaction():
        await act.hold(turn, case_id)
        event = NewEvent(
            actor=actor.person, role=role.value, act="conflict_declared", facts={"person": person}
        )
        await _append(turn, case_id, event)


async def _append(turn: Turn, case_id: CaseId, event: NewEvent) -> None:
    await case_events.append(
        turn.connection, case_id, [event], now=turn.now, random=turn.office.random
    )
