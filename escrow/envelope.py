"""OpenPGP around what leaves and comes back: files encrypted and signed, signatures checked.

Blocking, for worker threads; the work is done by a child process (escrow.openpgp_child). Plaintext
is in memory and pipes alone. Compression is the caller's, before encryption.

Unverified plaintext: Sequoia holds back about the last 25 MiB of a file until it has checked the
whole, but of a longer file it releases the beginning before. An `Opening` therefore tells nothing
until its `finish` returned: what was read before must not be acted upon.
Source: RFC 9580 s5.13 (integrity), s5.2 (signatures), s13.7 (unverified plaintext).
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import subprocess
import zlib
from typing import IO, TYPE_CHECKING, Final, NamedTuple

import pysequoia
from typing_extensions import override

from escrow import certificates, openpgp_faults
from escrow.openpgp_process import Child, encoded
from proxy.errors import InvalidInput, NotFound, Refused
from proxy.vault import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from typing_extensions import Buffer

READ_OCTETS: Final = 1 << 20
REPORT_LIMIT_OCTETS: Final = 1 << 20  # a signed report of an agent; they have a few lines


class Sealed(NamedTuple):
    """The encrypted file as it lies on disk."""

    octets: int
    sha256: str  # lower-case hex


class Sealing:
    """One file being encrypted and signed; until `finish` it has a provisional name."""

    def __init__(self, path: Path, *, recipients: Sequence[bytes], signing_key: bytes) -> None:
        """Begin the file `path`, which must not exist, for every one of `recipients`.

        Refused by `write` or `finish`: `escrow_recipient_*`, `escrow_signing_key`.
        """
        if path.exists():
            raise Refused("escrow_file_exists", f"{path.name} is there already.")
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.fdopen(os.open(self._part, flags, files.PRIVATE_FILE), "r+b", buffering=0)
        self._is_open = True
        try:
            self._child = Child(
                {
                    "do": "encrypt",
                    "recipients": encoded(recipients),
                    "signing_key": encoded(signing_key),
                },
                stdin=subprocess.PIPE,
                stdout=self._file,
            )
        except BaseException:
            self._file.close()
            self._part.unlink(missing_ok=True)
            raise

    @property
    def process_id(self) -> int:
        """The child's process id."""
        return self._child.process_id

    def write(self, data: bytes) -> None:
        """Append plaintext; waits while encryption or the disk is slower than the caller."""
        try:
            self._child.stdin.write(data)
        except BrokenPipeError:
            self._fail()

    def finish(self) -> Sealed:
        """The file, whole, on disk under its name; when this raises, there is none."""
        try:
            try:
                self._child.stdin.close()
            except BrokenPipeError:  # it did not read everything, whatever it says
                self._fail()
            self._child.answer(openpgp_faults.encryption)
            os.fsync(self._file.fileno())
            sealed = _hashed(self._file)
            files.move(self._part, self._path)
        except OSError:
            self.abort()
            raise openpgp_faults.encryption() from None
        except BaseException:
            self.abort()
            raise
        self._close()
        return sealed

    def abort(self) -> None:
        """Give up and remove the file; nothing after `finish`, and may be called again."""
        if self._is_open:
            self._close()
            self._part.unlink(missing_ok=True)

    def _close(self) -> None:
        self._is_open = False
        self._child.end()
        self._file.close()

    def _fail(self) -> None:
        try:
            self._child.answer(openpgp_faults.encryption)
        finally:
            self.abort()
        raise openpgp_faults.encryption()  # it closed its input and yet was content


class Opening(io.RawIOBase):
    """The plaintext of one file as a binary stream, not to be believed before `finish`."""

    def __init__(self, child: Child, *, is_gzip: bool) -> None:
        super().__init__()
        self._child = child
        self._pipe = child.stdout
        self._source = gzip.GzipFile(fileobj=self._pipe) if is_gzip else self._pipe
        self._signer: str | None = None

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        """Fill `buffer` with what comes next; Refused where gzip ends early, like `finish`."""
        view = memoryview(buffer).cast("B")
        try:
            data = self._source.read1(len(view))  # type: ignore[union-attr]  # both have it
        except (EOFError, zlib.error, gzip.BadGzipFile):
            self.finish()  # mostly it knows why
            raise openpgp_faults.altered() from None
        view[: len(data)] = data
        return len(data)

    def finish(self) -> str:
        """The fingerprint of the signer, once the whole file proved unaltered and signed by it.

        Reads on to the end where the caller stopped before. Refused `escrow_file_altered`,
        `escrow_signature`, `escrow_other_key` or `escrow_opening_key`.
        """
        if self._signer is None:
            while self._pipe.read(READ_OCTETS):
                pass
            self._signer = str(self._child.answer(openpgp_faults.opening)["signer"])
        return self._signer


@contextlib.contextmanager
def opened(
    path: Path, *, key: bytes = b"", password: str = "", signer: bytes, is_gzip: bool = False
) -> Iterator[Opening]:
    """The plaintext of the encrypted file `path`, signed by the certificate `signer`.

    `key` is a secret key, which `password` unlocks if it is locked; without a key the file itself
    is under the pass-phrase `password`. What is read counts for nothing until `finish` returned.
    """
    job = {
        "do": "decrypt",
        "key": encoded(key),
        "password": password,
        "signer": encoded(signer),
    }
    try:
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise NotFound("escrow_file", f"{path.name} is not there.") from None
    except OSError as error:
        raise InvalidInput(
            "escrow_file", f"{path.name} can not be read: {error.strerror}."
        ) from None
    with file:
        child = Child(job, stdin=file, stdout=subprocess.PIPE)
        try:
            yield Opening(child, is_gzip=is_gzip)
        finally:
            child.end()


def sign(data: bytes, signing_key: bytes) -> bytes:
    """An armoured detached signature over `data`; Refused `escrow_signing_key`.

    Ed25519 over SHA-512, deterministic but for the time in it. It binds no context: what is signed
    must say itself what it is, as a manifest does.
    """
    return certificates.guarded(
        lambda: pysequoia.sign(
            pysequoia.Tsk.from_bytes(signing_key).signer(),
            data,
            mode=pysequoia.SignatureMode.DETACHED,
        ),
        openpgp_faults.signing_key(),
    )


def verify_detached(data: bytes, signature: bytes, certificate: bytes) -> None:
    """Return when `signature` is the certificate's over `data`; Refused `escrow_signature`."""
    if not signature:
        raise openpgp_faults.signature()
    _verify(data, signature, certificate)


def verify_signed(data: bytes, certificate: bytes, signature: bytes = b"") -> bytes:
    """What the certificate signed of an agent's report; Refused `escrow_signature`.

    Clear-signed or signed inline, armoured or not, or `data` itself where `signature` is detached.
    Only what is returned was signed: text around a clear-signed message is dropped, and so are
    blanks at ends of its lines and its last line break (RFC 9580 s7). InvalidInput
    `escrow_report_too_long` for one that has, or unpacks to, more than a report has.
    """
    if len(data) > REPORT_LIMIT_OCTETS:
        raise _too_long()
    content = _verify(data, signature, certificate)
    if len(content) > REPORT_LIMIT_OCTETS:
        raise _too_long()
    return data if signature else content


def _verify(data: bytes, signature: bytes, certificate: bytes) -> bytes:
    # In the child as well: reports are octets of strangers, and this process holds keys.
    limit_octets = REPORT_LIMIT_OCTETS + 1
    job = {
        "do": "verify",
        "signature": encoded(signature),
        "signer": encoded(certificate),
        "limit_octets": limit_octets,
    }
    child = Child(job, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        content = child.exchange(data, limit_octets)
        child.answer(openpgp_faults.signature)
    finally:
        child.end()
    return content


def _too_long() -> InvalidInput:
    return InvalidInput("escrow_report_too_long", "A signed report has at most 1 MiB.")


def _hashed(file: IO[bytes]) -> Sealed:
    """Length and hash of what is on disk; measured as fast as hashing on the way through us."""
    hashed, octets = hashlib.sha256(), 0
    file.seek(0)
    while block := file.read(READ_OCTETS):
        hashed.update(block)
        octets += len(block)
    return Sealed(octets, hashed.hexdigest())
