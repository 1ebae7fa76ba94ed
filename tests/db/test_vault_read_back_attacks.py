"""What a superuser of the database gets of read-backs by changing rows: nobody, and an alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import openings as support
from tests.support import read_back
from tests.support import vault as vaults
from tests.support.openings import code
from tests.support.read_back import their_customer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.read_back import Site

pytestmark = pytest.mark.db


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """A registrar with a key in force and one customer."""
    async with read_back.opened(tmp_path, database) as made:
        yield made


ATTACKS = {
    "another registrar's record put in its place": """
        UPDATE sealed_record SET (record, wrapped_dek) = (
            SELECT record, wrapped_dek FROM sealed_record other
            WHERE other.tenant_id <> $1 AND other.class = 'identity')
        WHERE tenant_id = $1 AND registration_id = $2 AND class = 'identity'""",
    "bytes changed": """
        UPDATE sealed_record SET record = record || 'x'
        WHERE tenant_id = $1 AND registration_id = $2""",
    "the row taken away": """
        DELETE FROM sealed_record WHERE tenant_id = $1 AND registration_id = $2""",
}


@pytest.mark.parametrize("attack", list(ATTACKS))
async def test_a_row_that_was_changed_gives_nobody(site: Site, attack: str) -> None:
    """A superuser of the database moves no person to another registrar; the alarm rings."""
    await their_customer(site)
    await site.service.administrate("DELETE FROM blind_index")
    await site.service.administrate(ATTACKS[attack], site.item.tenant_id, site.item.registration_id)
    before = support.alarms(site.service)
    assert await code(site.room, site.request()) == "contacts_doubtful"
    assert support.alarms(site.service) > before


async def test_rolled_back_contacts_are_not_given(site: Site) -> None:
    """Neither by the registration's row nor by the record's: the vault knows the newest."""
    newer = vaults.to_seal(2, "newer", site.item.registration_id)
    await support.enrol(site.service, newer)
    await site.service.administrate("UPDATE registration SET record_version = 1")
    before = support.alarms(site.service)
    assert await code(site.room, site.request()) == "contacts_doubtful"
    assert support.alarms(site.service) > before


async def test_a_registration_moved_to_another_tenant_gives_nobody(site: Site) -> None:
    """A row that says it is ours makes no person ours: the record is of whom it was sealed for."""
    theirs = await their_customer(site)
    await site.service.administrate(
        """INSERT INTO registration (tenant_id, id, domain, state, revision, declared, reference,
               alias, record_version, contacts_mac, enrolled_at, changed_at)
           SELECT $1, id, domain, 'claimed', revision, declared, 'q', 'q', record_version,
               contacts_mac, enrolled_at, changed_at FROM registration WHERE tenant_id = $2""",
        vaults.TENANT,
        theirs.tenant_id,
    )
    await site.service.administrate(
        """INSERT INTO sealed_record (tenant_id, registration_id, class, version, submission_id,
               record, wrapped_dek, kek_epoch)
           SELECT $1, registration_id, class, version, (SELECT id FROM submission LIMIT 1),
               record, wrapped_dek, kek_epoch
           FROM sealed_record WHERE tenant_id = $2""",
        vaults.TENANT,
        theirs.tenant_id,
    )
    request = site.request(item=theirs, tenant_id=vaults.TENANT)
    assert await code(site.room, request) == "contacts_early"
