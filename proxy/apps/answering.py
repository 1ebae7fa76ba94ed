"""What happens around every HTTP request, whichever of our applications answers it.

Errors become problems, bugs get a reference, answers get headers that never change, requests are
counted; no value of a request is logged.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from proxy import logs
from proxy.apps import problems
from proxy.errors import InvalidInput, ProxyError, Unavailable
from proxy.store import pool as pools

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp.typedefs import Handler, Middleware

    from proxy.metrics import Registry

_LATENCY_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """How one application counts and answers."""

    listener: str
    """Its name in metrics and logs."""

    metrics: Registry
    random: Callable[[int], bytes]
    headers: Mapping[str, str]
    """Of every answer, where its handler says nothing else."""


def middleware(around: Around) -> Middleware:
    """The one middleware."""
    metrics, name = around.metrics, around.listener
    latency = metrics.histogram(f"{name}_request_seconds", _LATENCY_S)

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
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
            response = _failure(around, request, error)
        latency.observe(time.perf_counter() - began)
        kind = f"{response.status // 100}xx"
        metrics.counter(f"{name}_requests", method=request.method, status=kind).value += 1
        for field, value in around.headers.items():
            response.headers.setdefault(field, value)
        return response

    return answer


async def read_body(request: web.Request, timeout_s: float) -> bytes:
    """The whole body; InvalidInput `body_too_large` or `request_timeout`."""
    try:
        async with asyncio.timeout(timeout_s):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise InvalidInput("body_too_large", "The body is too large.") from None
    except TimeoutError:
        raise InvalidInput("request_timeout", "The body did not arrive in time.") from None


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _failure(around: Around, request: web.Request, error: Exception) -> web.Response:
    """The answer for what no rule expects: the database is away, or a bug of ours."""
    if pools.is_outage(error):
        return problems.render(Unavailable("database", "PostgreSQL does not answer; try again."))
    reference = around.random(8).hex()
    structlog.get_logger().error(
        "request_bug",
        listener=around.listener,
        reference=reference,
        error=type(error).__name__,
        places=logs.places(error),
        method=request.method,
    )
    return problems.render_bug(reference)
