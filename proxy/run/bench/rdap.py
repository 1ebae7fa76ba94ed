"""RDAP: requests a second on one worker against nginx returning the same bytes, 1,000,000 names.

Flow: fill a snapshot, start our server and nginx in processes of their own, and load each in turn
with wrk over kept connections: domain look-ups of random names for us, the same requests for nginx,
which answers a constant. Server CPU time per request is told beside the rate, because the rate
also depends on how much of the machine wrk itself takes. Our limit is switched on, at a height
that nobody reaches, because it belongs to the work. Needs wrk and nginx (Debian packages).
"""

from __future__ import annotations

import dataclasses
import os
import platform
import re
import shutil
import socket
import subprocess
import urllib.request
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Final

import lmdb

from proxy.apps.rdap import Bounds, RdapServer
from proxy.apps.throttle import KEY_OCTETS, Table, Throttle
from proxy.errors import Unavailable
from proxy.hosting.process import SystemClock
from proxy.metrics import Registry
from proxy.model.identifiers import Role
from proxy.rules.throttling import Limit
from proxy.run.bench import floor, memory, names, serving
from proxy.run.bench.result import Result
from proxy.run.bench.serving import Served
from proxy.services.look_up import LookUp
from proxy.snapshot import layout
from proxy.snapshot.reader import Snapshot
from proxy.wire import published

if TYPE_CHECKING:
    from pathlib import Path

GOAL: Final = "at least 0.6 x the floor"
CONNECTIONS: Final = 16
SECONDS: Final = 3  # of one measurement
MEASUREMENTS: Final = 5  # of each server, in turn; the medians count
_BOUNDS: Final = Bounds(
    connections=1_024, connections_per_client=1_024, read_timeout_s=10, idle_timeout_s=60
)
_NOBODY_REACHES: Final = Limit(count=1_000_000, period_s=1)
_COUNTED: Final = re.compile(r"([0-9]+) requests in ([0-9.]+)(ms|s|m)")
_NO_ANSWER: Final = re.compile(r"Socket errors|Non-2xx")
# As many octets; nginx's configuration can not hold dollar signs, nor this many quoted quotes.
_FOR_NGINX: Final = bytes.maketrans(b'"$', b"'S")
_SCRIPT: Final = """\
math.randomseed({seed})
function request()
  return wrk.format("GET", string.format("/domain/name-%07d.example", math.random(0, {last})))
end
"""


def measure(scratch: Path) -> Result:
    """Requests a second on one worker, ours and nginx's."""
    program = shutil.which("wrk")
    if program is None:
        raise Unavailable("wrk", "The load needs wrk (Debian: wrk).")
    snapshot = scratch / "snapshot"
    names.fill(snapshot, count=names.COUNT, as_of=datetime.now(UTC))  # noqa: TID251 - a tool
    _publish_registrant_only(snapshot)
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    with serving.serving(_start, scratch) as (port, pid):
        answer = _fetch(port)
        with floor.http(scratch / "nginx", answer.translate(_FOR_NGINX)) as (floor_port, floor_pid):
            for seed in range(MEASUREMENTS):
                script = scratch / "names.lua"
                script.write_text(_SCRIPT.format(seed=seed, last=names.COUNT - 1), "utf-8")
                theirs.append(_load(program, script, floor_port, floor_pid))
                ours.append(_load(program, script, port, pid))
        private = memory.private_octets(pid, beside=snapshot)
    rate, bottom = median(each[0] for each in ours), median(each[0] for each in theirs)
    return Result(
        name="rdap",
        floor=round(bottom),
        result=round(rate),
        ratio=round(rate / bottom, 2),
        goal=GOAL,
        unit="requests/s on one worker",
        details={
            "names": names.COUNT,
            "connections": CONNECTIONS,
            "body_octets": len(answer),
            "server_cpu_us": round(median(each[1] for each in ours), 1),
            "floor_cpu_us": round(median(each[1] for each in theirs), 1),
            "worker_private_mb": round(private / 1e6, 1),
            "python": platform.python_version(),
            "cpus": os.cpu_count() or 0,
        },
    )


def _publish_registrant_only(snapshot: Path) -> None:
    """As most profiles do; nginx's configuration also holds no constant over 4 kB."""
    made = dataclasses.replace(names.profile(), published_roles=(Role.REGISTRANT,))
    environment = lmdb.open(
        str(snapshot / layout.CURRENT), map_size=layout.MAP_OCTETS, max_dbs=layout.DATABASES
    )
    profiles = environment.open_db(layout.PROFILES)
    with environment.begin(write=True) as writing:
        key = layout.profile_key(made.tenant_id, made.id)
        writing.put(key, published.encode_profile(made), db=profiles)
    environment.close()


def _load(program: str, script: Path, port: int, pid: int) -> tuple[float, float]:
    """Requests a second, and microseconds of server CPU per request."""
    before = floor.cpu_s(pid)
    done = subprocess.run(  # noqa: S603 - our own arguments
        [program, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script),
         f"http://127.0.0.1:{port}"],
        check=True, capture_output=True, encoding="utf-8", timeout=SECONDS + 30,
    )  # fmt: skip
    used_s = floor.cpu_s(pid) - before
    counted = _COUNTED.search(done.stdout)
    if counted is None or _NO_ANSWER.search(done.stdout) is not None:
        raise RuntimeError  # a benchmark of lost or refused requests would be worth nothing
    requests = int(counted[1])
    unit_s = {"ms": 0.001, "s": 1, "m": 60}[counted[3]]
    return requests / (float(counted[2]) * unit_s), used_s / requests * 1e6


def _fetch(port: int) -> bytes:
    url = f"http://127.0.0.1:{port}/domain/{names.name(0).decode()}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
    return body


async def _start(scratch: Path) -> Served:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    table = Table(scratch / "throttle", bytes(KEY_OCTETS))
    look_up = LookUp(Snapshot(scratch / "snapshot"))
    serving.touch(look_up)
    server = RdapServer(
        finder=look_up,
        throttle=Throttle(table, "rdap", _NOBODY_REACHES),
        bounds=_BOUNDS,
        metrics=Registry(),
        clock=SystemClock(),
        new_reference=str,
        base_url="http://127.0.0.1/",
    )
    await server.start([listener])
    return Served(port=listener.getsockname()[1], stop=lambda: server.drain(0))
