"""Accounts as an operator changes them beside a running API: keys, resellers, profiles."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from proxy.apps.api.profiles import Defaults
from proxy.errors import Conflict, InvalidInput, NotFound
from proxy.model.identifiers import (
    AccreditationId,
    ApiKeyId,
    ProfileId,
    ResellerId,
    Scope,
    TenantId,
)
from proxy.model.public_record import Accreditation
from proxy.run import accounts as desk
from proxy.store import accounts, tenants
from proxy.store import pool as pools
from tests.support import vault as vaults
from tests.support.api import PROFILE, body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.store.pool import Connection
    from tests.support.api import Api

pytestmark = pytest.mark.db

START = vaults.START
WEBWORKS = ResellerId("Webworks")
DEFAULTS = Defaults(rdap_base_url="http://127.0.0.1:4380/", web_base_url="https://privacy.example")
GMBH = Accreditation(id=AccreditationId("de"), registrar_name="Quiet Harbour GmbH", iana_id=None)


@pytest.fixture
async def operator(api: Api) -> AsyncIterator[Connection]:
    """A connection with the operator's login."""
    async with pools.connected(api.service.database.access("operator")) as connection:
        yield connection


def believe_nothing(api: Api) -> None:
    """As when the seconds have passed for which the API believes what it read."""
    api.office.keys._keys.clear()
    api.office.keys._tenants.clear()


async def status(api: Api, key: str) -> int:
    """What a key is answered."""
    return (await api.call("GET", "/v1/account", key=key)).status


def brand(profile: str = "webworks", **changes: Any) -> bytes:
    """Another profile of the same registrar."""
    made = copy.deepcopy(PROFILE) | {"id": profile} | changes
    made["public_contact"]["organization"] = "Webworks Privacy"
    return json.dumps(made).encode()


async def test_a_rotated_key_goes_on_for_its_hours_and_not_a_second_more(
    api: Api, operator: Connection
) -> None:
    """Both keys work in the overlap; at its end the old one is refused even out of the cache."""
    old_id, old = await desk.add_key(
        operator, api.tenant, frozenset({Scope.IMPORTS_WRITE}), None, START
    )
    key, new = await desk.rotate_key(operator, old_id, timedelta(hours=2), START)
    assert key.scopes == {Scope.IMPORTS_WRITE}
    assert [await status(api, one) for one in (old, new)] == [200, 200]
    told = (await api.call("GET", "/v1/account", key=old)).json["key_ends_at"]
    assert told == (START + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    api.service.vault.clock.moment = START + timedelta(hours=2)
    assert [await status(api, one) for one in (old, new)] == [401, 200]
    believe_nothing(api)
    assert [await status(api, one) for one in (old, new)] == [401, 200]


async def test_a_key_is_rotated_once(api: Api, operator: Connection) -> None:
    """A key that ends already is no key to rotate: its end would move."""
    old_id, _ = await desk.add_key(operator, api.tenant, frozenset(Scope), None, START)
    await desk.rotate_key(operator, old_id, timedelta(hours=2), START)
    with pytest.raises(NotFound):
        await desk.rotate_key(operator, old_id, timedelta(hours=99), START)
    with pytest.raises(NotFound):
        await desk.rotate_key(operator, ApiKeyId("0" * 16), timedelta(), START)
    assert len(await accounts.keys(operator, api.tenant)) == 3


async def test_a_key_is_revoked_at_once_also_in_its_overlap(api: Api, operator: Connection) -> None:
    """After the seconds of the cache it is refused; the other one goes on."""
    old_id, old = await desk.add_key(operator, api.tenant, frozenset(Scope), None, START)
    _, new = await desk.rotate_key(operator, old_id, timedelta(hours=2), START)
    await desk.revoke_key(operator, old_id, START)
    believe_nothing(api)
    assert [await status(api, one) for one in (old, new)] == [401, 200]
    with pytest.raises(NotFound):
        await desk.revoke_key(operator, old_id, START)


async def test_a_key_may_what_its_scopes_say(api: Api, operator: Connection) -> None:
    """Everything else is 403 `scope`; every key may ask whose it is."""
    scopes = frozenset({Scope.REGISTRATIONS_READ})
    _, key = await desk.add_key(operator, api.tenant, scopes, None, START)
    reply = await api.call("PUT", "/v1/registrations/kaveri.example", body(), key=key)
    assert (reply.status, reply.json["code"]) == (403, "scope")
    account = (await api.call("GET", "/v1/account", key=key)).json
    assert account["registrar"] == str(api.tenant)
    assert account["scopes"] == ["registrations:read"]
    assert (await api.call("GET", "/v1/account", key="")).status == 401


async def test_keys_are_of_registrars_and_resellers_there_are(
    api: Api, operator: Connection
) -> None:
    """An unknown registrar or reseller gets no key."""
    nobody = TenantId(uuid4())
    with pytest.raises(NotFound, match="registrar"):
        await desk.add_key(operator, nobody, frozenset(Scope), None, START)
    with pytest.raises(NotFound, match="reseller"):
        await desk.add_key(operator, api.tenant, frozenset(Scope), WEBWORKS, START)


async def test_a_removed_reseller_has_no_keys_and_its_names_stay(
    api: Api, operator: Connection
) -> None:
    """Its keys end at once, one in its overlap too; the registrar still has the names."""
    await accounts.add_reseller(operator, api.tenant, WEBWORKS, None, START)
    key_id, key = await desk.add_key(operator, api.tenant, frozenset(Scope), WEBWORKS, START)
    _, new = await desk.rotate_key(operator, key_id, timedelta(hours=9), START)
    path = "/v1/registrations/kaveri.example"
    assert (await api.call("PUT", path, body(), key=new)).status == 201
    assert await accounts.remove_reseller(operator, api.tenant, WEBWORKS, START) == 2
    believe_nothing(api)
    assert [await status(api, one) for one in (key, new)] == [401, 401]
    assert (await api.call("GET", path)).json["reseller"] == WEBWORKS
    assert await accounts.remove_reseller(operator, api.tenant, WEBWORKS, START) is None


async def test_a_resellers_names_carry_its_brand_and_no_other(
    api: Api, operator: Connection
) -> None:
    """Its keys need not name the profile and may name no other; the mask is the brand's."""
    await desk.write_profile(operator, api.tenant, brand(), DEFAULTS, is_new=True, now=START)
    await accounts.add_reseller(operator, api.tenant, WEBWORKS, ProfileId("webworks"), START)
    _, key = await desk.add_key(operator, api.tenant, frozenset(Scope), WEBWORKS, START)
    believe_nothing(api)
    path = "/v1/registrations/kaveri.example"
    made = await api.call("PUT", path, body(), key=key)
    assert made.status == 201
    assert made.json["public_contacts"]["registrant"]["organization"] == "Webworks Privacy"
    other = await api.call("PUT", path, body(profile="quiet-harbour"), key=key)
    assert other.faults == {"/profile": "unknown"}
    assert (await api.call("GET", "/v1/account", key=key)).json["profiles"] == ["webworks"]
    whole = await api.put(body("own.example", registry_domain_id="D9-X"))
    assert whole.faults == {"/profile": "required"}
    with pytest.raises(InvalidInput):
        await accounts.add_reseller(operator, api.tenant, WEBWORKS, ProfileId("none"), START)


async def test_a_profile_is_replaced_whole_with_the_next_revision(
    api: Api, operator: Connection
) -> None:
    """What `show` gives can be given back; edges get the new body in a new place of the journal."""
    await api.rows("UPDATE published_profile SET pos = 7 RETURNING id")
    async with operator.transaction():
        kept = (await accounts.profiles(operator, api.tenant))[0]
    shown = json.loads(kept.body)
    assert shown["id"] == PROFILE["id"]
    shown["abuse"]["email"] = "desk@registrar.example"
    body_given = json.dumps(shown).encode()
    made = await desk.write_profile(
        operator, api.tenant, body_given, DEFAULTS, is_new=False, now=START
    )
    assert (made.revision, made.abuse_email) == (2, "desk@registrar.example")
    rows = await api.rows("SELECT revision, pos FROM published_profile")
    assert [(row["revision"], row["pos"]) for row in rows] == [(2, None)]
    with pytest.raises(Conflict):
        await desk.write_profile(operator, api.tenant, body_given, DEFAULTS, is_new=True, now=START)
    with pytest.raises(NotFound):
        await desk.write_profile(operator, api.tenant, brand(), DEFAULTS, is_new=False, now=START)


async def test_every_fault_of_a_profile_is_told_and_nothing_is_written(
    api: Api, operator: Connection
) -> None:
    """All faults at once, by pointer."""
    wrong = brand(trust="blind", abuse={"email": "x", "phone": "1"}, extra=1)
    with pytest.raises(InvalidInput) as refused:
        await desk.write_profile(operator, api.tenant, wrong, DEFAULTS, is_new=True, now=START)
    assert {one.pointer for one in refused.value.faults} == {
        *("/trust", "/abuse/email", "/abuse/phone", "/extra"),
    }
    with pytest.raises(InvalidInput):
        desk.check_profile(wrong, DEFAULTS)
    assert desk.check_profile(brand(), DEFAULTS) == "webworks"
    assert len(await api.rows("SELECT 1 FROM profile")) == 1


async def test_an_accreditation_is_published_with_every_profile(
    api: Api, operator: Connection
) -> None:
    """A name under the new one can be shown at once; then bodies must say which."""
    await desk.write_profile(operator, api.tenant, brand(), DEFAULTS, is_new=True, now=START)
    await desk.add_accreditation(operator, api.tenant, GMBH, START)
    believe_nothing(api)
    tenant = await tenants.find_tenant(operator, api.tenant)
    assert [set(one.accreditations) for one in tenant.profiles.values()] == [
        {"iana-9999", "de"},
        {"iana-9999", "de"},
    ]
    reply = await api.put(body(profile="webworks"))
    assert reply.faults == {"/accreditation": "required"}
    assert (await api.put(body(profile="webworks", accreditation="de"))).status == 201
    with pytest.raises(Conflict):
        await desk.add_accreditation(operator, api.tenant, GMBH, START)


async def test_registrars_are_listed_a_page_at_a_time(
    api: Api, operator: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every one once, in id order."""
    await api.other_tenant()
    monkeypatch.setattr(accounts, "PAGE", 1)
    found: list[TenantId] = []
    while page := await accounts.registrars(operator, found[-1] if found else None):
        found += [one.id for one in page]
    rows = await api.rows("SELECT id FROM tenant ORDER BY id")
    assert [str(one) for one in found] == [str(row["id"]) for row in rows]
    assert len(found) >= 2
