"""The web role's application: the routes of its rooms, and the headers of every page.

Rooms hand in their routes: the public ledger, the approvers' pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from aiohttp import web

from proxy.apps import answering, body_faults
from proxy.apps.answering import Around
from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp.web_routedef import AbstractRouteDef

    from proxy.metrics import Registry

_T = TypeVar("_T", bound=msgspec.Struct)

BODY_OCTETS: Final = 65_536  # the longest that any room takes; each has a limit of its own
BODY_TIMEOUT_S: Final = 10.0
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer, where a room says nothing else."""


def application(
    rooms: Iterable[Iterable[AbstractRouteDef]], metrics: Registry, random: Callable[[int], bytes]
) -> web.Application:
    """The application with the routes of its rooms."""
    made = web.Application(
        middlewares=[
            answering.middleware(
                Around(listener="web", metrics=metrics, random=random, headers=HEADERS)
            )
        ],
        client_max_size=BODY_OCTETS,
    )
    for one in rooms:
        made.router.add_routes(one)
    return made


async def read_body(request: web.Request, limit_octets: int) -> bytes:
    """The whole body; InvalidInput `body_too_large` or `request_timeout`."""
    body = await answering.read_body(request, BODY_TIMEOUT_S)
    if len(body) > limit_octets:
        raise InvalidInput("body_too_large", "The body is too large.")
    return body


async def read_json(request: web.Request, shape: type[_T], limit_octets: int) -> _T:
    """The body as `shape`; InvalidInput `content_type`, `json`, `invalid_body`, or as `read_body`.

    `invalid_body` lists every fault, and repeats no value.
    """
    if request.content_type != "application/json":
        raise InvalidInput("content_type", "Send application/json.")
    content = await read_body(request, limit_octets)
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.ValidationError:
        pass  # its first fault, of perhaps several; what follows may not even be JSON
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _no_json() from None
    try:
        found = body_faults.faults(shape, msgspec.json.decode(content))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _no_json() from None
    raise InvalidInput("invalid_body", "The body has faults; all are listed.", found)


def _no_json() -> InvalidInput:
    return InvalidInput("json", "The body is no JSON.")
