"""WHOIS: server CPU per query against nginx sending the same bytes, 1,000,000 names, random.

Flow: fill a snapshot, start nginx and our server in processes of their own, ask each from this
process with the same load (rounds of connections opened together, then read to their ends), and
divide the CPU time each server used by the queries it answered. nginx does not even read the query.
Our limit is switched on, at a height that nobody reaches, because it belongs to the work.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import platform
import random  # noqa: TID251 - which names are asked is no secret
import signal
import socket
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Final

import uvloop

from proxy.apps import whois
from proxy.apps.throttle import KEY_OCTETS, Table, Throttle
from proxy.apps.whois_answers import Responder
from proxy.apps.whois_waiting import Bounds
from proxy.metrics import Registry
from proxy.rules.throttling import Limit
from proxy.run.bench import floor, memory, names
from proxy.run.bench.result import Result
from proxy.services.look_up import LookUp
from proxy.snapshot.reader import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

TOGETHER: Final = 8  # connections of one round
ROUNDS: Final = 640  # of one measurement
MEASUREMENTS: Final = 7  # of each server, in turn; the medians count
GOAL: Final = "at most 1.6 x the floor"
_BOUNDS: Final = Bounds(connections=1_024, connections_per_client=1_024, read_timeout_s=10)
_NOBODY_REACHES: Final = Limit(count=1_000_000, period_s=1)


def measure(scratch: Path) -> Result:
    """Server CPU microseconds per query, ours and nginx's."""
    snapshot = scratch / "snapshot"
    names.fill(snapshot, count=names.COUNT, as_of=datetime.now(UTC))  # noqa: TID251 - a tool
    chosen = random.Random(1)  # noqa: S311 - the same names in every run
    ours: list[float] = []
    theirs: list[float] = []
    with _serving(scratch) as (port, pid):
        answer = _ask(port, [_query(chosen)])[0]
        with floor.stream(scratch / "nginx", answer) as (floor_port, floor_pid):
            for _ in range(MEASUREMENTS):
                theirs.append(_cost_us(floor_port, floor_pid, chosen, is_asking=False))
                ours.append(_cost_us(port, pid, chosen, is_asking=True))
        private = memory.private_octets(pid, beside=snapshot)
    result, bottom = median(ours), median(theirs)
    return Result(
        name="whois",
        floor=round(bottom, 1),
        result=round(result, 1),
        ratio=round(result / bottom, 2),
        goal=GOAL,
        unit="us of server CPU per query",
        details={
            "names": names.COUNT,
            "queries": MEASUREMENTS * ROUNDS * TOGETHER,
            "answer_octets": len(answer),
            "worker_private_mb": round(private / 1e6, 1),
            "python": platform.python_version(),
        },
    )


def _query(chosen: random.Random) -> bytes:
    return names.name(chosen.randrange(names.COUNT)) + b"\r\n"


def _cost_us(port: int, pid: int, chosen: random.Random, *, is_asking: bool) -> float:
    rounds = [[_query(chosen) for _ in range(TOGETHER)] for _ in range(ROUNDS)]
    before = floor.cpu_s(pid)
    for queries in rounds:
        answers = _ask(port, queries if is_asking else [b""] * TOGETHER)
        if not all(answers):
            raise RuntimeError  # a benchmark of lost answers would be worth nothing
    return (floor.cpu_s(pid) - before) / (ROUNDS * TOGETHER) * 1e6


def _ask(port: int, queries: list[bytes]) -> list[bytes]:
    """Open one connection per query, send them all, then read each to its end."""
    connections = []
    for query in queries:
        connection = socket.socket()
        connection.connect(("127.0.0.1", port))
        if query:
            connection.sendall(query)
        connections.append(connection)
    return [_read_all(connection) for connection in connections]


def _read_all(connection: socket.socket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@contextlib.contextmanager
def _serving(scratch: Path) -> Iterator[tuple[int, int]]:
    """Our server in a process of its own, as an edge worker runs it: its port and process id."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(scratch, theirs))
    process.start()
    try:
        yield ours.recv(), process.pid or 0
    finally:
        process.terminate()
        process.join()


def _serve(scratch: Path, pipe: Connection) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(scratch, pipe))


async def _run(scratch: Path, pipe: Connection) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    metrics = Registry()
    table = Table(scratch / "throttle", bytes(KEY_OCTETS))
    throttle = Throttle(table, "whois", _NOBODY_REACHES)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    look_up = LookUp(Snapshot(scratch / "snapshot"))
    server = whois.Server(
        listeners=[listener],
        responder=Responder(look_up, throttle, metrics, str),
        throttle=throttle,
        bounds=_BOUNDS,
        metrics=metrics,
    )
    server.start()
    pipe.send(listener.getsockname()[1])
    await stopping.wait()
    await server.stop(0)
