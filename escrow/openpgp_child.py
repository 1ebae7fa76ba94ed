"""The child process in which OpenPGP happens: `python -m escrow.openpgp_child DESCRIPTOR`.

One job, one answer, on the control socket DESCRIPTOR: the job is JSON and holds the keys, which so
stand on no command line and in no environment; the answer is one JSON line. Data goes through
standard input and output by the paths /dev/fd/0 and /dev/fd/1, the only thing pysequoia takes:
pysequoia holds the interpreter for a whole file, hence a process of its own. It loads little
more than pysequoia.

Its life hangs on its pipes, not on PR_SET_PDEATHSIG, which would end it with the thread that
started it: when the parent dies, reading meets the end of the input and writing a closed pipe. What
it then wrote has a provisional name, so nobody believes it.
Memory is hidden before the job is read. Standard error leads nowhere: panics may tell values.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any, Final

import pysequoia

from escrow import certificates, openpgp_faults
from proxy.errors import ProxyError, Refused
from proxy.hosting import isolation
from proxy.hosting.process import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

INPUT: Final = "/dev/fd/0"
OUTPUT: Final = "/dev/fd/1"
READ_OCTETS: Final = 1 << 16
VERIFY_MEMORY_OCTETS: Final = 1 << 30  # a small signed report may unpack to any size

# Sequoia's own words, which nothing but the tests pins; other words mean an altered file.
_NO_KEY: Final = "No key to decrypt message"
_NO_SIGNATURE: Final = "Signature verification failed"


def encrypt(job: dict[str, Any]) -> dict[str, Any]:
    """Encrypts standard input to `recipients` and signs it with `signing_key`."""
    recipients = []
    for one in job["recipients"]:
        found = certificates.parse(_octets(one))
        certificates.require_usable(found, SystemClock().now())
        recipients.append(pysequoia.Cert.from_bytes(found.octets))
    key = _octets(job["signing_key"])
    signer = certificates.guarded(
        lambda: pysequoia.Tsk.from_bytes(key).signer(), openpgp_faults.signing_key()
    )
    certificates.guarded(
        lambda: pysequoia.encrypt_file(
            INPUT, OUTPUT, recipients=recipients, signer=signer, armor=False
        ),
        openpgp_faults.encryption(),
    )
    return {}


def decrypt(job: dict[str, Any]) -> dict[str, Any]:
    """Decrypts standard input, whatever was read of it before, and wants `signer`'s signature."""
    password = job["password"] or None
    decryptor = None
    if job["key"]:
        key = _octets(job["key"])
        decryptor = certificates.guarded(
            lambda: pysequoia.Tsk.from_bytes(key).decryptor(password), openpgp_faults.opening_key()
        )
    signer = certificates.load(_octets(job["signer"]))
    try:
        done = pysequoia.decrypt_file(
            INPUT,
            OUTPUT,
            decryptor=decryptor,
            store=lambda _ids: [signer],
            passwords=[password] if password and decryptor is None else [],
        )
    except Exception as error:  # noqa: BLE001 - RuntimeError or OSError, as the fault comes
        raise _fault(str(error)) from None
    return _signed_by(done, signer)


def verify(job: dict[str, Any]) -> dict[str, Any]:
    """Writes what `signer` signed in standard input; with a detached `signature` nothing.

    At most `limit_octets` of it: a small report may unpack to any size, and the parent holds keys.
    """
    resource.setrlimit(resource.RLIMIT_AS, (VERIFY_MEMORY_OCTETS, VERIFY_MEMORY_OCTETS))
    signer = certificates.load(_octets(job["signer"]))
    data, detached = _read_all(0), _octets(job["signature"])
    done = certificates.guarded(
        lambda: _verified(data, detached, signer), openpgp_faults.signature()
    )
    answer = _signed_by(done, signer)
    if not detached:
        _write_all(1, memoryview(done.bytes or b"")[: job["limit_octets"]])
    return answer


def _verified(data: bytes, detached: bytes, signer: pysequoia.Cert) -> pysequoia.Decrypted:
    signature = pysequoia.Sig.from_bytes(detached) if detached else None
    return pysequoia.verify(data, store=lambda _ids: [signer], signature=signature)


def _signed_by(done: pysequoia.Decrypted, signer: pysequoia.Cert) -> dict[str, Any]:
    # Sequoia raises when no signature is valid; that it knows one certificate only makes any
    # valid one that certificate's. Asked again, because all of escrow stands on it.
    if not any(one.certificate == signer.fingerprint for one in done.valid_sigs):
        raise openpgp_faults.signature()
    return {"signer": signer.fingerprint.upper()}


def _fault(words: str) -> ProxyError:
    if words.startswith(_NO_KEY):
        return openpgp_faults.other_key()
    return (
        openpgp_faults.signature() if words.startswith(_NO_SIGNATURE) else openpgp_faults.altered()
    )


def _octets(text: str) -> bytes:
    return base64.b64decode(text)


def _read_all(descriptor: int) -> bytes:
    parts = []
    while part := os.read(descriptor, READ_OCTETS):
        parts.append(part)
    return b"".join(parts)


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


JOBS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "encrypt": encrypt,
    "decrypt": decrypt,
    "verify": verify,
}


def main(control: int) -> int:
    """The exit code of one job: 0 done, 1 refused with an answer."""
    isolation.hide_memory()
    job = json.loads(_read_all(control))
    try:
        answer = {"done": True, **JOBS[job["do"]](job)}
    except ProxyError as error:
        answer = {
            "refused": isinstance(error, Refused),
            "code": error.code,
            "detail": error.detail,
        }
    _write_all(control, json.dumps(answer).encode() + b"\n")
    return 0 if "done" in answer else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
