"""`run ROLE`: each role under a supervisor of its own, on a PostgreSQL named by URL."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.store.logins import LoginRole
from tests.support import running
from tests.support.running import Running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.database import Database

pytestmark = [pytest.mark.db, pytest.mark.timeout(180)]


def _environment(database: Database, tmp_path: Path) -> dict[str, str]:
    """How an operator names a database: a URL, and one password file a login."""
    passwords = tmp_path / "passwords"
    passwords.mkdir()
    for role in LoginRole:
        (passwords / role.login).write_text(database.access(role).password)
    host = database.access(LoginRole.API).host
    return {
        **os.environ,  # noqa: TID251 - handed on to the program, not read
        "PRIVACYPROXY_DATABASE_URL": f"postgresql:///{database.name}?host={host}",
        "PRIVACYPROXY_DATABASE_PASSWORD_DIR": str(passwords),
        "PRIVACYPROXY_EDGE_WORKERS": "1",
        "PRIVACYPROXY_WHOIS_RATE_LIMIT": "off",
    }


def _start(role: str, data_dir: Path, environment: Mapping[str, str]) -> Running:
    """`privacyproxy run ROLE`, once it is ready."""
    log = data_dir.with_name(f"{role}.stderr")
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "proxy", "run", role, "--ports", "auto"),
                *("--data-dir", str(data_dir)),
            ],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
        )
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        assert selector.select(running.READY_S), log.read_text()
        line = process.stdout.readline().decode()
    assert line.startswith("ready "), log.read_text()
    return Running(
        process=process,
        data_dir=data_dir,
        key_dir=Path(f"{data_dir}.keys"),
        stderr=log,
        addresses=json.loads(line.removeprefix("ready ")),
        hints="",
    )


def _run(
    words: tuple[str, ...], data_dir: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "proxy", *words, "--data-dir", str(data_dir), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
    )


def test_roles_apart_serve_as_one(database: Database, tmp_path: Path) -> None:
    """Supervisors with one role each take a registration in and publish it at the edge."""
    data_dir, environment = tmp_path / "data", _environment(database, tmp_path)
    migrated = _run(("migrate",), data_dir, environment)
    assert (migrated.returncode, migrated.stderr) == (0, "")
    profile = Path(str(resources.files("proxy") / "demo" / "profile.json"))
    started: list[Running] = []
    try:
        started.extend(
            _start(role, data_dir, environment)
            for role in ("vault", "worker", "edge", "api", "escrow")
        )
        edge, api = started[2], started[3]
        assert edge.addresses.keys() == {"whois", "rdap", "metrics"}
        assert api.addresses.keys() == {"api", "metrics"}
        assert started[4].addresses.keys() == {"metrics"}
        assert set(running.roles(started[4].process.pid)) == {"escrow"}
        words = ("registrar", "add", "Example", "--iana-id", "9999", "--profile", str(profile))
        added = _run(words, data_dir, environment)
        assert added.returncode == 0, added.stderr
        key = json.loads(added.stdout)["api_key"]
        lines = (profile.parent / "registrations.ndjson").read_text("utf-8").splitlines()
        body = next(one for one in map(json.loads, lines) if one["domain"].isascii())
        reply = api.api("PUT", f"/v1/registrations/{body['domain']}", key, body)
        assert reply.status == 201, reply.body
        assert edge.wait_published(body["domain"])
        # The vault's socket stands in its own supervisor's directory, and is found all the same.
        assert api.http("api", "GET", "/v1/rosters").status == 200
        well = _run(("doctor",), data_dir, environment)
        faults = [one["sentence"] for one in json.loads(well.stdout) if not one["is_well"]]
        # The tests' own server gives durability up for speed, and doctor says so, once each.
        assert sorted(one.split()[0] for one in faults) == ["fsync", "synchronous_commit"]
    finally:
        for one in started:
            one.process.send_signal(signal.SIGTERM)
        codes = [one.stop() for one in started]
    assert codes == [0, 0, 0, 0, 0]


def test_a_role_alone_needs_a_database_url(tmp_path: Path) -> None:
    """`run ROLE` without a URL ends with 1 and names the setting."""
    done = _run(("run", "api", "--ports", "auto"), tmp_path / "data", {**os.environ})  # noqa: TID251 - handed on, not read
    assert done.returncode == 1
    assert "PRIVACYPROXY_DATABASE_URL" in done.stderr


def test_a_part_of_a_role_is_not_started_alone(tmp_path: Path) -> None:
    """The follower belongs to `run edge`: asking for it alone is refused with that."""
    done = _run(("run", "follower"), tmp_path / "data", {**os.environ})  # noqa: TID251 - handed on, not read
    assert done.returncode == 1
    assert "run edge" in done.stderr
