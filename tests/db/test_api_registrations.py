"""Enrol, replace, read and end registrations through the API, on a real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import validate

from proxy.errors import RateLimited
from proxy.model.identifiers import ResellerId, Scope
from proxy.rules.throttling import Limit
from proxy.wire import published
from tests.support import api as apis
from tests.support.api import body

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.api import Api
    from tests.support.database import Database

pytestmark = pytest.mark.db


async def test_first_put_enrols_and_answers_the_mask(api: Api) -> None:
    """201 with the contract's members, an ETag, and no person."""
    reply = await api.put(body())
    assert reply.status == 201
    answer = reply.json
    assert set(answer) == {
        *("id", "domain", "state", "mode", "reference", "public_contacts", "warnings"),
        *("links", "revision"),
    }
    assert answer["state"] == "active"
    shown = answer["public_contacts"]["registrant"]
    assert shown["name"] == f"Privacy Customer {answer['reference']}"
    assert shown["email"].endswith("@mask.example.net")
    assert reply.headers["ETag"] == f'"{answer["id"]}.1"'
    assert b"qmark" not in reply.content
    assert api.wakes


async def test_what_is_written_is_sealed_published_and_noted_together(api: Api) -> None:
    """One PUT leaves two sealed records, an unstamped public record and a ledger entry."""
    await api.put(body())
    sealed = await api.rows("SELECT class, version, submission_id FROM sealed_record")
    assert {row["class"] for row in sealed} == {"identity", "reach"}
    row = (await api.rows("SELECT value, pos FROM published"))[0]
    assert row["pos"] is None
    assert published.decode_record(row["value"]).domain == "kaveri.example"
    kinds = await api.rows("SELECT kind FROM ledger_entry")
    assert [one["kind"] for one in kinds] == ["registration_enrolled"]


async def test_the_vault_adopts_what_the_api_sealed(api: Api) -> None:
    """Status says `adopted` once the vault has re-wrapped both records."""
    await api.put(body())
    before = await api.call("GET", "/v1/registrations/kaveri.example/status")
    assert before.json["adopted"] is False
    await api.service.rounds.adopt()
    after = await api.call("GET", "/v1/registrations/kaveri.example/status")
    assert after.json["adopted"] is True
    assert after.json["actual"] is None
    assert "ETag" not in after.headers


async def test_an_unchanged_put_changes_nothing(api: Api) -> None:
    """200 with the same revision, alias and sealed version."""
    first = await api.put(body())
    again = await api.put(body())
    assert again.status == 200
    assert again.json == first.json
    assert len(await api.rows("SELECT 1 FROM sealed_record")) == 2
    assert len(await api.rows("SELECT 1 FROM ledger_entry")) == 1


async def test_other_facts_make_a_revision_without_sealing_anew(api: Api) -> None:
    """New name servers are published; the contacts keep their sealed version."""
    await api.put(body())
    again = await api.put(body(nameservers=[{"name": "NS2.Hosting.example"}]))
    assert (again.status, again.json["revision"]) == (200, 2)
    assert len(await api.rows("SELECT 1 FROM sealed_record")) == 2
    row = (await api.rows("SELECT value FROM published"))[0]
    assert published.decode_record(row["value"]).nameservers[0].name == "ns2.hosting.example"


async def test_other_contacts_supersede_the_sealed_version(api: Api) -> None:
    """A changed person is sealed under a number of the clock's; version 1 is superseded."""
    await api.put(body())
    changed = body()
    changed["contacts"]["registrant"]["city"] = "Zqother"
    assert (await api.put(changed)).json["revision"] == 2
    rows = await api.rows("SELECT version, superseded_at FROM sealed_record ORDER BY version")
    assert [row["superseded_at"] is None for row in rows] == [False, False, True, True]
    assert [row["version"] == 1 for row in rows] == [True, True, False, False]


async def test_change_of_holder_rotates_alias_and_reference(api: Api) -> None:
    """holder_change gives a new mask address, a new reference and a new sealed version."""
    first = (await api.put(body())).json
    again = (await api.put(body(holder_change=True))).json
    assert again["id"] == first["id"]
    assert again["reference"] != first["reference"]
    assert again["links"]["contact_form"] != first["links"]["contact_form"]
    assert len(await api.rows("SELECT 1 FROM sealed_record WHERE version > 1")) == 2


async def test_every_fault_of_a_body_is_listed_without_its_values(api: Api) -> None:
    """422 lists all faults by pointer, and holds no value of the body."""
    bad = body(mode="masked", created_at="yesterday", unknown=1, statuses=["zqstatus"])
    bad["contacts"]["registrant"] = {"name": "Zqmark\nPerson", "phone": "zqphone", "title": "zq"}
    bad["contacts"]["admin"] = {"same_as": "tech"}
    bad["nameservers"] = [{"name": "zq_host", "addresses": ["300.1.1.1", "127.0.0.1"]}]
    bad["dnssec"] = {"ds": [{"key_tag": True, "algorithm": 300, "digest_type": 2, "digest": "A"}]}
    reply = await api.put(bad)
    assert reply.status == 422
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert reply.json["code"] == "invalid_body"
    assert set(reply.faults) == {
        *("/mode", "/created_at", "/unknown", "/statuses/0", "/contacts/registrant/name"),
        *("/contacts/registrant/phone", "/contacts/registrant/email", "/contacts/admin/same_as"),
        *("/contacts/registrant", "/nameservers/0/name", "/nameservers/0/addresses/0"),
        *("/nameservers/0/addresses/1", "/dnssec/ds/0/key_tag", "/dnssec/ds/0/algorithm"),
        "/dnssec/ds/0/digest",
    }
    assert b"zq" not in reply.content.lower()
    assert await api.rows("SELECT 1 FROM registration") == []


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "json"),
        (b'{"mode": "proxy", "mode": "privacy"}', 400, "json"),
        (b'{"a": NaN}', 400, "json"),
        (b"\xff\xfe", 400, "json"),
        (b"[" * 60_000, 400, "json"),
        (b"[]", 422, "invalid_body"),
        (b" " * 70_000, 413, "body_too_large"),
    ],
)
async def test_unreadable_bodies_get_their_problem(
    api: Api, content: bytes, status: int, code: str
) -> None:
    """What is not one JSON object of bearable size is refused with a stable code."""
    reply = await api.call("PUT", "/v1/registrations/kaveri.example", content)
    assert (reply.status, reply.json["code"]) == (status, code)


async def test_requests_that_miss_the_api_get_problems(api: Api) -> None:
    """Wrong type, path, method, name and key each have their status."""
    path = "/v1/registrations/kaveri.example"
    typed = await api.call("PUT", path, b"{}", Content_Type="text/plain")
    assert (typed.status, typed.json["code"]) == (415, "content_type")
    assert (await api.call("GET", "/v2")).json["code"] == "not_found"
    wrong = await api.call("POST", path, {})
    assert (wrong.status, wrong.json["code"]) == (405, "method_not_allowed")
    assert "PUT" in wrong.headers["Allow"]
    assert (await api.call("GET", "/v1/registrations/-x.example")).status == 422
    nobody = await api.call("GET", path, key="pp_0000000000000000_" + "A" * 43)
    assert nobody.status == 401
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await api.call("GET", path, key=" ")).status == 401
    reader = await api.register(scopes=frozenset({Scope.REGISTRATIONS_READ}))
    refused = await api.call("PUT", path, body(), key=reader)
    assert (refused.status, refused.json["code"]) == (403, "scope")


async def test_a_secret_is_kept_as_a_hash_and_compared_whole(api: Api) -> None:
    """A key with another secret is refused like an unknown one; the table holds no secret."""
    forged = api.key[:-4] + ("AAAA" if not api.key.endswith("AAAA") else "BBBB")
    assert (await api.call("GET", "/v1/registrations", key=forged)).status == 401
    secret = api.key.rpartition("_")[2]
    rows = await api.rows("SELECT * FROM api_key")
    assert secret not in repr(rows)


async def test_reads_show_what_is_declared_and_no_person(api: Api) -> None:
    """GET by name, by id and in the list agree, and hold no mark of a person."""
    made = (await api.put(body(customer_ref="acct-1"))).json
    by_name = await api.call("GET", "/v1/registrations/KAVERI.example")
    by_id = await api.call("GET", f"/v1/registrations/id/{made['id']}")
    listed = await api.call("GET", "/v1/registrations")
    assert by_name.json == by_id.json == listed.json["registrations"][0]
    assert by_name.json["customer_ref"] == "acct-1"
    assert by_name.headers["ETag"] == f'"{made["id"]}.1"'
    for reply in (by_name, by_id, listed):
        assert b"qmark" not in reply.content
    tag = by_name.headers["ETag"]
    same = await api.call("GET", "/v1/registrations/kaveri.example", If_None_Match=tag)
    assert same.status == 304


async def test_privacy_and_redacted_show_only_what_they_may(api: Api) -> None:
    """Privacy mode names the holder; redacted mode shows state and country and withholds more."""
    privacy = (await api.put(body("a.example", mode="privacy"))).json["public_contacts"]
    assert privacy["registrant"]["name"] == "Zqmark Person"
    assert privacy["registrant"]["city"] == "Moss"
    redacted = (await api.put(body("b.example", mode="redacted"))).json["public_contacts"]
    assert redacted["registrant"]["state"] == "Zqstate"
    assert redacted["registrant"]["name"] is redacted["registrant"]["email"] is None
    assert "email" in redacted["registrant"]["withheld"]
    assert redacted["registrant"]["contact_uri"].startswith("https://privacy.example/c/")


async def test_published_mode_alone_shows_what_redacted_shows(api: Api) -> None:
    """Declared by PUT, PATCH or neither: without a grant no further field of a person is shown."""
    redacted = (await api.put(body(mode="redacted"))).json
    published = await api.put(body(mode="published"))
    assert (published.status, published.json["mode"]) == (200, "published")
    assert published.json["public_contacts"] == redacted["public_contacts"]
    for mode in ("redacted", "published"):
        reply = await api.call(
            "PATCH",
            "/v1/registrations/kaveri.example",
            {"mode": mode},
            Content_Type="application/merge-patch+json",
        )
        assert reply.json["public_contacts"] == redacted["public_contacts"]
    claimed = (await api.put(body("b.example", mode="published", created_at=None))).json
    assert claimed["public_contacts"]["registrant"]["name"] is None


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"domain": "kaveri.in"}, 422, "privacy_not_permitted"),
        ({"accreditation": "iana-1"}, 422, "invalid_body"),
        ({"profile": "other"}, 422, "invalid_body"),
    ],
)
async def test_rules_of_the_account_are_kept(
    api: Api, changes: dict[str, Any], status: int, code: str
) -> None:
    """Modes, TLDs, accreditations and profiles the account does not have are refused."""
    reply = await api.put(body(**changes))
    assert (reply.status, reply.json["code"]) == (status, code)


async def test_weak_contacts_are_taken_with_warnings(api: Api) -> None:
    """A doubtful phone or postcode is sealed and told; so is a registry that hides itself."""
    weak = body("kaveri.de", registrant_registry_id="zq@people.example")
    weak["contacts"]["registrant"] |= {"phone": "0445 55", "postal_code": "12", "country": "XX"}
    reply = await api.put(weak)
    assert reply.status == 201
    assert {one["pointer"]: one["code"] for one in reply.json["warnings"]} == {
        "/mode": "registry_hides",
        "/registrant_registry_id": "looks_personal",
        "/contacts/registrant/phone": "phone_form",
        "/contacts/registrant/country": "country_unknown",
    }


async def test_another_registry_id_needs_replaces(api: Api) -> None:
    """409 different_registration, unless `replaces` names the present one, which then ends."""
    first = (await api.put(body())).json
    other = body(registry_domain_id="D9-EXAMPLE", created_at="2026-05-01T00:00:00Z")
    refused = await api.put(other)
    assert (refused.status, refused.json["code"]) == (409, "different_registration")
    taken = await api.put({**other, "replaces": first["id"]})
    assert taken.status == 201
    assert taken.json["id"] != first["id"]
    old = (await api.call("GET", f"/v1/registrations/id/{first['id']}")).json
    assert (old["state"], old["end_reason"]) == ("ended", "replaced")
    rows = await api.rows("SELECT registration_id FROM published WHERE value IS NOT NULL")
    assert [str(row["registration_id"]) for row in rows] == [taken.json["id"]]
    assert (await api.put({**other, "replaces": first["id"]})).status == 200


async def test_a_known_registry_id_is_not_forgotten(api: Api) -> None:
    """Leaving the registry's id out does not open the way to another registration's."""
    await api.put(body())
    assert (await api.put(body(registry_domain_id=None))).status == 200
    other = await api.put(body(registry_domain_id="D1-OTHER"))
    assert (other.status, other.json["code"]) == (409, "different_registration")


async def test_a_reservation_is_answered_but_not_published(api: Api) -> None:
    """Without created_at the mask is answered, nothing is published, and it lapses in 7 days."""
    wanted = body(mode="privacy")
    del wanted["created_at"]
    reply = await api.put(wanted)
    assert (reply.status, reply.json["state"]) == (201, "reserved")
    assert reply.json["public_contacts"]["registrant"]["name"] is None
    assert reply.json["public_contacts"]["registrant"]["email"]
    assert await api.rows("SELECT 1 FROM published") == []
    row = (await api.rows("SELECT lapses_at - enrolled_at AS kept FROM registration"))[0]
    assert row["kept"] == timedelta(days=7)
    created = await api.put(body(mode="privacy"))
    assert (created.status, created.json["state"]) == (200, "active")
    assert created.json["reference"] == reply.json["reference"]
    assert (await api.put(wanted)).faults == {"/created_at": "required"}


async def test_a_name_of_another_tenant_is_claimed_and_never_published(api: Api) -> None:
    """The second tenant gets `claimed`; its answer and the published record know only its own."""
    first = (await api.put(body())).json
    other = await api.other_tenant()
    reply = await other.put(body(registry_domain_id="D1-OTHER"))
    assert (reply.status, reply.json["state"]) == (201, "claimed")
    assert first["id"].encode() not in reply.content
    assert first["reference"].encode() not in reply.content
    rows = await api.rows("SELECT registration_id FROM published")
    assert [str(row["registration_id"]) for row in rows] == [first["id"]]
    assert (await other.call("GET", f"/v1/registrations/id/{first['id']}")).status == 404
    assert len((await other.call("GET", "/v1/registrations")).json["registrations"]) == 1


async def test_racing_writers_of_one_name_make_one_registration(api: Api) -> None:
    """Twelve PUTs at once: one enrols, the others replace; revisions count every change."""
    bodies = [body(customer_ref=f"acct-{number}") for number in range(12)]
    replies = await asyncio.gather(*(api.put(one) for one in bodies), return_exceptions=False)
    assert sorted(reply.status for reply in replies if reply.status != 409).count(201) == 1
    written = sum(reply.status in {200, 201} for reply in replies)
    row = await api.rows("SELECT revision FROM registration")
    assert [one["revision"] for one in row] == [written]


async def test_a_list_is_paged_in_id_order(api: Api) -> None:
    """Cursors lead through every registration once; limits and cursors are checked."""
    made = [(await api.put(body(f"n{number}.example"))).json["id"] for number in range(5)]
    found, cursor = [], ""
    while True:
        page = (await api.call("GET", f"/v1/registrations?limit=2{cursor}")).json
        found += [one["id"] for one in page["registrations"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == sorted(made)
    late = (await api.call("GET", "/v1/registrations?updated_since=2030-01-01T00:00:00Z")).json
    assert late["registrations"] == []
    for query in ("limit=0", "limit=1001", "cursor=zz", "updated_since=now", "q=1"):
        assert (await api.call("GET", f"/v1/registrations?{query}")).status == 422


async def test_a_resellers_key_sees_its_own_names_alone(api: Api) -> None:
    """Another reseller's name is not found, and can not be written."""
    await api.put(body(reseller="webworks"))
    key = await api.register(reseller=ResellerId("other"))
    path = "/v1/registrations/kaveri.example"
    assert (await api.call("GET", path, key=key)).status == 404
    assert (await api.call("PUT", path, body(), key=key)).status == 404
    assert (await api.call("GET", "/v1/registrations", key=key)).json["registrations"] == []
    own = await api.call("PUT", "/v1/registrations/own.example", body("own.example"), key=key)
    assert own.status == 201
    seen = await api.call("GET", "/v1/registrations/own.example", key=key)
    assert seen.json["reseller"] == "other"


async def test_openapi_is_valid_and_tells_every_route(api: Api) -> None:
    """The document passes the validator, and each served route is in it."""
    document = (await api.call("GET", "/openapi.json", key="")).json
    validate(document)
    served = {
        resource.canonical
        for resource in api.client.app.router.resources()
        if resource.canonical != "/openapi.json"
    }
    assert served == set(document["paths"])


async def test_the_rate_limit_is_told_with_retry_after(tmp_path: Path, database: Database) -> None:
    """Past the limit: 429 with Retry-After."""
    async with apis.serving(tmp_path, database, rate=Limit(count=2, period_s=3600)) as limited:
        replies = [await limited.call("GET", "/v1/registrations") for _ in range(3)]
        assert [reply.status for reply in replies] == [200, 200, 429]
        assert int(replies[2].headers["Retry-After"]) > 0


async def test_routes_without_a_key_have_a_limit_of_their_own(
    tmp_path: Path, database: Database
) -> None:
    """Orders and rosters are open to all; what keeps strangers off is no matter of registrars."""

    def refuse(_: object) -> None:
        raise RateLimited("rate_limited", retry_after_s=7)

    async with apis.serving(tmp_path, database, admit=refuse) as limited:
        for method, path in (("GET", "rosters"), ("GET", "orders/x"), ("POST", "orders/x/votes")):
            reply = await limited.call(method, f"/v1/{path}", {}, key="")
            assert (reply.status, reply.json["code"]) == (429, "rate_limited")
            assert reply.headers["Retry-After"] == "7"
        assert (await limited.put(body())).status == 201
