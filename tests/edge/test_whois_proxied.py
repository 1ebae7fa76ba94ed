"""WHOIS behind a balancer: the PROXY protocol is believed of trusted peers, and of nobody else."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from proxy.rules.throttling import Limit
from proxy.wire import whois_replies
from tests.edge.test_whois_server import ANSWER, QUERY, ROOMY, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ONE = b"PROXY TCP4 198.51.100.7 203.0.113.1 50000 43\r\n"
OTHER = b"PROXY TCP6 2001:db8::7 2001:db8::1 50000 43\r\n"
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
BINARY = SIGNATURE + b"\x21\x11\x00\x0c" + bytes([192, 0, 2, 9, 203, 0, 113, 1, 1, 1, 0, 43])
LOCAL = SIGNATURE + b"\x20\x00\x00\x00"


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Callable[..., Service]]:
    """Start a server that trusts loopback, with a limit of two queries a client."""
    async with contextlib.AsyncExitStack() as stack:

        def start(proxies: str = "127.0.0.0/8") -> Service:
            service = Service(tmp_path, Limit(count=2, period_s=3600), ROOMY, proxies)
            stack.push_async_callback(service.close)
            return service

        yield start


@pytest.mark.parametrize(
    "pieces",
    [
        (ONE + QUERY,),
        (ONE, QUERY),
        (ONE[:9], ONE[9:] + QUERY[:3], QUERY[3:]),
        (BINARY + QUERY,),
        (BINARY[:5], BINARY[5:], QUERY),
        (LOCAL, QUERY),
        (QUERY,),
        (b"PROXY UNKNOWN\r\n", QUERY),
    ],
)
async def test_a_header_is_no_part_of_the_query(
    serve: Callable[..., Service], pieces: tuple[bytes, ...]
) -> None:
    """However header and line are cut into packets, the answer is the line's."""
    assert await serve().ask(*pieces) == ANSWER


async def test_clients_behind_a_balancer_are_counted_apart(serve: Callable[..., Service]) -> None:
    """One client at its limit does not take another's queries away."""
    service = serve()
    limited = whois_replies.RATE_LIMITED.encode()
    for _ in range(2):
        assert await service.ask(ONE, QUERY) == ANSWER
    assert (await service.ask(ONE, QUERY)).startswith(limited)
    assert await service.ask(OTHER, QUERY) == ANSWER
    assert await service.ask(BINARY, QUERY) == ANSWER


async def test_a_stranger_can_not_claim_an_address(serve: Callable[..., Service]) -> None:
    """From a peer that is no balancer a header is only a bad query, and counts for the peer."""
    service = serve(proxies="203.0.113.0/24")
    bad = whois_replies.BAD_QUERY.encode()
    assert (await service.ask(ONE)).startswith(bad)
    assert (await service.ask(OTHER)).startswith(bad)
    assert (await service.ask(QUERY)).startswith(whois_replies.RATE_LIMITED.encode())


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 nonsense 203.0.113.1 1 43\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 1 43\r\n",
        b"PROXY TCP6 198.51.100.7 203.0.113.1 1 43\r\n",
        b"PROXY " + b"x" * 200,
        SIGNATURE + b"\x21\x11\xff\xff",
        SIGNATURE + b"\x31\x11\x00\x00",
        SIGNATURE + b"\x21\x21\x00\x02ab",
    ],
)
async def test_a_broken_header_is_refused(serve: Callable[..., Service], header: bytes) -> None:
    """A header that can not be read gets the bad-query line: guessing would count wrongly."""
    assert (await serve().ask(header)).startswith(whois_replies.BAD_QUERY.encode())
