"""Walls between processes that the operating system keeps: users, memory, death.

Must not change the machine: no accounts are made, numeric ids need none; only directories of our
own below the data and key directories change owner. Source: vault.md, Process isolation.
"""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import sys
from pathlib import Path

import proxy
from proxy.errors import Unavailable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_DUMPABLE = 4
_DIED_EARLY = 73
_ENTER = stat.S_IXOTH
_READ_AND_ENTER = stat.S_IROTH | stat.S_IXOTH


def closed_path(*paths: Path) -> Path | None:
    """The first directory on the way to any of `paths` that a foreign user may not enter."""
    for path in paths:
        resolved = path.resolve()
        for step in (*reversed(resolved.parents), resolved):
            try:
                mode = step.stat().st_mode
            except OSError:
                return step
            if not mode & _ENTER:
                return step
    return None


def code_paths() -> tuple[Path, ...]:
    """The directories whose code a role may still import after its user change."""
    found = (Path(proxy.__file__).parent, *(Path(entry) for entry in sys.path if entry))
    return tuple(dict.fromkeys(path for path in found if path.exists()))


def drop(user: int) -> None:
    """Become the numeric user and group `user`, without other groups, for good."""
    os.setgroups([])
    os.setresgid(user, user, user) if sys.platform == "linux" else os.setgid(user)
    os.setresuid(user, user, user) if sys.platform == "linux" else os.setuid(user)
    # A number has no name, and libraries that ask for one (asyncssh does) would fail.
    os.environ["LOGNAME"] = f"privacyproxy-{user}"  # noqa: TID251 - written, not read


def hide_memory() -> None:
    """Keep other processes of the same user from reading this one's memory (Linux).

    Also keeps core dumps from being written. Elsewhere nothing happens.
    """
    _prctl(_PR_SET_DUMPABLE, 0)


def die_with(parent: int) -> None:
    """Have the kernel end this process when `parent` dies (Linux); exits if it is dead already.

    To be called after any user change, which clears it, and only of processes that `parent`
    started from its main thread: the signal follows the thread. Other systems rely on the lifeline.
    """
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:
        sys.exit(_DIED_EARLY)


def hand_over(directory: Path, user: int | None, mode: int = 0o700) -> None:
    """Make `directory` where it is missing and give it, with all that is inside, to `user`.

    None leaves owners as they are. Links are not followed: a link's target is never touched.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=mode)
    if user is None:
        return
    directory.chmod(mode)
    # By descriptor, never by path: the role that owns the directory may exchange names in it
    # while root looks. What has a second name may be somebody else's file and is left alone.
    for _, folders, names, place in os.fwalk(directory):
        os.fchown(place, user, user)
        for name in (*folders, *names):
            _give(name, place, user)


def _give(name: str, place: int, user: int) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=place)
    except OSError:  # a link, a socket, or gone
        return
    try:
        found = os.fstat(descriptor)
        is_sole = stat.S_ISDIR(found.st_mode) or (
            stat.S_ISREG(found.st_mode) and found.st_nlink == 1
        )
        if is_sole and found.st_uid != user:
            os.fchown(descriptor, user, user)
    finally:
        os.close(descriptor)


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise Unavailable("prctl", "The system refuses prctl, which guards our processes.")
