"""What every handler of the API is given, and what happens around every request.

One middleware: problems for errors, a reference for bugs, counts; no value of a request is logged.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
from aiohttp import web

from proxy import logs
from proxy.apps import problems
from proxy.errors import InvalidInput, ProxyError, RateLimited, Unavailable
from proxy.rules import throttling
from proxy.services.plan_registration import Desk
from proxy.store import pool as pools

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.typedefs import Handler, Middleware

    from proxy.apps.api.access import Caller, KeyRing
    from proxy.metrics import Registry
    from proxy.model.identifiers import Scope
    from proxy.ports import Clock, Sealer
    from proxy.rules.throttling import Limit
    from proxy.services.register import Registrar
    from proxy.store.pool import Pool

BODY_TIMEOUT_S: Final = 30.0
"""Seconds a caller has to send the body of one registration."""

_CALLERS: Final = 10_000  # bounds the table of rate limits
_LATENCY_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes and times; octets, lines, days."""

    body_octets: int
    import_octets: int
    line_octets: int
    batch_lines: int
    reservation_days: int
    rate: Limit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The parts that handlers work with."""

    pool: Pool
    registrar: Registrar
    sealer: Sealer
    keys: KeyRing
    clock: Clock
    random: Callable[[int], bytes]
    limits: Limits
    wake: Callable[[], None]
    metrics: Registry
    in_flight: set[tuple[object, str, bytes]] = field(default_factory=set)
    arrivals: dict[str, int] = field(default_factory=dict)

    async def caller(self, request: web.Request, scope: Scope) -> Caller:
        """Who calls; raises `unauthorized`, Refused `scope`, RateLimited."""
        caller = await self.keys.check(request.headers.get("Authorization"), scope)
        self._throttle(caller.key.id)
        return caller

    def desk(self, caller: Caller) -> Desk:
        """What decisions for this caller need, at the present moment."""
        return Desk(
            tenant=caller.tenant,
            sealer=self.sealer,
            random=self.random,
            now=self.clock.now(),
            reservation_days=self.limits.reservation_days,
            reseller=caller.key.reseller,
        )

    def _throttle(self, client: str) -> None:
        limit = self.limits.rate
        if limit is None:
            return
        if len(self.arrivals) >= _CALLERS:
            self.arrivals.clear()
        arrival = throttling.next_arrival(
            self.arrivals.get(client, 0), time.monotonic_ns(), limit.interval_ns, limit.period_ns
        )
        if arrival < 0:
            raise RateLimited("rate_limited", retry_after_s=1 - arrival // 1_000_000_000)
        self.arrivals[client] = arrival


OFFICE: Final = web.AppKey("office", Office)


def middleware(office: Office) -> Middleware:
    """The one middleware."""
    latency = office.metrics.histogram("api_request_seconds", _LATENCY_S)

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
            response = _failure(office, request, error)
        latency.observe(time.perf_counter() - began)
        kind = f"{response.status // 100}xx"
        office.metrics.counter("api_requests", method=request.method, status=kind).value += 1
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return around


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _failure(office: Office, request: web.Request, error: Exception) -> web.Response:
    """The answer for what no rule expects: the database is away, or a bug of ours."""
    if pools.is_outage(error):
        return problems.render(Unavailable("database", "PostgreSQL does not answer; try again."))
    reference = office.random(8).hex()
    structlog.get_logger().error(
        "api_bug",
        reference=reference,
        error=type(error).__name__,
        places=logs.places(error),
        method=request.method,
    )
    return problems.render_bug(reference)


async def read_body(request: web.Request) -> bytes:
    """The whole body; raises `body_too_large` or `request_timeout`."""
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise InvalidInput("body_too_large", "The body is too large.") from None
    except TimeoutError:
        raise InvalidInput("request_timeout", "The body did not arrive in time.") from None


def json_response(
    answer: msgspec.Struct, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """An answer as JSON."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(answer),
        content_type="application/json",
        headers=headers,
    )
