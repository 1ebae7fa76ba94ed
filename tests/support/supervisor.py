"""A supervisor of an embedded PostgreSQL to be killed: a program, and the handle on it.

`python supervisor.py DIRECTORY [--no-namespaces]` prints the postmaster's process id once it is
ready, and supervises until its standard input ends.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.errors import ProxyError
from proxy.store import embedded, launch

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = Path(__file__)
ROOT = PROGRAM.parents[2]
PATIENCE_S = 30.0


def wait_until(is_true: Callable[[], bool]) -> None:
    """Returns once `is_true()`; fails after a time in which it must have come true."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def is_alive(process: int) -> bool:
    """Whether there is such a process; a zombie counts as gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def launched(*options: str, as_user: str | None = None) -> subprocess.Popen[str]:
    """A supervisor, just started. `as_user` names who it is: launcher options."""
    program = [sys.executable, str(PROGRAM), *options]
    if as_user is not None:
        program = [
            *(sys.executable, "-I", "-S", launch.__file__, str(os.getpid())),
            *(*as_user.split(), "--", *program),
        ]
    return subprocess.Popen(
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
    )


def ready_postmaster(supervisor: subprocess.Popen[str]) -> int:
    """The postmaster's process id, once it takes connections."""
    assert supervisor.stdout is not None
    line = supervisor.stdout.readline()
    assert line, "see the captured stderr"
    return int(line)


def end(supervisor: subprocess.Popen[str]) -> None:
    """End the supervisor as an operator would, and its server with it."""
    supervisor.communicate("")
    assert supervisor.returncode == 0, "see the captured stderr"


def kill(supervisor: subprocess.Popen[str]) -> None:
    """End the supervisor by kill -9 and reap it; its server is left to itself."""
    supervisor.kill()
    supervisor.wait()
    for pipe in (supervisor.stdin, supervisor.stdout):
        assert pipe is not None
        pipe.close()


def owner_of(process: int) -> int:
    """The numeric user whose process it is."""
    return Path(f"/proc/{process}").stat().st_uid


def capabilities(process: int) -> str:
    """The effective capabilities of a process, as the kernel prints them."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("CapEff:"))


def user_namespace(process: int | str) -> str:
    """The name of the user namespace a process lives in."""
    return str(Path(f"/proc/{process}/ns/user").readlink())


def internet_sockets(process: int) -> set[str]:
    """The inodes of TCP sockets that a process holds."""
    links = [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir()]
    assert any(link.startswith("socket:") for link in links)
    tables = "".join(Path(f"/proc/net/{kind}").read_text() for kind in ("tcp", "tcp6"))
    return {link[8:-1] for link in links if link.startswith("socket:[")} & set(tables.split())


def closed_to_others(path: Path) -> Path | None:
    """The first directory on the way to `path` that only some may enter."""
    steps = (step for step in [*reversed(path.parents), path] if not step.stat().st_mode & 0o001)
    return next(steps, None)


def owners(directory: Path) -> set[int]:
    """The users to whom the files below `directory` belong."""
    return {path.lstat().st_uid for path in directory.rglob("*")}


async def _supervise(directory: Path, *, namespaces: bool) -> None:
    cluster = embedded.Cluster(directory, namespaces=namespaces)
    cluster.prepare()
    postmaster = cluster.start()
    await cluster.wait_ready(postmaster)
    sys.stdout.write(f"{postmaster.pid}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    cluster.stop(postmaster)
    cluster.close()


if __name__ == "__main__":
    try:
        asyncio.run(_supervise(Path(sys.argv[1]), namespaces="--no-namespaces" not in sys.argv))
    except ProxyError as refusal:
        sys.exit(refusal.detail)
