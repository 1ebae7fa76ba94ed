"""The registrar API: a change of a part leaves the rest, persons above all, as it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from proxy.model.identifiers import ResellerId
from tests.support.api import body

if TYPE_CHECKING:
    from tests.support.api import Api, Reply

pytestmark = pytest.mark.db

PATH = "/v1/registrations/kaveri.example"
SEALED = "SELECT version, record FROM sealed_record ORDER BY class, version"


async def patch(api: Api, changes: dict[str, Any], **headers: str) -> Reply:
    """A PATCH of the one registration."""
    return await api.call(
        "PATCH", PATH, changes, Content_Type="application/merge-patch+json", **headers
    )


async def shown(api: Api) -> dict[str, Any]:
    """What a GET answers."""
    found: dict[str, Any] = (await api.call("GET", PATH)).json
    return found


async def test_a_patch_changes_what_it_names(api: Api) -> None:
    """Everything else is as it was, and no person is sealed anew."""
    made = (await api.put(body())).json
    before, sealed = await shown(api), await api.rows(SEALED)
    reply = await patch(api, {"statuses": ["clientHold"], "registry_expires_at": None})
    assert (reply.status, reply.json["revision"]) == (200, 2)
    assert reply.headers["ETag"] == f'"{made["id"]}.2"'
    after = await shown(api)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"statuses", "revision"}
    assert after["statuses"] == ["clientHold"]
    assert await api.rows(SEALED) == sealed
    assert api.wakes


async def test_a_patch_leaves_what_a_put_of_the_whole_leaves(api: Api) -> None:
    """Merged and replaced whole come to the same answer and the same published octets."""
    whole = body(customer_ref="C-1", dnssec={"ds": [], "keys": []})
    await api.put(whole)
    changes = {
        "nameservers": [{"name": "ns2.hosting.example"}],
        "customer_ref": None,
        "updated_at": "2026-02-01T00:00:00Z",
        "dnssec": {"ds": [{"key_tag": 1, "algorithm": 13, "digest_type": 2, "digest": "AB" * 32}]},
    }
    await patch(api, changes)
    patched = await api.rows("SELECT value FROM published")
    row = (await api.rows("SELECT declared FROM registration"))[0]["declared"]
    again = await api.put({**whole, **changes, "customer_ref": ""})
    assert again.json["revision"] == 2  # nothing was left to change
    assert await api.rows("SELECT value FROM published") == patched
    assert (await api.rows("SELECT declared FROM registration"))[0]["declared"] == row


async def test_a_patch_without_a_change_changes_nothing(api: Api) -> None:
    """No new revision, no ledger entry."""
    await api.put(body())
    entries = await api.rows("SELECT id FROM ledger_entry")
    assert (await patch(api, {})).json["revision"] == 1
    assert (await patch(api, {"statuses": ["clientTransferProhibited"]})).json["revision"] == 1
    assert await api.rows("SELECT id FROM ledger_entry") == entries


async def test_contacts_are_replaced_whole(api: Api) -> None:
    """All of them, each whole: a part of one, or of the set, is refused with its place."""
    await api.put(body())
    partial = await patch(api, {"contacts": {"registrant": {"phone": "+91.4455550000"}}})
    assert partial.status == 422
    assert {"/contacts/registrant/name", "/contacts/registrant/email"} <= partial.faults.keys()
    alone = await patch(api, {"contacts": {"admin": body()["contacts"]["registrant"]}})
    assert alone.faults == {"/contacts/registrant": "required"}
    assert (await patch(api, {"contacts": None})).faults == {"/contacts": "required"}
    others = body()["contacts"]
    others["registrant"]["city"] = "Zqmarknagar"
    assert (await patch(api, {"contacts": others})).json["revision"] == 2
    assert len(await api.rows("SELECT 1 FROM sealed_record WHERE version > 1")) == 2
    assert (await patch(api, {"contacts": others})).json["revision"] == 2


async def test_modes_that_show_a_person_need_the_person(api: Api) -> None:
    """From proxy to privacy nobody but the registrar can give the name; back, nobody needs to."""
    await api.put(body())
    for mode in ("privacy", "redacted", "published"):
        reply = await patch(api, {"mode": mode})
        assert (reply.status, reply.faults) == (422, {"/contacts": "required"})
    given = await patch(api, {"mode": "privacy", "contacts": body()["contacts"]})
    assert given.json["public_contacts"]["registrant"]["name"] == "Zqmark Person"
    kept = await patch(api, {"statuses": []})
    assert kept.json["public_contacts"]["registrant"]["name"] == "Zqmark Person"
    masked = await patch(api, {"mode": "proxy"})
    assert "Zqmark" not in masked.content.decode()


async def test_a_reservation_becomes_a_name_by_its_creation_date(api: Api) -> None:
    """The mask was needed before the registry's date was known."""
    reserved = await api.put(body(created_at=None, registry_domain_id=None))
    assert reserved.json["state"] == "reserved"
    active = await patch(api, {"created_at": "2026-11-02T08:00:00Z", "registry_domain_id": "D1"})
    assert (active.status, active.json["state"]) == (200, "active")
    assert (await patch(api, {"created_at": None})).faults == {"/created_at": "required"}


async def test_what_is_no_change_of_this_registration_is_refused(api: Api) -> None:
    """Another name, another registration, a holder without contacts, members there are not."""
    await api.put(body())
    assert (await patch(api, {"domain": "other.example", "replaces": None})).faults == {
        "/domain": "not_patched", "/replaces": "not_patched",
    }  # fmt: skip
    assert (await patch(api, {"unknown": None})).faults == {"/unknown": "unknown_member"}
    assert (await patch(api, {"mode": None, "statuses": ["x"]})).faults == {
        "/mode": "required", "/statuses/0": "status",
    }  # fmt: skip
    assert (await patch(api, {"holder_change": True})).faults == {"/contacts": "required"}
    assert (await patch(api, {"holder_change": None})).status == 200  # null: there is nothing of it
    other = await patch(api, {"registry_domain_id": "D-OTHER"})
    assert (other.status, other.json["code"]) == (409, "different_registration")
    assert (await shown(api))["revision"] == 1


async def test_another_holder_comes_with_other_contacts(api: Api) -> None:
    """Then the address and the reference change, as by PUT."""
    made = (await api.put(body())).json
    reply = await patch(api, {"holder_change": True, "contacts": body()["contacts"]})
    assert reply.json["reference"] != made["reference"]


async def test_preconditions_keys_and_types(api: Api) -> None:
    """If-Match guards it, a key makes it happen once, plain JSON is not a patch."""
    made = await api.put(body())
    assert (await patch(api, {"statuses": []}, If_Match='"x.1"')).status == 412
    first = await patch(api, {"statuses": []}, If_Match=made.headers["ETag"], Idempotency_Key="one")
    again = await patch(api, {"statuses": []}, If_Match=made.headers["ETag"], Idempotency_Key="one")
    assert (first.status, again.status) == (200, 200)
    assert first.content == again.content
    assert (await api.call("PATCH", PATH, {"statuses": []})).json["code"] == "content_type"


async def test_nobody_patches_what_is_not_theirs(api: Api) -> None:
    """Another tenant and another reseller are told the same as for a name there is none of."""
    await api.put(body(reseller="north"))
    other = await api.other_tenant()
    south = await api.register(reseller=ResellerId("south"))
    replies = [
        await patch(other, {"statuses": []}),
        await patch(api, {"statuses": []}, Authorization=f"Bearer {south}"),
        await api.call(
            "PATCH", "/v1/registrations/none.example", {"statuses": []},
            Content_Type="application/merge-patch+json",
        ),
    ]  # fmt: skip
    told = [(one.status, {**one.json, "instance": ""}) for one in replies]
    assert told[0][0] == 404
    assert told[0] == told[1] == told[2]


async def test_patches_at_once_lose_nothing(api: Api) -> None:
    """Each names another member; all of them are there in the end."""
    await api.put(body())
    replies = await asyncio.gather(
        patch(api, {"statuses": ["clientHold"]}),
        patch(api, {"customer_ref": "C-9"}),
        patch(api, {"nameservers": [{"name": "ns9.hosting.example"}]}),
    )
    assert [one.status for one in replies] == [200, 200, 200]
    after = await shown(api)
    assert after["revision"] == 4
    assert (after["statuses"], after["customer_ref"]) == (["clientHold"], "C-9")
    assert after["nameservers"][0]["name"] == "ns9.hosting.example"
