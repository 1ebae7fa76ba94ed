"""Do what an allowed act brings with it: its event, effects, deadlines, tasks, notices, holds.

In the caller's transaction and under the case's lock, so that an act and all it brings stand
together or not at all. A hold goes to the vault first: a hold too many harms nobody. A notice to a
registrant whom a gag covers is not queued at all. Decides nothing.
Source: casework s6.5, s7.2; invariant 35.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.model import identifiers
from proxy.model.case import ActorKind, NoticeId, Overlay
from proxy.model.notice import Party
from proxy.rules.casework import standing
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import ask_effect, notice_facts
from proxy.services.keep_deadlines import By, NewDeadline
from proxy.store import cases as store
from proxy.store import notices
from proxy.store.cases import TaskRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from proxy.model.case import Actor, CaseFile, Fact
    from proxy.model.case_state import Case
    from proxy.model.case_type import CaseType, NewTask
    from proxy.rules.casework.deciding import Allowed
    from proxy.services.casework.office import Turn

SYSTEM: Final = By(actor=ActorKind.SYSTEM.value, role=ActorKind.SYSTEM.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A case whose row is held: its file, what its events come to, and its type."""

    file: CaseFile
    case: Case
    type: CaseType


async def carry(turn: Turn, held: Held, actor: Actor, allowed: Allowed) -> None:
    """The act is done, and everything that goes with it."""
    act, by = allowed.act, by_of(actor, allowed)
    connection, office, now = turn.connection, turn.office, turn.now
    if Overlay.HOLD in act.sets and Overlay.HOLD not in held.case.overlays:
        await office.holds(held.file)
        await store.place_hold(connection, held.file, by.actor, now)
    event = NewEvent(actor=by.actor, role=by.role, act=act.id, facts=allowed.facts)
    await _append(turn, held, [event])
    if act.effect is not None:
        await ask_effect.follow_act(turn, held.file, act.effect)
    is_over = bool(allowed.to) and allowed.to in held.type.ends
    if is_over:
        stays = held.type.outlives
        await office.keeper.end_all(connection, held.file.id, by, now, but=stays)
        done = await store.finish_all_tasks(connection, held.file.id, by.actor, stays, now)
    else:
        await office.keeper.end(connection, held.file.id, act.ends, by, now)
        done = await store.finish_tasks(connection, held.file.id, act.done, by.actor, now)
        await start(turn, held, act.starts, by, allowed.facts)
    events = [
        NewEvent(
            actor=by.actor, role=by.role, act="task_done", facts={"task": str(one), "kind": kind}
        )
        for one, kind in done
    ]
    events += await open_tasks(turn, held, act.tasks, by)
    await _append(turn, held, events)
    await _send(turn, held, allowed, by)


async def start(
    turn: Turn, held: Held, names: Sequence[str], by: By, facts: Mapping[str, Fact]
) -> None:
    """Deadlines run from now on, or from when the request came in; one that ran begins anew.

    `facts` are those of the act that starts them: a court's date may stand there.
    """
    for name in names:
        kind, office = held.type.deadlines[name], turn.office
        new = NewDeadline(
            name=name,
            terms=office.limits[kind.limit].terms(office.calendar),
            plan=kind.plan,
            zone=office.zone,
            started_at=standing.received_at(held.case) if kind.is_from_receipt else turn.now,
            no_later_than=standing.ceiling(held.case, kind.ceiling, facts, turn.now),
            floor_days=kind.floor_days,
        )
        await office.keeper.set(turn.connection, held.file.id, new, by, turn.now)


async def open_tasks(turn: Turn, held: Held, tasks: Sequence[NewTask], by: By) -> list[NewEvent]:
    """Tasks are open; the events that tell of them."""
    rows = [
        TaskRow(
            id=identifiers.uuid7(turn.now, turn.office.random(10)),
            case_id=held.file.id,
            kind=one.kind,
            role=one.role,
            opened_at=turn.now,
            due_at=None,
        )
        for one in tasks
    ]
    if rows:
        await store.add_tasks(turn.connection, rows, turn.now)
    return [
        NewEvent(
            actor=by.actor,
            role=by.role,
            act="task_opened",
            facts={"task": str(one.id), "kind": one.kind, "role": one.role},
        )
        for one in rows
    ]


def by_of(actor: Actor, allowed: Allowed) -> By:
    """How events name the actor: a person by their handle and the role they acted in."""
    if actor.kind is ActorKind.STAFF:
        return By(actor=actor.person, role=allowed.role)
    return By(actor=actor.kind.value, role=actor.kind.value)


async def _send(turn: Turn, held: Held, allowed: Allowed, by: By) -> None:
    sends = allowed.sends  # a gag has withheld its own
    if not sends:
        return
    office, now = turn.office, turn.now
    case = await notice_facts.standing(turn.connection, held.file.id)
    events = []
    for one in sends:
        notice_id = NoticeId(identifiers.uuid7(now, office.random(10)))
        facts = notice_facts.of(
            case,
            held.type,
            office.variables[one.template],
            allowed.facts,
            constants=office.constants,
        )
        await notices.queue(
            turn.connection,
            notice_id=notice_id,
            case_id=held.file.id,
            template=one.template,
            to=Party(one.to),
            facts=facts,
            purpose=office.purposes[one.template],
            subject=str(allowed.facts.get("package", "")),
            now=now,
        )
        told = {"notice": str(notice_id), "template": one.template, "to": one.to}
        events.append(NewEvent(actor=by.actor, role=by.role, act="notice_queued", facts=told))
    await _append(turn, held, events)


async def _append(turn: Turn, held: Held, events: Sequence[NewEvent]) -> None:
    if events:
        await case_events.append(
            turn.connection, held.file.id, events, now=turn.now, random=turn.office.random
        )
