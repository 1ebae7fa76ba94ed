"""The ledger's tiles in the database, and what becomes of it when somebody rewrites it."""

from __future__ import annotations

import asyncio
import random  # noqa: TID251 - repeatable sizes
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from proxy.apps.ledger_tiles import LedgerTiles
from proxy.errors import Refused
from proxy.run import vault_rounds
from proxy.services import audit_ledger, complete_tiles, sequence_ledger
from proxy.store import ledger as store
from proxy.store import pool as pools
from proxy.vault import ledger, tiles, tree
from proxy.vault.tiles import WIDTH
from tests.support import vault as vaults
from tests.support import web
from tests.support.ledger import Log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db


@pytest_asyncio.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault with its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def grow(service: Service, *counts: int) -> Log:
    """Batches of so many entries; the tree recomputed from the leaves alone."""
    for count in counts:
        await web.add_entries(service, count)
        await service.rounds.sequence()
    return await recomputed(service)


async def recomputed(service: Service) -> Log:
    """The tree over the leaves in the database."""
    rows = await service.administrate("SELECT commitment FROM ledger_leaf ORDER BY index")
    return Log([row["commitment"] for row in rows])


async def stored(service: Service) -> dict[tuple[int, int], bytes]:
    """Every tile in the database."""
    rows = await service.administrate("SELECT level, index, hashes FROM ledger_tile")
    return {(row["level"], row["index"]): row["hashes"] for row in rows}


def full(log: Log) -> dict[tuple[int, int], bytes]:
    """Every full tile that there should be."""
    return {
        (one.level, one.number): content
        for one, content in log.tiles.items()
        if one.level is not None and one.width == WIDTH
    }


async def rewrite(service: Service, *statements: str) -> None:
    """As a superuser does it who switches the triggers off."""
    async with pools.connected(service.database.superuser()) as connection:
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)


@pytest.mark.parametrize("seed", range(4))
async def test_tiles_are_what_the_leaves_come_to(service: Service, seed: int) -> None:
    """After batches of any sizes the full tiles are those of a recomputation, and no others."""
    draw = random.Random(seed)  # noqa: S311 - repeatable sizes
    log = await grow(service, *(draw.choice((0, 3, 17, 200, 900, 1_500)) for _ in range(6)))
    assert await stored(service) == full(log)


async def test_every_tile_and_proof_is_read_back(service: Service) -> None:
    """Full and partial tiles, bundles and proofs at every edge are those of the tree."""
    log = await grow(service, 1_000, 200, 3)
    reader = LedgerTiles()
    async with service.pool.acquire() as connection:
        for tile, content in log.tiles.items():
            assert await reader.content(connection, tile) == content
        for index in (0, 255, 256, 1_023, 1_024, log.size - 1):
            proof = await reader.inclusion(connection, index, log.size)
            assert proof == tree.inclusion_proof(index, log.size, log.read)


async def test_a_level_above_is_written_and_read(service: Service) -> None:
    """65,536 leaves fill a tile of the second level; the right edge after it is computed."""
    log = await grow(service, 40_000, 300)
    assert log.size > 1 << 16
    assert await stored(service) == full(log)
    assert (1, 0) in full(log)
    reader = LedgerTiles()
    async with service.pool.acquire() as connection:
        for tile in tiles.new_tiles(0, log.size):
            if tile.level:
                assert await reader.content(connection, tile) == log.tiles[tile]
        for index in (0, 65_535, 65_536, log.size - 1):
            proof = await reader.inclusion(connection, index, log.size)
            assert proof == tree.inclusion_proof(index, log.size, log.read)


async def test_tiles_of_an_older_program_are_made_up(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaves without tiles get them at the next batch, in steps, each kept."""
    monkeypatch.setattr(complete_tiles, "STEP_TILES", 3)
    await grow(service, 3_000)
    await rewrite(service, "DELETE FROM ledger_tile")
    log = await grow(service, 0)
    assert await stored(service) == full(log)


async def test_a_crash_between_leaves_and_tiles_leaves_neither(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaves and tiles are one transaction; the signed batch is written again, with its tiles."""
    await web.add_entries(service, 900)

    async def crash(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(store, "add_tiles", crash)
        with pytest.raises(ConnectionResetError):
            await service.rounds.sequence()
    assert await service.administrate("SELECT 1 FROM ledger_leaf") == []
    service.reopen()
    log = await grow(service, 0)
    assert log.size == 1_024
    assert await stored(service) == full(log)


async def test_more_than_a_batch_goes_on_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One round takes everything that waits, in as many batches as it needs."""
    monkeypatch.setattr(ledger, "SIZE_CLASSES", (4, 16))
    monkeypatch.setattr(sequence_ledger, "BATCH_ENTRIES", 16)
    monkeypatch.setattr(sequence_ledger, "BATCH_OWN", 8)
    await web.add_entries(service, 16 + 16 + 5)
    for _ in range(9):
        service.rooms.note("opened", {"records": 1})
    await service.rounds.sequence()
    rows = await service.administrate(
        "SELECT count(*) AS all, count(leaf_index) AS placed FROM ledger_entry"
    )
    assert tuple(rows[0]) == (46, 46)


@pytest.mark.parametrize(
    ("level", "index"), [(0, 4), (0, 9), (1, 0)], ids=["next", "beyond", "above"]
)
async def test_a_tile_in_the_way_is_refused(service: Service, level: int, index: int) -> None:
    """A tile that lies where another belongs, or beyond the tree, stops the ledger."""
    await grow(service, 1_000)
    await service.administrate(
        "INSERT INTO ledger_tile SELECT $1, $2, hashes FROM ledger_tile WHERE index = 0",
        level,
        index,
    )
    await web.add_entries(service, 40_000)
    with pytest.raises(Refused) as refusal:
        await service.rounds.sequence()
    assert refusal.value.code == "ledger_disagrees"
    assert service.vault.walls.ledger.frontier()[0] == 1_024
    assert len(await service.administrate("SELECT 1 FROM ledger_leaf")) == 1_024


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_leaf SET commitment = sha256('x') WHERE index = 3",
        "UPDATE ledger_leaf SET commitment = sha256('x') WHERE index = 600",
        "DELETE FROM ledger_leaf WHERE index = 300",
        "UPDATE ledger_tile SET hashes = decode(repeat('ab', 8192), 'hex') WHERE index = 1",
        "UPDATE ledger_leaf SET commitment = sha256('x') WHERE index = 3; DELETE FROM ledger_tile",
    ],
)
async def test_rewritten_rows_are_found_and_nothing_more_is_signed(
    service: Service, change: str
) -> None:
    """The recount finds any leaf or tile that a superuser changed; then no batch is signed."""
    await grow(service, 512, 200)
    rounds, rooms = service.rounds._ledger, service.rooms
    await rounds.recount()
    size = service.vault.walls.ledger.frontier()[0]
    await rewrite(service, change)
    for ask in (rounds.recount, service.rounds.sequence, rooms_for_data(service)):
        with pytest.raises(Refused) as refusal:
            await ask()
        assert refusal.value.code == "ledger_disagrees"
        assert "Restore" in refusal.value.detail
    assert service.vault.walls.ledger.prepared() is None
    assert service.vault.walls.ledger.frontier()[0] == size
    assert rooms.metrics.gauge("vault_ledger_disagrees").value == 1


def rooms_for_data(service: Service) -> Callable[[], Awaitable[None]]:
    """What an opening that gives data asks first."""

    async def ask() -> None:
        service.rooms.open_for_data()

    return ask


async def test_data_is_given_again_once_the_ledger_is_well(service: Service) -> None:
    """A rollback stops openings of data, checks go on, and a later batch ends it."""
    await grow(service, 4, 4)
    rows = await service.administrate("SELECT * FROM ledger_checkpoint ORDER BY size DESC LIMIT 1")
    assert service.rooms.open_for_data() is service.vault.walls
    await rewrite(service, "DELETE FROM ledger_checkpoint WHERE size = 32")
    with pytest.raises(Refused, match="ledger_disagrees"):
        await service.rounds.sequence()
    with pytest.raises(Refused, match="ledger_disagrees"):
        service.rooms.open_for_data()
    assert service.rooms.open_walls() is service.vault.walls
    await service.administrate("INSERT INTO ledger_checkpoint VALUES ($1, $2, $3)", *rows[0])
    await service.rounds.sequence()
    assert service.rooms.open_for_data() is service.vault.walls
    assert service.rooms.metrics.gauge("vault_ledger_disagrees").value == 0


@pytest.mark.parametrize(("spent_s", "pauses"), [(4.0, 6.0), (0.0, 10.0), (12.0, 0.0)])
async def test_batches_begin_at_the_interval_however_long_one_takes(
    service: Service, monkeypatch: pytest.MonkeyPatch, spent_s: float, pauses: float
) -> None:
    """The time between two checkpoints does not tell how many entries the first one took."""
    moments, asked = iter((100.0, 100.0 + spent_s)), []

    async def sleep(delay_s: float) -> None:
        asked.append(delay_s)
        raise asyncio.CancelledError

    monkeypatch.setattr(vault_rounds, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    monkeypatch.setattr(vault_rounds, "asyncio", SimpleNamespace(sleep=sleep))
    with pytest.raises(asyncio.CancelledError):
        await service.rounds.repeat("ledger", service.rounds.sequence, 10.0, keeps_pace=True)
    assert asked == [pauses]


async def test_a_recount_walks_in_steps_to_its_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk takes some leaves at a time, never less than all, and ends an earlier fault."""
    monkeypatch.setattr(audit_ledger, "STEP_LEAVES", 512)
    await grow(service, 1_000)
    walk = service.vault.walls.ledger.walk()
    ledger_of = service.vault.walls.ledger
    assert not await audit_ledger.step(service.pool, ledger_of, walk)
    assert await audit_ledger.step(service.pool, ledger_of, walk)
    service.rooms.ledger_trust.recount_fault = Refused("ledger_disagrees")
    await service.rounds._ledger.recount()
    with pytest.raises(Refused):
        service.rooms.open_for_data()
    await service.rounds._ledger.recount()
    assert service.rooms.open_for_data() is service.vault.walls
