"""A PostgreSQL that is nobody's of ours: Debian's own, made and run for one test module."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.store import fitness, unprivileged
from tests.support.supervisor import wait_until

if TYPE_CHECKING:
    from proxy.store.unprivileged import Identity

ADMINISTRATOR = "administrator"


def oldest_installed() -> Path:
    """The programs of the oldest PostgreSQL that Debian has put on this machine."""
    found = [
        path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()
    ]
    usable = [path for path in found if int(path.parent.name) >= fitness.OLDEST_MAJOR]
    if not usable:
        pytest.skip("no PostgreSQL server (Debian: apt-get install postgresql)")
    return min(usable, key=lambda path: int(path.parent.name))


@dataclass(slots=True)
class Foreign:
    """A server as an installer leaves it: an administrator by Unix socket, no TLS, no logins."""

    folder: Path
    port: int = 0
    programs: Path = field(default_factory=oldest_installed)
    process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Its cluster and its port."""
        self._run("initdb", "-D", str(self.data), "-U", ADMINISTRATOR, "-A", "reject", "-N",
                  "-E", "UTF8", "--no-locale")  # fmt: skip
        (self.data / "pg_hba.conf").write_text(f"local all {ADMINISTRATOR} trust\n")
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        """What makes psql connect as its administrator."""
        return {
            "PGHOST": str(self.folder), "PGPORT": str(self.port), "PGUSER": ADMINISTRATOR,
            "PATH": os.defpath,
        }  # fmt: skip

    def start(self) -> None:
        """Returns once it answers."""
        options = {
            "listen_addresses": "127.0.0.1", "port": str(self.port),
            "unix_socket_directories": str(self.folder), "log_statement": "all",
        }  # fmt: skip
        words = (f"--{name}={value}" for name, value in options.items())
        program = (str(self.programs / "postgres"), "-D", str(self.data), *words)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                unprivileged.command(self._identity, program), stderr=log
            )
        status = self.data / "postmaster.pid"
        wait_until(lambda: status.exists() and "ready" in status.read_text())

    def stop(self) -> None:
        """Returns once it has ended, whoever is connected."""
        if self.process is None:
            return
        os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), signal.SIGINT)
        self.process.wait(30)
        self.process = None

    @property
    def _identity(self) -> Identity:
        return unprivileged.namespace() if os.geteuid() == 0 else unprivileged.SAME_USER

    def _run(self, name: str, *words: str) -> None:
        program = (str(self.programs / name), *words)
        subprocess.run(
            unprivileged.command(self._identity, program), check=True, stdout=subprocess.DEVNULL
        )
