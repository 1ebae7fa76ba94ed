"""Posting to addresses that others chose: what is spoken to, and what an answer can do."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from proxy.model.webhook import Taken
from proxy.outbound.webhooks import HttpHooks
from tests.support import hooks

ADDRESSES = (
    "https://127.0.0.1:{port}/",
    "https://localhost:{port}/",
    "https://[::1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://0.0.0.0:{port}/",
    "https://169.254.169.254/",
    "https://10.0.0.1/",
    "https://[fd00::1]/",
    "https://2130706433:{port}/",
    "http://8.8.8.8/",
    "http://localhost:{port}/",
)


@pytest.mark.parametrize("url", ADDRESSES)
async def test_our_own_networks_are_never_spoken_to(url: str) -> None:
    """Private, loopback and link-local addresses, by any spelling, and no TLS nowhere."""
    reached = []

    async def take(_: web.Request) -> web.Response:
        reached.append(True)
        return web.Response()

    application = web.Application()
    application.router.add_post("/", take)
    async with TestServer(application) as server, HttpHooks([]) as http:
        tried = await http.post(url.format(port=server.port), {}, b"{}")
    assert tried.taken is Taken.AWAY
    assert tried.reason in {"address_forbidden", "dns", "url"}
    assert not reached


async def test_a_redirect_is_refused_and_not_followed() -> None:
    """An endpoint can not send us somewhere else."""
    async with hooks.sink() as sink, HttpHooks([hooks.LOOPBACK]) as http:
        sink.answer = lambda _: 307
        tried = await http.post(sink.url, {}, b'{"data": {}}')
    assert (tried.taken, tried.reason) == (Taken.REFUSED, "http_307")
    assert len(sink.got) == 1


async def test_an_answer_without_end_is_not_read() -> None:
    """A status is all that is asked for."""
    sent = 0

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(bytes(65_536))
            sent += 65_536

    application = web.Application()
    application.router.add_post("/", pour)
    async with TestServer(application) as server, HttpHooks([hooks.LOOPBACK]) as http:
        tried = await http.post(str(server.make_url("/")), {}, b"{}")
    assert tried.taken is Taken.DELIVERED
    assert sent < 64 << 20


async def test_nobody_listens_is_away() -> None:
    """A connection that is refused says nothing of the event."""
    async with hooks.sink() as sink:
        url = sink.url
    async with HttpHooks([hooks.LOOPBACK]) as http:
        tried = await http.post(url, {}, b"{}")
    assert (tried.taken, tried.reason) == (Taken.AWAY, "connect")
