"""A crash at any write of the vault neither loses a record, nor forks the ledger, nor sticks."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING

import pytest

from proxy.services import check_records
from proxy.store import erasure, ledger, sealed
from proxy.vault import files, tree
from proxy.vault.state import State
from tests.support import vault as vaults
from tests.support.crash import crashing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db

STATE_WRITES = (
    (State, "anchor"),
    (State, "begin_change"),
    (State, "finish_change"),
    (State, "set_slot"),
    (State, "begin_erasures"),
    (State, "finish_erasures"),
    (State, "add_entries"),
    (State, "confirm_batch"),
    (files, "write"),
)
ROW_WRITES = (
    (sealed, "adopt"),
    (sealed, "drop_submissions"),
    (sealed, "rewrap"),
    (sealed, "note_rotation"),
    (erasure, "destroy"),
    (ledger, "write"),
)
WRITES = (*STATE_WRITES, *ROW_WRITES)


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def unreadable(service: Service) -> dict[str, object]:
    """What the preflight finds."""
    looks = check_records.check_all(
        service.pool, service.rooms.open_walls().examiner, service.rooms.turn
    )
    looked, faults = [step async for step in looks][-1]
    return {"looked": looked, **faults}


@pytest.mark.parametrize("is_compromised", [False, True])
async def test_rotation_survives_a_crash_at_every_write(
    service: Service, monkeypatch: pytest.MonkeyPatch, *, is_compromised: bool
) -> None:
    """Whenever the vault dies in a rotation, every record stays readable and the rest is moved."""
    await service.enrol(*(vaults.to_seal() for _ in range(3)))
    await service.rounds.adopt()
    for place in itertools.count(1):
        with crashing(monkeypatch, place, WRITES) as crash:
            if service.vault.walls.rewrapper.rotation() is None:
                await service.rounds.begin_rotation(is_compromised=is_compromised)
            await service.rounds.rotate()
        service.reopen()
        await service.rounds.prepare()
        assert await unreadable(service) == {"looked": 6}, place
        if service.vault.walls.rewrapper.rotation() is not None:
            await service.rounds.rotate()
        rows = await service.administrate("SELECT DISTINCT kek_epoch FROM sealed_record")
        target = service.vault.walls.rewrapper.target_epoch()
        assert [row["kek_epoch"] for row in rows] == [target], place
        assert service.vault.state.changes(10) == []
        assert await unreadable(service) == {"looked": 6}, place
        if crash.passed < place:
            break
    assert place > 10, "the loop must have met real writes"


async def test_adoption_survives_a_crash_at_every_write(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the vault dies in an adoption, the same records are adopted by the next."""
    for place in itertools.count(1):
        await service.enrol(vaults.to_seal())
        with crashing(monkeypatch, place, WRITES) as crash:
            await service.rounds.adopt()
        service.reopen()
        await service.rounds.adopt()
        assert await unreadable(service) == {"looked": 2 * place}, place
        if crash.passed < place:
            break
    assert place > 4


async def test_shredding_survives_a_crash_at_every_write(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the vault dies while it forgets, the next start has forgotten all of it."""
    for place in itertools.count(1):
        item = vaults.to_seal()
        await service.enrol(item)
        await service.rounds.adopt()
        await service.end(item, "lapsed")
        with crashing(monkeypatch, place, WRITES) as crash:
            await service.rounds.shred()
        service.reopen()
        await service.rounds.prepare()
        await service.rounds.shred()
        rows = await service.administrate("SELECT record, wrapped_dek FROM sealed_record")
        assert {tuple(row) for row in rows} == {(None, None)}, place
        rows = await service.administrate("SELECT * FROM erasure")
        assert len(rows) == place
        assert await unreadable(service) == {"looked": 0}
        if crash.passed < place:
            break
    assert place > 4


async def test_ledger_neither_forks_nor_sticks_at_any_write(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the vault dies while sequencing, one tree goes on and every checkpoint is of it."""
    notes: set[tuple[int, str]] = set()
    for place in itertools.count(1):
        item = vaults.to_seal()
        await service.enrol(item)
        await service.end(item, "lapsed")
        await service.rounds.shred()
        with crashing(monkeypatch, place, WRITES) as crash:
            await service.rounds.sequence()
        service.reopen()
        await service.rounds.sequence()
        rows = await service.administrate("SELECT size, note FROM ledger_checkpoint ORDER BY size")
        found = {(row["size"], row["note"]) for row in rows}
        assert notes <= found, "a checkpoint that was seen is there for ever"
        notes = found
        if crash.passed < place:
            break
    assert place > 4
    rows = await service.administrate("SELECT index, commitment FROM ledger_leaf ORDER BY index")
    leaves = [row["commitment"] for row in rows]
    assert [row["index"] for row in rows] == list(range(len(leaves)))
    for size, note in notes:
        root = base64.b64decode(note.splitlines()[2])
        assert tree.Frontier().extended(tuple(leaves[:size])).root() == root
    rows = await service.administrate(
        "SELECT count(*) AS all, count(leaf_index) AS placed FROM ledger_entry"
    )
    assert rows[0]["all"] == rows[0]["placed"] == place


async def test_a_new_root_survives_a_crash_at_every_write(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the vault dies in a change of root, its keys open with the root that lies there."""
    await service.enrol(vaults.to_seal())
    await service.rounds.adopt()
    writes = ((files, "write"), (files, "destroy"))
    for place in itertools.count(1):
        with crashing(monkeypatch, place, writes) as crash:
            service.vault.ring.change_root(service.rooms.random)
        service.reopen()
        assert await unreadable(service) == {"looked": 2}, place
        if crash.passed < place:
            break
    assert place > 6
