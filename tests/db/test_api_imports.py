"""Imports: streamed files, counters and per-line errors, interruption and resumption."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from aiohttp import ClientError

from proxy.apps.api import imports
from proxy.model.identifiers import OperationId
from proxy.run import api as api_process
from proxy.store import operations, registrations
from proxy.store import pool as pools
from tests.support.api import body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support import api as apis
    from tests.support.api import Api

pytestmark = pytest.mark.db


def lines(count: int, **changes: object) -> list[object]:
    """`count` valid lines."""
    return [body(f"n{number}.example", **changes) for number in range(count)]


async def _operation(api: Api, reply: apis.Reply) -> dict[str, object]:
    found = await api.call("GET", f"/v1/operations/{reply.json['id']}")
    answer: dict[str, object] = found.json
    return answer


async def test_an_import_is_durable_when_it_is_answered(api: Api) -> None:
    """202 with an id; the operation has succeeded and every line is enrolled and published."""
    reply = await api.load(lines(25))
    assert reply.status == 202
    state = await _operation(api, reply)
    assert state == {
        "id": reply.json["id"],
        "state": "succeeded",
        "total": 25,
        "done": 25,
        "failed": 0,
        "errors_url": f"/v1/operations/{reply.json['id']}/errors",
        "absent": 0,
        "reason": None,
    }
    assert len(await api.rows("SELECT 1 FROM published WHERE value IS NOT NULL")) == 25
    assert len(await api.rows("SELECT 1 FROM sealed_record")) == 50
    assert len(await api.rows("SELECT 1 FROM submission")) == 3
    assert await api.rows("SELECT 1 FROM import_name") == []


async def test_the_vault_adopts_a_batch(api: Api) -> None:
    """Records sealed together under one submission are all adopted."""
    await api.load(lines(12))
    await api.service.rounds.adopt()
    rows = await api.rows("SELECT 1 FROM sealed_record WHERE kek_epoch IS NOT NULL")
    assert len(rows) == 24


async def test_lines_that_fail_are_listed_and_do_not_stop_the_others(api: Api) -> None:
    """Each fault of each line by number, without values; the good lines are taken."""
    content: list[object] = [
        body("a.example"),
        b"{nonsense",
        body("b.example", mode="zqmode", zq=1),
        body("a.example"),
        body("c.in", mode="proxy"),
        b"",
        b'{"domain": "long.example", "x": "' + b"zq" * 15_000 + b'"}',
        body("d.example", if_revision=3),
        body("e.example", if_revision=0),
    ]
    reply = await api.load(content)
    state = await _operation(api, reply)
    assert (state["state"], state["done"], state["failed"]) == ("succeeded", 9, 6)
    page = await api.call("GET", str(state["errors_url"]))
    assert [(one["line"], one["code"]) for one in page.json["problems"]] == [
        (2, "json"),
        (3, "invalid_body"),
        (4, "duplicate_name"),
        (5, "privacy_not_permitted"),
        (7, "line_too_long"),
        (8, "revision_mismatch"),
    ]
    assert {one["pointer"] for one in page.json["problems"][1]["errors"]} == {"/mode", "/zq"}
    assert b"zqmode" not in page.content
    assert b"qmark" not in page.content
    names = await api.rows("SELECT domain FROM registration ORDER BY domain")
    assert [row["domain"] for row in names] == ["a.example", "e.example"]


async def test_errors_are_paged_by_line(api: Api) -> None:
    """`next` leads through all failed lines once."""
    reply = await api.load([b"{"] * 5)
    url: str | None = f"/v1/operations/{reply.json['id']}/errors?limit=2"
    found: list[int] = []
    while url is not None:
        page = (await api.call("GET", url)).json
        found += [one["line"] for one in page["problems"]]
        url = page["next"]
    assert found == [1, 2, 3, 4, 5]


async def test_a_duplicate_is_found_across_batches(api: Api) -> None:
    """A name of the first batch fails in the third, also where its first line failed."""
    content = [*lines(12), b'{"domain": "bad.example"}', *lines(9), body("bad.example")]
    reply = await api.load(content)
    page = (await api.call("GET", f"/v1/operations/{reply.json['id']}/errors")).json["problems"]
    assert [one["line"] for one in page] == [*range(13, 24)]
    assert {one["code"] for one in page[1:]} == {"duplicate_name"}


async def test_sending_a_file_again_changes_nothing(api: Api) -> None:
    """Every row keeps its revision, alias and sealed version, a changed holder's too."""
    await api.load(lines(12, holder_change=True))
    query = "SELECT id, revision, alias, record_version FROM registration ORDER BY id"
    before = await api.rows(query)
    entries = await api.rows("SELECT 1 FROM ledger_entry")
    reply = await api.load(lines(12, holder_change=True))
    assert (await _operation(api, reply))["failed"] == 0
    assert await api.rows(query) == before
    assert len(await api.rows("SELECT 1 FROM ledger_entry")) == len(entries)


async def test_an_older_line_is_stale(api: Api) -> None:
    """An `updated_at` before the registered one fails the line and changes nothing."""
    await api.load(lines(1))
    reply = await api.load(lines(1, updated_at="2025-01-01T00:00:00Z", statuses=[]))
    page = (await api.call("GET", f"/v1/operations/{reply.json['id']}/errors")).json["problems"]
    assert [one["code"] for one in page] == ["stale"]
    rows = await api.rows("SELECT revision FROM registration")
    assert [row["revision"] for row in rows] == [1]


async def test_names_that_are_absent_are_counted_and_kept(api: Api) -> None:
    """A file without three of the live names says absent 3; a failed line's name is present."""
    await api.load(lines(5))
    reply = await api.load([body("n0.example"), body("n1.example", mode="zq")])
    state = await _operation(api, reply)
    assert (state["absent"], state["failed"]) == (3, 1)
    live = await api.rows("SELECT 1 FROM registration WHERE state <> 'ended'")
    assert len(live) == 5


async def _broken_upload(api: Api, content: list[object], query: str = "") -> None:
    """Sends `content`, then breaks the connection before the file is complete."""

    async def pieces() -> AsyncIterator[bytes]:
        for one in content:
            yield json.dumps(one).encode() + b"\n"
        for _ in range(400):
            await asyncio.sleep(0.01)
            if len(await api.rows("SELECT 1 FROM registration")) >= len(content) // 10 * 10:
                break
        raise ConnectionResetError

    with pytest.raises((ClientError, ConnectionResetError)):
        await api.client.post(
            f"/v1/imports{query}",
            data=pieces(),
            headers={
                "Authorization": f"Bearer {api.key}",
                "Content-Type": "application/x-ndjson",
            },
        )


async def _wait_state(api: Api, operation: str, wanted: str) -> dict[str, object]:
    state: dict[str, object] = {}
    for _ in range(500):
        state = (await api.call("GET", f"/v1/operations/{operation}")).json
        if state["state"] == wanted:
            return state
        await asyncio.sleep(0.01)
    message = f"still {state}"
    raise AssertionError(message)


async def test_a_broken_upload_keeps_what_it_committed_and_can_be_taken_up(api: Api) -> None:
    """failed/interrupted with whole batches kept; the lines after `done` complete it."""
    operation = str(uuid4())
    await _broken_upload(api, lines(25), f"?id={operation}")
    state = await _wait_state(api, operation, "failed")
    assert state["reason"] == "interrupted"
    done = state["done"]
    assert isinstance(done, int)
    assert done >= 20
    assert len(await api.rows("SELECT 1 FROM registration")) == done
    wrong = await api.load(lines(30), id=operation, after_line="1")
    assert (wrong.status, wrong.json["code"]) == (409, "after_line")
    rest = await api.load(lines(30)[done:], id=operation, after_line=str(done))
    assert rest.status == 202
    state = await _wait_state(api, operation, "succeeded")
    assert (state["done"], state["total"], state["failed"], state["absent"]) == (30, 30, 0, 0)
    over = await api.load(lines(1), id=operation)
    assert (over.status, over.json["code"]) == (409, "not_interrupted")


async def test_an_import_whose_process_died_is_found_by_its_age(api: Api) -> None:
    """A running operation nobody touches is interrupted after a while, and not before."""
    clock = api.service.vault.clock
    operation_id = OperationId(uuid4())
    async with api.office.pool.acquire() as connection:
        await operations.begin(connection, api.tenant, operation_id, clock.now())
        for age, state in ((9, "running"), (11, "failed")):
            now = clock.now() + timedelta(seconds=age)
            await operations.interrupt(connection, now, now - api_process.INTERRUPTED_AFTER)
            found = await operations.find(connection, api.tenant, operation_id)
            assert found is not None
            assert found.state == state


async def test_an_import_replays_by_its_key_and_whole_file(api: Api) -> None:
    """The same file under the same key gives the same id; another file is 422."""

    async def send(content: list[object]) -> apis.Reply:
        data = b"".join(json.dumps(one).encode() + b"\n" for one in content)
        kind = "application/x-ndjson"
        return await api.call("POST", "/v1/imports", data, Content_Type=kind, Idempotency_Key="i1")

    first = await send(lines(3))
    assert (await send(lines(3))).json == first.json
    assert (await send(lines(4))).json["code"] == "idempotency_key_reused"
    assert len(await api.rows("SELECT 1 FROM operation")) == 1


async def test_requests_that_can_not_be_imports_get_problems(api: Api) -> None:
    """Wrong type, too large, unknown operation, another tenant's operation."""
    typed = await api.call("POST", "/v1/imports", b"{}")
    assert (typed.status, typed.json["code"]) == (415, "content_type")
    large = await api.load([b"x" * 19_000] * 60)
    assert (large.status, large.json["code"]) == (413, "body_too_large")
    assert (await api.call("GET", f"/v1/operations/{uuid4()}")).status == 404
    assert (await api.call("GET", "/v1/operations/x")).status == 404
    made = await api.load(lines(1))
    other = await api.other_tenant()
    assert (await other.call("GET", f"/v1/operations/{made.json['id']}")).status == 404


async def test_two_tenants_may_choose_the_same_operation_id(api: Api) -> None:
    """Operations and their lists of names are apart; neither learns of the other."""
    operation = str(uuid4())
    other = await api.other_tenant()
    assert (await api.load(lines(2), id=operation)).status == 202
    assert (await other.load(lines(2), id=operation)).status == 202
    state = (await other.call("GET", f"/v1/operations/{operation}")).json
    assert (state["done"], state["failed"]) == (2, 0)


async def test_imports_of_the_same_names_at_once_lose_and_double_nothing(api: Api) -> None:
    """Three files with the same names: every name once, every line dealt with."""
    replies = await asyncio.gather(
        *(api.load(lines(25, customer_ref=f"file-{number}")) for number in range(3))
    )
    states = [await _operation(api, reply) for reply in replies]
    assert {(state["state"], state["done"]) for state in states} == {("succeeded", 25)}
    assert len(await api.rows("SELECT 1 FROM registration")) == 25


async def test_an_upload_that_stalls_is_interrupted(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that sends nothing more is answered 408; what came before is kept."""
    monkeypatch.setattr(imports, "STALL_S", 0.05)
    operation = str(uuid4())
    answered = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        for one in lines(10):
            yield json.dumps(one).encode() + b"\n"
        await answered.wait()

    async with api.client.post(
        f"/v1/imports?id={operation}",
        data=pieces(),
        headers={"Authorization": f"Bearer {api.key}", "Content-Type": "application/x-ndjson"},
    ) as answer:
        answered.set()
        assert answer.status == 408
    state = await _wait_state(api, operation, "failed")
    assert (state["done"], state["reason"]) == (10, "interrupted")


async def test_absent_names_are_looked_up_one_by_one(api: Api) -> None:
    """The count at an import's end, planned on empty tables, reads no whole file for each name."""
    reader = await pools.open_pool(
        api.service.database.access("api"), max_size=1, session=registrations.SESSION
    )
    async with reader.acquire() as connection:
        await connection.execute(
            f"PREPARE absent (uuid, uuid, text) AS {operations.QUERIES['absent']}"
        )
        rows = await connection.fetch(
            "EXPLAIN (FORMAT TEXT) EXECUTE absent (gen_random_uuid(), gen_random_uuid(), NULL)"
        )
    reader.terminate()
    plan = "\n".join(row[0] for row in rows)
    lookups = [line for line in plan.splitlines() if "Index Cond" in line]
    assert any("operation_id" in line and "(domain = kept.domain)" in line for line in lookups)
