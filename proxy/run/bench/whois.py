"""WHOIS: server CPU per query against nginx sending the same bytes, 1,000,000 names, random.

Flow: fill a snapshot, start nginx and our server in processes of their own, ask each in turn with
the same load, and divide the CPU time each server used by the queries it answered; medians count.
Two loads: one query at a time (the ratio: a quiet server, woken for each query), and rounds of
connections opened together (in the details: a busy one). Servers share one core and the load has
another, else the scheduler's mood decides. nginx does not read the query; it only gets it.
Our limit is switched on, at a height that nobody reaches, because it belongs to the work.
"""

from __future__ import annotations

import contextlib
import os
import platform
import random  # noqa: TID251 - which names are asked is no secret
import socket
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Final

from proxy.apps import whois
from proxy.apps.throttle import KEY_OCTETS, Table, Throttle
from proxy.apps.whois_answers import Responder
from proxy.apps.whois_waiting import Bounds
from proxy.errors import Unavailable
from proxy.metrics import Registry
from proxy.rules.throttling import Limit
from proxy.run.bench import floor, memory, names, serving
from proxy.run.bench.result import Result
from proxy.run.bench.serving import Served
from proxy.services.look_up import LookUp
from proxy.snapshot.reader import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

QUERIES: Final = 2_048  # of one measurement
BUSY: Final = 32  # connections opened together
MEASUREMENTS: Final = 9  # of each server and load, in turn
GOAL: Final = "at most 1.6 x the floor"
_BOUNDS: Final = Bounds(connections=1_024, connections_per_client=1_024, read_timeout_s=10)
_NOBODY_REACHES: Final = Limit(count=1_000_000, period_s=1)


def measure(scratch: Path) -> Result:
    """Server CPU microseconds per query, ours and nginx's."""
    snapshot = scratch / "snapshot"
    names.fill(snapshot, count=names.COUNT, as_of=datetime.now(UTC))  # noqa: TID251 - a tool
    chosen = random.Random(1)  # noqa: S311 - the same names in every run
    quiet: list[tuple[float, float]] = []
    busy: list[tuple[float, float]] = []
    with serving.serving(_start, scratch) as (port, pid):
        answer = _ask(port, [_query(chosen)])[0]
        with floor.stream(scratch / "nginx", answer) as (floor_port, floor_pid):
            _part_cores(pid, floor_pid)
            for _ in range(MEASUREMENTS):
                for together, costs in ((1, quiet), (BUSY, busy)):
                    theirs = _cost_us(floor_port, floor_pid, chosen, len(answer), together)
                    ours = _cost_us(port, pid, chosen, 1, together)
                    costs.append((theirs, ours))
        private = memory.private_octets(pid, beside=snapshot)
    bottom, result = (median(part) for part in zip(*quiet, strict=True))
    busy_bottom, busy_result = (median(part) for part in zip(*busy, strict=True))
    return Result(
        name="whois",
        floor=round(bottom, 1),
        result=round(result, 1),
        ratio=round(result / bottom, 2),
        goal=GOAL,
        unit="us of server CPU per query",
        details={
            "busy_floor": round(busy_bottom, 1),
            "busy_result": round(busy_result, 1),
            "busy_ratio": round(busy_result / busy_bottom, 2),
            "names": names.COUNT,
            "queries": 2 * MEASUREMENTS * QUERIES,
            "answer_octets": len(answer),
            "worker_private_mb": round(private / 1e6, 1),
            "python": platform.python_version(),
        },
    )


def _query(chosen: random.Random) -> bytes:
    return names.name(chosen.randrange(names.COUNT)) + b"\r\n"


def _part_cores(*servers: int) -> None:
    """One core for the servers, which take turns, another for this process."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[1:])
        for pid in servers:
            os.sched_setaffinity(pid, cores[:1])


def _cost_us(port: int, pid: int, chosen: random.Random, octets: int, together: int) -> float:
    """CPU microseconds of process `pid` per query; every answer must have `octets` at least."""
    rounds = [[_query(chosen) for _ in range(together)] for _ in range(QUERIES // together)]
    before = floor.cpu_s(pid)
    for queries in rounds:
        for answer in _ask(port, queries):
            if len(answer) < octets:
                raise Unavailable("bench", "A benchmark of lost answers would be worth nothing.")
    return (floor.cpu_s(pid) - before) / QUERIES * 1e6


def _ask(port: int, queries: list[bytes]) -> list[bytes]:
    """Open one connection per query, send them all, then read each to its end."""
    connections = []
    for query in queries:
        connection = socket.socket()
        connection.connect(("127.0.0.1", port))
        with contextlib.suppress(OSError):  # nginx may have closed already
            connection.sendall(query)
        connections.append(connection)
    return [_read_all(connection) for connection in connections]


def _read_all(connection: socket.socket) -> bytes:
    pieces = []
    with connection, contextlib.suppress(ConnectionError):  # nginx closes without reading: RST
        while piece := connection.recv(65_536):
            pieces.append(piece)
    return b"".join(pieces)


async def _start(scratch: Path) -> Served:
    metrics = Registry()
    table = Table(scratch / "throttle", bytes(KEY_OCTETS))
    throttle = Throttle(table, "whois", _NOBODY_REACHES)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    look_up = LookUp(Snapshot(scratch / "snapshot"))
    serving.touch(look_up)
    server = whois.Server(
        listeners=[listener],
        responder=Responder(look_up, throttle, metrics, str),
        throttle=throttle,
        bounds=_BOUNDS,
        metrics=metrics,
    )
    server.start()
    return Served(port=listener.getsockname()[1], stop=lambda: server.stop(0))
