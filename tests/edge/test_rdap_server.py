"""The RDAP server on real sockets: keeping, pipelining, bounding, forwarding, draining."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
import socket

import msgspec
import pytest

from proxy.apps.rdap import Bounds, RdapServer
from proxy.apps.rdap_connection import REQUESTS_PER_TURN
from proxy.metrics import Registry
from proxy.model.identifiers import DomainName
from proxy.rules.throttling import Limit
from tests.support.rdap_running import Address, Received, exchange, parse, running, world
from tests.support.rdap_samples import make_profile, make_record

HOST = b"Host: rdap.registrar.example\r\n"
GET = b"GET /domain/proxied.example HTTP/1.1\r\n" + HOST + b"\r\n"
LAST = b"GET /domain/proxied.example HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


USUAL = Bounds(connections=64, connections_per_client=64, read_timeout_s=30, idle_timeout_s=30)


async def test_the_quick_way_answers_like_the_long_one() -> None:
    """A request that repeats its header gets the same octets as the first, parsed, one."""
    async with running(world()) as address:
        first, second, third = await exchange(address, GET + GET + LAST)
        one_by_one = await _one_by_one(address, [GET, GET, GET])
    assert first.body == second.body == third.body
    assert first.fields.keys() == second.fields.keys()
    for answer in one_by_one:
        assert sorted(answer.head.split(b"\r\n")) == sorted(first.head.split(b"\r\n"))
        assert answer.body == first.body


async def test_every_published_name_is_answered_the_same_both_ways() -> None:
    """Quick and long way agree on each record, also when names alternate on one connection."""
    held = world()
    names = [name for name in held.records if name != b"offered.example"]
    requests = [b"GET /domain/" + name + b" HTTP/1.1\r\n" + HOST + b"\r\n" for name in names]
    async with running(held) as address:
        quick = await _one_by_one(address, [GET, *requests])
        for request, answer in zip(requests, quick[1:], strict=True):
            (long,) = await exchange(
                address, request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
            )
            assert (answer.status, answer.body) == (long.status, long.body)
            assert answer.fields.get("etag") == long.fields.get("etag")


async def test_pipelined_requests_are_all_answered_in_order() -> None:
    """More requests at once than one turn takes are answered in order, none twice."""
    names = [b"proxied", b"private", b"nowhere", b"redacted"] * REQUESTS_PER_TURN
    stream = b"".join(
        b"GET /domain/" + name + b".example HTTP/1.1\r\n" + HOST + b"\r\n" for name in names
    )
    async with running(world()) as address:
        answers = await exchange(address, stream + LAST)
    assert len(answers) == len(names) + 1
    for name, answer in zip(names, answers, strict=False):
        expected = [] if name == b"nowhere" else [name.decode() + ".example"]
        assert [answer.tree["ldhName"]] if expected else expected == []
        assert answer.tree.get("ldhName") == (expected[0] if expected else None)


async def test_requests_may_come_in_any_pieces() -> None:
    """A stream cut at every place gives the same answers."""
    stream = GET + LAST
    async with running(world()) as address:
        whole = [answer.body for answer in await exchange(address, stream)]
        reader, writer = await asyncio.open_connection(*address)
        for place in range(len(stream)):
            writer.write(stream[place : place + 1])
            await writer.drain()
            await asyncio.sleep(0)
        pieces = parse(await reader.read())
        writer.close()
    assert [answer.body for answer in pieces] == whole


async def test_nothing_after_a_refused_request_is_answered() -> None:
    """A request behind one that was refused is thrown away: it may be smuggled."""
    refused = b"GET /help HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    async with running(world()) as address:
        answers = await exchange(address, GET + refused + GET)
    assert [answer.status for answer in answers] == [200, 400]


@pytest.mark.parametrize("path", [b"/domain/proxied.example", b"/domain/nowhere.example", b"/help"])
async def test_head_is_get_without_a_body(path: bytes) -> None:
    """HEAD has the status and header of GET and an empty body."""
    tail = path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    async with running(world()) as address:
        (head,) = await exchange(address, b"HEAD " + tail)
        (get,) = await exchange(address, b"GET " + tail)
    assert head.head == get.head
    assert not head.body


@pytest.mark.parametrize("form", ["%s", '"other", %s', "*", 'W/"x" , %s,"y"'])
async def test_a_tag_that_still_holds_gets_304(form: str) -> None:
    """If-None-Match with the answer's tag, or any, gives 304 with the tag and without a body."""
    async with running(world()) as address:
        (whole,) = await exchange(address, LAST)
        tag = whole.fields["etag"]
        condition = b"If-None-Match: " + form.replace("%s", tag).encode() + b"\r\n"
        (answer,) = await exchange(address, LAST.replace(b"Connection", condition + b"Connection"))
    assert tag.startswith('W/"')
    assert (answer.status, answer.body, answer.fields["etag"]) == (304, b"", tag)
    assert answer.fields["access-control-allow-origin"] == "*"


async def test_the_tag_changes_with_record_profile_and_url_form_only() -> None:
    """Another record, profile or form of the URL is another tag; another time is not."""
    held = world()

    async def tag(path: bytes = b"proxied.example") -> str:
        async with running(held) as address:
            (answer,) = await exchange(address, LAST.replace(b"proxied.example", path))
        return answer.fields["etag"]

    first = await tag()
    assert await tag() == first
    assert await tag(b"PROXIED.example") != first
    held.records[b"proxied.example"] = msgspec.structs.replace(
        make_record("proxied.example"), alias="another"
    )
    second = await tag()
    assert second != first
    changed = make_profile(revision=2)
    held.by_key[changed.tenant_id, changed.id] = changed
    assert await tag() not in {first, second}


async def test_a_tag_that_holds_no_more_gets_the_whole_answer() -> None:
    """If-None-Match with another tag gives 200."""
    condition = b'If-None-Match: W/"old"\r\nConnection'
    async with running(world()) as address:
        (answer,) = await exchange(address, LAST.replace(b"Connection", condition))
    assert answer.status == 200


@pytest.mark.parametrize(
    ("accept", "is_packed"),
    [(b"gzip", True), (b"br, GZIP;q=0.5", True), (b"gzip;q=0", False), (b"identity", False)],
)
async def test_gzip_is_sent_when_accepted(accept: bytes, is_packed: bool) -> None:
    """Gzip is used where the client takes it, says so, and unpacks to the same answer."""
    field = b"Accept-Encoding: " + accept + b"\r\nConnection"
    async with running(world()) as address:
        (plain,) = await exchange(address, LAST)
        (answer,) = await exchange(address, LAST.replace(b"Connection", field))
    assert (answer.fields.get("content-encoding") == "gzip") is is_packed
    assert answer.body == plain.body
    assert answer.fields["vary"] == "Accept-Encoding"
    if is_packed:
        assert int(answer.fields["content-length"]) < len(plain.body)
        assert len(gzip.compress(plain.body)) < len(plain.body)


async def test_the_limit_answers_429_with_a_time_to_wait() -> None:
    """Past the limit every kind of request gets 429 and Retry-After, on both ways."""
    async with running(world(), limit=Limit(count=3, period_s=600)) as address:
        answers = await _one_by_one(address, [GET, GET, GET, GET, GET])
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
            await _answer(reader)
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


async def test_without_a_snapshot_the_answer_is_503() -> None:
    """An edge that has no data says so; it never says that a name does not exist."""
    held = world()
    held.is_there = False
    async with running(held) as address:
        (answer,) = await exchange(address, LAST)
    assert (answer.status, answer.tree["errorCode"]) == (503, 503)
    assert "retry-after" in answer.fields


async def test_a_bug_answers_500_with_one_fixed_sentence() -> None:
    """An unexpected exception shows nothing of itself."""
    held = world()
    del held.by_key[held.records[b"proxied.example"].tenant_id, make_profile().id]
    async with running(held) as address:
        (answer,) = await exchange(address, LAST)
    assert answer.status == 500
    assert answer.tree["description"] == ["The answer could not be made."]
    assert b"KeyError" not in answer.body


async def test_a_listening_address_selects_its_profiles() -> None:
    """An address that a profile lists answers that profile's names when no host is listed."""
    async with running(world(), host="127.0.0.9") as address:
        ours = b"GET /domain/offered.example HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        (own,) = await exchange(address, ours)
        (other,) = await exchange(address, ours.replace(b"offered", b"proxied"))
        (listed,) = await exchange(address, LAST)
    assert (own.status, other.status, listed.status) == (200, 404, 200)


async def test_new_profiles_are_taken_up() -> None:
    """A changed profile shows in answers on a connection that was open before."""
    held = world()
    servers: list[RdapServer] = []
    async with running(held, servers=servers) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(GET)
        (await _answer(reader))
        changed = make_profile(base_url="https://new.example/")
        held.by_key[changed.tenant_id, changed.id] = changed
        servers[0].refresh()
        writer.write(GET)
        answer = await _answer(reader)
        writer.close()
    assert json.loads(answer)["links"][0]["value"] == "https://new.example/domain/proxied.example"


async def test_every_answer_is_counted_by_kind_and_result() -> None:
    """Counters tell found, not found, refused and limited; the latency counts each look-up."""
    metrics = Registry()
    async with running(world(), limit=Limit(count=4, period_s=600), metrics=metrics) as address:
        await _one_by_one(address, [GET, GET])
        await exchange(address, LAST.replace(b"proxied", b"nowhere"))
        await exchange(address, b"\x00\r\n\r\n")
        await exchange(address, LAST)
    counts = [
        metrics.counter("rdap_queries", kind=kind, result=result).value
        for kind, result in (
            ("domain", "found"),
            ("domain", "not_found"),
            ("bad", "bad_request"),
            ("other", "limited"),
        )
    ]
    assert counts == [2, 1, 1, 1]
    assert metrics.counter("limits_hit", protocol="rdap").value == 1
    assert sum(metrics.histogram("rdap_answer_seconds").counts) == 3


async def test_names_that_changed_are_never_answered_from_memory() -> None:
    """A record that is replaced or gone is so with the very next request."""
    held = world()
    async with running(held) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(GET)
        before = await _answer(reader)
        held.records[b"proxied.example"] = msgspec.structs.replace(
            make_record("proxied.example"), domain=DomainName("proxied.example"), alias="fresh"
        )
        writer.write(GET)
        after = await _answer(reader)
        del held.records[b"proxied.example"]
        writer.write(GET)
        gone = await _answer(reader)
        writer.close()
    assert b"k3v9x2pq7m4td@" in before
    assert b"fresh@" in after
    assert json.loads(gone)["errorCode"] == 404


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


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    (answer,) = parse(head.replace(b"Content-Length", b"X-Length"))
    return await reader.readexactly(int(answer.fields["x-length"]))


async def _one_by_one(address: Address, requests: list[bytes]) -> list[Received]:
    """The answers to requests each sent after the answer before, on one connection."""
    reader, writer = await asyncio.open_connection(*address)
    stream: list[bytes] = []
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        (answer,) = parse(head.replace(b"Content-Length", b"X-Length"))
        stream.append(head + await reader.readexactly(int(answer.fields["x-length"])))
    writer.close()
    return [answer for octets in stream for answer in parse(octets)]
