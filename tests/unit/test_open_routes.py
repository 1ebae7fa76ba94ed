"""Routes that need no key: how long a body may take, and how often a client may ask."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from aiohttp import StreamReader, web
from aiohttp.test_utils import make_mocked_request

from proxy.apps import approvals
from proxy.errors import InvalidInput, RateLimited
from proxy.hosting.process import Paths, Process, SystemClock
from proxy.metrics import Registry
from proxy.run.admission import admission
from proxy.settings import RateLimit, Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from proxy.wire.frames import Answer, Request

PROXY, CLIENT, OTHER = "192.0.2.1", "198.51.100.7", "198.51.100.8"


async def ask(_: Request) -> Answer:
    """Nobody gets here."""
    raise AssertionError


async def test_a_body_has_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends a signature octet by octet is let go."""
    monkeypatch.setattr(approvals, "BODY_TIMEOUT_S", 0.01)
    body = StreamReader(mock.Mock(_reading_paused=False), 2**16, loop=asyncio.get_running_loop())
    body.feed_data(b"{")
    headers = {"Content-Type": "application/json"}
    request = make_mocked_request("POST", "/v1/orders/x/votes", headers, payload=body)
    (route,) = (one for one in approvals.routes("", ask, lambda _: None) if "votes" in one.path)
    async with asyncio.timeout(20):
        with pytest.raises(InvalidInput, match="request_timeout"):
            await _call(route, request)


def admitting(directory: Path, **chosen: Any) -> Callable[..., bool]:
    """Whether a request from a peer, with what it forwards, is let in."""
    process = Process(
        role="web",
        index=0,
        settings=Settings(data_dir=directory, key_dir=directory, **chosen),
        database=None,
        sockets={},
        users={},
        metrics=Registry(),
        clock=SystemClock(),
        paths=Paths(
            data_dir=directory, key_dir=directory, run_dir=directory, scratch_dir=directory
        ),
        stopping=asyncio.Event(),
        announce=lambda: None,
    )
    admit = admission(process)

    def is_let_in(peer: str, forwarded: str | None = None) -> bool:
        transport = mock.Mock(**{"get_extra_info.return_value": (peer, 1)})
        headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
        try:
            admit(make_mocked_request("GET", "/", headers, transport=transport))
        except RateLimited as refusal:
            return not 0 < refusal.retry_after_s <= 3_600
        return True

    return is_let_in


LIMIT = RateLimit(requests=2, seconds=3_600)


def test_a_client_has_its_limit(tmp_path: Path) -> None:
    """By the peer's address, whatever it forwards; no file is left."""
    is_let_in = admitting(tmp_path, approvals_rate_limit=LIMIT)
    assert [is_let_in(CLIENT, f"192.0.2.{number}") for number in range(3)] == [True, True, False]
    assert is_let_in(OTHER)
    assert list(tmp_path.iterdir()) == []


def test_a_trusted_proxy_tells_the_client(tmp_path: Path) -> None:
    """Behind it clients count each for itself; what they invent further left does not."""
    is_let_in = admitting(
        tmp_path, approvals_rate_limit=LIMIT, trusted_proxies=(ip_network(f"{PROXY}/32"),)
    )
    lines = [f"203.0.113.{number}, {CLIENT}" for number in range(3)]
    assert [is_let_in(PROXY, line) for line in lines] == [True, True, False]
    assert is_let_in(PROXY, OTHER)


@pytest.mark.parametrize(
    "chosen",
    [
        {"approvals_rate_limit": None},
        {"approvals_rate_limit": LIMIT, "rate_limit_exempt": (ip_network(f"{CLIENT}/32"),)},
    ],
    ids=["off", "exempt"],
)
def test_some_have_none(tmp_path: Path, chosen: dict[str, Any]) -> None:
    """A limit may be off, or not for a network."""
    is_let_in = admitting(tmp_path, **chosen)
    assert all(is_let_in(CLIENT) for _ in range(5))


def test_every_open_route_asks_first() -> None:
    """No route of the approvers' desk is left out."""

    class Full(Exception):
        pass

    def refuse(_: web.Request) -> None:
        raise Full

    for one in approvals.routes("", ask, refuse):
        request = make_mocked_request(one.method, "/", match_info={"id": "x", "sha256": "0" * 64})
        with pytest.raises(Full):
            asyncio.run(_call(one, request))


async def _call(one: web.RouteDef, request: web.Request) -> None:
    handler: Any = one.handler  # all of ours are coroutine functions
    await handler(request)
