"""What the journal promises: nothing lost, nothing stalled, and every history told apart."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from proxy.metrics import Registry
from proxy.snapshot.writer import Writer
from proxy.store import pool, published
from tests.support.publication import (
    TENANT,
    follower,
    held,
    publish,
    running,
    sequencer,
    truth,
    until_equal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database

pytestmark = pytest.mark.db

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ENTRY = UUID(int=1)
WRITERS = 20
ROUNDS = 25
NAMES_A_ROUND = 8


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """The writer of an empty snapshot directory."""
    made = Writer(tmp_path / "snapshot")
    yield made
    made.close()


async def test_racing_writers_lose_nothing(database: Database, writer: Writer) -> None:
    """20 writers, 4,000 changes of 400 names in transactions of all lengths: none is lost."""
    metrics = Registry()

    async def write(number: int) -> None:
        async with pool.connected(database.access("api")) as connection:
            for turn in range(ROUNDS):
                names = sorted(
                    (number * 7 + turn * 13 + n * 31) % 400 for n in range(NAMES_A_ROUND)
                )
                async with connection.transaction():
                    for name in names:
                        await publish(connection, {f"n{name:03d}.example": f"{number}.{turn}"})
                        await asyncio.sleep(0)

    async with running(sequencer(database), follower(database, writer, metrics)):
        await asyncio.gather(*(write(number) for number in range(WRITERS)))
        expected = await truth(database.superuser())
        assert len(expected) == 400
        await until_equal(writer, expected)
    assert metrics.counter("journal_rows_applied").value >= 400


async def test_a_writer_that_stays_open_stalls_nothing_and_loses_nothing(
    database: Database, writer: Writer
) -> None:
    """Changes committed beside an open transaction, even to its rows' tables, are published."""
    async with (
        pool.connected(database.access("api")) as slow,
        pool.connected(database.access("api")) as quick,
        running(sequencer(database), follower(database, writer)),
    ):
        await publish(quick, {"b-held.example": "before"})
        await until_equal(writer, {"b-held.example": "before"})
        transaction = slow.transaction()
        await transaction.start()
        await publish(slow, {"a-slow.example": "slow", "b-held.example": "slow"})
        for number in range(50):
            await publish(quick, {f"q{number:02d}.example": "quick"})
        quick_ones = {f"q{number:02d}.example": "quick" for number in range(50)}
        await until_equal(writer, quick_ones | {"b-held.example": "before"})
        await transaction.commit()
        late = {"a-slow.example": "slow", "b-held.example": "slow"}
        await until_equal(writer, quick_ones | late)


async def test_an_unstamped_row_that_is_held_waits_alone(database: Database) -> None:
    """A committed change whose row is locked again is skipped, and stamped after the lock."""
    async with (
        pool.connected(database.access("api")) as holder,
        published.leading(database.access("worker")) as lead,
    ):
        await publish(holder, {"held.example": "1", "other.example": "1"})
        assert await lead.take()
        await lead.begin_epoch(NOW, ENTRY)
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM published WHERE domain = 'held.example' FOR UPDATE")
            beside = await lead.stamp("", NOW, NOW)
        after = await lead.stamp("", NOW, NOW)
        again = await lead.stamp("", NOW, NOW)
    assert (beside, after, again) != (None, None, None)
    assert [step.names for step in (beside, after, again) if step is not None] == [1, 1, 0]


async def test_an_old_snapshot_transaction_stalls_nothing(
    database: Database, writer: Writer
) -> None:
    """While a dump reads one old moment for long, changes go on being published."""
    async with (
        pool.connected(database.superuser()) as dump,
        pool.connected(database.access("api")) as api,
        running(sequencer(database), follower(database, writer)),
    ):
        await publish(api, {"early.example": "1"})
        async with dump.transaction(isolation="repeatable_read", readonly=True):
            seen = await dump.fetchval("SELECT count(*) FROM published")
            await publish(api, {"late.example": "2", "early.example": "3"})
            await until_equal(writer, {"early.example": "3", "late.example": "2"})
            assert await dump.fetchval("SELECT count(*) FROM published") == seen


async def test_a_removed_name_disappears(database: Database, writer: Writer) -> None:
    """A name whose value becomes NULL is gone from the snapshot, others stay."""
    async with (
        pool.connected(database.access("api")) as api,
        running(sequencer(database), follower(database, writer)),
    ):
        await publish(api, {"stays.example": "1", "goes.example": "1"})
        await until_equal(writer, {"stays.example": "1", "goes.example": "1"})
        await publish(api, {"goes.example": None})
        await until_equal(writer, {"stays.example": "1"})


async def test_profiles_travel_before_the_names_that_need_them(
    database: Database, writer: Writer
) -> None:
    """A changed profile reaches the snapshot though its writer forgot the position."""
    async with (
        pool.connected(database.superuser()) as operator,
        pool.connected(database.access("api")) as api,
        running(sequencer(database), follower(database, writer)),
    ):
        await operator.execute(
            "INSERT INTO published_profile (tenant_id, id, revision, body) VALUES ($1, 'p', 1, $2)",
            TENANT,
            json.dumps({"a": 1}),
        )
        await publish(api, {"one.example": "1"})
        await until_equal(writer, {"one.example": "1"})
        first = generation(writer)
        await operator.execute("UPDATE published_profile SET revision = 2, body = '{\"a\": 2}'")
        await publish(api, {"two.example": "1"})
        await until_equal(writer, {"one.example": "1", "two.example": "1"})
        assert first != 0
        assert generation(writer) != first


async def test_pages_meet_without_a_gap(database: Database, writer: Writer) -> None:
    """More changes than a page holds, some overwritten while pages are read: all arrive."""
    many = {f"m{number:05d}.example": "1" for number in range(published.PAGE_ROWS * 2 + 17)}
    async with pool.connected(database.access("api")) as api:
        async with running(sequencer(database)):
            await publish(api, {"first.example": "1"})
            await truth(database.superuser())
        async with running(sequencer(database), follower(database, writer)):
            await until_equal(writer, {"first.example": "1"})
        async with running(sequencer(database)):
            await publish(api, many)
            await truth(database.superuser())
        async with running(sequencer(database), follower(database, writer)):
            await publish(api, dict.fromkeys(list(many)[::50], "2"))
            await until_equal(writer, await truth(database.superuser()))
        assert len(held(writer)) == len(many) + 1


async def test_a_second_sequencer_waits_and_takes_over(database: Database, writer: Writer) -> None:
    """Two workers: one leads; when its connection is cut the journal goes on, nothing lost."""
    metrics = Registry()
    async with (
        pool.connected(database.superuser()) as administrator,
        pool.connected(database.access("api")) as api,
        running(
            sequencer(database, metrics), sequencer(database, metrics), follower(database, writer)
        ),
    ):
        await publish(api, {"a.example": "1"})
        await until_equal(writer, {"a.example": "1"})
        assert metrics.counter("journal_epochs_begun").value == 1
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND objid = $1 AND granted",
            published.LEAD_KEY,
        )
        await publish(api, {"b.example": "1"})
        await until_equal(writer, {"a.example": "1", "b.example": "1"})
        assert metrics.counter("journal_epochs_begun").value >= 2


def generation(writer: Writer) -> int:
    """The number that stands for the snapshot's profiles."""
    assert writer._open is not None
    return writer._open.meta.profiles_generation
