"""Handlers of /v1/registrations: bytes to values, one service call, values to bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from proxy.apps.api import answers, headers, office, reading, replays, writing
from proxy.apps.api.office import OFFICE
from proxy.errors import NotFound
from proxy.model.identifiers import RegistrationId, Scope
from proxy.services import end, know_standing, register
from proxy.store import email_verifications, registrations

if TYPE_CHECKING:
    from proxy.apps.api.access import Caller
    from proxy.services.plan_registration import Planned
    from proxy.store.registrations import Answer, Kept

ROUTE: Final = "/v1/registrations/{domain}"
routes: Final = web.RouteTableDef()


@routes.put(ROUTE)
async def put(request: web.Request) -> web.StreamResponse:
    """Enrols or replaces a registration."""
    desk_of = request.app[OFFICE]
    caller = await desk_of.caller(request, Scope.REGISTRATIONS_WRITE)
    headers.require_type(request.headers, "application/json")
    precondition = headers.parse_precondition(request.headers)
    key = headers.parse_idempotency_key(request.headers)
    domain = writing.domain(request)
    body = await office.read_body(request)
    replay = replays.begin(desk_of, caller, request, route=f"PUT {ROUTE}", key=key, body=body)
    enrolment = reading.parse_registration(body, caller.tenant, domain=domain)

    def answer_to(planned: Planned) -> tuple[int, dict[str, str], bytes]:
        answer = answers.registration_answer(
            planned.registration, planned.record, caller.tenant, enrolment.warnings
        )
        extra = {"ETag": answers.entity_tag(planned.registration)}
        if planned.is_new:
            extra["Location"] = answer.links.self
        return (201 if planned.is_new else 200), extra, msgspec.json.encode(answer)

    def remember(planned: Planned) -> Answer | None:
        return None if replay is None else replay.answer(*answer_to(planned))

    async def act() -> web.StreamResponse:
        planned = await desk_of.registrar.register(
            register.Request(
                desk=desk_of.desk(caller),
                enrolment=enrolment,
                precondition=precondition,
                remember=remember,
            )
        )
        if planned.row is not None and planned.row.value is not None:
            desk_of.wake()
        return writing.response(*answer_to(planned))

    return await writing.once(request, caller, replay, act)


@routes.delete(ROUTE)
async def delete(request: web.Request) -> web.StreamResponse:
    """Ends a registration; its tombstone stays."""
    desk_of = request.app[OFFICE]
    caller = await desk_of.caller(request, Scope.REGISTRATIONS_WRITE)
    precondition = headers.parse_precondition(request.headers)
    key = headers.parse_idempotency_key(request.headers)
    domain = writing.domain(request)
    reason = headers.parse_reason(request.query)
    body = await office.read_body(request)
    replay = replays.begin(desk_of, caller, request, route=f"DELETE {ROUTE}", key=key, body=body)

    def answer_to(kept: Kept) -> tuple[int, dict[str, str], bytes]:
        return writing.answer_to(kept, caller, status=202)

    async def act() -> web.StreamResponse:
        kept = await end.end(
            desk_of.pool,
            desk_of.desk(caller),
            end.Request(
                domain=domain,
                reason=reason,
                precondition=precondition,
                remember=lambda kept: None if replay is None else replay.answer(*answer_to(kept)),
            ),
        )
        desk_of.wake()
        return writing.response(*answer_to(kept))

    return await writing.once(request, caller, replay, act)


@routes.get("/v1/registrations")
async def get_list(request: web.Request) -> web.StreamResponse:
    """A page of registrations in id order, ended ones included."""
    caller = await request.app[OFFICE].caller(request, Scope.REGISTRATIONS_READ)
    headers.known(request.query, "cursor", "limit", "updated_since")
    limit = headers.parse_page(request.query)
    async with request.app[OFFICE].pool.acquire() as connection:
        page = await registrations.list_after(
            connection,
            caller.tenant.id,
            after=headers.parse_cursor(request.query),
            since=headers.parse_since(request.query),
            reseller=caller.key.reseller,
            limit=limit + 1,
        )
    shown = page[:limit]
    has_more = len(page) > limit
    answer = answers.RegistrationList(
        registrations=tuple(answers.registration_full(one, caller.tenant) for one in shown),
        next_cursor=headers.render_cursor(shown[-1].registration.id) if has_more else None,
    )
    return office.json_response(answer)


@routes.get("/v1/registrations/id/{id}")
async def get_by_id(request: web.Request) -> web.StreamResponse:
    """One registration by id, ended ones too."""
    caller = await request.app[OFFICE].caller(request, Scope.REGISTRATIONS_READ)
    return _shown(request, await _by_id(request, caller), caller)


@routes.get("/v1/registrations/id/{id}/status")
async def get_status_by_id(request: web.Request) -> web.StreamResponse:
    """What is observed of a registration, ended ones too."""
    caller = await request.app[OFFICE].caller(request, Scope.REGISTRATIONS_READ)
    return await _status(request, await _by_id(request, caller), caller)


@routes.get(ROUTE)
async def get(request: web.Request) -> web.StreamResponse:
    """The live registration under a name."""
    caller = await request.app[OFFICE].caller(request, Scope.REGISTRATIONS_READ)
    return _shown(request, await live(request, caller), caller)


@routes.get(f"{ROUTE}/status")
async def get_status(request: web.Request) -> web.StreamResponse:
    """What is observed of the live registration under a name."""
    caller = await request.app[OFFICE].caller(request, Scope.REGISTRATIONS_READ)
    return await _status(request, await live(request, caller), caller)


async def live(request: web.Request, caller: Caller) -> Kept:
    """The live registration under the name in the path; NotFound where the caller has none."""
    domain = writing.domain(request)
    async with request.app[OFFICE].pool.acquire() as connection:
        found = await registrations.find(connection, caller.tenant.id, [domain])
    return _visible(found[domain].kept, caller)


async def _by_id(request: web.Request, caller: Caller) -> Kept:
    found = headers.parse_id(request.match_info["id"])
    if found is None:
        raise NotFound("not_found")
    async with request.app[OFFICE].pool.acquire() as connection:
        kept = await registrations.find_by_id(connection, caller.tenant.id, RegistrationId(found))
    return _visible(kept, caller)


def _visible(kept: Kept | None, caller: Caller) -> Kept:
    """The registration, unless it is not there or another reseller's: both look alike."""
    if kept is None or caller.key.reseller not in {None, kept.registration.declared.reseller}:
        raise NotFound("not_found")
    return kept


def _shown(request: web.Request, kept: Kept, caller: Caller) -> web.StreamResponse:
    tag = answers.entity_tag(kept.registration)
    if tag in {one.strip() for one in request.headers.get("If-None-Match", "").split(",")}:
        return web.Response(status=304, headers={"ETag": tag})
    answer = answers.registration_full(kept, caller.tenant)
    return office.json_response(answer, headers={"ETag": tag})


async def _status(request: web.Request, kept: Kept, caller: Caller) -> web.StreamResponse:
    one = kept.registration
    desk_of = request.app[OFFICE]
    async with desk_of.pool.acquire() as connection:
        adopted, visible = await registrations.status(connection, caller.tenant.id, one.id)
        verification = await email_verifications.find(connection, caller.tenant.id, one.id)
        own = await know_standing.own(connection, kept, desk_of.random, desk_of.clock.now())
    answer = answers.StatusAnswer(
        id=str(one.id),
        domain=one.declared.domain,
        state=one.state.value,
        adopted=adopted,
        published=visible,
        speaker=None if own is None else answers.speaker(own),
        email_verification=answers.email_verification(verification),
    )
    return office.json_response(answer)
