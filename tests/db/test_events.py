"""GET /v1/events: each change once, in the order of its name, for those whose name it is."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from proxy.metrics import Registry
from proxy.model.identifiers import ResellerId, Scope
from proxy.services import retain
from proxy.store import events, pool
from tests.support import hooks
from tests.support import vault as vaults
from tests.support.api import body

if TYPE_CHECKING:
    from proxy.store.published import Lead
    from tests.support.api import Api
    from tests.support.database import Database

pytestmark = pytest.mark.db

NOW = datetime(2026, 11, 1, tzinfo=UTC)
START = vaults.START


async def read(api: Api, query: str = "", **given: str) -> Any:
    """A page of events."""
    reply = await api.call("GET", f"/v1/events{query}", **given)
    assert reply.status == 200, reply.json
    return reply.json


def told(page: Any) -> list[tuple[str, str, int, str]]:
    """What each event of a page says: type, name, revision, state."""
    return [
        (one["type"], *(one["data"][name] for name in ("domain", "revision", "state")))
        for one in page["events"]
    ]


async def test_every_change_is_told_once_and_in_order(api: Api, database: Database) -> None:
    """Enrolment, change, rotation, end and an import, and nothing of what changed nothing."""
    name = "/v1/registrations/kaveri.example"
    async with hooks.leading(database, NOW) as lead:
        await hooks.stamp(lead, NOW)
        await api.put(body())
        await api.put(body())  # the same once more
        merge = {"Content_Type": "application/merge-patch+json"}
        await api.call("PATCH", name, {"customer_ref": "c-1"}, **merge)
        await api.call("POST", f"{name}/rotate")
        assert (await read(api))["events"] == []  # not stamped yet
        await hooks.stamp(lead, NOW)
        first = await read(api)
        await api.call("DELETE", f"{name}?reason=registry_deleted")
        await api.load([body("two.example", registry_domain_id="D2-X")])
        await hooks.stamp(lead, NOW)
        second = await read(api, f"?after={first['next']}")
        rest = await read(api, f"?after={second['next']}")
        whole = await read(api)
    assert told(first) == [
        ("registration.enrolled", "kaveri.example", 1, "active"),
        ("registration.changed", "kaveri.example", 2, "active"),
        ("registration.changed", "kaveri.example", 3, "active"),
    ]
    assert told(second) == [
        ("registration.ended", "kaveri.example", 4, "ended"),
        ("registration.enrolled", "two.example", 1, "active"),
    ]
    assert second["events"][0]["data"]["reason"] == "registry_deleted"
    assert (rest["events"], rest["has_more"]) == ([], False)
    assert whole["events"] == first["events"] + second["events"]
    assert len({one["id"] for one in whole["events"]}) == 5
    assert "Zqmark" not in str(whole)


async def test_pages_go_on_where_the_last_one_ended(api: Api, database: Database) -> None:
    """However small the pages, they give all events together, none twice."""
    async with hooks.leading(database, NOW) as lead:
        await api.load([body(f"n{n}.example", registry_domain_id=f"D{n}-X") for n in range(7)])
        await hooks.stamp(lead, NOW)
    found, query = [], ""
    while True:
        page = await read(api, f"?limit=3{query}")
        found += page["events"]
        query = f"&after={page['next']}"
        if not page["has_more"]:
            break
    assert found == (await read(api))["events"]
    assert len(found) == 7


async def test_nobody_reads_events_of_anothers_names(api: Api, database: Database) -> None:
    """Another registrar reads nothing; a reseller what is of its own names."""
    other = await api.other_tenant()
    mine = await api.register(reseller=ResellerId("webworks"))
    reader = await api.register(scopes=frozenset({Scope.REGISTRATIONS_READ}))
    async with hooks.leading(database, NOW) as lead:
        await api.put(body("own.example", registry_domain_id="D1-X"))
        await api.put(body("theirs.example", reseller="webworks", registry_domain_id="D2-X"))
        await hooks.stamp(lead, NOW)
    assert [name for _, name, _, _ in told(await read(api))] == ["own.example", "theirs.example"]
    assert [name for _, name, _, _ in told(await read(api, key=mine))] == ["theirs.example"]
    assert (await read(other))["events"] == []
    cursor = (await read(api))["next"]
    assert (await read(other, f"?after={cursor}"))["events"] == []
    refused = await api.call("GET", "/v1/events", key=reader)
    assert (refused.status, refused.json["code"]) == (403, "scope")


async def test_a_reservation_that_lapses_is_told(api: Api, database: Database) -> None:
    """Also what a timer does is an event."""
    reserved = {name: value for name, value in body().items() if name != "created_at"}
    async with hooks.leading(database, NOW) as lead:
        await api.put(reserved)
        await hooks.stamp(lead, NOW)
        cursor = (await read(api))["next"]
        await _tidy(database, START + timedelta(days=8))
        await hooks.stamp(lead, NOW)
        page = await read(api, f"?after={cursor}")
    assert told(page) == [("registration.ended", "kaveri.example", 2, "ended")]
    assert page["events"][0]["data"]["reason"] == "lapsed"


async def test_a_replaced_registration_ends_before_the_next_begins(
    api: Api, database: Database
) -> None:
    """Both changes are of one moment and one statement, and still in their order."""
    async with hooks.leading(database, NOW) as lead:
        first = (await api.put(body())).json["id"]
        again = body(registry_domain_id="D9-NEW", replaces=first)
        assert (await api.put(again)).status == 201
        await hooks.stamp(lead, NOW)
    assert told(await read(api))[1:] == [
        ("registration.ended", "kaveri.example", 2, "ended"),
        ("registration.enrolled", "kaveri.example", 1, "active"),
    ]


async def test_events_are_forgotten_after_90_days_and_older_cursors_are_gone(
    api: Api, database: Database
) -> None:
    """A cursor that may have missed something is refused; one that has not goes on."""
    async with hooks.leading(database, NOW) as lead:
        await api.put(body("old.example", registry_domain_id="D1-X"))
        await hooks.stamp(lead, NOW)
        before = (await read(api, "?limit=1"))["next"]
        await api.put(body("more.example", registry_domain_id="D2-X"))
        await hooks.stamp(lead, NOW)
        after = (await read(api))["next"]
        await _tidy(database, START + timedelta(days=89))
        assert len((await read(api, f"?after={before}"))["events"]) == 1
        await _tidy(database, START + timedelta(days=91))
        gone = await api.call("GET", f"/v1/events?after={before}")
        assert (gone.status, gone.json["code"]) == (410, "cursor_gone")
        assert (await read(api, f"?after={after}"))["events"] == []
        assert (await read(api))["events"] == []


async def test_a_new_lead_of_the_same_history_keeps_cursors(api: Api, database: Database) -> None:
    """A worker that starts anew begins an epoch; readers notice nothing."""
    async with hooks.leading(database, NOW) as lead:
        await api.put(body("one.example", registry_domain_id="D1-X"))
        await hooks.stamp(lead, NOW)
        cursor = (await read(api))["next"]
    async with hooks.leading(database, NOW) as lead:
        await api.put(body("two.example", registry_domain_id="D2-X"))
        await hooks.stamp(lead, NOW)
        assert [name for _, name, _, _ in told(await read(api, f"?after={cursor}"))] == [
            "two.example"
        ]


async def test_a_cursor_of_another_history_is_gone(api: Api, database: Database) -> None:
    """A database that was restored tells its readers to start anew, never a wrong place."""
    async with hooks.leading(database, NOW) as lead:
        await api.put(body())
        await hooks.stamp(lead, NOW)
        cursor = (await read(api))["next"]
        await api.rows("UPDATE journal_epoch SET cluster = 'another' RETURNING epoch")
    async with hooks.leading(database, NOW) as lead:
        await hooks.stamp(lead, NOW)
        gone = await api.call("GET", f"/v1/events?after={cursor}")
        assert (gone.status, gone.json["code"]) == (410, "cursor_gone")
        assert len((await read(api))["events"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "?after=",
        "?after=AAAA",
        "?after=" + "A" * 23,
        "?after=%00",
        "?limit=0",
        "?limit=1001",
        "?limit=x",
        "?since=1",
    ],
)
async def test_a_cursor_that_is_none_is_refused(api: Api, query: str) -> None:
    """Hostile parameters are faults of the caller."""
    reply = await api.call("GET", f"/v1/events{query}")
    assert (reply.status, reply.json["code"]) == (422, "invalid_query")


@pytest.mark.parametrize("cursor", ["_" * 21 + "w", "A" * 22, "f" + "_" * 20 + "w"])
async def test_a_cursor_that_nobody_gave_is_of_no_history(
    api: Api, database: Database, cursor: str
) -> None:
    """Whatever numbers it holds, also ones that PostgreSQL can not count to."""
    async with hooks.leading(database, NOW) as lead:
        await api.put(body())
        await hooks.stamp(lead, NOW)
        gone = await api.call("GET", f"/v1/events?after={cursor}")
    assert (gone.status, gone.json["code"]) == (410, "cursor_gone")


async def test_without_a_worker_there_is_nothing_to_read_yet(api: Api) -> None:
    """Before the first round of any sequencer the answer is to try again."""
    reply = await api.call("GET", "/v1/events")
    assert (reply.status, reply.json["code"]) == (503, "journal")


async def test_racing_writers_lose_no_event_and_mix_none(api: Api, database: Database) -> None:
    """A reader that follows while many write sees each revision of each name once, in order."""
    names = [f"race{n}.example" for n in range(6)]
    seen: list[tuple[str, str, int, str]] = []
    is_over = asyncio.Event()

    async def write(number: int) -> None:
        for turn in range(12):
            name = secrets.choice(names)
            content = body(name, registry_domain_id="D1-X", customer_ref=f"{number}-{turn}")
            assert (await api.put(content)).status in {200, 201}

    async def follow(lead: Lead) -> None:
        query = ""
        while True:
            was_over = is_over.is_set()
            await hooks.stamp(lead, NOW)
            page = await read(api, f"?limit=5{query}")
            seen.extend(told(page))
            query = f"&after={page['next']}"
            if was_over and not page["has_more"]:
                return

    async with hooks.leading(database, NOW) as lead:
        await hooks.stamp(lead, NOW)
        following = asyncio.create_task(follow(lead))
        await asyncio.gather(*(write(number) for number in range(5)))
        is_over.set()
        await following
    kept = await api.rows("SELECT domain, revision FROM registration")
    revisions = {row["domain"]: row["revision"] for row in kept}
    assert sum(revisions.values()) == len(seen)
    for name, last in revisions.items():
        assert [one[2] for one in seen if one[1] == name] == list(range(1, last + 1))


@pytest.mark.parametrize("role", ["api", "web", "relay", "operator", "edge", "escrow", "worker"])
async def test_no_login_can_make_up_an_event(database: Database, role: str) -> None:
    """Events come of changes alone: no role may write one."""
    async with pool.connected(database.access(role)) as connection:
        with pytest.raises(Exception, match=r"permission denied|read-only"):
            await connection.execute(
                "INSERT INTO event (id, tenant_id, kind, registration_id, domain, body, at)"
                " VALUES ($1, $1, 'registration.ended', $1, 'x.example', '{}', now())",
                UUID(int=1),
            )


async def _tidy(database: Database, now: datetime) -> None:
    async with pool.connected(database.access("worker")) as connection:
        await retain.tidy(connection, now, secrets.token_bytes, Registry())


def test_a_page_of_the_store_is_bounded() -> None:
    """What one statement forgets is as the SQL says."""
    assert f"LIMIT {events.FORGET_ROWS}" in str(events.QUERIES["forget"])
