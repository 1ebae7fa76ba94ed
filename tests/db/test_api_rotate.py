"""The registrar API: another mask address, and the former one that takes mail for a while yet."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.services import rotate_alias
from proxy.store import openings, pool
from tests.support import vault as vaults
from tests.support.api import body

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.api import Api, Reply

pytestmark = pytest.mark.db

PATH = "/v1/registrations/kaveri.example"


async def rotate(api: Api, **headers: str) -> Reply:
    """A rotation of the one registration."""
    return await api.call("POST", f"{PATH}/rotate", **headers)


def alias(reply: Reply) -> str:
    """The local part of the mask's address."""
    return str(reply.json["links"]["contact_form"]).rpartition("/")[2]


async def reached(api: Api, local: str, now: datetime) -> bool:
    """Whether mail under the local part finds somebody, as the vault looks it up."""
    async with pool.connected(api.service.database.access("vault")) as connection:
        return await openings.find_by_alias(connection, local, now) is not None


async def test_both_addresses_reach_the_person_for_thirty_days(api: Api) -> None:
    """Then the former one is nobody's; what is published shows the new one at once."""
    made = await api.put(body())
    reply = await rotate(api)
    assert (reply.status, reply.json["revision"]) == (200, 2)
    assert reply.json["reference"] == made.json["reference"]
    assert alias(reply) != alias(made)
    assert reply.json["public_contacts"]["registrant"]["email"].startswith(alias(reply))
    (row,) = await api.rows("SELECT value, pos FROM published")
    assert alias(reply).encode() in row["value"]
    assert alias(made).encode() not in row["value"]
    now = vaults.START
    for local, later, is_reached in (
        (alias(reply), timedelta(days=400), True),
        (alias(made), timedelta(days=29), True),
        (alias(made), rotate_alias.OVERLAP + timedelta(minutes=10), False),
    ):
        assert await reached(api, local, now + later) is is_reached
    assert len(await api.rows("SELECT 1 FROM sealed_record WHERE version > 1")) == 0


async def test_former_addresses_end_with_the_registration(api: Api) -> None:
    """No mail goes to somebody whose name is another's by now."""
    made = await api.put(body())
    await rotate(api)
    await api.call("DELETE", f"{PATH}?reason=transferred_out")
    assert not await reached(api, alias(made), vaults.START)


async def test_another_holder_gets_no_mail_of_the_former(api: Api) -> None:
    """With a change of holder the former addresses are nobody's at once; others keep them."""
    made = await api.put(body())
    await rotate(api)
    await api.put(body(statuses=["clientHold"]))
    assert await reached(api, alias(made), vaults.START)
    await api.put(body(holder_change=True))
    assert not await reached(api, alias(made), vaults.START)


async def test_rotations_are_bounded(api: Api) -> None:
    """So many former addresses at a time and no more; lapsed ones make room and are forgotten."""
    await api.put(body())
    for _ in range(rotate_alias.MOST_FORMER):
        assert (await rotate(api)).status == 200
    refused = await rotate(api)
    assert (refused.status, refused.json["code"]) == (409, "too_many_rotations")
    await api.rows("UPDATE former_alias SET accepted_until = accepted_until - interval '31 days'")
    assert (await rotate(api)).status == 200
    assert len(await api.rows("SELECT 1 FROM former_alias")) == 1


async def test_a_rotation_happens_once_and_to_what_is_meant(api: Api) -> None:
    """A repeated key gives the same address; If-Match guards; a body is refused."""
    made = await api.put(body())
    first = await rotate(api, Idempotency_Key="k", If_Match=made.headers["ETag"])
    again = await rotate(api, Idempotency_Key="k", If_Match=made.headers["ETag"])
    assert first.content == again.content
    assert (await rotate(api, If_Match=made.headers["ETag"])).status == 412
    asked = await api.call("POST", f"{PATH}/rotate", {"alias": "mine"})
    assert asked.json["code"] == "body_unexpected"
    assert len(await api.rows("SELECT 1 FROM former_alias")) == 1


async def test_nobody_rotates_what_is_not_theirs(api: Api) -> None:
    """Another tenant is told what is told of a name there is none of."""
    await api.put(body())
    other = await api.other_tenant()
    theirs = await rotate(other)
    none = await other.call("POST", "/v1/registrations/none.example/rotate")
    assert theirs.status == none.status == 404
    assert theirs.json["code"] == none.json["code"]


async def test_rotations_and_changes_at_once_lose_nothing(api: Api) -> None:
    """Every one of them counts, and no former address is lost."""
    await api.put(body())
    replies = await asyncio.gather(
        rotate(api), rotate(api), api.put(body(statuses=["clientHold"])), rotate(api)
    )
    assert [one.status for one in replies] == [200] * 4
    assert (await api.call("GET", PATH)).json["revision"] == 5
    assert len(await api.rows("SELECT 1 FROM former_alias")) == 3
