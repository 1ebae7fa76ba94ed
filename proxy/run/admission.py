"""How often a client without a key may ask: one limit for the open routes of the API and the web.

A client is told by its address, as RDAP tells it: what a trusted proxy says of it, else the peer's.
No address is kept or logged (apps/throttle).
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import time
from typing import TYPE_CHECKING, Final

from proxy.apps.throttle import KEY_OCTETS, Table, Throttle
from proxy.errors import RateLimited
from proxy.rules.throttling import Limit
from proxy.wire import http_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from proxy.hosting.process import Process
    from proxy.settings import Settings

_LABEL: Final = "open"
_NOT_TCP: Final = "127.0.0.1"  # a peer without an address, as RDAP has it


def admission(process: Process) -> Callable[[web.Request], None]:
    """What a route calls first: raises RateLimited when its client asks too often.

    The role has one process, so the table needs no name: it goes once it is mapped.
    """
    settings, rate = process.settings, process.settings.approvals_rate_limit
    path = process.paths.scratch_dir / f"open-{process.role}-{os.getpid()}"
    table = Table(path, secrets.token_bytes(KEY_OCTETS))
    path.unlink()
    limit = None if rate is None else Limit(count=rate.requests, period_s=rate.seconds)
    throttle = Throttle(table, _LABEL, limit, settings.rate_limit_exempt)

    def admit(request: web.Request) -> None:
        wait_s = throttle.allow(_address(settings, request), time.monotonic_ns())
        if wait_s:
            raise RateLimited("rate_limited", retry_after_s=wait_s)

    return admit


def client_networks(settings: Settings) -> Callable[[web.Request], str]:
    """What tells a client from others: its IPv4 address or IPv6 /64; for counting, never kept."""

    def network(request: web.Request) -> str:
        address = ipaddress.ip_address(_address(settings, request).partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        prefix = 32 if address.version == 4 else 64  # noqa: PLR2004 - of IPv4 and IPv6
        return str(ipaddress.ip_network((address, prefix), strict=False))

    return network


def _address(settings: Settings, request: web.Request) -> str:
    peer = None if request.transport is None else request.transport.get_extra_info("peername")
    lines = request.headers.getall("X-Forwarded-For", ())
    return http_client.client_address(
        peer[0] if isinstance(peer, tuple) else _NOT_TCP,
        [part for line in lines for part in line.split(",")],
        settings.trusted_proxies,
    )
