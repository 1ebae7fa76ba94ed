"""Who has the embedded cluster: the supervisor's hold, and what a killed one left running.

Two flock(2) files. `holder` is held by the supervisor: one at a time. `lock` is opened by the
supervisor and inherited by every process of the server, so it is free exactly when none of them
lives any more, whatever process ids say (they are reused, and differ between containers). Only
then a stale postmaster.pid may be removed and a new server started.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path

from proxy.errors import Conflict, Unavailable

POLL_S = 0.02
# A killed supervisor's server shuts down by itself; these only help one that hangs.
ASK_AFTER_S = 0.5
INSIST_AFTER_S = 5.0
KILL_AFTER_S = 9.0
GIVE_UP_AFTER_S = 13.0  # `up` has to be ready, or to say why not, within 15 s
_PID_LINE, _STATUS_LINE = 0, 7  # of postmaster.pid (miscadmin.h)


class Lock:
    """An exclusive flock on an open file; children that inherit the descriptor share it."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def fileno(self) -> int:
        """The open descriptor."""
        return self._descriptor

    def take(self) -> bool:
        """Whether the lock could be had at once. Raises Unavailable where flock does not work."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise Unavailable(
                "database_lock",
                f"The file system of the data directory can not lock files: {error.strerror}.",
            ) from None
        return True

    def release(self) -> None:
        """Close our descriptor; children that inherited it keep the lock."""
        os.close(self._descriptor)


def hold(path: Path) -> Lock:
    """The supervisor's hold on the directory; raises Conflict naming who has it."""
    lock = Lock(path)
    if not lock.take():
        holder = os.pread(lock.fileno(), 20, 0).decode("ascii", "replace").strip()
        lock.release()
        raise Conflict("database_held", f"The database is supervised by process {holder}.")
    os.ftruncate(lock.fileno(), 0)
    os.pwrite(lock.fileno(), f"{os.getpid()}\n".encode(), 0)
    return lock


class Settled:
    """A block in which no process of the cluster's server lives, but those started inside.

    Entering waits for leftovers, then helps them end; blocking. On leaving, our copy of the lock
    is closed and only the processes that inherited it hold it.
    """

    def __init__(self, lock: Path, cluster: Path) -> None:
        self._path = lock
        self._cluster = cluster
        self._lock: Lock | None = None

    def __enter__(self) -> Lock:
        lock = Lock(self._path)
        began = time.monotonic()
        steps = [
            (ASK_AFTER_S, signal.SIGINT),
            (INSIST_AFTER_S, signal.SIGQUIT),
            (KILL_AFTER_S, signal.SIGKILL),
        ]
        while not lock.take():
            waited_s = time.monotonic() - began
            if waited_s > GIVE_UP_AFTER_S:
                lock.release()
                raise Unavailable(
                    "database_leftover",
                    f"An earlier PostgreSQL on {self._cluster} does not end "
                    f"(processes {_processes(self._cluster)}).",
                )
            if steps and waited_s > steps[0][0]:
                _, number = steps.pop(0)
                _signal(self._cluster, number)
            time.sleep(POLL_S)
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        self._lock = lock
        return lock

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def status(cluster: Path) -> tuple[int, str]:
    """The postmaster's process id and state (`starting`, `ready`, `stopping`), or (0, "")."""
    try:
        lines = (cluster / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        return int(lines[_PID_LINE]), lines[_STATUS_LINE].strip()
    except (OSError, ValueError, IndexError):
        return 0, ""


def _signal(cluster: Path, number: signal.Signals) -> None:
    """Ask what is left on `cluster` to end.

    Children without a postmaster have nothing to finish: the next start recovers as after a
    crash, whatever they were doing.
    """
    postmaster, _ = status(cluster)
    found = _processes(cluster)
    if postmaster in found and number != signal.SIGKILL:
        found = (postmaster,)
    else:
        number = signal.SIGKILL
    for process in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)


def _processes(cluster: Path) -> tuple[int, ...]:
    """The processes of a server on `cluster`: they work inside it, or name it (macOS)."""
    proc = Path("/proc/self/cwd")
    if proc.exists():
        return tuple(sorted(_working_in(cluster)))
    postmaster, _ = status(cluster)
    if not postmaster:
        return ()
    shown = subprocess.run(  # noqa: S603 - a number and fixed words
        ["/bin/ps", "-o", "command=", "-p", str(postmaster)],
        capture_output=True,
        text=True,
        check=False,
    )
    return (postmaster,) if str(cluster) in shown.stdout else ()


def _working_in(cluster: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == cluster and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found
