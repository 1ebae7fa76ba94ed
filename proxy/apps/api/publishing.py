"""Handlers of publications: a registrar's signed instruction on its way to the vault.

Nothing here can sign an instruction or see a field's value. What the vault checks again is checked
here first, so that a name that is not the caller's looks like one that is not there. Withdrawing
needs no signature: it shows nothing. Source: contract, Modes; vault.md, Grants (publish).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from proxy.apps.api import headers, office, registrations, signed, writing
from proxy.apps.api.office import OFFICE
from proxy.apps.api.publications import PublicationAnswer, PublishRequest
from proxy.errors import Conflict, NotFound, Unavailable
from proxy.model.identifiers import Scope
from proxy.model.publication import Standing
from proxy.services import instruct, unpublish
from proxy.store import publications
from proxy.wire import frames, publish_document

if TYPE_CHECKING:
    from proxy.apps.api.access import Caller
    from proxy.apps.api.signed import Ask
    from proxy.model.identifiers import DomainName
    from proxy.model.publication import Instruction
    from proxy.store.publications import Told
    from proxy.store.registrations import Kept

ROUTE: Final = f"{registrations.ROUTE}/publish"
STATE_ROUTE: Final = f"{registrations.ROUTE}/publication"


class _Handlers:
    """The three calls."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Takes an instruction; the same document again is answered again."""
        desk_of = request.app[OFFICE]
        caller = await desk_of.caller(request, Scope.PUBLISH)
        headers.require_type(request.headers, "application/json")
        domain = writing.domain(request)
        body = signed.parse(await office.read_body(request), PublishRequest, "publish")
        instruction = publish_document.parse(body.document)
        _check_own(instruction, caller, domain)
        kept = await registrations.live(request, caller)
        async with desk_of.pool.acquire() as connection:
            newest = await publications.newest(connection, caller.tenant.id, kept.registration.id)
        if newest is None or newest.id != instruction.id:  # else an answer got lost
            _check_seen(instruction, kept)

        async def take() -> int:
            asked = frames.Instruct(document=body.document, signature=body.signature)
            answer = await signed.carried(self._ask, asked, "publish_budget")
            return msgspec.convert(answer["version"], int)

        told = await instruct.instruct(
            desk_of.pool, take, instruction, desk_of.random, desk_of.clock.now()
        )
        desk_of.wake()
        return office.json_response(_answer(told), status=202)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Withdraws what is open; one that is over stays as it ended."""
        desk_of = request.app[OFFICE]
        caller = await desk_of.caller(request, Scope.PUBLISH)
        kept = await registrations.live(request, caller)
        present = kept.registration
        told = await unpublish.withdraw(
            desk_of.pool, caller.tenant.id, present.id, desk_of.random, desk_of.clock.now()
        )
        if told is None:
            raise _none()
        desk_of.wake()
        if told.standing is Standing.WITHDRAWN:
            await _tell(self._ask, kept, told)
        return office.json_response(_answer(told))

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Where the newest instruction stands."""
        desk_of = request.app[OFFICE]
        caller = await desk_of.caller(request, Scope.REGISTRATIONS_READ)
        kept = await registrations.live(request, caller)
        async with desk_of.pool.acquire() as connection:
            told = await publications.newest(connection, caller.tenant.id, kept.registration.id)
        if told is None:
            raise _none()
        return office.json_response(_answer(told))


def routes(ask: Ask) -> list[web.RouteDef]:
    """The routes; `ask` puts a request to the vault."""
    handlers = _Handlers(ask)
    return [
        web.post(ROUTE, handlers.post),
        web.get(STATE_ROUTE, handlers.get),
        web.delete(STATE_ROUTE, handlers.delete),
    ]


async def _tell(ask: Ask, kept: Kept, told: Told) -> None:
    """Let the vault know at once; a worker does where it can not be reached."""
    one = kept.registration
    asked = frames.EndPublication(
        tenant=str(one.tenant_id),
        registration=str(one.id),
        instruction=str(told.id),
        standing=told.standing.value,
    )
    try:
        await ask(asked)
    except Unavailable:
        return


def _check_own(instruction: Instruction, caller: Caller, domain: DomainName) -> None:
    """Return when the document is of the caller and the name in the path; whatever there is."""
    signed.check_own(
        ("tenant", "It names another registrar.", instruction.tenant_id == caller.tenant.id),
        ("domain_name", "It names another name than the path.", instruction.domain == domain),
    )


def _check_seen(instruction: Instruction, kept: Kept) -> None:
    present = kept.registration
    seen = (instruction.registration_id, instruction.revision)
    if (present.id, present.revision) != seen:
        raise Conflict("registration_changed", "The registration has changed: look again.")


def _answer(told: Told) -> PublicationAnswer:
    return PublicationAnswer(
        instruction=str(told.id),
        state=told.standing.value,
        fields=told.fields,
        left_out=told.left_out,
        instructed_at=told.instructed_at,
        not_before=told.not_before,
        published_at=told.published_at,
        ended_at=told.ended_at,
    )


def _none() -> NotFound:
    return NotFound("publication_none", "Nothing was ever instructed about this name.")
