"""The vault counts its people by its own state: no row in the database changes its word."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from proxy.model.identifiers import RecordClass
from proxy.vault import deposits
from proxy.wire import frames
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.deposits import enrolled
from tests.support.openings import ask, code

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.identifiers import TenantId
    from proxy.model.sealed import ToSeal
    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def people(service: Service, tenant_id: TenantId = vaults.TENANT) -> int:
    """How many the vault says there are."""
    room = support.openings(service)
    count = (await ask(room, frames.CountPeople(tenant=str(tenant_id))))["people"]
    assert isinstance(count, int)
    return count


async def erased(service: Service, *items: ToSeal) -> list[bool]:
    """Whom the vault says it erased."""
    request = frames.AreErased(
        tenant=str(vaults.TENANT), registrations=tuple(str(one.registration_id) for one in items)
    )
    found = (await ask(support.openings(service), request))["erased"]
    assert isinstance(found, list)
    return found


async def test_each_registration_counts_once_for_its_own_registrar(service: Service) -> None:
    """Not records, not versions, not others' people."""
    items, _ = await enrolled(service, 3)
    assert await people(service) == 3
    newer = vaults.to_seal(2, "newer", items[1].registration_id)
    await support.enrol(service, newer)
    other = await support.add_tenant(service)
    assert (await people(service), await people(service, other)) == (3, 0)


async def test_rows_that_are_deleted_go_on_counting(service: Service) -> None:
    """A superuser takes a person's rows away: the vault's number stays, and nobody was erased."""
    items, _ = await enrolled(service, 3)
    gone = items[0].registration_id
    await service.administrate("DELETE FROM sealed_record WHERE registration_id = $1", gone)
    await service.administrate("DELETE FROM blind_index WHERE registration_id = $1", gone)
    await service.administrate("DELETE FROM registration WHERE id = $1", gone)
    assert await people(service) == 3
    assert await erased(service, *items) == [False, False, False]


async def test_whom_the_vault_erased_counts_no_more(service: Service) -> None:
    """From the beginning of an erasure on, and again when it is taken back; and it is told."""
    items, rows = await enrolled(service, 3)
    state, now = service.vault.state, vaults.START
    first, second = (support.named(one, RecordClass.IDENTITY) for one in items[:2])
    state.begin_erasures([(first, now), (second, now)])
    assert (await people(service), await erased(service, *items)) == (1, [True, True, False])
    state.cancel_erasure(second)
    state.finish_erasures([(first, now)])
    assert (await people(service), await erased(service, *items)) == (2, [True, False, False])
    assert len(rows) == 3


@pytest.mark.parametrize("is_done", [False, True])
async def test_who_has_newer_contacts_is_not_erased(service: Service, *, is_done: bool) -> None:
    """The erasure of a version that another followed is no erasure of the person."""
    items, _ = await enrolled(service, 2)
    await support.enrol(service, vaults.to_seal(2, "newer", items[0].registration_id))
    old = [(support.named(items[0], RecordClass.IDENTITY, 1), vaults.START)]
    service.vault.state.begin_erasures(old)
    if is_done:
        service.vault.state.finish_erasures(old)
    assert (await people(service), await erased(service, *items)) == (2, [False, False])


async def test_a_stranger_was_not_erased(service: Service) -> None:
    """Of whom the vault never knew, it does not say that they may be missing."""
    await enrolled(service, 1)
    assert await erased(service, vaults.to_seal(mark="stranger")) == [False]


async def test_questions_out_of_form_are_invalid(service: Service) -> None:
    """No, too many, or impossible registrations."""
    room, tenant = support.openings(service), str(vaults.TENANT)
    for ids in ((), tuple(str(uuid4()) for _ in range(deposits.BATCH + 1)), ("x",)):
        request = frames.AreErased(tenant=tenant, registrations=ids)
        assert await code(room, request) == "deposit_malformed"
    assert await code(room, frames.CountPeople(tenant="x")) == "deposit_malformed"
