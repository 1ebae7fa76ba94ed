"""What staff are shown of a case, out of what the services give. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.apps import case_bodies as bodies
from proxy.model.deadline import Pause
from proxy.rules.casework import guards

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import Event
    from proxy.model.deadline import KeptDeadline
    from proxy.services.casework.show_case import ShownCase
    from proxy.store.cases import EvidenceRow, ListedFile, QueuedTask, TaskRow
    from proxy.store.notices import NoticeRow


def case(shown: ShownCase) -> bodies.ShownCase:
    """A case, whole."""
    found = shown.case
    return bodies.ShownCase(
        id=str(found.id),
        type=found.type,
        title=shown.type.title,
        domain=found.domain,
        event_date=_text(found.event_date),
        state=found.state,
        says=shown.type.states.get(found.state, ""),
        is_open=found.is_open,
        outcome=found.outcome.value if found.outcome else "",
        handler=found.handler,
        overlays=tuple(sorted(one.value for one in found.overlays)),
        seq=found.seq,
        missing=guards.missing_items(found, shown.type),
        fields_asked=found.fields_asked,
        options=tuple(bodies.option(one) for one in shown.options),
        not_yet=tuple(bodies.NotYet(one.act.id, one.sentences) for one in shown.not_yet),
        deadlines=tuple(_deadline(one) for one in shown.deadlines),
        tasks=tuple(_task(one) for one in shown.tasks if one.done_at is None),
        evidence=tuple(_evidence(one) for one in shown.evidence),
        notices=tuple(_notice(one) for one in shown.notices),
        events=tuple(_event(one) for one in shown.events),
    )


def listed(one: ListedFile) -> bodies.Listed:
    """A case in a list."""
    return bodies.Listed(
        id=str(one.file.id),
        type=one.file.type,
        domain=one.file.domain,
        state=one.file.state,
        handler=one.handler,
        opened_at=_text(one.file.opened_at),
        touched_at=_text(one.touched_at),
    )


def queued(one: QueuedTask) -> bodies.Task:
    """A task in a queue."""
    task = one.task
    return bodies.Task(
        id=str(task.id),
        case=str(task.case_id),
        kind=task.kind,
        role=task.role,
        due_at=_maybe(task.due_at),
        domain=one.domain,
        state=one.state,
    )


def _task(one: TaskRow) -> bodies.Task:
    return bodies.Task(
        id=str(one.id),
        case=str(one.case_id),
        kind=one.kind,
        role=one.role,
        due_at=_maybe(one.due_at),
    )


def _deadline(one: KeptDeadline) -> bodies.Deadline:
    return bodies.Deadline(
        name=one.name,
        round=one.round,
        whose=one.deadline.terms.direction.value,
        due_at=_text(one.due_at),
        is_due=one.is_due,
        is_over=one.ended_at is not None,
        paused_until=_maybe(_paused_until(one)),
        then=(one.plan.at_end,) if one.plan.at_end else one.plan.escalates,
    )


def _paused_until(one: KeptDeadline) -> datetime | None:
    """Until when a deadline stands still if nobody ends the pause; None while it runs."""
    return next(
        (
            change.ends_by
            for change in reversed(one.history)
            if isinstance(change, Pause) and change.ended_at is None
        ),
        None,
    )


def _evidence(one: EvidenceRow) -> bodies.Evidence:
    return bodies.Evidence(
        id=str(one.id),
        kind=one.kind,
        media_type=one.media_type,
        octets=one.octets,
        sha256=one.sha256,
        by=one.added_by,
        at=_text(one.added_at),
    )


def _notice(one: NoticeRow) -> bodies.Notice:
    return bodies.Notice(
        id=str(one.id),
        template=one.template,
        to=one.to.value,
        standing=one.standing.value,
        queued_at=_text(one.queued_at),
        delivered_at=_maybe(one.delivered_at),
        bounced_at=_maybe(one.bounced_at),
    )


def _event(one: Event) -> bodies.Event:
    return bodies.Event(
        seq=one.seq,
        at=_text(one.at),
        actor=one.actor,
        role=one.role,
        act=one.act,
        facts=dict(one.facts),
    )


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else _text(at)
