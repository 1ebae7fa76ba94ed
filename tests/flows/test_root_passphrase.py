"""A whole service whose root key is wrapped: started, killed, restarted, changed and refused."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import canary, running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.running import Running

pytestmark = [pytest.mark.db, pytest.mark.xdist_group("passphrase"), pytest.mark.timeout(240)]

MARK = "quietly sailing zanzibar"
FIRST = f"{MARK} over eleven reefs"
SECOND = f"{MARK} past the ninth buoy"
PROMPT = re.compile(rb"(?:of the root key|The same again): ")
PROVIDER = {"PRIVACYPROXY_ROOT_PROVIDER": "passphrase"}
SEARCH = canary.Search((), cores=(MARK,))


def descriptor(phrase: str) -> int:
    """The reading end of a pipe that holds a phrase."""
    reading, writing = os.pipe()
    os.write(writing, phrase.encode() + b"\n")
    os.close(writing)
    return reading


def by_descriptor(data_dir: Path, phrase: str) -> Running:
    """A service that reads its phrase from an inherited descriptor."""
    reading = descriptor(phrase)
    try:
        given = {**PROVIDER, "PRIVACYPROXY_ROOT_PASSPHRASE_FD": str(reading)}
        return running.start(data_dir, environment=given, descriptors=(reading,))
    finally:
        os.close(reading)


def phrase_file(path: Path, phrase: str) -> dict[str, str]:
    """The settings of a service whose phrase lies in a file, which is made."""
    path.touch(0o600)
    path.write_text(phrase + "\n")
    return {**PROVIDER, "PRIVACYPROXY_ROOT_PASSPHRASE_FILE": str(path)}


def refused(service: Running, environment: Mapping[str, str]) -> str:
    """What `up` says on standard error when it ends with 1 before it is ready."""
    done = service.command("up", "--ports", "auto", environment=environment)
    assert done.returncode == 1
    assert done.stdout == ""
    others = ("All roles run as one", "postgres[", "{")  # what is no sentence about this start
    told = [line for line in done.stderr.splitlines() if not line.startswith(others)]
    assert len(told) == 1, done.stderr
    assert MARK not in done.stderr
    return told[0]


def enrolled(service: Running) -> tuple[str, str]:
    """A registrar's key and a name of theirs, published and adopted."""
    profile = Path(str(resources.files("proxy.demo").joinpath("profile.json")))
    _, key = service.add_registrar("Phrase Harbour", profile)
    body = {
        "domain": "wrapped.example",
        "mode": "proxy",
        "created_at": "2021-06-01T08:00:00Z",
        "contacts": {"registrant": {"name": "Somebody", "email": "s@example.org"}},
    }
    assert service.api("PUT", "/v1/registrations/wrapped.example", key, body).status == 201
    service.wait_published("wrapped.example")
    for _ in running.until(20):
        if service.api("GET", "/v1/registrations/wrapped.example/status", key).json["adopted"]:
            return key, "wrapped.example"
    pytest.fail("not adopted")


def kill_vault(service: Running) -> None:
    """Kill the vault by -9; returns once another one answers."""
    (before,) = running.roles(service.process.pid)["vault"]
    os.kill(before, signal.SIGKILL)
    for _ in running.until(60):
        with contextlib.suppress(OSError):
            pids = running.roles(service.process.pid).get("vault", [])
            is_ready = service.http("metrics", "GET", "/health/ready").status == 200
            if pids and before not in pids and is_ready:
                return
    pytest.fail("the vault did not come back")


def all_open(service: Running, environment: Mapping[str, str]) -> dict[str, str]:
    """What `doctor --everything` finds, all of it well."""
    done = service.command("doctor", "--json", "--everything", environment=environment)
    found = {one["check"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 0, [one for one in found.values() if not one["is_well"]]
    return {name: one["sentence"] for name, one in found.items()}


def seen_from_outside(service: Running) -> dict[str, bytes]:
    """What the system shows of every process, and every file of the service."""
    shown = {}
    pids = [service.process.pid]
    for pid in pids:  # grows: children of children as well
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                pids += [int(one) for one in (task / "children").read_text().split()]
            for name in ("environ", "cmdline"):
                shown[f"{pid} {name}"] = Path(f"/proc/{pid}/{name}").read_bytes()
    assert len(pids) > len(running.roles(service.process.pid))
    for place in (service.data_dir, service.key_dir):
        for path in place.rglob("*"):
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(FileNotFoundError):  # PostgreSQL's come and go
                    shown[str(path)] = path.read_bytes()
    shown["stderr"] = service.stderr.read_bytes()
    return shown


def test_a_wrapped_root_lives_through_deaths_changes_and_wrong_phrases(tmp_path: Path) -> None:
    """The vault comes back by itself, a wrong phrase changes nothing, and nothing shows one."""
    service = by_descriptor(tmp_path / "data", FIRST)
    try:
        enrolled(service)
        kill_vault(service)
        assert "not tried" in all_open(service, PROVIDER)["root key"]
        status = service.command("keys", "status", "--json")
        assert json.loads(status.stdout)["root_provider"] == "passphrase"
        assert "wrapped with a pass phrase" in service.command("keys", "status").stdout
        before = (service.key_dir / "vault" / "root.key").read_bytes()
        assert service.command("keys", "rotate", "--new-root").returncode == 0
        assert (service.key_dir / "vault" / "root.key").read_bytes() != before
        kill_vault(service)
        all_open(service, PROVIDER)
        assert SEARCH.scan_all(seen_from_outside(service)) == []
        running_still = service.command("keys", "rewrap", environment=PROVIDER)
        assert running_still.returncode == 1
        assert str(service.process.pid) in running_still.stderr
    finally:
        assert service.stop() == 0
    _refuse_what_is_wrong(service, tmp_path)
    _change_and_back(service, tmp_path)


def _refuse_what_is_wrong(service: Running, base: Path) -> None:
    """Every wrong way to start, each in one sentence; the right one is taken afterwards."""
    files = {path: path.read_bytes() for path in service.key_dir.rglob("*") if path.is_file()}
    wrong = phrase_file(base / "wrong", SECOND)
    assert "The pass phrase does not open" in refused(service, wrong)
    assert "nobody is there to type it" in refused(service, PROVIDER)
    assert "is wrapped with a pass phrase" in refused(service, {})
    file_only = {"PRIVACYPROXY_ROOT_PASSPHRASE_FILE": str(base / "right")}
    right = phrase_file(base / "right", FIRST)
    assert "is wrapped, but root_provider" in refused(service, file_only)
    (base / "right").chmod(0o644)
    assert "is open to others" in refused(service, right)
    (base / "right").chmod(0o600)
    gone = {**right, "PRIVACYPROXY_ROOT_PASSPHRASE_FILE": str(base / "gone")}
    assert "can not be read: No such file" in refused(service, gone)
    beside = {
        **PROVIDER, "PRIVACYPROXY_ROOT_PASSPHRASE_FILE": str(service.key_dir / "phrase"),
    }  # fmt: skip
    assert "protects nothing" in refused(service, beside)
    doctor = service.command("doctor", "--json", environment=wrong)
    found = {one["check"]: one for one in json.loads(doctor.stdout)}
    assert "does not open" in found["keys"]["sentence"]
    assert {path: path.read_bytes() for path in files} == files
    again = running.start(service.data_dir, environment=right)
    try:
        assert "of root_passphrase_file opens it" in all_open(again, right)["root key"]
    finally:
        assert again.stop() == 0


def _change_and_back(service: Running, base: Path) -> None:
    """Another phrase, then none, then one again: after each the records open."""
    right = phrase_file(base / "right", FIRST)
    new = phrase_file(base / "new", SECOND)
    root = service.key_dir / "vault" / "root.key"
    steps: tuple[tuple[Mapping[str, str], tuple[str, ...], Mapping[str, str], str], ...] = (
        (right, ("--new-passphrase-file", str(base / "new")), new, "argon2id"),
        ({**new, "PRIVACYPROXY_ROOT_PROVIDER": "file"}, (), {}, "privacyproxy-root-v1"),
        (new, (), new, "argon2id"),
    )
    for settings, words, afterwards, form in steps:
        done = service.command("keys", "rewrap", *words, environment=settings)
        assert done.returncode == 0, done.stderr
        assert form in root.read_text()
        again = running.start(service.data_dir, environment=afterwards)
        try:
            all_open(again, afterwards)
            kill_vault(again)
        finally:
            assert again.stop() == 0
    assert "does not open" in refused(service, right)
    assert service.command("keys", "rewrap", environment={}).returncode == 1
    assert SEARCH.scan_all({"stderr": service.stderr.read_bytes()}) == []


def typed(arguments: tuple[str, ...], answers: tuple[str, ...]) -> tuple[int, str]:
    """The exit code of a command on a terminal where `answers` are typed, and what it showed."""
    master, terminal = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [sys.executable, "-m", "proxy", *arguments],
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        env=running.handed_on(PROVIDER),
    ) as process:  # fmt: skip
        os.close(terminal)
        asked = 0
        with contextlib.suppress(OSError):  # the terminal's other end is closed
            while piece := os.read(master, 65_536):
                shown += piece
                # What is typed before a question is thrown away by it.
                if asked < min(len(PROMPT.findall(shown)), len(answers)):
                    os.write(master, answers[asked].encode() + b"\n")
                    asked += 1
                if b"ready {" in shown:
                    process.send_signal(signal.SIGTERM)
        process.wait(60)
    os.close(master)
    return process.returncode, shown.decode(errors="replace")


def test_a_terminal_is_asked_and_shows_nothing(tmp_path: Path) -> None:
    """A first start asks twice, later ones once; what is typed is not echoed."""
    flags = ("--data-dir", str(tmp_path / "data"), "--key-dir", str(tmp_path / "keys"))
    up = ("up", "--ports", "auto", *flags)
    code, shown = typed(up, (FIRST, SECOND))
    assert code == 1
    assert "They differ. Nothing was changed." in shown
    assert not (tmp_path / "keys" / "vault").exists()
    code, weak = typed(up, ("short", "short"))
    assert code == 1
    assert "has at least 20 characters" in weak
    code, first = typed(up, (FIRST, FIRST))
    assert code == 0, first
    code, later = typed(up, (FIRST,))
    assert code == 0, later
    code, wrong = typed(up, (SECOND,))
    assert code == 1
    assert "does not open" in wrong
    rewrap = ("keys", "rewrap", *flags)
    code, changed = typed(rewrap, (FIRST, SECOND, SECOND))
    assert code == 0, changed
    code, at_last = typed(up, (SECOND,))
    assert code == 0, at_last
    for text in (shown, weak, first, later, wrong, changed, at_last):
        assert MARK not in text
