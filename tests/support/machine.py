"""Somebody's machine: `privacyproxy WORDS` in a process of its own, without the wait for imports.

A process that has imported what commands need forks for every command; each runs the program's own
`main`, as `python -m proxy` does. A flow of a hundred commands is twice as fast.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING

from proxy.run.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_IMPORTED = ("approve", "case", "clock", "ledger", "roster", "sign_in", "staff")
_LINE_OCTETS = 2**20


class Machine:
    """One process that forks commands; what its environment says holds for all of them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.machine"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environment),
            text=True,
        )

    def run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """What a command printed, and its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(list(words)) + "\n")
        self._process.stdin.flush()
        code, out, err = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(list(words), code, out, err)

    def stop(self) -> None:
        """End it; commands have ended before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def _serve() -> None:
    for name in _IMPORTED:
        __import__(f"proxy.run.cli.{name}")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device, for its descriptor
        for line in sys.stdin:
            words = json.loads(line)
            with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
                pid = os.fork()
                if not pid:
                    for new, old in ((nothing, 0), (out, 1), (err, 2)):
                        os.dup2(new.fileno(), old)
                    _run(words)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                said = []
                for file in (out, err):
                    file.seek(0)
                    said.append(file.read().decode())
            print(json.dumps([code, *said]), flush=True)


def _run(words: Sequence[str]) -> None:
    """Never returns: the forked process ends with the command's exit code."""
    code: object = 70
    try:
        code = main.main(words)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - as the interpreter would, but in this fork
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    _serve()
