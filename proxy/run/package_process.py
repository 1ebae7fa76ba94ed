"""The vault's end of the keyless child process: one job, two pipes, one answer. Blocking.

The child gets no environment, no other descriptor and no key; what it answers is believed no more
than its kind allows: a code out of a closed set, octets of a bounded length. One that hangs is
killed.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import proxy
from proxy.errors import Refused, Unavailable
from proxy.vault.package import LIMIT_OCTETS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

CHILD: Final = "proxy.run.package_child"
TIMEOUT_S: Final = 60.0  # far above what a loaded machine needs; then the child is killed
END_S: Final = 5.0  # to end once everything was read
_LINE_OCTETS: Final = 4_096
_REFUSALS: Final = {
    "recipient_malformed": "This is not one sound OpenPGP certificate.",
    "recipient_secret_key": "The recipient sent a secret key: ask for another.",
    "recipient_other_key": "The certificate is not the one that the order names.",
    "recipient_no_encryption_key": "Nothing can be encrypted to this certificate.",
    "recipient_revoked": "The recipient's key was revoked by its owner.",
    "recipient_expired": "The recipient's key has expired.",
    "package_lock": "The package could not be encrypted.",
}
"""What the child may say; the words are ours, so that it can say nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A PDF document and the gap for its signature."""

    octets: bytes = field(repr=False)
    start: int
    end: int


def render(facts: bytes) -> Rendered:
    """The document of canonical facts."""
    answer, octets = _exchange({"do": "render"}, facts)
    start, end = answer.get("start"), answer.get("end")
    if type(start) is not int or type(end) is not int:
        raise _died()
    return Rendered(octets=octets, start=start, end=end)


def seal(archive: bytes, certificate: bytes, fingerprint: str, now: datetime) -> bytes:
    """The archive encrypted to a recipient's certificate; Refused `recipient_*`."""
    job = {
        "do": "seal",
        "certificate": base64.b64encode(certificate).decode(),
        "fingerprint": fingerprint,
        "now": now.isoformat(),
    }
    return _exchange(job, archive)[1]


def lock(archive: bytes, pass_phrase: str) -> bytes:
    """The archive encrypted under a pass-phrase."""
    return _exchange({"do": "lock", "pass_phrase": pass_phrase}, archive)[1]


def _exchange(job: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, Any], bytes]:
    """What the child answers; Refused with its code, Unavailable `package_child` if it died."""
    text = json.dumps(job).encode()
    with subprocess.Popen(  # noqa: S603 - our own module, no shell
        # -P and an explicit path: it runs the code that we run, whatever lies around.
        (sys.executable, "-P", "-c", _program()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        process_group=0,  # Ctrl-C is for the parent, which then decides
    ) as process:
        killer = threading.Timer(TIMEOUT_S, process.kill)
        killer.start()
        try:
            assert process.stdin is not None  # noqa: S101 - it was asked for as a pipe
            assert process.stdout is not None  # noqa: S101 - likewise
            # It reads everything before it writes; one that ended early says why, or nothing.
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(len(text).to_bytes(4) + text + data)
            found = process.stdout.read(_LINE_OCTETS + LIMIT_OCTETS + 1)
        finally:
            killer.cancel()
            _end(process)
    return _read(process.returncode, found)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it end by itself, shortly; whatever more it would write has no reader."""
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _read(code: int, found: bytes) -> tuple[Mapping[str, Any], bytes]:
    line, newline, octets = found.partition(b"\n")
    try:
        answer = json.loads(line) if newline and len(line) <= _LINE_OCTETS else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or len(octets) > LIMIT_OCTETS:
        raise _died()
    refusal = str(answer.get("code", ""))
    if code == 1 and refusal in _REFUSALS:
        raise Refused(refusal, _REFUSALS[refusal])
    if code != 0 or not octets:
        raise _died()
    return answer, octets


def _program() -> str:
    root = str(Path(proxy.__file__).parent.parent)
    return f"import sys; sys.path.insert(0, {root!r}); from {CHILD} import main; sys.exit(main())"


def _died() -> Unavailable:
    return Unavailable("package_child", "The process that makes packages died; try again.")
