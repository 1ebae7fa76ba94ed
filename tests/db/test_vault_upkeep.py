"""What the vault does by the calendar, and when things do not open or the database is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import structlog

from proxy.errors import Refused
from proxy.run import vault_rounds
from proxy.store import pool as pools
from proxy.store import sealed
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def epochs(service: Service) -> list[int]:
    """The epochs that living records are under."""
    rows = await service.administrate("SELECT DISTINCT kek_epoch FROM sealed_record ORDER BY 1")
    return [row["kek_epoch"] for row in rows]


async def test_a_month_brings_a_new_epoch_and_moves_records(service: Service) -> None:
    """Without anybody's word the epoch turns, and record bytes stay as they are."""
    await service.enrol(vaults.to_seal())
    await service.rounds.adopt()
    before = await service.administrate("SELECT record FROM sealed_record ORDER BY class")
    await service.rounds.keep_keys()
    assert service.vault.walls.rewrapper.rotation() is None
    service.vault.clock.moment += timedelta(days=30)
    await service.rounds.keep_keys()
    await service.rounds.rotate()
    assert await epochs(service) == [2]
    after = await service.administrate("SELECT record FROM sealed_record ORDER BY class")
    assert before == after
    rows = await service.administrate("SELECT kind, total, done, finished_at FROM key_rotation")
    assert tuple(rows[0]) == ("rewrap", 2, 2, service.vault.clock.moment)


async def test_compromise_encrypts_anew(service: Service) -> None:
    """Record bytes change, the intake key is another, and the old bytes are refused."""
    await service.enrol(vaults.to_seal())
    await service.rounds.adopt()
    before = await service.administrate("SELECT record, class FROM sealed_record ORDER BY class")
    key = service.vault.ring.newest_intake()
    await service.rounds.begin_rotation(is_compromised=True)
    with pytest.raises(Refused, match="rotation_running"):
        await service.rounds.begin_rotation(is_compromised=False)
    await service.rounds.rotate()
    after = await service.administrate("SELECT record, class FROM sealed_record ORDER BY class")
    assert all(one["record"] != other["record"] for one, other in zip(before, after, strict=True))
    assert service.vault.ring.newest_intake() != key
    async with service.pool.acquire() as connection:
        assert await sealed.newest_intake_key(connection) == service.vault.ring.newest_intake()
    examiner = service.vault.walls.examiner
    async with service.pool.acquire() as connection:
        rows = await sealed.page(connection, None, 10)
    assert examiner.examine(rows) == (None, None)
    await service.administrate("UPDATE sealed_record SET record = $1 WHERE class = 'identity'",
                               before[0]["record"])  # fmt: skip
    async with service.pool.acquire() as connection:
        rows = await sealed.page(connection, None, 10)
    assert examiner.examine(rows) == ("record_forged", None)


async def test_a_record_that_does_not_open_does_not_stop_a_rotation(service: Service) -> None:
    """It is counted, named in the log, and left under its epoch; its epoch is not destroyed."""
    await service.enrol(vaults.to_seal(), vaults.to_seal())
    await service.rounds.adopt()
    await service.administrate(
        "UPDATE sealed_record SET wrapped_dek = $1 WHERE ctid IN"
        " (SELECT ctid FROM sealed_record WHERE class = 'reach' LIMIT 1)",
        bytes(40),
    )
    await service.rounds.begin_rotation(is_compromised=False)
    with structlog.testing.capture_logs() as logs:
        await service.rounds.rotate()
    assert [one["reason"] for one in logs if one["event"] == "record_unreadable"] == ["unwrap"]
    assert await epochs(service) == [1, 2]
    assert service.rooms.metrics.counter("vault_alarms_total").value == 1
    service.vault.clock.moment += timedelta(days=29)
    await service.rounds.keep_keys()
    service.vault.clock.moment += timedelta(days=36)
    await service.rounds.keep_keys()
    kept = {one.record_class.value for one in service.vault.ring.file.epochs
            if one.epoch == 1 and one.wrapped is not None}  # fmt: skip
    assert kept == {"reach"}
    service.reopen()
    await service.rounds.prepare()
    assert service.vault.walls.rewrapper.rotation() is not None, "a start tries it again"


async def test_old_intake_keys_leave_the_database_too(service: Service) -> None:
    """After its time and a backup cycle a key is gone, unless a submission waits for it."""
    await service.enrol(vaults.to_seal())
    service.vault.clock.moment += timedelta(days=39)
    await service.rounds.keep_keys()
    assert len(await service.administrate("SELECT id FROM intake_key")) == 2
    await service.rounds.adopt()
    await service.rounds.keep_keys()
    assert len(await service.administrate("SELECT id FROM intake_key")) == 1
    assert len(service.vault.ring.file.intake) == 1


async def test_rounds_outlive_a_database_that_is_away(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round that fails says so by its code, waits, and goes on when the database is back."""
    monkeypatch.setattr(vault_rounds, "PAUSE_AFTER_FAULT_S", 0.01)
    await service.enrol(vaults.to_seal())
    async with pools.connected(service.database.superuser()) as connection:
        await connection.execute("ALTER TABLE submission RENAME TO away")
    failures = 0
    step = service.rounds.adopt
    recovered = asyncio.Event()

    async def adopt() -> None:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise ConnectionResetError
        if failures == 2:
            raise Refused("ledger_disagrees")
        if failures == 3:
            await step()
        await service.administrate("ALTER TABLE IF EXISTS away RENAME TO submission")
        await step()
        recovered.set()

    with structlog.testing.capture_logs() as logs:
        round_of_it = asyncio.create_task(service.rounds.repeat("adoption", adopt, 0.01))
        await asyncio.wait_for(recovered.wait(), 20)
        round_of_it.cancel()
    said = [(one["event"], one.get("code") or one.get("error")) for one in logs]
    assert said[:3] == [
        ("vault_round_failed", "database"),
        ("vault_round_failed", "ledger_disagrees"),
        ("vault_bug", "UndefinedTableError"),
    ]
    assert await epochs(service) == [1]
    assert "marlene" not in str(logs)
