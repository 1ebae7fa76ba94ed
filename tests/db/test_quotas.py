"""Quotas: most live names of an account and of a reseller, kept by the write itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from proxy.errors import Unavailable
from proxy.model.identifiers import ResellerId
from proxy.store import pool as pools
from proxy.store import quotas, retention
from tests.support.api import body
from tests.support.vault import START

if TYPE_CHECKING:
    from tests.support.api import Api

pytestmark = pytest.mark.db
WEBWORKS = ResellerId("webworks")


async def limit(api: Api, names: int, reseller: ResellerId | None = None) -> int:
    """Sets a limit as the operator does."""
    async with pools.connected(api.service.database.access("operator")) as connection:
        return await quotas.limit(connection, api.tenant, reseller, names)


async def used(api: Api) -> dict[str, int]:
    """What the counters say, after a look that they say what is there."""
    kept = await api.rows("SELECT reseller, used FROM quota ORDER BY reseller")
    for row in kept:
        found = await api.rows(
            "SELECT count(*) AS names FROM registration WHERE tenant_id = $1 AND state <> 'ended'"
            " AND ($2 = '' OR declared ->> 'reseller' = $2)",
            api.tenant,
            row["reseller"],
        )
        assert row["used"] == found[0]["names"]
    return {row["reseller"]: row["used"] for row in kept}


async def test_a_name_too_many_is_refused_and_changes_nothing(api: Api) -> None:
    """403 quota_exceeded; no row of any table; what is there can still be changed and ended."""
    await api.put(body("a.example"))
    assert await limit(api, 2) == 1
    assert (await api.put(body("b.example"))).status == 201
    counts = (
        "SELECT (SELECT count(*) FROM registration) AS names,"
        " (SELECT count(*) FROM sealed_record) AS sealed,"
        " (SELECT count(*) FROM published) AS shown,"
        " (SELECT count(*) FROM ledger_entry) AS noted, (SELECT count(*) FROM idempotency) AS kept"
    )
    before = await api.rows(counts)
    over = await api.put(body("c.example"), Idempotency_Key="once")
    assert (over.status, over.json["code"]) == (403, "quota_exceeded")
    assert "Retry-After" not in over.headers
    assert await api.rows(counts) == before
    assert (await api.put(body("a.example", customer_ref="x"))).status == 200
    await api.call("DELETE", "/v1/registrations/a.example?reason=error")
    assert await used(api) == {"": 1}
    assert (await api.put(body("c.example"), Idempotency_Key="once")).status == 201
    assert await used(api) == {"": 2}


async def test_a_name_that_takes_anothers_place_needs_no_room(api: Api) -> None:
    """`replaces` ends one name and begins one, also where the account is full."""
    first = (await api.put(body("a.example"))).json
    await limit(api, 1)
    again = body("a.example", registry_domain_id="D2-EXAMPLE", replaces=first["id"])
    assert (await api.put(again)).status == 201
    assert await used(api) == {"": 1}


async def test_a_claim_counts_and_a_lowered_limit_takes_nothing_away(api: Api) -> None:
    """A limit below what is there refuses new names alone."""
    for number in range(3):
        await api.put(body(f"n{number}.example"))
    assert await limit(api, 1) == 3
    assert (await api.put(body("n0.example", customer_ref="y"))).status == 200
    assert (await api.put(body("new.example"))).status == 403
    async with pools.connected(api.service.database.access("operator")) as connection:
        await quotas.lift(connection, api.tenant, None)
    assert (await api.put(body("new.example"))).status == 201


async def test_a_reseller_has_a_limit_of_its_own(api: Api) -> None:
    """Its names count for it and for the account; another reseller's do not count for it."""
    await limit(api, 1, WEBWORKS)
    await limit(api, 3)
    key = await api.register(reseller=WEBWORKS)
    assert (await api.call("PUT", "/v1/registrations/a.example", body("a.example"), key=key)).status
    over = await api.call("PUT", "/v1/registrations/b.example", body("b.example"), key=key)
    assert over.json["code"] == "quota_exceeded"
    assert (await api.put(body("b.example", reseller="other"))).status == 201
    moved = await api.put(body("b.example", reseller="webworks"))
    assert moved.json["code"] == "quota_exceeded"
    assert await used(api) == {"": 2, "webworks": 1}
    assert (await api.put(body("a.example", reseller="other"))).status == 200
    assert (await api.put(body("b.example", reseller="webworks"))).status == 200
    assert await used(api) == {"": 2, "webworks": 1}


async def test_another_tenants_names_do_not_count(api: Api) -> None:
    """A full account does not stop another one."""
    await limit(api, 1)
    await api.put(body("a.example"))
    other = await api.other_tenant()
    assert (await other.put(body("b.example"))).status == 201
    assert (await api.put(body("c.example"))).status == 403


async def test_lines_beyond_the_quota_fail_and_the_others_are_taken(api: Api) -> None:
    """An import takes what there is room for, in the order of the batch, and lists the rest."""
    await limit(api, 13)
    reply = await api.load([body(f"n{number:02}.example") for number in range(25)])
    state = (await api.call("GET", f"/v1/operations/{reply.json['id']}")).json
    assert (state["state"], state["done"], state["failed"]) == ("succeeded", 25, 12)
    page = (await api.call("GET", state["errors_url"])).json["problems"]
    assert {one["code"] for one in page} == {"quota_exceeded"}
    assert await used(api) == {"": 13}
    again = await api.load([body(f"n{number:02}.example") for number in range(13)])
    assert (await api.call("GET", f"/v1/operations/{again.json['id']}")).json["failed"] == 0


async def test_lines_that_move_names_to_a_full_reseller_fail_alone(api: Api) -> None:
    """What only the write itself finds out is found line by line."""
    await api.load([body(f"n{number}.example", reseller="other") for number in range(6)])
    await limit(api, 2, WEBWORKS)
    reply = await api.load([body(f"n{number}.example", reseller="webworks") for number in range(6)])
    state = (await api.call("GET", f"/v1/operations/{reply.json['id']}")).json
    assert (state["state"], state["done"], state["failed"]) == ("succeeded", 6, 4)
    assert await used(api) == {"webworks": 2}


async def test_racing_puts_and_imports_never_pass_a_quota(api: Api) -> None:
    """Sixty writers at once fill an account to its limit exactly, never past it."""
    await limit(api, 25)
    await limit(api, 7, WEBWORKS)
    key = await api.register(reseller=WEBWORKS)
    puts = [api.put(body(f"p{number}.example")) for number in range(30)]
    mine = [
        api.call("PUT", f"/v1/registrations/w{number}.example", body(f"w{number}.example"), key=key)
        for number in range(30)
    ]
    load = api.load([body(f"l{number}.example") for number in range(30)])
    replies = await asyncio.gather(*puts, *mine, load)
    assert {one.status for one in replies} <= {201, 202, 403}
    counts = await used(api)
    assert counts[""] == 25
    assert counts["webworks"] <= 7
    assert (await api.put(body("more.example"))).json["code"] == "quota_exceeded"


async def test_a_limit_set_while_names_arrive_counts_every_one(api: Api) -> None:
    """Names enrolled before, while and after a limit is first counted are all in the count."""
    begun = asyncio.Event()

    async def arrive() -> None:
        for number in range(40):
            assert (await api.put(body(f"n{number}.example"))).status == 201
            if number == 5:
                begun.set()

    arriving = asyncio.create_task(arrive())
    await begun.wait()
    await limit(api, 1000)
    await arriving
    assert await used(api) == {"": 40}


async def test_a_limit_waits_for_transactions_that_do_not_know_of_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open insertion is waited for; while it is open nothing is counted and nobody refused."""
    await api.put(body("a.example"))
    monkeypatch.setattr(quotas, "SETTLE_S", 0.1)
    async with pools.connected(api.service.database.superuser()) as open_one:
        transaction = open_one.transaction()
        await transaction.start()
        await open_one.execute(
            "INSERT INTO registration SELECT (jsonb_populate_record(kept, jsonb_build_object("
            "'id', gen_random_uuid(), 'domain', 'b.example', 'alias', 'b'))).*"
            " FROM registration kept"
        )
        with pytest.raises(Unavailable):
            await limit(api, 1)
        assert (await api.put(body("c.example"))).status == 201
        await transaction.commit()
    assert await limit(api, 1) == 3
    assert await used(api) == {"": 3}


async def test_names_that_resellers_swap_at_once_do_not_wait_for_each_other(api: Api) -> None:
    """Files that move the same names both ways all end, and the counts are right."""
    await limit(api, 100, WEBWORKS)
    await limit(api, 100, ResellerId("other"))
    names = [f"n{number}.example" for number in range(20)]
    for _ in range(3):
        loads = [
            api.load([body(name, reseller=whose) for name in order])
            for whose, order in (("webworks", names), ("other", names[::-1]))
        ]
        replies = await asyncio.gather(*loads)
        for one in replies:
            state = (await api.call("GET", f"/v1/operations/{one.json['id']}")).json
            assert (state["state"], state["failed"]) == ("succeeded", 0)
    assert sum((await used(api)).values()) == 20


async def test_a_reservation_that_lapses_gives_its_room_back(api: Api) -> None:
    """The worker's statement moves the count as well, under its own login."""
    await limit(api, 1)
    reserved = body("a.example")
    del reserved["created_at"]
    assert (await api.put(reserved)).json["state"] == "reserved"
    assert (await api.put(body("b.example"))).status == 403
    due = START + timedelta(days=8)
    async with pools.connected(api.service.database.access("worker")) as connection:
        ids = [uuid4() for _ in range(retention.LAPSE_ROWS)]
        assert await retention.lapse(connection, due=due, now=due, entry_ids=ids) == 1
    assert await used(api) == {"": 0}
    assert (await api.put(body("b.example"))).status == 201


async def test_no_login_sets_a_count_or_lifts_a_limit_but_the_operators(api: Api) -> None:
    """The API's login may look at quotas and change none."""
    await limit(api, 1)
    async with pools.connected(api.service.database.access("api")) as connection:
        for statement in ("UPDATE quota SET used = 0", "DELETE FROM quota"):
            with pytest.raises(Exception, match="permission denied"):
                await connection.execute(statement)
