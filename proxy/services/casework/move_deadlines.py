"""Pause, resume and extend a case's deadlines, by who may. Source: casework s7.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import NotFound, Refused
from proxy.model.roster import StaffRole
from proxy.services.casework import act, assign
from proxy.services.keep_deadlines import By

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import Actor, CaseId
    from proxy.model.deadline import Extension, PauseReason
    from proxy.services.casework.carry import Held
    from proxy.services.casework.office import Turn

_MAY: Final = frozenset({StaffRole.HANDLER, StaffRole.DECIDER, StaffRole.LEGAL, StaffRole.DIRECTOR})


async def pause(
    turn: Turn,
    case_id: CaseId,
    name: str,
    actor: Actor,
    *,
    reason: PauseReason,
    ends_by: datetime,
) -> None:
    """A deadline stands still; Refused with the clock's reason."""
    async with turn.connection.transaction():
        _, by = await _may(turn, case_id, actor)
        await turn.office.keeper.pause(
            turn.connection, case_id, name, reason=reason, ends_by=ends_by, by=by, now=turn.now
        )


async def resume(
    turn: Turn, case_id: CaseId, name: str, actor: Actor, *, reason: PauseReason
) -> None:
    """A deadline runs on."""
    async with turn.connection.transaction():
        _, by = await _may(turn, case_id, actor)
        await turn.office.keeper.resume(
            turn.connection, case_id, name, reason=reason, by=by, now=turn.now
        )


async def extend(
    turn: Turn, case_id: CaseId, name: str, actor: Actor, extension: Extension
) -> None:
    """A deadline gets more of its unit, as far as its limit lets extensions go."""
    async with turn.connection.transaction():
        held, by = await _may(turn, case_id, actor)
        kind = held.type.deadlines.get(name)
        if kind is None:
            raise NotFound("deadline_unknown", "The case has no such deadline.")
        await turn.office.keeper.extend(
            turn.connection,
            case_id,
            name,
            extension=extension,
            most=turn.office.limits[kind.limit].extend,
            by=by,
            now=turn.now,
        )


async def _may(turn: Turn, case_id: CaseId, actor: Actor) -> tuple[Held, By]:
    """The case, held, and how events name the actor; Refused for who may not."""
    role = assign.check_role(actor, _MAY)
    held = await act.hold(turn, case_id)
    if actor.person in held.case.conflicted:
        raise Refused("case_conflict", "Somebody with a conflict of interest keeps away.")
    return held, By(actor=actor.person, role=role.value)
