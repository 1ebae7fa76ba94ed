"""A follower tells a history that goes on from one that was set back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from proxy.metrics import Registry
from proxy.snapshot.writer import Writer
from proxy.store import embedded, pool
from tests.support.publication import (
    follower,
    look,
    publish,
    running,
    sequencer,
    truth,
    until_equal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database, Server

pytestmark = pytest.mark.db


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the snapshot is."""
    return tmp_path / "snapshot"


@pytest.fixture
def writer(directory: Path) -> Iterator[Writer]:
    """The writer of an empty snapshot directory."""
    made = Writer(directory)
    yield made
    made.close()


def rebuilds(metrics: Registry) -> int:
    """How often the follower rebuilt."""
    return metrics.counter("snapshot_rebuilds").value


async def put(database: Database, **values: str | None) -> None:
    """Publish names of one label under .example."""
    async with pool.connected(database.access("api")) as api:
        await publish(api, {f"{label}.example": value for label, value in values.items()})


async def test_a_restart_of_the_sequencer_is_no_reason_to_rebuild(
    database: Database, writer: Writer
) -> None:
    """A worker that starts anew begins an epoch; a follower of this history goes on."""
    metrics = Registry()
    for round_number in range(3):
        async with running(sequencer(database), follower(database, writer, metrics)):
            await put(database, a=str(round_number))
            await until_equal(writer, {"a.example": str(round_number)})
    assert rebuilds(metrics) == 1


async def test_a_restored_dump_makes_followers_rebuild(
    postgresql: Server, database: Database, empty_database: Database, writer: Writer
) -> None:
    """pg_dump, more changes, pg_restore elsewhere: the follower ends with the restored state."""
    metrics = Registry()
    async with running(sequencer(database), follower(database, writer, metrics)):
        await put(database, old="1", both="1")
        await until_equal(writer, {"old.example": "1", "both.example": "1"})
        copy_by_dump(database, empty_database)
        await put(database, new="1", both="2", old=None)
        await until_equal(writer, {"new.example": "1", "both.example": "2"})
    assert rebuilds(metrics) == 1
    async with running(sequencer(empty_database), follower(empty_database, writer, metrics)):
        await until_equal(writer, {"old.example": "1", "both.example": "1"})
        # Positions of both histories overlap now; the follower must still see each change.
        await put(empty_database, x="1", y="1", z="1", both="3")
        await until_equal(writer, await truth(empty_database.superuser()))
    # Once more than needed when it looks before the copy's sequencer has begun its epoch: then it
    # is ahead of an old epoch first, and meets another cluster after.
    there = rebuilds(metrics)
    assert there in {2, 3}
    async with running(sequencer(database), follower(database, writer, metrics)):
        await until_equal(writer, {"new.example": "1", "both.example": "2"})
    assert rebuilds(metrics) - there in {1, 2}


async def test_tables_set_back_under_a_running_sequencer_are_noticed(
    database: Database, writer: Writer
) -> None:
    """An older copy of the tables put into the live database ends the epoch; edges follow it."""
    metrics = Registry()
    async with (
        pool.connected(database.superuser()) as administrator,
        running(sequencer(database), follower(database, writer, metrics)),
    ):
        await put(database, a="1")
        await until_equal(writer, {"a.example": "1"})
        await administrator.execute(
            "CREATE TABLE kept AS TABLE published; CREATE TABLE kept_epoch AS TABLE journal_epoch"
        )
        await put(database, a="2", b="2", c="2")
        await until_equal(writer, {f"{label}.example": "2" for label in "abc"})
        await administrator.execute(
            "BEGIN; DELETE FROM published; DELETE FROM journal_epoch;"
            "INSERT INTO published TABLE kept; INSERT INTO journal_epoch TABLE kept_epoch; COMMIT"
        )
        await until_equal(writer, {"a.example": "1"})
    assert rebuilds(metrics) == 2


async def test_a_follower_killed_at_any_time_resumes(database: Database, directory: Path) -> None:
    """After kill -9 in mid-work the next one goes on from what was committed; no rebuild."""
    follow = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom proxy.metrics import Registry\n"
        "from proxy.services.follow import Follower\nfrom proxy.snapshot.writer import Writer\n"
        "from proxy.store.pool import Access\n"
        "host, port, user, password, database = sys.stdin.readline().split()\n"
        "access = Access(host=host, port=int(port), user=user, password=password,"
        " database=database)\n"
        "work = Follower(access, Writer(Path(sys.argv[1])), Registry())\n"
        "asyncio.run(work.run(asyncio.Event()))\n"
    )
    access = database.access("edge")
    login = f"{access.host} {access.port} {access.user} {access.password} {access.database}\n"
    async with running(sequencer(database)):
        await put(database, seed="0")
        for turn in range(3):
            child = subprocess.Popen(  # noqa: ASYNC220 - killed below, not waited for
                [sys.executable, "-c", follow, str(directory)],
                stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert child.stdin is not None
            child.stdin.write(login)
            child.stdin.flush()
            await put(database, **{f"n{number}": str(turn) for number in range(200)})
            async with asyncio.timeout(30):
                while look(directory, "n0.example")["n0.example"] != str(turn):
                    await put(database, **{f"m{turn}": str(turn)})
            child.kill()
            child.wait()
            child.stdin.close()
        again = Writer(directory)
        metrics = Registry()
        async with running(follower(database, again, metrics)):
            await until_equal(again, await truth(database.superuser()))
        again.close()
    assert rebuilds(metrics) == 0


async def test_edges_answer_while_the_database_is_away(
    postgresql: Server, directory: Path, writer: Writer
) -> None:
    """The database vanishes: the snapshot answers on, its age stands still; then it resumes."""
    made = postgresql.create()
    metrics = Registry()
    connected = metrics.gauge("follower_connected")
    async with running(sequencer(made), follower(made, writer, metrics)):
        await put(made, a="1")
        await until_equal(writer, {"a.example": "1"})
        postgresql.drop(made)
        async with asyncio.timeout(30):
            while connected.value:  # noqa: ASYNC110 - yields until the follower has noticed
                await asyncio.sleep(0)
        as_of = writer.as_of()
        found = await asyncio.to_thread(look, directory, "a.example", "b.example")
        assert found == {"a.example": "1", "b.example": None}
        assert writer.as_of() == as_of


async def test_followers_resume_after_their_session_is_ended(
    database: Database, writer: Writer
) -> None:
    """Every session is ended at once, as by a restart; both ends come back by themselves."""
    metrics = Registry()
    async with (
        pool.connected(database.superuser()) as administrator,
        running(sequencer(database), follower(database, writer, metrics)),
    ):
        for turn in range(3):
            await put(database, a=str(turn))
            await until_equal(writer, {"a.example": str(turn)})
            await administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    assert rebuilds(metrics) == 1


def copy_by_dump(source: Database, target: Database) -> None:
    """Restore a dump of `source` into the empty `target`."""
    dump = pg_tool("pg_dump", source, "--format=plain")
    pg_tool("psql", target, "--quiet", "--set=ON_ERROR_STOP=1", text=dump)


def pg_tool(program: str, database: Database, *options: str, text: str | None = None) -> str:
    """What a client program of PostgreSQL prints."""
    access = database.superuser()
    done = subprocess.run(
        [
            str(embedded.binaries() / program),
            *("-h", access.host, "-p", str(access.port), "-U", access.user, "-d", access.database),
            *options,
        ],
        input=text,
        env={"PGPASSWORD": access.password},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
