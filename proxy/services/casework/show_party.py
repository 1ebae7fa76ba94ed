"""What a party of a case sees: where it stands, what they can do, until when. No others' data.

A registrant under a gag sees nothing, as if there were no case; the vault says so of sessions, and
here it is said once more. Source: casework s7.5, s8; invariants 12 and 35.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.model.case import ActorKind, Overlay
from proxy.rules.casework import deciding, folding
from proxy.store import cases as store
from proxy.store import deadlines

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import Actor, CaseId
    from proxy.model.case_state import Case
    from proxy.model.case_type import Act, CaseType
    from proxy.services.casework.office import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyView:
    """A case as one party sees it. `windows` are the periods that run for them, by name.

    `after_step_up` are acts for which they first prove their mailbox once more.
    """

    case: Case
    type: CaseType
    options: tuple[Act, ...]
    after_step_up: tuple[str, ...]
    windows: tuple[tuple[str, datetime], ...]


async def show(turn: Turn, case_id: CaseId, actor: Actor) -> PartyView:
    """The view; NotFound `case_unknown`, also where a gag hides it."""
    case = folding.fold(await store.events(turn.connection, case_id))
    check_gag(case, actor)
    case_type = turn.office.types[case.type]
    not_yet = deciding.not_yet(case, case_type, actor, turn.now)
    theirs = deciding.windows(case, case_type, actor, turn.now)
    running = [
        (one.name, one.due_at)
        for one in await deadlines.of_case(turn.connection, case_id)
        if one.ended_at is None and not one.is_due and one.name in theirs
    ]
    return PartyView(
        case=case,
        type=case_type,
        options=deciding.options(case, case_type, actor, turn.now),
        after_step_up=tuple(one.act.id for one in not_yet if one.needs == ("stepped_up",)),
        windows=tuple(running),
    )


def check_gag(case: Case, actor: Actor) -> None:
    """Return unless the actor may not know of the case; NotFound `case_unknown`."""
    if actor.kind is ActorKind.REGISTRANT and Overlay.GAG in case.overlays:
        raise store.unknown()
