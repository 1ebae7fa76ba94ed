"""The data directory as a place: who holds it, what runs in it, whether it is a demo's.

Two flock(2) files. `up.lock` is held by the supervisor alone and holds its process id: a second
`up` reads it and gives up. `processes.lock` is inherited by every process the supervisor starts,
so it is free exactly when none of a killed supervisor's processes lives any more, whatever
process ids say.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from proxy.errors import Conflict, Refused, Unavailable

LEFTOVERS_WAIT_S = 10.0  # orphans end themselves within 4 s (hosting.child)
POLL_S = 0.05
DEMO_NAME = "demo.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The right to run in a data directory, kept while its two descriptors are open."""

    own: int
    inherited: int


def prepare(path: Path, mode: int) -> None:
    """Make `path` where it is missing, with `mode`; raises Unavailable with the reason."""
    try:
        made = not path.exists()
        path.mkdir(parents=True, exist_ok=True)
        if made:
            path.chmod(mode)
    except OSError as error:
        raise Unavailable("directory", f"{path} can not be made: {error.strerror}.") from None


def check_demo(data_dir: Path) -> None:
    """Nothing when the directory is empty, missing, or an earlier demo's; else raises Refused."""
    if not data_dir.exists() or (data_dir / DEMO_NAME).exists() or not any(data_dir.iterdir()):
        return
    raise Refused(
        "not_a_demo",
        f"{data_dir} holds something else; --demo loads invented data into an empty "
        "directory or an earlier demo's only.",
    )


def mark_demo(data_dir: Path, facts: dict[str, object]) -> None:
    """Keep `facts` of the demo, and that the directory is one; they hold its API key."""
    path = data_dir / DEMO_NAME
    path.touch(0o600)
    path.write_text(json.dumps(facts) + "\n")


def demo(data_dir: Path) -> dict[str, object]:
    """The facts of the demo, empty before its data was loaded."""
    try:
        facts: dict[str, object] = json.loads((data_dir / DEMO_NAME).read_text())
    except (OSError, ValueError):
        return {}
    return facts


def is_demo(data_dir: Path) -> bool:
    """Whether the directory is a demo's; asks for no right to read what it holds."""
    return (data_dir / DEMO_NAME).exists()


def hold(data_dir: Path, name: str = "up") -> Hold:
    """The hold on the directory; blocks while a killed predecessor's processes end.

    Raises Conflict with the holder's process id, and Unavailable when leftovers do not end.
    """
    own = _open(data_dir / f"{name}.lock")
    if not _take(own, _grace_s(own)):
        holder = os.pread(own, 20, 0).decode("ascii", "replace").strip()
        os.close(own)
        raise Conflict("already_running", f"{data_dir} is in use by process {holder or 'unknown'}.")
    os.ftruncate(own, 0)
    os.pwrite(own, f"{os.getpid()}\n".encode(), 0)
    inherited = _open(data_dir / f"{name}.processes.lock")
    if not _take(inherited, LEFTOVERS_WAIT_S):
        raise Unavailable(
            "leftovers", f"Processes of an earlier run in {data_dir} do not end; end them by hand."
        )
    return Hold(own=own, inherited=inherited)


def _grace_s(descriptor: int) -> float:
    """How long to try: a dead holder's lock can live on for a moment in a process being made."""
    try:
        holder = int(os.pread(descriptor, 20, 0) or b"0")
        os.kill(holder, 0)
    except (ValueError, ProcessLookupError):
        return 2.0
    except OSError:
        pass
    return 0.0


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable("lock", f"{path} can not be opened: {error.strerror}.") from None


def _take(descriptor: int, patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(POLL_S)


def make_run_dir(data_dir: Path, name: str, mode: int) -> Path:
    """A short private directory for sockets; what a killed predecessor left is removed."""
    earlier = _facts(data_dir, name).get("run_dir")
    if isinstance(earlier, str) and Path(earlier).name.startswith("privacyproxy-"):
        shutil.rmtree(earlier, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix="privacyproxy-", dir="/tmp"))
    made.chmod(mode)
    return made


def tell_running(data_dir: Path, facts: dict[str, object], name: str = "up") -> None:
    """Keep `facts` of the running service for command lines beside it."""
    path = _running_file(data_dir, name)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(facts) + "\n")
    draft.replace(path)


def running(data_dir: Path) -> dict[str, object]:
    """The facts last told, by `up` or by each `run ROLE`; empty when nothing runs or ever ran.

    They may be of a run that was killed. The directory of sockets is the vault's.
    """
    facts: dict[str, object] = {}
    for name in ("edge", "escrow", "relay", "worker", "api", "web", "vault", "up"):
        facts |= _facts(data_dir, name)
    return facts


def vault_run_dir(data_dir: Path, own: Path) -> Path:
    """The directory of the vault's sockets by the facts last told; `own` where none is to be had.

    A killed vault's facts may name a directory that is gone, and that somebody else could make
    anew: only one of the administrator's or of our own user is believed.
    """
    told = running(data_dir).get("run_dir")
    try:
        is_ours = isinstance(told, str) and Path(told).stat().st_uid in {0, os.geteuid()}
    except OSError:
        return own
    return Path(str(told)) if is_ours else own


def tell_stopped(data_dir: Path, name: str, run_dir: Path) -> None:
    """Remove what only a running service has."""
    _running_file(data_dir, name).unlink(missing_ok=True)
    shutil.rmtree(run_dir, ignore_errors=True)


def is_held(data_dir: Path, name: str) -> bool:
    """Whether a supervisor of that name holds the data directory at this moment."""
    try:
        descriptor = os.open(data_dir / f"{name}.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _running_file(data_dir: Path, name: str) -> Path:
    return data_dir / ("running.json" if name == "up" else f"running-{name}.json")


def _facts(data_dir: Path, name: str) -> dict[str, object]:
    try:
        facts: dict[str, object] = json.loads(_running_file(data_dir, name).read_text())
    except (OSError, ValueError):
        return {}
    return facts
