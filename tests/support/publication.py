"""A sequencer, a follower and writers for tests of publication; snapshot readers live apart.

LMDB refuses one file twice in one process, so a test looks at a snapshot through the writer that
its follower uses, or through `look`, a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from proxy.metrics import Registry
from proxy.services.follow import Follower
from proxy.services.publish import Sequencer
from proxy.store import pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from proxy.snapshot.writer import Writer
    from proxy.store.pool import Access, Connection
    from tests.support.database import Database

TENANT = UUID(int=7)
_LOOK = """
import json, sys
from pathlib import Path
from proxy.errors import Unavailable
from proxy.snapshot.reader import Snapshot
snapshot = Snapshot(Path(sys.argv[1]))
found = {}
for name in sys.argv[2:]:
    try:
        value = snapshot.get(name.encode())
        found[name] = None if value is None else value.decode()
    except Unavailable:
        found[name] = "unavailable"
print(json.dumps(found))
"""


class Clock:
    """The machine's time of day."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)  # noqa: TID251 - stands for run.process.SystemClock


def look(directory: Path, *names: str) -> dict[str, str | None]:
    """What an edge process of its own finds in the snapshot; "unavailable" without one."""
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, str(directory), *names],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


def held(writer: Writer) -> dict[str, str]:
    """Every name and value in the snapshot that `writer` has open."""
    generation = writer._open
    assert generation is not None
    with generation.environment.begin(generation._records) as reading:
        return {bytes(key).decode(): bytes(value).decode() for key, value in reading.cursor()}


async def publish(connection: Connection, values: Mapping[str, str | None]) -> None:
    """Write public records as services.register does: value new, position NULL."""
    await connection.executemany(
        "INSERT INTO published (domain, tenant_id, registration_id, value) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (domain) DO UPDATE SET value = excluded.value, pos = NULL",
        [
            (domain, TENANT, uuid4(), None if value is None else value.encode())
            for domain, value in values.items()
        ],
    )


async def truth(access: Access) -> dict[str, str]:
    """What the database says is published, once every row is stamped."""
    async with pool.connected(access) as connection, asyncio.timeout(30):
        while await connection.fetchval("SELECT count(*) FROM published WHERE pos IS NULL"):  # noqa: ASYNC110 - the state is in the database
            await asyncio.sleep(0)  # yields; ends with the state asked for
        rows = await connection.fetch("SELECT domain, value FROM published WHERE value IS NOT NULL")
    return {row["domain"]: row["value"].decode() for row in rows}


async def until_equal(writer: Writer, expected: Mapping[str, str]) -> None:
    """Returns when the snapshot holds exactly `expected`; fails after 30 s with the difference."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(30):
            while writer.position() is None or held(writer) != expected:  # noqa: ASYNC110 - the state is in a file
                await asyncio.sleep(0)  # yields; ends with the state asked for
            return
    assert held(writer) == expected


@contextlib.asynccontextmanager
async def running(*services: Sequencer | Follower) -> AsyncIterator[None]:
    """The services run for the length of the block, then stop."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for each in services:
            tasks.create_task(each.run(stopping))
        try:
            yield
        finally:
            stopping.set()


def sequencer(database: Database, metrics: Registry | None = None) -> Sequencer:
    """A sequencer with the worker's login."""
    access = database.access("worker")
    return Sequencer(access, Clock(), secrets.token_bytes, metrics or Registry())


def follower(database: Database, writer: Writer, metrics: Registry | None = None) -> Follower:
    """A follower with the edge's login."""
    return Follower(database.access("edge"), writer, metrics or Registry())
