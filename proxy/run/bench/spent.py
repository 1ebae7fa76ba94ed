"""What a command costs, with all that works for it elsewhere: CPU seconds, wall clock, memory.

Linux: proc(5). Processes that ended count where their parents waited for them.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proxy.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

POLL_S: Final = 0.05  # a child that lives shorter is small
_PROCESSOR_TIMES: Final = slice(11, 15)  # utime, stime, cutime, cstime, counted after the name
_PARENT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one command took."""

    wall_s: float
    own_cpu_s: float  # of the command and its children
    others_cpu_s: Mapping[str, float]  # of those that worked for it, by name
    peak_octets: int  # resident, of the command and its children together

    @property
    def cpu_s(self) -> float:
        """Of all."""
        return self.own_cpu_s + sum(self.others_cpu_s.values())


def running(words: Sequence[str], *, others: Mapping[str, int]) -> Spent:
    """What `words` took; `others` are heads of process trees. Unavailable when the command failed.

    Memory is the highest sum, over the time, of what each process that is alive had at its own
    peak: never less than they ever had together.
    """
    before = {name: cpu_s(pid) for name, pid in others.items()}
    began = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:  # noqa: S603 - our own words
        peak, usage = 0, None
        while usage is None:
            peak = max(peak, sum(_peak_octets(pid) for pid in (process.pid, *below(process.pid))))
            ended, status, found = os.wait4(process.pid, os.WNOHANG)
            if ended:
                process.returncode, usage = os.waitstatus_to_exitcode(status), found
            else:
                time.sleep(POLL_S)
        taken_s = time.perf_counter() - began
        said = process.stderr.read() if process.stderr is not None else b""
    if process.returncode != 0:
        raise Unavailable("bench", f"{words[-1]} failed: {said.decode(errors='replace')[-500:]}")
    return Spent(
        wall_s=taken_s,
        own_cpu_s=usage.ru_utime + usage.ru_stime,
        others_cpu_s={name: cpu_s(pid) - before[name] for name, pid in others.items()},
        peak_octets=peak,
    )


def command(*words: str) -> str:
    """What `privacyproxy WORDS` prints; Unavailable when it fails."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "proxy", *words], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Unavailable("bench", f"{' '.join(words[:2])} failed: {done.stderr[-500:]}")
    return done.stdout


def cpu_s(head: int) -> float:
    """Seconds that a process, all below it, and all those that ended there were on a CPU."""
    ticks = 0
    for pid in (head, *below(head)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            ticks += sum(map(int, _stat(pid)[_PROCESSOR_TIMES]))
    return ticks / os.sysconf("SC_CLK_TCK")


def below(head: int) -> set[int]:
    """The process ids below a process."""
    children: dict[int, list[int]] = {}
    for pid in _all():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            children.setdefault(int(_stat(pid)[_PARENT]), []).append(pid)
    found: set[int] = set()
    waiting = [head]
    while waiting:
        new = children.get(waiting.pop(), [])
        found.update(new)
        waiting += new
    return found


def find(head: int, word: str) -> int:
    """The process below `head` whose command line has `word`, the topmost of several."""
    for pid in sorted(below(head)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if any(word == one or one.endswith(f"/{word}") for one in words):
                return pid
    raise Unavailable("bench", f"No process {word} is running.")


def _all() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())


def _stat(pid: int) -> list[str]:
    """The fields of proc(5) stat after the name, which may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(") ")[2].split()


def _peak_octets(pid: int) -> int:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
