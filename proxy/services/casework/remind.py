"""Queue reminders of deadlines as notices. A registrant under a gag gets none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.model import identifiers
from proxy.model.case import ActorKind, NoticeId, Overlay
from proxy.model.notice import Party
from proxy.rules.casework import folding
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import notice_facts
from proxy.services.keep_deadlines import moment_text
from proxy.store import cases, notices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.services.casework.office import Turn
    from proxy.services.fire_deadlines import Reminder


async def remind(turn: Turn, reminders: Sequence[Reminder]) -> None:
    """They are queued, in the caller's transaction, which makes each of them once."""
    for one in reminders:
        await _remind(turn, one)


async def _remind(turn: Turn, one: Reminder) -> None:
    office = turn.office
    case = folding.fold(await cases.events(turn.connection, one.case_id))
    if Overlay.GAG in case.overlays and one.whom == Party.REGISTRANT:
        return
    due = moment_text(one.due_at)
    facts = notice_facts.of(
        case,
        office.types[case.type],
        office.variables[one.template],
        {"due": due, "due_utc": due},
        constants=office.constants,
    )
    notice_id = NoticeId(identifiers.uuid7(turn.now, office.random(10)))
    await notices.queue(
        turn.connection,
        notice_id=notice_id,
        case_id=one.case_id,
        template=one.template,
        to=Party(one.whom),
        facts=facts,
        purpose=office.purposes[one.template],
        now=turn.now,
    )
    timer = ActorKind.TIMER.value
    told = {"notice": str(notice_id), "template": one.template, "to": one.whom}
    event = NewEvent(actor=timer, role=timer, act="notice_queued", facts=told)
    await case_events.append(
        turn.connection, one.case_id, [event], now=turn.now, random=office.random
    )
