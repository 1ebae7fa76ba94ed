"""The RDAP server on real sockets: limits, deadlines, bounds, draining."""

from __future__ import annotations

import asyncio
import dataclasses
import socket

import pytest

from proxy.apps.rdap import Bounds, RdapServer
from proxy.rules.throttling import Limit
from tests.support.rdap_running import exchange, one_by_one, parse, read_answer, running, world

HOST = b"Host: rdap.registrar.example\r\n"
GET = b"GET /domain/proxied.example HTTP/1.1\r\n" + HOST + b"\r\n"
LAST = b"GET /domain/proxied.example HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


USUAL = Bounds(connections=64, connections_per_client=64, read_timeout_s=30, idle_timeout_s=30)


async def test_the_limit_answers_429_with_a_time_to_wait() -> None:
    """Past the limit every kind of request gets 429 and Retry-After, on both ways."""
    async with running(world(), limit=Limit(count=3, period_s=600)) as address:
        answers = await one_by_one(address, [GET, GET, GET, GET, GET])
        (fresh,) = await exchange(address, LAST)
        (refused,) = await exchange(address, b"\x00\r\n\r\n")
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert fresh.status == refused.status == 429
    assert 1 <= int(fresh.fields["retry-after"]) <= 600
    assert fresh.tree["errorCode"] == 429


async def test_only_trusted_proxies_may_name_the_client() -> None:
    """X-Forwarded-For counts behind a trusted peer, its rightmost untrusted address only."""

    def forwarded(value: str) -> bytes:
        return LAST.replace(
            b"Connection", b"X-Forwarded-For: " + value.encode() + b"\r\nConnection"
        )

    limit = Limit(count=1, period_s=600)
    async with running(world(), limit=limit, trusted=("127.0.0.0/8",)) as address:
        seen = [
            (await exchange(address, forwarded(value)))[0].status
            for value in (
                "192.0.2.1",
                "192.0.2.2",
                "192.0.2.2",  # again: limited
                "192.0.2.9, 192.0.2.2",  # what stands left is the client's own invention
                "192.0.2.3, 127.0.0.5",  # through two trusted proxies
                "192.0.2.3",
                "192.0.2.3:4711",
                "2001:db8::1",
                "2001:db8::2",  # the same /64
            )
        ]
    assert seen == [200, 200, 429, 429, 200, 429, 429, 200, 429]
    async with running(world(), limit=limit) as address:
        seen = [
            (await exchange(address, forwarded(value)))[0].status
            for value in ("192.0.2.1", "192.0.2.2")
        ]
    assert seen == [200, 429]


async def test_a_slow_head_is_ended_with_408() -> None:
    """A head that does not become whole in time is answered 408 and closed."""
    async with running(world(), bounds=dataclasses.replace(USUAL, read_timeout_s=0.05)) as address:
        (answer,) = await exchange(address, GET[:-2])
    assert (answer.status, answer.tree["errorCode"]) == (408, 408)


async def test_a_dripping_head_gets_no_more_time() -> None:
    """The deadline counts from a head's first octet; further octets do not move it."""
    servers: list[RdapServer] = []
    async with running(world(), servers=servers) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(GET)
        await read_answer(reader)
        (connection,) = servers[0].connections
        connection.data_received(GET[:5])
        deadline = connection.deadline
        for place in range(5, 20):
            servers[0].now += 1
            connection.data_received(GET[place : place + 1])
        assert connection.deadline == deadline
        writer.close()


async def test_an_idle_connection_is_closed() -> None:
    """After its answers a connection that asks nothing more is closed without a word."""
    async with running(world(), bounds=dataclasses.replace(USUAL, idle_timeout_s=0.05)) as address:
        answers = await exchange(address, GET)
    assert [answer.status for answer in answers] == [200]


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    """Answers that nobody takes end the connection; they are not piled up."""
    servers: list[RdapServer] = []
    bounds = dataclasses.replace(USUAL, write_timeout_s=0.05)
    async with running(world(), bounds=bounds, servers=servers) as address:
        reader, writer = await asyncio.open_connection(*address, limit=1024)
        with pytest.raises(OSError):
            await _ask_for_ever(writer)
        writer.transport.abort()
        del reader
        assert not servers[0].connections


async def test_connections_of_one_client_are_bounded() -> None:
    """One connection too many of a client gets 429; places that come free are given again."""
    async with running(
        world(), bounds=dataclasses.replace(USUAL, connections_per_client=2)
    ) as address:
        kept = [await asyncio.open_connection(*address) for _ in range(2)]
        for reader, writer in kept:
            writer.write(GET)
            await reader.readuntil(b"\r\n\r\n")
        (refused,) = await exchange(address, LAST)
        kept[0][1].write(LAST)
        await kept[0][0].read()
        kept[0][1].close()
        (answered,) = await exchange(address, LAST)
        kept[1][1].close()
    assert (refused.status, answered.status) == (429, 200)


async def test_kept_out_connections_take_no_room() -> None:
    """A client above its bound can not fill the server: who is refused is not counted."""
    servers: list[RdapServer] = []
    bounds = dataclasses.replace(USUAL, connections=4, connections_per_client=2)
    async with running(world(), bounds=bounds, servers=servers) as address:
        clients = [await asyncio.open_connection(*address) for _ in range(8)]
        for reader, _ in clients[2:]:
            assert (await reader.read()).startswith(b"HTTP/1.1 429 ")
        assert len(servers[0].connections) == 2
        assert list(servers[0].clients.values()) == [2]
        for _, writer in clients:
            writer.close()


async def test_connections_are_bounded_in_all() -> None:
    """One connection too many gets 503 with Retry-After."""
    async with running(world(), bounds=dataclasses.replace(USUAL, connections=1)) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        (refused,) = await exchange(address, LAST)
        writer.close()
    assert refused.status == 503
    assert int(refused.fields["retry-after"]) > 0


async def test_draining_answers_what_is_under_way_and_then_closes() -> None:
    """Draining closes idle connections at once, and busy ones after the answer they wait for."""
    servers: list[RdapServer] = []
    async with running(world(), servers=servers) as address:
        idle, busy = [await asyncio.open_connection(*address) for _ in range(2)]
        for (reader, writer), octets in ((idle, GET), (busy, GET + GET[:9])):
            writer.write(octets)
            await read_answer(reader)
        draining = asyncio.create_task(servers[0].drain(10))
        assert not await idle[0].read()
        busy[1].write(GET[9:])
        (last,) = parse(await busy[0].read())
        idle[1].close()
        busy[1].close()
        await draining
        assert not servers[0].connections
        with pytest.raises(OSError):
            await asyncio.open_connection(*address)
    assert (last.status, last.fields["connection"]) == (200, "close")


async def test_a_connection_that_is_reset_leaves_nothing_behind() -> None:
    """Clients that vanish give their places free."""
    servers: list[RdapServer] = []
    async with running(world(), servers=servers) as address:
        for _ in range(5):
            client = socket.create_connection(address)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            client.sendall(GET[:20])
            client.close()
        await exchange(address, LAST)
        await servers[0].drain(10)
        assert not servers[0].connections
        assert not servers[0].clients


async def _ask_for_ever(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(GET * 200)
        await writer.drain()
