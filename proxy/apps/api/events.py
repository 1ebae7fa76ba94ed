"""Handler of /v1/events: what happened to the caller's registrations, in order, from a cursor.

At least once: who keeps `next` only after it has dealt with a page misses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from proxy.apps.api import answers, headers, office
from proxy.apps.api.office import OFFICE
from proxy.errors import Conflict
from proxy.model.identifiers import Scope
from proxy.rules import following
from proxy.rules.following import Step
from proxy.store import events

if TYPE_CHECKING:
    from proxy.model.event import EventPage
    from proxy.model.journal import JournalPosition

routes: Final = web.RouteTableDef()


@routes.get("/v1/events")
async def get(request: web.Request) -> web.StreamResponse:
    """A page of events; a reseller's key sees those of its own names alone."""
    caller = await request.app[OFFICE].caller(request, Scope.EVENTS_READ)
    headers.known(request.query, "after", "limit")
    after = headers.parse_position(request.query)
    limit = headers.parse_page(request.query)
    async with request.app[OFFICE].pool.acquire() as connection:
        page = await events.page(
            connection,
            caller.tenant.id,
            after or events.FROM_THE_START,
            reseller=caller.key.reseller,
            limit=limit,
        )
    if after is not None:
        check_goes_on(page, after)
    return office.json_response(_answer(page))


def check_goes_on(page: EventPage, after: JournalPosition) -> None:
    """Conflict `cursor_gone` where events after the cursor may be missing from the page."""
    is_of_here = following.next_step(after, page.head) is Step.RESUME
    if not is_of_here or after.pos < page.horizon:
        raise Conflict(
            "cursor_gone",
            "Events after this cursor are no longer kept, or the service was restored from a"
            " copy: read the list of registrations, then go on without a cursor.",
        )


def _answer(page: EventPage) -> answers.EventList:
    return answers.EventList(
        events=tuple(
            answers.EventAnswer(id=str(one.id), type=one.kind, timestamp=one.at, data=one.data)
            for one in page.events
        ),
        next=headers.render_position(page.position),
        has_more=not page.is_last,
    )
