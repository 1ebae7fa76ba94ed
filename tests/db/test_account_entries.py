"""What is done to an account leaves an entry for the ledger, and what is refused leaves none."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from proxy.errors import Conflict, InvalidInput, NotFound
from proxy.model.identifiers import ApiKeyId, ProfileId, ResellerId, Scope, TenantId
from proxy.model.ledger import FOREIGN_KINDS
from proxy.run import accounts as desk
from proxy.store import ledger, quotas
from proxy.store import pool as pools
from tests.db.test_accounts import DEFAULTS, GMBH, START, WEBWORKS, brand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from proxy.store.pool import Connection
    from tests.support.api import Api

    Act = Callable[[], Awaitable[object]]

pytestmark = pytest.mark.db

OTHER = ResellerId("Zqother GmbH")


@pytest.fixture
async def operator(api: Api) -> AsyncIterator[Connection]:
    """A connection with the operator's login."""
    async with pools.connected(api.service.database.access("operator")) as connection:
        yield connection


async def entries(api: Api) -> list[tuple[str, dict[str, Any]]]:
    """Kinds and facts of what waits for the ledger, in order, as the vault takes them."""
    async with api.service.pool.acquire() as connection:
        found = await ledger.waiting(connection, 100)
    for one in found:
        assert one.tenant_id == api.tenant
        assert one.subject == f"registrar/{api.tenant}"
    return [(one.kind, dict(one.facts)) for one in sorted(found, key=lambda one: one.id.bytes)]


async def test_every_act_leaves_an_entry_that_the_vault_takes(
    api: Api, operator: Connection
) -> None:
    """Keys, resellers, profiles, accreditations and quotas; ids and counts, and no name."""
    whose, at = api.tenant, START
    key, _ = await desk.add_key(operator, whose, frozenset(Scope), None, at)
    rotated, _ = await desk.rotate_key(operator, key, timedelta(hours=2), at)
    await desk.revoke_key(operator, rotated.id, at)
    await desk.write_profile(operator, whose, brand(), DEFAULTS, is_new=True, now=at)
    await desk.write_profile(operator, whose, brand(), DEFAULTS, is_new=False, now=at)
    await desk.add_reseller(operator, whose, OTHER, ProfileId("webworks"), at)
    await desk.add_key(operator, whose, frozenset(Scope), OTHER, at)
    await desk.set_quota(operator, whose, OTHER, 7, at)
    await desk.set_quota(operator, whose, None, 9, at)
    await desk.remove_reseller(operator, whose, OTHER, at)
    await desk.set_quota(operator, whose, OTHER, 0, at)
    await desk.add_accreditation(operator, whose, GMBH, at)
    found = await entries(api)
    kinds = sorted(kind for kind, _ in found)
    assert kinds == sorted(
        ["api_key_added"] * 2
        + ["api_key_rotated", "api_key_revoked", "accreditation_added"]
        + ["profile_written"] * 2
        + ["reseller_added", "reseller_removed"]
        + ["quota_set"] * 3
    )
    assert set(kinds) <= FOREIGN_KINDS
    text = json.dumps(found)
    assert "Zq" not in text
    assert "Harbour" not in text
    of = {facts["reseller"] for _, facts in found if "reseller" in facts}
    assert len(of) == 1  # one reseller, by a digest
    facts = dict(found)
    assert facts["api_key_revoked"] == {"key": rotated.id}
    assert facts["api_key_rotated"]["former"] == key
    assert facts["reseller_removed"]["keys_ended"] == 1
    assert facts["accreditation_added"] == {"accreditation": "de", "profiles": 2}
    assert [one["names"] for kind, one in found if kind == "quota_set"].count(0) == 1


async def test_what_is_refused_leaves_no_entry(api: Api, operator: Connection) -> None:
    """Keys, resellers, registrars and profiles there are not, and faulty ones; nothing changes."""
    whose, nobody, at = api.tenant, TenantId(uuid4()), START
    refused: list[tuple[type[Exception], Act]] = [
        (NotFound, lambda: desk.add_key(operator, nobody, frozenset(Scope), None, at)),
        (NotFound, lambda: desk.add_key(operator, whose, frozenset(Scope), OTHER, at)),
        (NotFound, lambda: desk.revoke_key(operator, ApiKeyId("0" * 16), at)),
        (NotFound, lambda: desk.rotate_key(operator, ApiKeyId("0" * 16), timedelta(), at)),
        (NotFound, lambda: desk.add_reseller(operator, nobody, OTHER, None, at)),
        (InvalidInput, lambda: desk.add_reseller(operator, whose, OTHER, ProfileId("x"), at)),
        (NotFound, lambda: desk.remove_reseller(operator, whose, OTHER, at)),
        (NotFound, lambda: desk.set_quota(operator, whose, OTHER, 7, at)),
        (NotFound, lambda: desk.set_quota(operator, nobody, None, 7, at)),
        (
            NotFound,
            lambda: desk.write_profile(operator, whose, brand(), DEFAULTS, is_new=False, now=at),
        ),
    ]
    for kind, act in refused:
        with pytest.raises(kind):
            await act()
    assert await entries(api) == []
    await desk.add_accreditation(operator, whose, GMBH, at)
    with pytest.raises(Conflict):
        await desk.add_accreditation(operator, whose, GMBH, at)
    assert [kind for kind, _ in await entries(api)] == ["accreditation_added"]
    assert await quotas.of_tenant(operator, whose) == ()


async def test_who_names_no_reseller_is_told_which_there_are(
    api: Api, operator: Connection
) -> None:
    """By name, twenty at the most; or how to add the first."""
    with pytest.raises(NotFound) as first:
        await desk.require_reseller(operator, api.tenant, WEBWORKS)
    assert "`privacyproxy reseller add`" in first.value.detail
    for number in range(21):
        name = ResellerId(f"shop{number:02}")
        await desk.add_reseller(operator, api.tenant, name, None, START)
    with pytest.raises(NotFound) as later:
        await desk.require_reseller(operator, api.tenant, WEBWORKS)
    assert "it has shop00, shop01," in later.value.detail
    assert later.value.detail.endswith("shop19, ….")
    await desk.require_reseller(operator, api.tenant, ResellerId("shop20"))
