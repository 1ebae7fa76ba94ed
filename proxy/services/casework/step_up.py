"""Send a party a further link, so that an act that binds comes from who reads their mail now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import RateLimited
from proxy.model import identifiers
from proxy.model.case import ActorKind, NoticeId
from proxy.model.link import LIFE, Purpose
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import act
from proxy.store import notices

if TYPE_CHECKING:
    from proxy.model.case import CaseId
    from proxy.model.notice import Party
    from proxy.services.casework.office import Turn

TEMPLATE: Final = "n0_step_up_"
_MOST: Final = 5  # in the life of such a link: a flood at one mailbox stops there


async def send(turn: Turn, case_id: CaseId, party: Party) -> None:
    """A link is queued; RateLimited when several are under way."""
    template = f"{TEMPLATE}{party.value}"
    async with turn.connection.transaction():
        held = await act.hold(turn, case_id)
        young = [
            one
            for one in held.case.notices.values()
            if one.template == template and turn.now - one.queued_at < LIFE[Purpose.STEP_UP]
        ]
        if len(young) >= _MOST:
            raise RateLimited("step_ups", "Several links are on their way: look at your mail.")
        notice_id = NoticeId(identifiers.uuid7(turn.now, turn.office.random(10)))
        await notices.queue(
            turn.connection,
            notice_id=notice_id,
            case_id=case_id,
            template=template,
            to=party,
            facts={"domain": held.case.domain, "case": str(case_id)},
            purpose=Purpose.STEP_UP.value,
            now=turn.now,
        )
        system = ActorKind.SYSTEM.value
        told = {"notice": str(notice_id), "template": template, "to": party.value}
        event = NewEvent(actor=system, role=system, act="notice_queued", facts=told)
        await case_events.append(
            turn.connection, case_id, [event], now=turn.now, random=turn.office.random
        )
