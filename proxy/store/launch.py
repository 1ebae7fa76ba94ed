"""Starts PostgreSQL as somebody it accepts, tied to the life of its parent. A program of its own.

`python -I -S launch.py PARENT_PID [--namespace ID | --user UID:GID] [--lifeline FD]
[--reach PATH]... -- PROGRAM ARGUMENT...` becomes PROGRAM (same process id) after:

* the user change: PostgreSQL refuses to run as root. `--namespace` puts the process into a user
  namespace where root is called ID and has no capability outside: files stay root's, nothing on
  the machine is changed (user_namespaces(7)). `--user` is a plain change of user;
* `--reach`: the first directory on the way to PATH that this user may not enter is printed, and
  the exit code is 72; a namespace that the system refuses is exit code 71;
* the tie: on Linux the kernel sends SIGINT (fast shutdown) when the parent thread dies
  (prctl(2), set after the user change, which would clear it). Elsewhere `--lifeline` names a pipe
  whose other end only the parent holds, and a small watcher does the same.

Standard library only, one thread: unshare(2) refuses a process that has more. os.unshare exists
only from Python 3.12, hence ctypes.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import select
import signal
import sys

NAMESPACE_REFUSED = 71
OUT_OF_REACH = 72
NOT_STARTED = 73
_CLONE_NEWUSER = 0x10000000  # linux/sched.h
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_WATCH_S = 1.0  # how often the watcher looks whether PostgreSQL is gone


def main() -> None:
    """Becomes the program, or exits with one of the codes above and a sentence on stderr."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parent", type=int)
    parser.add_argument("--namespace", type=int)
    parser.add_argument("--user")
    parser.add_argument("--lifeline", type=int)
    parser.add_argument("--reach", action="append", default=[])
    parser.add_argument("program", nargs="+")
    given = parser.parse_args()
    if given.namespace is not None:
        _enter_namespace(given.namespace)
    elif given.user:
        _become(given.user)
    for path in given.reach:
        _check_reach(path)
    if sys.platform == "linux":
        _die_with_parent()
    if given.lifeline is not None:
        _watch(given.lifeline)
    if os.getppid() != given.parent:  # it died before the tie was made
        _fail(NOT_STARTED, "the parent is gone")
    try:
        os.execv(given.program[0], given.program)  # noqa: S606 - no shell is meant
    except OSError as error:
        _fail(NOT_STARTED, f"{given.program[0]}: {error.strerror}")


def _enter_namespace(identity: int) -> None:
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare") or libc.unshare(_CLONE_NEWUSER) != 0:
        _fail(NAMESPACE_REFUSED, "user namespaces are refused")
    try:
        for file, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{identity} {user} 1"),
            ("gid_map", f"{identity} {group} 1"),
        ):
            with open(f"/proc/self/{file}", "w", encoding="ascii") as entry:  # noqa: PTH123 - startup time
                entry.write(text)
    except OSError:
        _fail(NAMESPACE_REFUSED, "user namespaces are refused")


def _become(user: str) -> None:
    uid, gid = map(int, user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _check_reach(path: str) -> None:
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        step = "/".join(parts[:end]) or "/"
        if not os.access(step, os.X_OK):
            _fail(OUT_OF_REACH, step)


def _die_with_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0) != 0:
        _fail(NOT_STARTED, "prctl is refused")


def _watch(lifeline: int) -> None:
    postmaster = os.getpid()
    if os.fork():
        os.close(lifeline)
        return
    os.closerange(3, lifeline)  # above all the lock, which must end with PostgreSQL
    os.closerange(lifeline + 1, lifeline + 256)
    while os.getppid() == postmaster:
        readable, _, _ = select.select([lifeline], [], [], _WATCH_S)
        if readable:  # end of file: nobody holds the other end any more
            os.kill(postmaster, signal.SIGINT)
            break
    os._exit(0)


def _fail(code: int, sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    raise SystemExit(code)


if __name__ == "__main__":
    main()
