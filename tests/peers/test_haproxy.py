"""WHOIS behind Debian's HAProxy: its headers of both versions tell us who really asks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from asyncio.subprocess import DEVNULL
from typing import TYPE_CHECKING

import pytest

from proxy.rules.throttling import Limit
from proxy.wire import whois_replies
from tests.edge.test_whois_server import ANSWER, QUERY, ROOMY, Service
from tests.support.postfix import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

pytestmark = [pytest.mark.peer, pytest.mark.timeout(60)]
BAD = whois_replies.BAD_QUERY.encode()
LIMITED = whois_replies.RATE_LIMITED.encode()
FORMS = (
    "send-proxy",
    "send-proxy-v2",
    "send-proxy-v2 proxy-v2-options unique-id,crc32c,authority",  # fields of HAProxy's own follow
)
CONFIG = """\
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
  unique-id-format %{{+X}}o\\ %ci:%cp_%Ts_%rt
listen whois
  bind 127.0.0.1:{front}
  bind [::1]:{front}
  server edge 127.0.0.1:{back} source 127.0.0.1 {form} {check}
"""


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Start a server with a limit of two queries a client, and HAProxy before it."""
    program = shutil.which("haproxy", path=f"{os.defpath}:/usr/sbin")
    if program is None:
        pytest.skip("no HAProxy (Debian: apt-get install haproxy)")
    async with contextlib.AsyncExitStack() as stack:

        async def start(form: str, trusted: str = "127.0.0.1/32", check: str = "") -> int:
            service = Service(tmp_path, Limit(count=2, period_s=3600), ROOMY, trusted)
            stack.push_async_callback(service.close)
            front, config = free_port(), tmp_path / "haproxy.cfg"
            config.write_text(
                CONFIG.format(front=front, back=service.address[1], form=form, check=check)
            )
            made = await asyncio.create_subprocess_exec(
                program, "-db", "-f", config, stderr=DEVNULL
            )
            stack.push_async_callback(made.wait)
            stack.callback(made.terminate)
            await wait_for(front)
            return front

        yield start


async def wait_for(port: int) -> None:
    """Until HAProxy listens."""
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    pytest.fail("HAProxy did not start")


async def ask(port: int, client: str) -> bytes:
    """What `client`, an address of this machine, gets to its query."""
    host = "::1" if ":" in client else "127.0.0.1"
    reader, writer = await asyncio.open_connection(host, port, local_addr=(client, 0))
    writer.write(QUERY)
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return answer


@pytest.mark.parametrize("form", FORMS)
async def test_each_client_behind_haproxy_has_a_limit_of_its_own(
    behind: Callable[..., Awaitable[int]], form: str
) -> None:
    """One client at its limit takes nothing from another, of either family."""
    front = await behind(form)
    for client in ("127.0.0.2", "127.0.0.3", "::1"):
        assert await ask(front, client) == ANSWER
        assert await ask(front, client) == ANSWER
        assert (await ask(front, client)).startswith(LIMITED)


@pytest.mark.parametrize("form", FORMS)
async def test_a_haproxy_that_is_not_trusted_names_nobody(
    behind: Callable[..., Awaitable[int]], form: str
) -> None:
    """Its header is a bad query, and is counted for HAProxy's own address."""
    front = await behind(form, trusted="203.0.113.0/24")
    answers = [await ask(front, f"127.0.0.{client}") for client in range(2, 6)]
    # The connection that found HAProxy listening may have been counted too: it had a header.
    assert answers[0].startswith(BAD)
    assert all(answer.startswith(LIMITED) for answer in answers[2:])


async def test_health_checks_count_for_nobody(behind: Callable[..., Awaitable[int]]) -> None:
    """HAProxy's checks say LOCAL and ask nothing; clients keep their whole limit."""
    front = await behind("send-proxy-v2", check="check inter 50ms check-send-proxy")
    await asyncio.sleep(0.5)
    for _ in range(2):
        assert await ask(front, "127.0.0.2") == ANSWER
