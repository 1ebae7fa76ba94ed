"""Handlers that change a registration in part: PATCH, and another mask address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from proxy.apps.api import answers, headers, office, patching, reading, replays, writing
from proxy.apps.api.office import OFFICE
from proxy.apps.api.registrations import ROUTE
from proxy.errors import InvalidInput
from proxy.model.identifiers import Scope
from proxy.services import amend, rotate_alias

if TYPE_CHECKING:
    from proxy.errors import Fault
    from proxy.model.enrolment import Enrolment
    from proxy.services.plan_registration import Planned
    from proxy.store.registrations import Kept

ROTATE: Final = f"{ROUTE}/rotate"
routes: Final = web.RouteTableDef()


@routes.patch(ROUTE)
async def patch(request: web.Request) -> web.StreamResponse:
    """Changes what the patch names (RFC 7396); persons that it does not name stay as they are."""
    desk_of = request.app[OFFICE]
    caller = await desk_of.caller(request, Scope.REGISTRATIONS_WRITE)
    headers.require_type(request.headers, patching.MEDIA_TYPE)
    precondition = headers.parse_precondition(request.headers)
    key = headers.parse_idempotency_key(request.headers)
    domain = writing.domain(request)
    body = await office.read_body(request)
    replay = replays.begin(desk_of, caller, request, route=f"PATCH {ROUTE}", key=key, body=body)
    wanted = reading.parse_json(body)
    warnings: list[Fault] = []

    def patched(kept: Kept) -> Enrolment:
        enrolment = patching.patched(wanted, kept, caller.tenant)
        warnings[:] = enrolment.warnings
        return enrolment

    def answer_to(planned: Planned) -> tuple[int, dict[str, str], bytes]:
        answer = answers.registration_answer(
            planned.registration, planned.record, caller.tenant, warnings
        )
        extra = {"ETag": answers.entity_tag(planned.registration)}
        return 200, extra, msgspec.json.encode(answer)

    async def act() -> web.StreamResponse:
        planned = await amend.amend(
            desk_of.pool,
            amend.Request(
                desk=desk_of.desk(caller),
                domain=domain,
                patched=patched,
                precondition=precondition,
                remember=lambda found: None if replay is None else replay.answer(*answer_to(found)),
            ),
        )
        if planned.row is not None and planned.row.value is not None:
            desk_of.wake()
        return writing.response(*answer_to(planned))

    return await writing.once(request, caller, replay, act)


@routes.post(ROTATE)
async def rotate(request: web.Request) -> web.StreamResponse:
    """Gives the mask another address; the former one takes mail for a while yet."""
    desk_of = request.app[OFFICE]
    caller = await desk_of.caller(request, Scope.REGISTRATIONS_WRITE)
    precondition = headers.parse_precondition(request.headers)
    key = headers.parse_idempotency_key(request.headers)
    domain = writing.domain(request)
    body = await office.read_body(request)
    if body.strip() not in {b"", b"{}"}:
        raise InvalidInput("body_unexpected", "Send no body: there is nothing to choose.")
    replay = replays.begin(desk_of, caller, request, route=f"POST {ROTATE}", key=key, body=body)

    def answer_to(kept: Kept) -> tuple[int, dict[str, str], bytes]:
        return writing.answer_to(kept, caller, status=200)

    async def act() -> web.StreamResponse:
        kept = await rotate_alias.rotate(
            desk_of.pool,
            desk_of.desk(caller),
            rotate_alias.Request(
                domain=domain,
                precondition=precondition,
                remember=lambda kept: None if replay is None else replay.answer(*answer_to(kept)),
            ),
        )
        desk_of.wake()
        return writing.response(*answer_to(kept))

    return await writing.once(request, caller, replay, act)
