"""Publication: from the commit of a change to its being visible at an edge, at 200 writes/s.

A real PostgreSQL with fsync; sequencer and follower in processes of their own, as in service; this
process commits changes and polls the snapshot like an edge worker. Measured from the moment the
commit was answered to the moment a look-up gives the new value.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import secrets
import signal
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from msgspec import structs

from proxy.errors import Unavailable
from proxy.hosting.process import SystemClock
from proxy.metrics import Registry
from proxy.run.bench import names
from proxy.run.bench.result import Result
from proxy.services.follow import Follower
from proxy.services.publish import Sequencer
from proxy.snapshot.reader import Snapshot
from proxy.snapshot.writer import Writer
from proxy.store import embedded, migrate, pool
from proxy.store import published as journal
from proxy.store.logins import LoginRole
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

    from proxy.store.pool import Access

WRITES_S: Final = 200  # the goal's rate
SECONDS: Final = 15  # 3,000 changes: 30 of them beyond p99
WARM_UP: Final = 200  # changes not counted: caches, plans, first pages
NAMES: Final = 2_000  # so that some are written again while they travel
POLL_S: Final = 0.001
GOAL_MS: Final = 100
DEADLINE_S: Final = 40.0
_TENANT: Final = UUID(int=1)


def measure(scratch: Path) -> Result:
    """The p99 in milliseconds, with p50 and the worst."""
    cluster = embedded.Cluster(scratch / "postgresql")
    cluster.prepare()
    postmaster = cluster.start()
    spawn = multiprocessing.get_context("spawn")
    snapshot = scratch / "snapshot"
    children: list[multiprocessing.process.BaseProcess] = []
    try:
        asyncio.run(_prepare(cluster, cluster.wait_ready(postmaster)))
        children = [
            spawn.Process(target=_sequence, args=(cluster.access(LoginRole.WORKER),)),
            spawn.Process(target=_follow, args=(cluster.access(LoginRole.EDGE), snapshot)),
        ]
        for child in children:
            child.start()
        latencies_ms = sorted(asyncio.run(_drive(cluster.access(LoginRole.API), snapshot)))
    finally:
        for child in children:
            child.terminate()
            child.join()
        cluster.stop(postmaster)
        cluster.close()
    return Result(
        name="publication",
        floor=None,
        result=round(_part(latencies_ms, 0.99), 1),
        ratio=None,
        goal=f"p99 <= {GOAL_MS} ms at {WRITES_S} writes/s",
        unit="ms from commit to visible, p99",
        details={
            "changes": len(latencies_ms),
            "writes_per_second": WRITES_S,
            "p50_ms": round(_part(latencies_ms, 0.5), 1),
            "p90_ms": round(_part(latencies_ms, 0.9), 1),
            "max_ms": round(latencies_ms[-1], 1),
        },
    )


def _part(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


async def _prepare(cluster: embedded.Cluster, ready: Coroutine[object, object, None]) -> None:
    await ready
    await migrate.migrate(cluster.access(LoginRole.OWNER), now=SystemClock().now())


def _sequence(access: Access) -> None:
    async def serve() -> None:
        work = Sequencer(access, SystemClock(), secrets.token_bytes, Registry())
        await work.run(_stopping())

    asyncio.run(serve())


def _follow(access: Access, directory: Path) -> None:
    async def serve() -> None:
        writer = Writer(directory)
        await Follower(access, writer, Registry()).run(_stopping())
        writer.close()

    asyncio.run(serve())


def _stopping() -> asyncio.Event:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    return stopping


async def _drive(access: Access, directory: Path) -> list[float]:
    """Milliseconds of every counted change."""
    snapshot = Snapshot(directory)
    travelling: dict[bytes, deque[tuple[bytes, float]]] = {}
    latencies_ms: list[float] = []
    async with asyncio.timeout(DEADLINE_S), pool.connected(access) as connection:
        while not snapshot.is_ready:  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(POLL_S)
        writing = asyncio.create_task(_write(connection, travelling))
        while not writing.done() or travelling:
            _see(snapshot, travelling, latencies_ms)
            await asyncio.sleep(POLL_S)
        await writing
    snapshot.close()
    return latencies_ms[WARM_UP:]


async def _write(
    connection: pool.Connection, travelling: dict[bytes, deque[tuple[bytes, float]]]
) -> None:
    began = time.perf_counter()
    for number, (name, value) in enumerate(_changes()):
        await asyncio.sleep(max(0.0, began + number / WRITES_S - time.perf_counter()))
        await connection.execute(
            journal.QUERIES["put"], name.decode("ascii"), _TENANT, _TENANT, value
        )
        travelling.setdefault(name, deque()).append((value, time.perf_counter()))


def _changes() -> Iterator[tuple[bytes, bytes]]:
    for number in range(WARM_UP + WRITES_S * SECONDS):
        # Each change has a time of its own, so that it can be told from the one before.
        changed = datetime.fromtimestamp(1_700_000_000 + number, UTC)
        record = structs.replace(names.record(number % NAMES), updated_at=changed)
        yield names.name(number % NAMES), published.encode_record(record)


def _see(
    snapshot: Snapshot,
    travelling: dict[bytes, deque[tuple[bytes, float]]],
    latencies_ms: list[float],
) -> None:
    for name in tuple(travelling):
        try:
            value = snapshot.get(name)
        except Unavailable:
            return
        now = time.perf_counter()
        waiting = travelling[name]
        if any(value == expected for expected, _ in waiting):
            while waiting:  # a later value makes the earlier ones as good as seen
                expected, committed = waiting.popleft()
                latencies_ms.append((now - committed) * 1_000)
                if expected == value:
                    break
        if not waiting:
            del travelling[name]
