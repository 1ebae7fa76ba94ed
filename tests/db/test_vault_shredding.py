"""What may no longer be kept is destroyed, what is held is not, and certificates say the truth."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.metrics import Registry
from proxy.model.erasure import Erasure
from proxy.services import retain, shred
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db
LIVING = "SELECT version FROM sealed_record WHERE wrapped_dek IS NOT NULL ORDER BY version, class"


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def living(service: Service) -> list[int]:
    """The versions that can still be opened, once per class."""
    return [row["version"] for row in await service.administrate(LIVING)]


async def back_up(service: Service) -> None:
    """A copy of the records as they are."""
    await service.administrate("CREATE TABLE copy AS SELECT * FROM sealed_record")


async def set_back(service: Service) -> None:
    """The copy comes back, in which all live, and the vault starts on it."""
    await service.administrate("DELETE FROM sealed_record")
    await service.administrate("DELETE FROM erasure")
    await service.administrate(
        "UPDATE registration SET shredded_at = NULL, state = 'active', ended_at = NULL,"
        " end_reason = NULL"
    )
    await service.administrate("INSERT INTO sealed_record SELECT * FROM copy")
    service.reopen()
    await service.rounds.prepare()


async def tidy(service: Service) -> None:
    """The worker's round of what ends and is forgotten."""
    async with pools.connected(service.database.access(LoginRole.WORKER)) as connection:
        await retain.tidy(connection, vaults.START, secrets.token_bytes, Registry())


async def states(service: Service) -> list[str]:
    """How registrations stand."""
    return [row["state"] for row in await service.administrate("SELECT state FROM registration")]


@pytest.mark.parametrize(
    ("reason", "days_ago", "survives"),
    [
        ("lapsed", 0, False),
        ("left_service", 540, False),
        ("left_service", 539, True),
        ("transferred_out", 541, False),
    ],
)
async def test_retention_counts_from_the_end(
    service: Service, reason: str, days_ago: int, *, survives: bool
) -> None:
    """Ended registrations go after their retention, lapsed reservations at once."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.rounds.adopt()
    await service.end(item, reason, vaults.START - timedelta(days=days_ago))
    await service.rounds.shred()
    assert await living(service) == ([1, 1] if survives else [])
    tokens = await service.administrate("SELECT 1 FROM blind_index")
    marked = await service.administrate("SELECT 1 FROM registration WHERE shredded_at IS NOT NULL")
    assert (len(tokens), len(marked)) == ((1, 0) if survives else (0, 1))


async def test_a_hold_beats_erasure(service: Service) -> None:
    """While a hold stands nothing is destroyed, by retention or as superseded."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.enrol(vaults.to_seal(version=2, person=item.registration_id))
    await service.rounds.adopt()
    await service.administrate(
        "UPDATE sealed_record SET superseded_at = $1 WHERE version = 1",
        vaults.START - timedelta(days=600),
    )
    await service.administrate("UPDATE registration SET hold = true")
    await service.rounds.shred()
    await service.end(item, "lapsed")
    await service.rounds.shred()
    assert await living(service) == [1, 1, 2, 2]
    await service.administrate("UPDATE registration SET hold = false")
    await service.rounds.shred()
    assert await living(service) == []


async def test_superseded_versions_go_and_the_present_one_stays(service: Service) -> None:
    """A replaced version is destroyed after its time; the present one never as superseded."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.enrol(vaults.to_seal(version=2, person=item.registration_id))
    await service.rounds.adopt()
    await service.administrate(
        "UPDATE sealed_record SET superseded_at = $1", vaults.START - timedelta(days=540)
    )
    await service.rounds.shred()
    assert await living(service) == [2, 2]
    versions = await service.administrate("SELECT version FROM blind_index")
    assert [row["version"] for row in versions] == [2]


async def test_what_was_never_adopted_goes_too(service: Service) -> None:
    """A lapsed reservation still in the intake is destroyed with its submission."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.end(item, "lapsed")
    await service.rounds.shred()
    await service.rounds.adopt()
    assert await living(service) == []
    assert await service.administrate("SELECT 1 FROM submission") == []


async def test_a_hold_set_after_a_crash_takes_the_erasure_back(service: Service) -> None:
    """An erasure that was begun and not done gives way to a hold; the record opens again."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.rounds.adopt()
    one = Erasure(
        tenant_id=item.tenant_id,
        registration_id=item.registration_id,
        version=1,
        erased_at=vaults.START,
    )
    service.vault.walls.forgetter.begin(shred._named([one]))
    await service.administrate("UPDATE registration SET hold = true")
    service.reopen()
    await service.rounds.prepare()
    assert await living(service) == [1, 1]
    assert service.vault.walls.forgetter.erasures(None, 10) == []


async def test_a_restored_database_forgets_again(service: Service) -> None:
    """Rows of an older copy are destroyed before anything serves; held ones are left, refused."""
    items = [vaults.to_seal(), vaults.to_seal()]
    await service.enrol(*items)
    await service.rounds.adopt()
    await service.administrate("CREATE TABLE copy AS SELECT * FROM sealed_record")
    for item in items:
        await service.end(item, "lapsed")
    await service.rounds.shred()
    await service.administrate("DELETE FROM sealed_record")
    await service.administrate("DELETE FROM erasure")
    await service.administrate("UPDATE registration SET shredded_at = NULL")
    await service.administrate("INSERT INTO sealed_record SELECT * FROM copy")
    await service.administrate(
        "UPDATE registration SET hold = true WHERE id = $1", items[0].registration_id
    )
    service.reopen()
    walls = service.rooms.open_walls()
    returned = await shred.replay(service.pool, walls.forgetter, terms=vaults.TERMS)
    assert returned == (2, 1)
    assert await living(service) == [1, 1]
    assert service.vault.walls.forgetter.cancel(shred._named([
        Erasure(tenant_id=items[0].tenant_id, registration_id=items[0].registration_id,
                version=1, erased_at=vaults.START)])[0][0]) is False  # fmt: skip


async def test_a_restored_copy_in_which_the_erased_live_says_so(service: Service) -> None:
    """Whose record is erased is marked though its registration lives again; the worker ends it."""
    erased, kept = vaults.to_seal(), vaults.to_seal()
    await service.enrol(erased, kept)
    await service.rounds.adopt()
    await back_up(service)
    await service.end(erased, "lapsed")
    await service.rounds.shred()
    await set_back(service)
    marked = await service.administrate("SELECT id FROM registration WHERE shredded_at IS NOT NULL")
    assert [row["id"] for row in marked] == [erased.registration_id]


async def test_who_has_new_contacts_before_the_worker_comes_lives(service: Service) -> None:
    """They are another record: it opens, does not end, and is erased after an end of its own."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.rounds.adopt()
    await back_up(service)
    await service.end(item, "lapsed")
    await service.rounds.shred()
    await set_back(service)
    await service.enrol(vaults.to_seal(version=2, person=item.registration_id))
    await service.rounds.adopt()
    await tidy(service)
    assert await states(service) == ["active"]
    assert await living(service) == [2, 2]
    await service.end(item, "left_service", vaults.START - timedelta(days=540))
    await service.rounds.shred()
    assert await living(service) == []
    marked = await service.administrate("SELECT 1 FROM registration WHERE shredded_at IS NOT NULL")
    assert len(marked) == 1


async def test_a_copy_from_before_newer_contacts_ends_nobody(service: Service) -> None:
    """Only a replaced version is erased: it goes from the copy too, and its registration lives."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.rounds.adopt()
    await back_up(service)
    await service.enrol(vaults.to_seal(version=2, person=item.registration_id))
    await service.rounds.adopt()
    await service.administrate(
        "UPDATE sealed_record SET superseded_at = $1 WHERE version = 1",
        vaults.START - timedelta(days=540),
    )
    await service.rounds.shred()
    await service.administrate("UPDATE registration SET record_version = 1")
    await set_back(service)
    assert await living(service) == []
    await tidy(service)
    assert await states(service) == ["active"]


async def test_the_certificate_names_both_dates(service: Service) -> None:
    """It says since when the live system can not read it, and by when no backup can."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.end(item, "lapsed")
    await service.rounds.shred()
    await service.rounds.sequence()
    rows = await service.administrate("SELECT facts FROM ledger_entry WHERE kind = 'erased'")
    assert (
        "unreadable in the live system since 2026-11-01, in backups by 2026-12-06"
        in (rows[0]["facts"])
    )
    rows = await service.administrate("SELECT erased_at, backups_until FROM erasure")
    assert tuple(rows[0]) == (vaults.START, vaults.START + timedelta(days=35))
