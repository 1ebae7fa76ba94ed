"""The child process in which packages meet foreign code and foreign keys; it holds no key of ours.

One job, then it ends: `render` makes the PDF, `seal` encrypts to a stranger's certificate, `lock`
under a pass-phrase. Started by run.package_process with an empty environment and two pipes. Input:
length (4), the job as JSON, then data to the end. Output: one line of JSON, then data. Nothing of
it touches a disk: once its libraries are loaded it can open no file and no socket, start no
program, and has bounds of memory and time. Errors are codes; standard error leads nowhere, because
panics may tell values. It decides nothing about an order.
Source: vault.md, Package (parsers of foreign keys run in keyless child processes); RFC 9580.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pysequoia

from proxy.errors import ProxyError, Refused
from proxy.hosting import isolation
from proxy.vault import openpgp_certificates as certificates
from proxy.vault import package_pdf
from proxy.vault.openpgp_certificates import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

Done = tuple[dict[str, Any], bytes]

MEMORY_OCTETS: Final = 1 << 30  # address space: libraries map a third of it
CPU_S: Final = 20  # a package takes a tenth of a second
_READ_OCTETS: Final = 1 << 16
_LENGTH_OCTETS: Final = 4
_JOB_OCTETS: Final = 2 << 20  # a certificate of the longest kind, in base 64
_DATA_OCTETS: Final = 8 << 20


def render(job: dict[str, Any], data: bytes) -> Done:
    """The document for people, with a gap for its signature."""
    del job
    document, start, end = package_pdf.render(json.loads(data))
    return {"start": start, "end": end}, document


def seal(job: dict[str, Any], data: bytes) -> Done:
    """`data` for the certificate, which must be of the fingerprint that was approved.

    Refused `recipient_*`.
    """
    cert = certificates.load(base64.b64decode(job["certificate"]), _FAULTS)
    if cert.fingerprint.upper() != job["fingerprint"]:
        raise Refused("recipient_other_key")
    found = certificates.examine(cert, _FAULTS)
    now = datetime.fromisoformat(job["now"])
    if found.is_revoked:
        raise Refused("recipient_revoked")
    if found.expires_at is not None and found.expires_at <= now:
        raise Refused("recipient_expired")
    return {}, guarded(lambda: pysequoia.encrypt(data, recipients=[cert], armor=False), _no_key(""))


def lock(job: dict[str, Any], data: bytes) -> Done:
    """`data` under a pass-phrase of 128 bits at the least.

    Sequoia's string-to-key is salted and iterated at its slowest setting; a pass-phrase that was
    drawn, not chosen, needs neither. Version 4 packets: every program in use opens them.
    """
    fault = Refused("package_lock")
    return {}, guarded(
        lambda: pysequoia.encrypt(data, passwords=[job["pass_phrase"]], armor=False), fault
    )


JOBS: Final[dict[str, Callable[[dict[str, Any], bytes], Done]]] = {
    "render": render,
    "seal": seal,
    "lock": lock,
}


def _malformed() -> Refused:
    return Refused("recipient_malformed")


def _secret_key() -> Refused:
    return Refused("recipient_secret_key")


def _no_key(_fingerprint: str) -> Refused:
    return Refused("recipient_no_encryption_key")


_FAULTS: Final = certificates.Faults(
    malformed=_malformed,
    secret_key=_secret_key,
    no_encryption_key=_no_key,
    unsound=lambda _fingerprint: _malformed(),
)


def confine() -> None:
    """Give up, for good, what a job does not need.

    No descriptor can be opened any more, so no file, socket or pipe; a process that has no
    privileges can not take any of it back.
    """
    isolation.hide_memory()
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, MEMORY_OCTETS),
    ):
        resource.setrlimit(what, (most, most))


def main() -> int:
    """The exit code of one job: 0 done, 1 refused with an answer, 2 input that is no job."""
    package_pdf.prepare()
    confine()
    found = _read(0, _LENGTH_OCTETS + _JOB_OCTETS + _DATA_OCTETS)
    end = _LENGTH_OCTETS + int.from_bytes(found[:_LENGTH_OCTETS])
    if end > len(found):
        return 2
    job = json.loads(found[_LENGTH_OCTETS:end])
    try:
        answer, octets = JOBS[job["do"]](job, found[end:])
    except ProxyError as error:
        answer, octets = {"code": error.code}, b""
    _write(1, json.dumps(answer).encode() + b"\n" + octets)
    return 1 if "code" in answer else 0


def _read(descriptor: int, limit_octets: int) -> bytes:
    parts = bytearray()
    while len(parts) <= limit_octets and (part := os.read(descriptor, _READ_OCTETS)):
        parts += part
    return bytes(parts)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    sys.exit(main())
