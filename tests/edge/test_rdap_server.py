"""The RDAP server on real sockets: keeping, pipelining, tags, packing, selecting."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from typing import TYPE_CHECKING

import msgspec
import pytest

from proxy.apps.rdap_connection import REQUESTS_PER_TURN
from proxy.metrics import Registry
from proxy.model.identifiers import DomainName
from proxy.rules.throttling import Limit
from tests.support.certificates import write_certificate
from tests.support.rdap_running import exchange, one_by_one, parse, read_answer, running, world
from tests.support.rdap_samples import make_profile, make_record

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.apps.rdap import RdapServer

HOST = b"Host: rdap.registrar.example\r\n"
GET = b"GET /domain/proxied.example HTTP/1.1\r\n" + HOST + b"\r\n"
LAST = b"GET /domain/proxied.example HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


async def test_the_quick_way_answers_like_the_long_one() -> None:
    """A request that repeats its header gets the same octets as the first, parsed, one."""
    async with running(world()) as address:
        first, second, third = await exchange(address, GET + GET + LAST)
        kept = await one_by_one(address, [GET, GET, GET])
    assert first.body == second.body == third.body
    assert first.fields.keys() == second.fields.keys()
    for answer in kept:
        assert sorted(answer.head.split(b"\r\n")) == sorted(first.head.split(b"\r\n"))
        assert answer.body == first.body


async def test_every_published_name_is_answered_the_same_both_ways() -> None:
    """Quick and long way agree on each record, also when names alternate on one connection."""
    held = world()
    names = [name for name in held.records if name != b"offered.example"]
    requests = [b"GET /domain/" + name + b" HTTP/1.1\r\n" + HOST + b"\r\n" for name in names]
    async with running(held) as address:
        quick = await one_by_one(address, [GET, *requests])
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


@pytest.mark.parametrize(
    ("field", "status"), [(b"If-None-Match: *", 304), (b"Accept-Encoding: gzip", 200)]
)
async def test_a_repeated_header_keeps_its_meaning(field: bytes, status: int) -> None:
    """Conditions and codings hold for each request of a kept connection, not for the first."""
    request = GET.replace(b"Host", field + b"\r\nHost")
    async with running(world()) as address:
        first, second = await one_by_one(address, [request, request])
    assert first.status == second.status == status
    assert first.head == second.head


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
        (await read_answer(reader))
        changed = make_profile(base_url="https://new.example/")
        held.by_key[changed.tenant_id, changed.id] = changed
        servers[0].refresh()
        writer.write(GET)
        answer = await read_answer(reader)
        writer.close()
    assert json.loads(answer)["links"][0]["value"] == "https://new.example/domain/proxied.example"


async def test_every_answer_is_counted_by_kind_and_result() -> None:
    """Counters tell found, not found, refused and limited; the latency counts each look-up."""
    metrics = Registry()
    async with running(world(), limit=Limit(count=4, period_s=600), metrics=metrics) as address:
        await one_by_one(address, [GET, GET])
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
        before = await read_answer(reader)
        held.records[b"proxied.example"] = msgspec.structs.replace(
            make_record("proxied.example"), domain=DomainName("proxied.example"), alias="fresh"
        )
        writer.write(GET)
        after = await read_answer(reader)
        del held.records[b"proxied.example"]
        writer.write(GET)
        gone = await read_answer(reader)
        writer.close()
    assert b"k3v9x2pq7m4td@" in before
    assert b"fresh@" in after
    assert json.loads(gone)["errorCode"] == 404


async def test_it_speaks_tls_when_told_to(tmp_path: Path) -> None:
    """With a certificate the same answers come through TLS 1.2 or later."""
    certificate, key = write_certificate(tmp_path)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key)
    theirs = ssl.create_default_context(cafile=str(certificate))
    theirs.check_hostname = False
    async with running(world(), tls=ours) as address:
        first, second = await exchange(address, GET + LAST, tls=theirs)
        (refused,) = await exchange(address, b"GET / HTTP/3.0\r\n\r\n", tls=theirs)
    assert (first.status, second.body) == (200, first.body)
    assert refused.status == 505
