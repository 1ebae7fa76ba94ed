"""Several tenants, one name: promotion when the speaker ends, and every race for it."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.store import pool as pools
from tests.support.api import body

if TYPE_CHECKING:
    from tests.support.api import Api, Reply

pytestmark = pytest.mark.db

PATH = "/v1/registrations/kaveri.example"


async def end(api: Api, reason: str = "error") -> Reply:
    """The tenant's own registration ended."""
    return await api.call("DELETE", f"{PATH}?reason={reason}")


async def speakers(api: Api) -> list[str]:
    """Who speaks, after a look that the journal shows exactly that one."""
    live = await api.rows(
        "SELECT tenant_id, id, alias FROM registration WHERE state IN ('active', 'ending')"
    )
    shown = await api.rows("SELECT tenant_id, registration_id, value FROM published")
    found = {(row["tenant_id"], row["id"]) for row in live}
    assert found == {
        (row["tenant_id"], row["registration_id"]) for row in shown if row["value"] is not None
    }
    aliases = [row["alias"].encode() for row in live]
    assert all(alias in row["value"] for alias, row in zip(aliases, shown, strict=False))
    return [str(row["tenant_id"]) for row in live]


@pytest.mark.parametrize("reason", ["registry_deleted", "transferred_out", "error"])
async def test_a_claim_speaks_when_the_speaker_ends(api: Api, reason: str) -> None:
    """The claim is published in the transaction of the end, with its own mask and revision."""
    await api.put(body())
    other = await api.other_tenant()
    claim = (await other.put(body())).json
    assert (await end(api, reason)).status == 202
    assert await speakers(api) == [str(other.tenant)]
    now = (await other.call("GET", PATH)).json
    assert (now["state"], now["revision"], now["id"]) == ("active", 2, claim["id"])
    assert now["public_contacts"] == claim["public_contacts"]
    noted = await api.rows("SELECT kind, tenant_id FROM ledger_entry ORDER BY at, id")
    assert ("registration_replaced", other.tenant) in [tuple(row) for row in noted]


async def test_a_speaker_that_leaves_the_service_speaks_until_its_contact_is_gone(api: Api) -> None:
    """`left_service` vacates nothing: the claim waits."""
    await api.put(body())
    other = await api.other_tenant()
    await other.put(body())
    await end(api, "left_service")
    assert await speakers(api) == [str(api.tenant)]
    assert (await other.call("GET", PATH)).json["state"] == "claimed"


async def test_a_registration_replaced_by_a_reservation_lets_the_claim_speak(api: Api) -> None:
    """The speaker's new registration does not exist yet, so that another one speaks."""
    first = (await api.put(body())).json["id"]
    other = await api.other_tenant()
    await other.put(body())
    reserved = body(registry_domain_id="D2-EXAMPLE", replaces=first)
    del reserved["created_at"]
    assert (await api.put(reserved)).json["state"] == "reserved"
    assert await speakers(api) == [str(other.tenant)]
    created = await api.put(body(registry_domain_id="D2-EXAMPLE"))
    assert created.json["state"] == "claimed"


async def test_a_re_registration_of_the_speaker_goes_on_speaking(api: Api) -> None:
    """`replaces` of whoever speaks ends one registration and publishes the next."""
    first = (await api.put(body())).json["id"]
    other = await api.other_tenant()
    await other.put(body())
    again = body(registry_domain_id="D2-EXAMPLE", replaces=first)
    assert (await api.put(again)).json["state"] == "active"
    assert await speakers(api) == [str(api.tenant)]


async def test_a_claim_that_speaks_shows_fields_of_the_registrant_after_its_next_put(
    api: Api,
) -> None:
    """Nobody here can open what was sealed: the name comes with the same PUT again."""
    await api.put(body())
    other = await api.other_tenant()
    await other.put(body(mode="privacy"))
    await end(api)
    values = await api.rows("SELECT value FROM published")
    assert b"Zqmark" not in values[0]["value"]
    shown = (await other.call("GET", PATH)).json["public_contacts"]["registrant"]
    assert shown["email"]
    again = await other.put(body(mode="privacy"))
    assert (again.status, again.json["revision"]) == (200, 3)
    assert again.json["public_contacts"]["registrant"]["name"] == "Zqmark Person"
    assert b"Zqmark Person" in (await api.rows("SELECT value FROM published"))[0]["value"]
    assert (await other.put(body(mode="privacy"))).json["revision"] == 3


async def test_the_earliest_claim_speaks_first_and_the_next_after_it(api: Api) -> None:
    """Claims come to speak in the order of their enrolment, one after another."""
    await api.put(body())
    others = [await api.other_tenant() for _ in range(3)]
    for one in others:
        api.service.vault.clock.moment += timedelta(seconds=1)
        await one.put(body())
    await end(api)
    for one in others:
        assert await speakers(api) == [str(one.tenant)]
        await end(one)
    assert await speakers(api) == []


ACTS = ("enrol", "end", "replace", "load")


async def act(api: Api, kind: str, first: str | None) -> int:
    """One of a tenant's acts upon the name."""
    match kind:
        case "enrol":
            return (await api.put(body())).status
        case "end":
            return (await end(api)).status
        case "replace":
            # another id each time: a repeated `replaces` is an ordinary replacement
            handle = f"D-{secrets.token_hex(4)}"
            return (await api.put(body(registry_domain_id=handle, replaces=first))).status
        case _:
            return (await api.load([body()])).status


@pytest.mark.parametrize(("mine", "theirs"), list(itertools.product(ACTS, ACTS)))
async def test_whatever_two_tenants_do_at_once_one_of_them_speaks(
    api: Api, mine: str, theirs: str
) -> None:
    """Every pair of acts, many times over, ends with one speaker if anybody holds the name."""
    other = await api.other_tenant()
    for _ in range(6):
        first = (await api.put(body())).json.get("id")
        second = (await other.put(body())).json.get("id")
        await asyncio.gather(act(api, mine, first), act(other, theirs, second))
        held = await api.rows(
            "SELECT count(*) AS live FROM registration WHERE state NOT IN ('ended', 'reserved')"
        )
        assert len(await speakers(api)) == min(1, held[0]["live"])


async def test_many_tenants_that_come_and_go_never_leave_a_name_without_its_speaker(
    api: Api,
) -> None:
    """Six tenants enrol, end and load at once; whoever is left is one speaker and claims."""
    tenants = [api, *[await api.other_tenant() for _ in range(5)]]
    for turn in range(5):
        work = [act(one, ACTS[(turn + n) % 2], None) for n, one in enumerate(tenants)]
        work += [act(one, "load", None) for one in tenants[turn % 3 :: 3]]
        assert max(await asyncio.gather(*work)) < 500
        live = await api.rows("SELECT state FROM registration WHERE state <> 'ended'")
        assert len(await speakers(api)) == min(1, len(live))


async def test_persons_aliases_and_cases_stay_where_they_were(api: Api) -> None:
    """What is sealed for a tenant, its mask's address and its reference never become another's."""
    await api.put(body())
    other = await api.other_tenant()
    await other.put(body())
    kept = (
        "SELECT kept.tenant_id, kept.id, kept.alias, kept.reference, kept.record_version,"
        " kept.contacts_mac, sealed.class, sealed.record, sealed.wrapped_dek"
        " FROM registration kept JOIN sealed_record sealed ON sealed.registration_id = kept.id"
        "  AND sealed.tenant_id = kept.tenant_id ORDER BY kept.id, sealed.class"
    )
    before = await api.rows(kept)
    await end(api)
    assert await api.rows(kept) == before
    assert (await api.call("GET", PATH)).status == 404
    values = await api.rows("SELECT value FROM published")
    mine = [row["alias"].encode() for row in before if row["tenant_id"] == api.tenant]
    assert all(alias not in values[0]["value"] for alias in mine)


async def test_edges_never_see_both_or_neither(api: Api) -> None:
    """One row a name: whoever reads the journal while speakers change sees exactly one of them."""
    await api.put(body())
    other = await api.other_tenant()
    await other.put(body())
    is_over = asyncio.Event()
    seen: list[int] = []

    async def watch() -> None:
        async with pools.connected(api.service.database.access("edge")) as connection:
            while not is_over.is_set():
                seen.append(
                    await connection.fetchval(
                        "SELECT count(*) FROM published WHERE value IS NOT NULL"
                    )
                )

    watching = asyncio.create_task(watch())
    for one in (api, other) * 5:
        await end(one)
        await one.put(body())
    is_over.set()
    await watching
    assert len(seen) > 10
    assert set(seen) == {1}


HOSTS = [f"ns{n}.{'x' * 60}.{'y' * 60}.{'z' * 60}.example" for n in range(13)]


def too_large() -> dict[str, object]:
    """What no journal can hold."""
    return body(nameservers=[{"name": one} for one in HOSTS])


async def test_a_claim_that_could_not_be_published_is_refused_as_a_speaker_would_be(
    api: Api,
) -> None:
    """The same fault with and without another speaker."""
    other = await api.other_tenant()
    alone = await other.put(too_large())
    await api.put(body())
    beside = await other.put(too_large())
    assert (alone.status, alone.json["code"]) == (422, "invalid_body")
    assert alone.faults == {"": "record_too_large"}
    assert (beside.status, beside.json) == (alone.status, alone.json)


async def test_an_end_does_not_fail_by_a_claim_that_can_not_speak(api: Api) -> None:
    """A claim from before that was checked stays one; the next takes the name."""
    await api.put(body())
    other, third = await api.other_tenant(), await api.other_tenant()
    await other.put(body())
    await third.put(body())
    await api.rows(
        "UPDATE registration SET declared = jsonb_set(declared, '{nameservers}', $1::jsonb)"
        " WHERE tenant_id = $2",
        json.dumps([[one] for one in HOSTS]),
        other.tenant,
    )
    assert (await end(api)).status == 202
    assert await speakers(api) == [str(third.tenant)]
