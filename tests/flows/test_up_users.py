"""Started by root where everybody may enter, every role is a user of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import running

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.db, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]
PROBE = (
    # Another version could not load the compiled packages of ours.
    f"import sys; assert sys.version_info[:2] == {tuple(sys.version_info[:2])}\n"
    "from proxy.hosting import child, isolation\n"
    "raise SystemExit(isolation.closed_path(*isolation.code_paths()) is not None)"
)


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join((str(ROOT), sysconfig.get_path("purelib")))}


def _open_interpreter() -> str | None:
    """A Python all of whose code a foreign user may read: ours, or the system's."""
    for python in (sys.executable, "/usr/bin/python3"):
        if not Path(python).exists():
            continue
        done = subprocess.run(
            [python, "-c", PROBE],
            env={**os.environ, **_environment()},  # noqa: TID251 - handed on, not read
            capture_output=True,
            check=False,
            timeout=60,
        )
        if done.returncode == 0:
            return python
    return None


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A directory that everybody may enter, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="privacyproxy-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def _user(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Uid:")).split()[2])


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux")
def test_each_role_is_a_user_of_its_own(open_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vault's keys belong to the vault's user; no other role can enter their directory."""
    python = _open_interpreter()
    if python is None:
        pytest.skip("no Python here whose code other users may read")
    monkeypatch.setattr(sys, "executable", python)
    service = running.start(open_dir / "data", environment=_environment())
    monkeypatch.undo()  # commands run as ever
    try:
        users = {
            role: _user(pid)
            for role, pids in running.roles(service.process.pid).items()
            for pid in pids
        }
        assert users.keys() == {
            "vault",
            "api",
            "web",
            "worker",
            "relay",
            "escrow",
            "follower",
            "edge",
        }
        assert 0 not in users.values()
        assert users["follower"] == users["edge"]
        assert len(set(users.values())) == 7
        vault = service.key_dir / "vault"
        assert (vault.stat().st_uid, vault.stat().st_mode & 0o777) == (users["vault"], 0o700)
        assert {path.stat().st_uid for path in vault.rglob("*")} == {users["vault"]}
        for role, directory in (
            ("api", service.key_dir / "api"),
            ("escrow", service.key_dir / "escrow"),
            ("escrow", service.data_dir / "escrow"),
        ):
            found = directory.stat()
            assert (found.st_uid, found.st_mode & 0o777) == (users[role], 0o700)
        assert "one operating-system user" not in service.stderr.read_text()
        assert service.command("doctor", "--json").returncode == 0
    finally:
        assert service.stop() == 0


def test_one_user_is_told_plainly(tmp_path: Path) -> None:
    """Where users can not differ, standard error says what that means."""
    tmp_path.chmod(0o700)
    service = running.start(tmp_path / "data")
    try:
        assert "stop mistakes, not intruders" in service.stderr.read_text()
    finally:
        assert service.stop() == 0
