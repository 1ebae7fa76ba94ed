"""A whole service is started, killed in every place, and found again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import running
from tests.support.supervisor import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.running import Running

pytestmark = [pytest.mark.db, pytest.mark.xdist_group("up"), pytest.mark.timeout(180)]

RECOVERY_S = 60  # patience; the contract's 15 s are for a machine of one's own
ROLES = ("vault", "api", "web", "worker", "relay", "escrow", "follower", "edge")


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for the tests after which it still runs."""
    base = tmp_path_factory.mktemp("lasting")
    found = running.start(base / "data")
    yield found
    assert found.stop() == 0
    _wait_gone(base)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    """A fresh service; what is left of it is stopped."""
    found = running.start(tmp_path / "data")
    yield found
    found.stop()
    _wait_gone(tmp_path)


def _children(tmp_path: Path) -> dict[int, str]:
    """Every living process that was started for this directory, by process id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and is_alive(int(entry.name)):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                opened = [str(link.readlink()) for link in (entry / "fd").iterdir()]
            except OSError:
                continue
            if any(name.startswith(str(tmp_path)) for name in opened):
                found[int(entry.name)] = b" ".join(words).decode()
    return found


def _wait_gone(tmp_path: Path) -> None:
    for _ in running.until(RECOVERY_S):
        if not _children(tmp_path):
            return
    pytest.fail(f"left over: {_children(tmp_path)}")


def _pid(service: Running, role: str) -> int:
    if role == "postgres":
        facts = service.data_dir / "postgres" / "cluster" / "postmaster.pid"
        return int(facts.read_text().splitlines()[0])
    return min(running.roles(service.process.pid).get(role, ()))


def _health(service: Running) -> dict[str, str]:
    reply = service.http("metrics", "GET", "/health/ready")
    assert (reply.status == 200) == reply.json["ready"]
    roles: dict[str, str] = reply.json["roles"]
    return roles


def _wait(is_true: Callable[[], bool], seconds: float = RECOVERY_S) -> None:
    for _ in running.until(seconds):
        if is_true():
            return
    pytest.fail("it did not come true")


def _is_well(service: Running) -> bool:
    return set(_health(service).values()) == {"ready"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_life_is_one_ready_line_and_ends_with_0(
    service: Running, tmp_path: Path, number: signal.Signals
) -> None:
    """Standard output is the ready line alone; a signal ends all in ten seconds and tidies up."""
    assert set(service.addresses) == {"whois", "rdap", "api", "web", "smtp", "metrics"}
    assert service.hints == ""
    assert _is_well(service)
    assert service.http("metrics", "GET", "/health/live").status == 200
    assert service.whois(b"help")
    assert service.http("rdap", "GET", "/help").status == 200
    run_dir = Path(json.loads((service.data_dir / "running.json").read_text())["run_dir"])
    assert run_dir.is_dir()
    service.process.send_signal(number)
    for _ in running.until(RECOVERY_S):  # whoever is impatient sends it again
        service.process.send_signal(number)
        if service.process.poll() is not None:
            break
    assert service.process.stdout is not None
    assert service.process.stdout.read() == b""
    assert service.process.wait(10) == 0
    assert _children(tmp_path) == {}
    assert not run_dir.exists()
    assert not (service.data_dir / "running.json").exists()


def test_a_second_up_names_the_holder(lasting: Running) -> None:
    """A second start on the same directory ends with 1 and the first one's process id."""
    second = lasting.command("up", "--ports", "auto")
    assert second.returncode == 1
    assert str(lasting.process.pid) in second.stderr
    assert second.stdout == ""
    assert _is_well(lasting)


def test_every_killed_process_comes_back(lasting: Running) -> None:
    """A kill -9 of each role and of PostgreSQL is mended within fifteen seconds."""
    for role in (*ROLES, "postgres"):
        before = _pid(lasting, role)
        os.kill(before, signal.SIGKILL)

        def is_back(role: str = role, before: int = before) -> bool:
            try:
                return _pid(lasting, role) != before and _is_well(lasting)
            except (ValueError, OSError, IndexError):
                return False

        _wait(is_back)
    assert lasting.whois(b"help")


def test_totals_outlive_a_worker(lasting: Running) -> None:
    """What a worker counted before it was killed stays in the sums."""

    def restarts_counted() -> float:
        text = lasting.http("metrics", "GET", "/metrics").body.decode()
        lines = [line for line in text.splitlines() if line.startswith("privacyproxy_whois_")]
        return sum(float(line.rpartition(" ")[2]) for line in lines if "_total{" in line)

    for _ in range(3):
        lasting.whois(b"help")
    _wait(lambda: restarts_counted() >= 3)
    before, pid = restarts_counted(), _pid(lasting, "edge")
    os.kill(pid, signal.SIGKILL)
    _wait(lambda: not is_alive(pid) and _is_well(lasting))
    assert restarts_counted() >= before


def test_a_killed_supervisor_leaves_nothing_behind(service: Running, tmp_path: Path) -> None:
    """After kill -9 of `up`, and then of every process, the next start finds no leftovers."""
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait()
    second = running.start(service.data_dir)
    try:
        assert _is_well(second)
        processes = _children(tmp_path)
        parents = {_parent(pid) for pid, words in processes.items() if " --boot " in words}
        assert parents == {second.process.pid}
        for pid in {second.process.pid, *processes}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    finally:
        second.stop()
    third = running.start(service.data_dir)
    try:
        assert _is_well(third)
    finally:
        assert third.stop() == 0


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_five_deaths_in_a_minute_end_the_service(service: Running, tmp_path: Path) -> None:
    """A role that keeps dying ends `up` with 1 and a sentence on standard error."""
    killed: set[int] = set()

    def kill_another() -> bool:
        if service.process.poll() is not None:
            return True
        processes = _children(service.data_dir)
        for pid in {p for p, words in processes.items() if "run worker" in words} - killed:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        return False

    _wait(kill_another, 60)
    assert service.process.wait() == 1
    assert len(killed) == 5
    assert "worker died 5 times within a minute" in service.stderr.read_text()
    assert _children(tmp_path) == {}


def test_a_port_in_use_is_told_with_advice(lasting: Running, tmp_path: Path) -> None:
    """A start on a taken port ends with 1 and says which setting to change."""
    done = subprocess.run(
        [sys.executable, "-m", "proxy", "up", "--data-dir", str(tmp_path / "other")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={
            **os.environ,  # noqa: TID251 - handed on to the program, not read
            "PRIVACYPROXY_WHOIS_LISTEN": lasting.addresses["whois"],
            # The others must be free, whatever else runs on this machine.
            "PRIVACYPROXY_RDAP_LISTEN": "127.0.0.1:0",
            "PRIVACYPROXY_API_LISTEN": "127.0.0.1:0",
            "PRIVACYPROXY_METRICS_LISTEN": "127.0.0.1:0",
        },
    )
    assert done.returncode == 1
    assert "whois_listen" in done.stderr
    assert done.stdout == ""


def test_a_demo_refuses_a_foreign_directory(tmp_path: Path) -> None:
    """--demo on a directory that holds something else ends with 1 and touches nothing."""
    (tmp_path / "letter").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "proxy", "up", "--demo", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


def test_everything_written_lies_in_the_two_directories(lasting: Running) -> None:
    """Besides sockets and our own log, the service writes below the data and key directories."""
    assert {path.name for path in lasting.data_dir.parent.iterdir()} == {
        "data",
        "data.keys",
        "data.stderr",
    }
    run_dir = Path(json.loads((lasting.data_dir / "running.json").read_text())["run_dir"])
    assert all(path.is_socket() for path in run_dir.iterdir())
