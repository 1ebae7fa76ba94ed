"""The WHOIS server over real sockets: whole answers for the honest, bounds for the others."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import struct
from typing import TYPE_CHECKING

import pytest

from proxy.apps import whois
from proxy.apps.throttle import KEY_OCTETS, Table, Throttle
from proxy.apps.whois_answers import Responder
from proxy.apps.whois_waiting import LINGER_OCTETS, Bounds
from proxy.errors import Unavailable
from proxy.metrics import Registry
from proxy.rules.throttling import Limit
from proxy.wire import whois_layout, whois_replies
from tests.support import published

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path

    from proxy.model.public_record import Profile, PublicRecord

QUERY = b"example.com\r\n"
PROFILE = published.profile()
ANSWER = whois_layout.render(published.record(), PROFILE, published.AS_OF)


class Names:
    """A Finder over a dictionary: the snapshot has tests of its own."""

    def __init__(self) -> None:
        self.records = {b"example.com": published.record()}
        self.is_down = False

    def find(self, name: bytes) -> tuple[PublicRecord, Profile] | None:
        if self.is_down:
            raise Unavailable("snapshot")
        found = self.records.get(name)
        return None if found is None else (found, PROFILE)

    def profiles(self) -> list[Profile]:
        return [PROFILE]

    def as_of(self) -> datetime:
        return published.AS_OF


class Service:
    """A running server and what a test may look at."""

    def __init__(self, path: Path, limit: Limit | None, bounds: Bounds, proxies: str = "") -> None:
        self.names = Names()
        self.metrics = Registry()
        self.table = Table(path / "throttle", bytes(KEY_OCTETS))
        self.throttle = Throttle(self.table, "whois", limit)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = self.listener.getsockname()
        responder = Responder(self.names, self.throttle, self.metrics, lambda: "reference")
        self.server = whois.Server(
            listeners=[self.listener],
            responder=responder,
            throttle=self.throttle,
            bounds=bounds,
            metrics=self.metrics,
            proxies=[ipaddress.ip_network(proxies)] if proxies else (),
        )
        self.server.start()

    async def close(self) -> None:
        await self.server.stop(0)
        del self.server, self.throttle
        self.listener.close()

    def count(self, kind: str, result: str) -> int:
        return self.metrics.counter("whois_queries", kind=kind, result=result).value

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.address)

    async def ask(self, *pieces: bytes, eof: bool = False) -> bytes:
        """Send the pieces as packets of their own, then read to the end."""
        reader, writer = await self.connect()
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if eof:
            writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return answer


ROOMY = Bounds(connections=100, connections_per_client=50, read_timeout_s=20)


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Callable[..., Service]]:
    """Start a server; every one is stopped at the end."""
    async with contextlib.AsyncExitStack() as stack:

        def start(
            *, limit: Limit | None = None, bounds: Bounds = ROOMY, proxies: str = ""
        ) -> Service:
            service = Service(tmp_path, limit, bounds, proxies)
            stack.push_async_callback(service.close)
            return service

        yield start


async def test_a_whole_line_gets_the_whole_answer_and_a_close(
    serve: Callable[..., Service],
) -> None:
    """One packet with the line in it: the record to the octet, then the end of the stream."""
    service = serve()
    assert await service.ask(QUERY) == ANSWER
    assert service.count("domain", "found") == 1


@pytest.mark.parametrize(
    "pieces",
    [
        (b"example.com\n",),
        (b"EXAMPLE.com.\r\n",),
        (b"domain example.com\r\n",),
        (b"e", b"xample.", b"com\r", b"\n"),
        (b"example.com\r\nexample.net\r\n",),
        (b"example.com\r\n" + b"junk " * 2_000,),
    ],
)
async def test_every_way_to_send_a_line_gets_the_answer(
    serve: Callable[..., Service], pieces: tuple[bytes, ...]
) -> None:
    """Split, in other forms, or followed by anything: the first line is answered, whole."""
    assert await serve().ask(*pieces) == ANSWER


async def test_octets_sent_after_the_answer_do_not_destroy_it(
    serve: Callable[..., Service],
) -> None:
    """A client that goes on sending after we closed gets RST, and still reads what it was sent."""
    service = serve()
    client = socket.create_connection(service.address)
    client.sendall(QUERY)
    await asyncio.wait_for(_until(lambda: service.count("domain", "found") == 1), 10)
    with contextlib.suppress(ConnectionError):
        client.sendall(b"more")
        client.sendall(b"and more\r\n")
    client.settimeout(5)
    assert _read_all(client) == ANSWER


async def test_a_half_closed_client_without_a_line_end_is_answered(
    serve: Callable[..., Service],
) -> None:
    """`printf example.com | nc -N`: the end of the stream ends the line."""
    assert await serve().ask(b"example.com", eof=True) == ANSWER


async def test_a_client_that_says_nothing_and_leaves_is_forgotten(
    serve: Callable[..., Service],
) -> None:
    """No answer without a query."""
    assert await serve().ask(b"", eof=True) == b""


@pytest.mark.parametrize(
    ("line", "first"),
    [
        (b"other.example\r\n", whois_replies.NOT_FOUND),
        (b"www.example.com\r\n", whois_replies.NOT_FOUND),
        (b"\r\n", whois_replies.BAD_QUERY),
        (b"\x1b[31mred\r\n", whois_replies.BAD_QUERY),
        (b"\xff\xfe.com\r\n", whois_replies.BAD_QUERY),
        (b"a" * 600, whois_replies.BAD_QUERY),
        (b"a" * 600 + b"\r\n", whois_replies.BAD_QUERY),
        (b"a" * 70_000, whois_replies.BAD_QUERY),
        (b"nameserver ns1.example.net\r\n", whois_replies.NOT_OFFERED),
        (b"registrar 9999\r\n", whois_replies.NOT_OFFERED),
        (b"help\r\n", whois_replies.HELP[0]),
    ],
)
async def test_first_lines_are_stable(
    serve: Callable[..., Service], line: bytes, first: str
) -> None:
    """What is no record gets one known sentence first, never `Key: value`, then our age."""
    try:
        answer = await serve().ask(line)
    except ConnectionResetError:  # more than we are willing to read of one client
        assert len(line) > LINGER_OCTETS
        return
    lines = answer.decode().split("\r\n")
    assert lines[0] == first
    assert ": " not in lines[0]
    assert lines[-2] == ">>> Last update of WHOIS database: 2026-03-02T09:15:00Z <<<"


async def test_a_client_over_its_limit_is_told_so(serve: Callable[..., Service]) -> None:
    """The limit line instead of an answer, on a connection that closes cleanly."""
    service = serve(limit=Limit(count=2, period_s=600))
    answers = [await service.ask(QUERY) for _ in range(4)]
    assert answers[:2] == [ANSWER, ANSWER]
    assert {answer.split(b"\r\n")[0].decode() for answer in answers[2:]} == {
        whois_replies.RATE_LIMITED
    }
    assert service.metrics.counter("limits_hit", protocol="whois").value == 2


async def test_a_slow_client_is_cut_off_at_its_deadline(serve: Callable[..., Service]) -> None:
    """Dripping octets does not move the deadline: one for the whole line."""
    bounds = Bounds(connections=10, connections_per_client=10, read_timeout_s=0.2)
    service = serve(bounds=bounds)
    reader, writer = await service.connect()

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.02)

    dripping = asyncio.create_task(drip())
    answer = await asyncio.wait_for(reader.read(), 10)
    dripping.cancel()
    writer.close()
    assert answer.startswith(whois_replies.TOO_SLOW.encode())


async def test_waiting_connections_of_one_client_are_bounded(
    serve: Callable[..., Service],
) -> None:
    """The sixth open line is turned away with the limit line; whole queries still pass."""
    bounds = Bounds(connections=100, connections_per_client=5, read_timeout_s=20)
    service = serve(bounds=bounds)
    streams = [await service.connect() for _ in range(8)]
    for _, writer in streams:
        writer.write(b"exam")
    turned_away = [asyncio.create_task(reader.read()) for reader, _ in streams]
    done, waiting = await asyncio.wait(turned_away, timeout=0.5)
    assert len(done) == 3
    assert all(task.result().startswith(whois_replies.RATE_LIMITED.encode()) for task in done)
    assert await service.ask(QUERY) == ANSWER
    for (_, writer), task in zip(streams, turned_away, strict=True):
        if task in waiting:
            writer.write(b"ple.com\r\n")
            assert await task == ANSWER
        writer.close()


async def test_a_flood_of_waiting_connections_does_not_stop_whole_queries(
    serve: Callable[..., Service],
) -> None:
    """With every waiting place taken an honest client is answered all the same."""
    bounds = Bounds(connections=20, connections_per_client=1_000, read_timeout_s=20)
    service = serve(bounds=bounds)
    streams = [await service.connect() for _ in range(60)]
    for _, writer in streams:
        writer.write(b"x")
    assert [await service.ask(QUERY) for _ in range(10)] == [ANSWER] * 10
    assert len(service.server._waiting) <= 20
    for _, writer in streams:
        writer.close()


async def test_a_client_that_resets_does_no_harm(serve: Callable[..., Service]) -> None:
    """RST instead of reading: the next client is answered."""
    service = serve()
    for pieces in ((b"",), (b"exam",), (QUERY,), (QUERY + b"more",)):
        client = socket.create_connection(service.address)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(pieces[0])
        await asyncio.sleep(0)
        client.close()
    assert await service.ask(QUERY) == ANSWER


async def test_without_a_snapshot_the_answer_is_to_come_back_later(
    serve: Callable[..., Service],
) -> None:
    """`Not found` would be a lie."""
    service = serve()
    service.names.is_down = True
    assert (await service.ask(QUERY)).startswith(whois_replies.UNAVAILABLE.encode())


async def test_a_bug_gets_one_fixed_sentence(
    serve: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected exception shows the client nothing of itself, and service goes on."""
    service = serve()

    def broken(_name: bytes) -> None:
        raise RuntimeError("example.com")

    with monkeypatch.context() as patch:
        patch.setattr(service.names, "find", broken)
        answer = await service.ask(QUERY)
    assert answer.startswith(whois_replies.INTERNAL.encode())
    assert b"example.com" not in answer
    assert await service.ask(QUERY) == ANSWER


async def test_draining_answers_what_is_queued_and_what_is_typed(
    serve: Callable[..., Service],
) -> None:
    """Connections in the queue and half a line in hand are answered before the server returns."""
    service = serve()
    reader, writer = await service.connect()
    writer.write(b"exam")
    await asyncio.wait_for(_until(lambda: bool(service.server._waiting)), 10)
    queued = [socket.create_connection(service.address) for _ in range(40)]
    for client in queued:  # not given back to the loop until the drain begins
        client.sendall(QUERY)
    stopping = asyncio.create_task(service.server.stop(10))
    await asyncio.sleep(0)
    writer.write(b"ple.com\r\n")
    assert await asyncio.wait_for(reader.read(), 10) == ANSWER
    writer.close()
    await asyncio.wait_for(stopping, 10)
    for client in queued:
        client.settimeout(5)
        assert _read_all(client) == ANSWER


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - the server has no event to wait on
        await asyncio.sleep(0.005)


def _read_all(client: socket.socket) -> bytes:
    with client:
        return b"".join(iter(lambda: client.recv(65_536), b""))
