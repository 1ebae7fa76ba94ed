"""kill -9 at random points of a running import: nothing acknowledged is lost, nothing doubled."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from proxy.store import embedded
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from tests.support import running, served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.db, pytest.mark.xdist_group("import_crash"), pytest.mark.timeout(300)]

LINES = 3_000
VICTIMS = ("run api", "bin/postgres")


def write_file(path: Path) -> tuple[str, ...]:
    """A file of LINES registrations under names of their own; the names."""
    samples = [json.loads(line) for line in served.SAMPLES.read_text().splitlines()]
    found = tuple(f"crash-{number}.example" for number in range(LINES))
    with path.open("w") as out:
        for number, name in enumerate(found):
            sample = {**samples[number % len(samples)], "domain": name}
            out.write(json.dumps(sample | {"registry_domain_id": f"D{number}-CRASH"}) + "\n")
    return found


def victim(service: running.Running, name: str) -> int | None:
    """The process id of a child of `up` now; None while it is being started."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, check=True)
    for line in listed.stdout.decode(errors="replace").splitlines()[1:]:
        pid, parent, arguments = line.split(None, 2)
        if int(parent) == service.process.pid and f"{name} " in arguments:
            return int(pid)
    return None


def rows(data_dir: Path, statement: str) -> list[Any]:
    """Rows as the operator's login sees them."""

    async def ask() -> list[Any]:
        access = embedded.access(data_dir / "postgres", LoginRole.OPERATOR)
        async with pools.connected(access) as connection:
            return await connection.fetch(statement)

    return asyncio.run(ask())


def acknowledged(service: running.Running) -> int:
    """How many lines the service has said are dealt with; 0 where it does not answer."""
    with contextlib.suppress(Exception):
        found = rows(service.data_dir, "SELECT done FROM operation")
        return int(found[0]["done"]) if found else 0
    return 0


def kill(service: running.Running, name: str) -> None:
    """Send kill -9 to a part of the service, once it runs."""
    for _ in running.until(60):
        pid = victim(service, name)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            return
    message = f"no {name} to kill"
    raise AssertionError(message)


def interrupt(service: running.Running, ended: threading.Thread) -> int:
    """Kills parts at random points while the import runs; how often that was."""
    kills = seen = done = 0
    for name in VICTIMS:
        target = seen + 50 + secrets.randbelow(LINES // 6)
        for _ in running.until(90):
            if (done := acknowledged(service)) >= target or not ended.is_alive():
                break
        if not ended.is_alive():
            break
        kill(service, name)
        kills += 1
        for _ in running.until(90):
            if seen := acknowledged(service):
                break
        assert seen >= done, "an acknowledged line was lost"
    return kills


def check_rows(service: running.Running, names: tuple[str, ...]) -> None:
    """Every name is enrolled once, with one revision and its two sealed records."""
    kept = rows(service.data_dir, "SELECT domain, revision, state FROM registration")
    assert sorted(row["domain"] for row in kept) == sorted(names)
    assert {(row["revision"], row["state"]) for row in kept} == {(1, "active")}
    counts = "SELECT registration_id, count(class) AS records FROM sealed_record GROUP BY 1"
    sealed = rows(service.data_dir, counts)
    assert len(sealed) == LINES
    assert {row["records"] for row in sealed} == {2}


def test_kill_9_during_an_import_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The import command goes on after each kill and ends with every line enrolled once."""
    file = tmp_path / "crash.ndjson"
    names = write_file(file)
    environment = {"PRIVACYPROXY_IMPORT_BATCH_ROWS": "50"}
    service = running.start(tmp_path / "data", environment=environment)
    try:
        profile = tmp_path / "profile.json"
        profile.write_text(json.dumps(served.PROFILE))
        tenant, _ = service.add_registrar("Crash Registrar", profile)
        command = subprocess.Popen(
            [
                *(sys.executable, "-m", "proxy", "import", str(file), "--registrar", tenant),
                *("--json", "--data-dir", str(service.data_dir)),
                *("--key-dir", str(service.key_dir)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        said: list[bytes] = []
        ended = threading.Thread(target=lambda: said.extend(command.communicate()))
        ended.start()
        kills = interrupt(service, ended)
        ended.join(200)
        assert kills, "the import ended before anything was killed"
        assert not ended.is_alive(), service.stderr.read_text()[-2000:]
        assert command.returncode == 0, said[1].decode() + service.stderr.read_text()[-2000:]
        operation = json.loads(said[0])
        assert (operation["done"], operation["failed"]) == (LINES, 0)
        assert operation["absent"] == 0
        check_rows(service, names)
        service.wait_published(names[-1])
    finally:
        service.stop()
