"""GET /v1/public-records: whoever applies its lines in order has exactly what is published."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from typing import TYPE_CHECKING, Any

import pytest

from proxy.apps.api import public_records
from proxy.model.identifiers import ResellerId, Scope
from proxy.wire import published
from tests.support import hooks
from tests.support.api import body
from tests.support.vault import START

if TYPE_CHECKING:
    from tests.support.api import Api
    from tests.support.database import Database

pytestmark = pytest.mark.db


class Copy:
    """A registrar's copy of what is published, kept by the feed alone."""

    def __init__(self, api: Api, key: str | None = None) -> None:
        self.api = api
        self.key = key
        self.names: dict[str, Any] = {}
        self.cursor = ""

    async def take(self) -> list[dict[str, Any]]:
        """One answer, applied; its lines."""
        query = f"?after={self.cursor}" if self.cursor else ""
        reply = await self.api.call("GET", f"/v1/public-records{query}", key=self.key)
        assert reply.status == 200, reply.content
        lines = [json.loads(line) for line in reply.content.splitlines()]
        for line in lines:
            if "next" in line:
                self.cursor = line["next"]
            elif line["record"] is None:
                self.names.pop(line["domain"], None)
            else:
                self.names[line["domain"]] = line["record"]
        assert "next" in lines[-1]
        return lines


async def truth(api: Api, tenant: object, reseller: str | None = None) -> dict[str, str]:
    """The addresses of the masks that a tenant publishes, by name."""
    rows = await api.rows(
        "SELECT domain, value FROM published WHERE tenant_id = $1 AND value IS NOT NULL", tenant
    )
    records = [published.decode_record(row["value"]) for row in rows]
    return {one.domain: one.alias for one in records if reseller in {None, one.reseller}}


def shown(copy: Copy) -> dict[str, str]:
    """The addresses of the masks in a copy, by name."""
    return {
        name: record["public_contacts"]["registrant"]["email"].partition("@")[0]
        for name, record in copy.names.items()
    }


def fresh(name: str, **changes: object) -> dict[str, Any]:
    """A body of a name with a registry's id of its own."""
    return body(name, registry_domain_id=f"D-{name}", **changes)


async def test_the_feed_lists_what_is_published_then_what_changes(
    api: Api, database: Database
) -> None:
    """First every name, then changes, ends and new ones; nobody's person."""
    async with hooks.leading(database, START) as lead:
        for name in ("a.example", "b.example", "c.example"):
            await api.put(fresh(name))
        await api.put({k: v for k, v in fresh("reserved.example").items() if k != "created_at"})
        await api.call("DELETE", "/v1/registrations/c.example?reason=error")
        await hooks.stamp(lead, START)
        copy = Copy(api)
        first = await copy.take()
        assert sorted(copy.names) == ["a.example", "b.example"]
        assert copy.names["a.example"]["registrar"] == "Quiet Harbour"
        assert copy.names["a.example"]["statuses"] == ["clientTransferProhibited"]
        assert (await copy.take()) == [{"next": copy.cursor}]
        await api.call("POST", "/v1/registrations/a.example/rotate")
        await api.call("DELETE", "/v1/registrations/b.example?reason=registry_deleted")
        await api.put(fresh("d.example"))
        await hooks.stamp(lead, START)
        changed = await copy.take()
        assert shown(copy) == await truth(api, api.tenant)
    assert sorted(copy.names) == ["a.example", "d.example"]
    assert "Zqmark" not in str(first) + str(changed)


async def test_it_shows_what_rdap_and_the_api_show(api: Api, database: Database) -> None:
    """The contacts of a line are those that a PUT answers, in every mode."""
    async with hooks.leading(database, START) as lead:
        answered = {}
        for mode in ("proxy", "privacy", "redacted"):
            reply = await api.put(fresh(f"{mode}.example", mode=mode))
            answered[f"{mode}.example"] = reply.json["public_contacts"]
        await hooks.stamp(lead, START)
        copy = Copy(api)
        await copy.take()
    assert {name: one["public_contacts"] for name, one in copy.names.items()} == answered


async def test_a_long_listing_is_read_in_pages_and_taken_up(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any cursor on the way goes on behind it, also one in the middle of the listing."""
    monkeypatch.setattr(public_records, "PAGE", 2)
    async with hooks.leading(database, START) as lead:
        names = [f"n{number}.example" for number in range(7)]
        await api.load([fresh(name) for name in names])
        await hooks.stamp(lead, START)
        copy = Copy(api)
        lines = await copy.take()
        cursors = [line["next"] for line in lines if "next" in line]
        assert len(cursors) >= 4
        for number, cursor in enumerate(cursors):
            again = Copy(api)
            again.cursor = cursor
            await again.take()
            assert len(again.names) == max(0, 7 - 2 * (number + 1))
    assert sorted(copy.names) == names


async def test_nobody_reads_what_is_anothers(api: Api, database: Database) -> None:
    """Another registrar reads nothing; a reseller its own, and loses what moved away."""
    other = await api.other_tenant()
    mine = Copy(api, await api.register(reseller=ResellerId("webworks")))
    reader = await api.register(scopes=frozenset({Scope.REGISTRATIONS_READ}))
    async with hooks.leading(database, START) as lead:
        await api.put(fresh("own.example"))
        await api.put(fresh("moves.example", reseller="webworks"))
        await api.put(fresh("stays.example", reseller="webworks"))
        await hooks.stamp(lead, START)
        theirs = Copy(other)
        assert await theirs.take() == [{"next": theirs.cursor}] * 2
        await mine.take()
        assert sorted(mine.names) == ["moves.example", "stays.example"]
        await api.put(fresh("moves.example", reseller="secondhand"))
        await api.put(fresh("own.example", customer_ref="c-1"))
        await hooks.stamp(lead, START)
        page = (await api.call("GET", "/v1/events?limit=1000", key=mine.key)).json
        lines = await mine.take()
    assert lines[:-1] == [{"domain": "moves.example", "record": None}]
    assert page["events"][-1]["type"] == "registration.left"
    assert "secondhand" not in str(page) + str(lines)
    refused = await api.call("GET", "/v1/public-records", key=reader)
    assert (refused.status, refused.json["code"]) == (403, "scope")


async def test_a_name_that_moves_between_accounts_moves_between_feeds(
    api: Api, database: Database
) -> None:
    """Who loses it is told that nothing is published, whose claim speaks gets the record."""
    other = await api.other_tenant()
    mine, theirs = Copy(api), Copy(other)
    async with hooks.leading(database, START) as lead:
        await api.put(fresh("moves.example"))
        claimed = await other.put(fresh("moves.example"))
        assert claimed.json["state"] == "claimed"
        await hooks.stamp(lead, START)
        await mine.take()
        await theirs.take()
        assert (list(mine.names), list(theirs.names)) == (["moves.example"], [])
        await api.call("DELETE", "/v1/registrations/moves.example?reason=transferred_out")
        await hooks.stamp(lead, START)
        await mine.take()
        await theirs.take()
        assert (list(mine.names), list(theirs.names)) == ([], ["moves.example"])
        assert shown(theirs) == await truth(api, other.tenant)
        page = (await other.call("GET", "/v1/events")).json
        told = [(one["data"]["revision"], one["data"]["state"]) for one in page["events"]]
    assert told == [(1, "claimed"), (2, "active")]


@pytest.mark.parametrize(
    "cursor", ["", "x", "A" * 42, "A" * 44, "A" * 42 + "B", "!" * 43, "A" * 21 + "B"]
)
async def test_a_cursor_that_is_none_is_refused(api: Api, cursor: str) -> None:
    """Before anything is sent, as a fault of the caller."""
    reply = await api.call("GET", f"/v1/public-records?after={cursor}")
    assert (reply.status, reply.json["code"]) == (422, "invalid_query")


@pytest.mark.parametrize("cursor", ["A" * 22, "A" * 43, "_" * 21 + "w", "_" * 42 + "8"])
async def test_a_cursor_of_another_history_is_gone(
    api: Api, database: Database, cursor: str
) -> None:
    """Also one of a listing, which could not be gone on with at its end."""
    async with hooks.leading(database, START) as lead:
        await api.put(fresh("a.example"))
        await hooks.stamp(lead, START)
        gone = await api.call("GET", f"/v1/public-records?after={cursor}")
    assert (gone.status, gone.json["code"]) == (410, "cursor_gone")


async def test_a_reader_beside_writers_ends_with_the_truth(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that end, begin again and change while pages are read are as they are in the end."""
    monkeypatch.setattr(public_records, "PAGE", 3)
    names = [f"n{number}.example" for number in range(8)]
    copy = Copy(api)
    is_over = asyncio.Event()

    async def write() -> None:
        for _ in range(25):
            name = secrets.choice(names)
            path = f"/v1/registrations/{name}"
            act = secrets.randbelow(4)
            if act == 0:
                await api.call("DELETE", f"{path}?reason=error")
            elif act == 1:
                await api.call("POST", f"{path}/rotate")
            else:
                await api.put(fresh(name, customer_ref=secrets.token_hex(2)))

    async with hooks.leading(database, START) as lead:

        async def read() -> None:
            while not is_over.is_set():
                await hooks.stamp(lead, START)
                await copy.take()

        reading = asyncio.create_task(read())
        await asyncio.gather(*(write() for _ in range(4)))
        is_over.set()
        await reading
        await hooks.stamp(lead, START)
        await copy.take()
        assert shown(copy) == await truth(api, api.tenant)


async def test_a_consumer_that_reads_nothing_delays_nobody(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account has a few streams; others are answered meanwhile, and its own once one ends."""
    monkeypatch.setattr(public_records, "PAGE", 400)
    monkeypatch.setattr(public_records, "STALL_S", 1.0)
    other = await api.other_tenant()
    async with hooks.leading(database, START) as lead:
        for part in range(6):
            await api.load([fresh(f"n{part}-{number}.example") for number in range(400)])
        await hooks.stamp(lead, START)
        slow = [await _stalled(api) for _ in range(public_records.AT_ONCE)]
        async with asyncio.timeout(30):
            while len(api.office.streams) != 1 or (  # noqa: ASYNC110 - they are other tasks'
                api.office.streams[api.tenant] != len(slow)
            ):
                await asyncio.sleep(0.01)
            busy = await api.call("GET", "/v1/public-records")
            assert (busy.status, busy.json["code"]) == (429, "streams_busy")
            assert await Copy(other).take()
            while api.office.streams:  # noqa: ASYNC110 - they end by themselves
                await asyncio.sleep(0.01)
            copy = Copy(api)
            await copy.take()
        for writer in slow:
            writer.close()
    assert len(copy.names) == 2_400


async def _stalled(api: Api) -> asyncio.StreamWriter:
    """A caller that asks for the feed and reads next to nothing of it."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.setblocking(False)
    await asyncio.get_running_loop().sock_connect(link, (api.client.host, api.client.port))
    _, writer = await asyncio.open_connection(sock=link, limit=1024)
    head = f"GET /v1/public-records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\n\r\n"
    writer.write(head.encode())
    return writer
