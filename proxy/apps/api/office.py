"""What every handler of the API is given, and what happens around every request.

What errors, bugs and counts become is apps.answering's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from proxy.apps import answering
from proxy.apps.answering import Around
from proxy.apps.api import client_keys
from proxy.errors import RateLimited
from proxy.rules import throttling
from proxy.services.plan_registration import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.typedefs import Middleware

    from proxy.apps.api.access import Caller, KeyRing
    from proxy.metrics import Registry
    from proxy.model.identifiers import Scope, TenantId
    from proxy.ports import Clock, Sealer
    from proxy.rules.throttling import Limit
    from proxy.services.register import Registrar
    from proxy.store.pool import Pool

BODY_TIMEOUT_S: Final = 30.0
"""Seconds a caller has to send the body of one registration."""

_CALLERS: Final = 10_000  # bounds the table of rate limits
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


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
    streams: dict[TenantId, int] = field(default_factory=dict)  # feeds that are being read

    async def caller(self, request: web.Request, scope: Scope | None) -> Caller:
        """Who calls; raises `unauthorized`, Refused `scope`, RateLimited."""
        caller = await self.keys.check(
            request.headers.get("Authorization"), scope, client_keys.fingerprint(request)
        )
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
    return answering.middleware(
        Around(listener="api", metrics=office.metrics, random=office.random, headers=_HEADERS)
    )


async def read_body(request: web.Request) -> bytes:
    """The whole body; raises `body_too_large` or `request_timeout`."""
    return await answering.read_body(request, BODY_TIMEOUT_S)


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
