"""What every write of the API does alike: the name in its path, the answer, and doing it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from proxy.apps.api import answers, replays
from proxy.apps.api.office import OFFICE
from proxy.errors import Conflict, Fault, InvalidInput
from proxy.model import names
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.apps.api.access import Caller
    from proxy.apps.api.replays import Replay
    from proxy.model.identifiers import DomainName
    from proxy.store.registrations import Kept


async def once(
    request: web.Request,
    caller: Caller,
    replay: Replay | None,
    act: Callable[[], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """The remembered answer where there is one, else what `act` gives."""
    desk_of = request.app[OFFICE]
    with replays.under_way(desk_of, caller, replay):
        if replay is not None:
            answered = await replays.remembered(desk_of, caller, replay)
            if answered is not None:
                return answered
        try:
            return await act()
        except Conflict as conflict:
            # Another process may have answered the same key between our look and our write.
            if replay is None or conflict.code != "changed_meanwhile":
                raise
            answered = await replays.remembered(desk_of, caller, replay)
            if answered is None:
                raise
            return answered


def domain(request: web.Request) -> DomainName:
    """The name in the path; raises `invalid_path`."""
    try:
        return names.parse_domain_name(request.match_info["domain"])
    except InvalidInput:
        detail = "The name in the path is no domain name."
        raise InvalidInput(
            "invalid_path", detail, (Fault(pointer="", code="domain_name", detail=detail),)
        ) from None


def answer_to(kept: Kept, caller: Caller, *, status: int) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body that tell of a registration as it is kept now."""
    record = None if kept.value is None else published.decode_record(kept.value)
    answer = answers.registration_answer(kept.registration, record, caller.tenant, ())
    extra = {"ETag": answers.entity_tag(kept.registration)}
    return status, extra, msgspec.json.encode(answer)


def response(status: int, extra: dict[str, str], body: bytes) -> web.Response:
    """An answer whose bytes may be remembered."""
    return web.Response(status=status, body=body, content_type="application/json", headers=extra)
