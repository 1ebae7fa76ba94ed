"""Everything that a page about a case shows: what it comes to, what waits, what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.model.case import ActorKind
from proxy.rules.casework import deciding, folding
from proxy.store import cases as store
from proxy.store import deadlines, notices

if TYPE_CHECKING:
    from proxy.model.case import Actor, CaseFile, CaseId, Event
    from proxy.model.case_state import Case
    from proxy.model.case_type import Act, CaseType
    from proxy.model.deadline import KeptDeadline
    from proxy.rules.casework.deciding import NotYet
    from proxy.services.casework.office import Turn
    from proxy.store.cases import EvidenceRow, TaskRow
    from proxy.store.notices import NoticeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCase:
    """A case, whole. `options` is what who looks could do now, `not_yet` what guards stop."""

    file: CaseFile
    case: Case
    type: CaseType
    events: tuple[Event, ...]
    deadlines: tuple[KeptDeadline, ...]
    tasks: tuple[TaskRow, ...]
    evidence: tuple[EvidenceRow, ...]
    notices: tuple[NoticeRow, ...]
    options: tuple[Act, ...]
    not_yet: tuple[NotYet, ...]


async def show(turn: Turn, case_id: CaseId, actor: Actor) -> ShownCase:
    """The case as it stands; NotFound `case_unknown`, for who has a conflict of interest too."""
    connection = turn.connection
    file = await store.find(connection, case_id)
    events = await store.events(connection, case_id)
    case = folding.fold(events)
    if actor.kind is ActorKind.STAFF and actor.person in case.conflicted:
        raise store.unknown()
    case_type = turn.office.types[case.type]
    return ShownCase(
        file=file,
        case=case,
        type=case_type,
        events=events,
        deadlines=await deadlines.of_case(connection, case_id),
        tasks=await store.tasks_of(connection, case_id),
        evidence=await store.evidence_of(connection, case_id),
        notices=await notices.of_case(connection, case_id),
        options=deciding.options(case, case_type, actor, turn.now),
        not_yet=deciding.not_yet(case, case_type, actor, turn.now),
    )
