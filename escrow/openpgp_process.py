"""The parent's end of the child process that does OpenPGP: one job, two pipes, one answer.

Blocking, for worker threads. Holds no plaintext but what a caller passes through.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import escrow
from proxy.errors import Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from proxy.errors import ProxyError

PIPE_BUFFER_OCTETS: Final = 1 << 16  # what a pipe of Linux holds: fewer switches for small writes
ANSWER_LIMIT_OCTETS: Final = 1 << 16

Piped = int | IO[bytes]
"""subprocess.PIPE, or a file."""


class Child:
    """One running child. `stdin` and `stdout` are there where they were asked for as pipes."""

    def __init__(self, job: Mapping[str, object], *, stdin: Piped, stdout: Piped) -> None:
        """Start it and hand it the job; the parent keeps its own copies of files.

        The package's own directory is its working directory, so that it runs the code we run.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                    (sys.executable, "-m", "escrow.openpgp_child", str(theirs.fileno())),
                    stdin=stdin,
                    stdout=stdout,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    cwd=Path(escrow.__file__).parent.parent,
                    bufsize=PIPE_BUFFER_OCTETS,
                    process_group=0,  # Ctrl-C is for the parent, which then decides
                )
            except BaseException:
                ours.close()
                raise
        self._control = ours
        with contextlib.suppress(OSError):  # it died: `answer` says so
            ours.sendall(json.dumps(job).encode())
            ours.shutdown(socket.SHUT_WR)

    @property
    def stdin(self) -> IO[bytes]:
        """Where its input is written to."""
        if self._process.stdin is None:
            raise ValueError("stdin")
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Where its output is read from."""
        if self._process.stdout is None:
            raise ValueError("stdout")
        return self._process.stdout

    @property
    def process_id(self) -> int:
        """Its process id."""
        return self._process.pid

    def exchange(self, data: bytes, limit_octets: int) -> bytes:
        """The beginning of its output for all of `data`, for a child that reads before it writes.

        One that writes more than the limit meets a closed pipe.
        """
        # It ended before it read everything: `answer` says why.
        with contextlib.suppress(BrokenPipeError), self.stdin as pipe:
            pipe.write(data)
        with self.stdout as pipe:
            return pipe.read(limit_octets)

    def answer(self, died: Callable[[], ProxyError]) -> Mapping[str, object]:
        """What it answered once it ended; raises the error it answered, or `died()` without one."""
        with self._control, self._control.makefile("rb") as stream:
            try:
                line = stream.read(ANSWER_LIMIT_OCTETS)
            except OSError:
                line = b""
        code = self._process.wait()
        answer: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
        if code == 0 and answer.get("done"):
            return answer
        if "code" not in answer:
            raise died()
        kind = Refused if answer["refused"] else Unavailable
        raise kind(answer["code"], answer["detail"])

    def end(self) -> None:
        """Kill it if it still runs, and close whatever is open; may be called again."""
        self._process.kill()
        self._process.wait()
        self._control.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not written yet is given up
                    pipe.close()


def encoded(data: bytes | Sequence[bytes]) -> str | list[str]:
    """Octets, or several, as JSON holds them."""
    if isinstance(data, bytes):
        return base64.b64encode(data).decode()
    return [base64.b64encode(one).decode() for one in data]
