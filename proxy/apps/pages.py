"""The web role's application: what happens around every request, whatever the page.

Errors become problems, bugs get a reference, answers get headers that never change. No value of a
request is logged. Rooms hand in their routes: the public ledger, the approvers' pages.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from proxy import logs
from proxy.apps import problems
from proxy.errors import InvalidInput, ProxyError, Unavailable
from proxy.store import pool as pools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp.typedefs import Handler, Middleware
    from aiohttp.web_routedef import AbstractRouteDef

    from proxy.metrics import Registry

BODY_OCTETS: Final = 65_536  # the longest that any room takes; each has a limit of its own
BODY_TIMEOUT_S: Final = 10.0
_LATENCY_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "privacyproxy",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer, where a room says nothing else."""


def application(
    rooms: Iterable[Iterable[AbstractRouteDef]], metrics: Registry, random: Callable[[int], bytes]
) -> web.Application:
    """The application with the routes of its rooms."""
    made = web.Application(middlewares=[_middleware(metrics, random)], client_max_size=BODY_OCTETS)
    for one in rooms:
        made.router.add_routes(one)
    return made


async def read_body(request: web.Request, limit_octets: int) -> bytes:
    """The whole body; InvalidInput `body_too_large` or `request_timeout`."""
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise InvalidInput("body_too_large", "The body is too large.") from None
    except TimeoutError:
        raise InvalidInput("request_timeout", "The body did not arrive in time.") from None
    if len(body) > limit_octets:
        raise InvalidInput("body_too_large", "The body is too large.")
    return body


def _middleware(metrics: Registry, random: Callable[[int], bytes]) -> Middleware:
    latency = metrics.histogram("web_request_seconds", _LATENCY_S)

    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        try:
            response = await handler(request)
        except ProxyError as refusal:
            response = problems.render(refusal)
        except web.HTTPException as refusal:
            response = problems.render_http(refusal)
        except Exception as error:
            if isinstance(error, ConnectionError) and _is_gone(request):
                raise
            response = _failure(random, error)
        latency.observe(time.perf_counter() - began)
        metrics.counter("web_requests", status=f"{response.status // 100}xx").value += 1
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return around


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _failure(random: Callable[[int], bytes], error: Exception) -> web.Response:
    """The answer for what no rule expects: the database is away, or a bug of ours."""
    if pools.is_outage(error):
        return problems.render(Unavailable("database", "PostgreSQL does not answer; try again."))
    reference = random(8).hex()
    structlog.get_logger().error(
        "web_bug", reference=reference, error=type(error).__name__, places=logs.places(error)
    )
    return problems.render_bug(reference)
