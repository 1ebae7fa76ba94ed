"""Writes whose end the vault did not see, and rows or files that changed while it looked away."""

from __future__ import annotations

import asyncio
import errno
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.services import check_records
from proxy.store import pool as pools
from proxy.vault import files
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db

_WAITING = (
    "SELECT count(*) AS held FROM pg_stat_activity WHERE usename = 'pp_vault'"
    " AND wait_event_type = 'Lock' AND query LIKE 'UPDATE sealed_record%'"
)


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def unreadable(service: Service) -> dict[str, int]:
    """Why records do not open, counted."""
    looks = check_records.check_all(
        service.pool, service.rooms.open_walls().examiner, service.rooms.turn
    )
    return dict([found async for found in looks][-1][1])


def cut(service: Service) -> None:
    """Close every connection of the vault without a word, as the end of its process does."""
    for holder in service.pool._pool._holders:  # type: ignore[attr-defined] # asyncpg's own list
        connection = holder._con
        if connection is not None and not connection.is_closed():
            connection._transport.abort()


@pytest.mark.parametrize("dies", [True, False])
async def test_a_re_encryption_in_doubt_loses_nothing(service: Service, *, dies: bool) -> None:
    """A batch whose write outlives the vault or its connection ends readable, however it ended."""
    items = [vaults.to_seal() for _ in range(3)]
    await service.enrol(*items)
    await service.rounds.adopt()
    await service.rounds.begin_rotation(is_compromised=True)
    async with pools.connected(service.database.superuser()) as other:
        held = other.transaction()
        await held.start()
        await other.execute(
            "UPDATE sealed_record SET superseded_at = now() WHERE registration_id = $1",
            items[-1].registration_id,
        )
        task = asyncio.create_task(service.rounds.rotate())
        while not (await service.administrate(_WAITING))[0]["held"]:  # noqa: ASYNC110 - the server's
            await asyncio.sleep(0)
        cut(service)
        await asyncio.wait([task])
        assert task.exception() is not None
        if dies:
            service.reopen()
        going_on = asyncio.create_task(
            service.rounds.prepare() if dies else service.rounds.rotate()
        )
        # Whoever does not wait for the write in doubt would decide within this time.
        await asyncio.wait([going_on], timeout=1)
        await held.commit()
        await going_on
    if dies:
        await service.rounds.rotate()
    assert await unreadable(service) == {}
    assert service.vault.state.changes(10) == []


async def test_a_swapped_wrapping_is_not_renewed(service: Service) -> None:
    """A re-wrap checks that the key is the record's own: a swap alarms and stays where it is."""
    await service.enrol(vaults.to_seal(), vaults.to_seal())
    await service.rounds.adopt()
    await service.administrate(
        "UPDATE sealed_record x SET wrapped_dek = y.wrapped_dek FROM sealed_record y"
        " WHERE x.class = y.class AND x.registration_id <> y.registration_id"
    )
    await service.rounds.begin_rotation(is_compromised=False)
    await service.rounds.rotate()
    rows = await service.administrate(
        "SELECT count(*) AS remaining FROM sealed_record WHERE kek_epoch = 1"
    )
    assert rows[0]["remaining"] == 4


async def test_contacts_stay_until_their_successor_is_adopted(service: Service) -> None:
    """A superseded version is the last readable one while the newest can not be adopted."""
    first = vaults.to_seal()
    await service.enrol(first)
    await service.rounds.adopt()
    await service.enrol(vaults.to_seal(version=2, mark="neu", person=first.registration_id))
    await service.administrate(
        "UPDATE sealed_record SET superseded_at = $1 WHERE version = 1", vaults.START
    )
    await service.administrate(
        "UPDATE sealed_record SET wrapped_dek = set_byte(wrapped_dek, 10,"
        " get_byte(wrapped_dek, 10) # 1) WHERE version = 2"
    )
    await service.rounds.adopt()
    service.vault.clock.moment += timedelta(days=541)
    await service.rounds.shred()
    rows = await service.administrate(
        "SELECT count(*) AS kept FROM sealed_record WHERE version = 1 AND wrapped_dek IS NOT NULL"
    )
    assert rows[0]["kept"] == 2


async def test_a_root_change_that_finds_no_room_changes_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed write the vault goes on under the old root, now and after a restart."""
    await service.enrol(vaults.to_seal())
    await service.rounds.adopt()
    written = files.write

    def full(path: Path, content: bytes) -> None:
        if path.name == "keys.json":
            raise OSError(errno.ENOSPC, "no space left")
        written(path, content)

    monkeypatch.setattr(files, "write", full)
    with pytest.raises(OSError, match="no space"):
        await service.rounds.begin_rotation(is_compromised=False, new_root=True)
    monkeypatch.undo()
    service.vault.clock.moment += timedelta(days=2)
    await service.rounds.renew_intake()
    service.reopen()
    await service.rounds.prepare()
    assert await unreadable(service) == {}
