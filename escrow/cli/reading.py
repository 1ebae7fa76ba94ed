"""A deposit as it lies on a disk, for the commands that read one: its manifest, files and key.

A deposit is named by its manifest; its files and the manifest's signature lie beside it. The key is
an OpenPGP secret key in a file, or the recovery key put together from its holders' shares.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from escrow import envelope, manifests, plain, recovery_key, staging
from escrow.formats import recovery
from proxy.errors import InvalidInput, NotFound, Refused
from proxy.vault import files

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterator
    from contextlib import AbstractContextManager

    from typing_extensions import Buffer

    from escrow.formats.recovery import HeadLine
    from escrow.model import File, Manifest

KEY_LIMIT_OCTETS = 1 << 20
SIGNATURE_SUFFIX = ".asc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """One deposit on disk."""

    manifest: Manifest
    text: bytes
    folder: Path

    def paths(self) -> dict[str, Path]:
        """Its files by the names that the manifest gives them; those that are there."""
        named = {one.name: self.folder / one.name for one in self.manifest.files}
        return {name: path for name, path in named.items() if path.exists()}

    def check_files(self) -> None:
        """Return when every file is the manifest's, octet for octet; Refused `deposit_file`."""
        try:
            staging.check_files(self.folder, self.manifest)
        except (Refused, OSError):
            raise other_file(self.manifest) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The key that opens deposits, and whose signature they must have."""

    key: bytes = field(repr=False)
    password: str = field(repr=False)
    signer: bytes

    def open_plain(self, path: Path, *, is_gzip: bool) -> AbstractContextManager[envelope.Opening]:
        """The plaintext of one file."""
        return envelope.opened(
            path, key=self.key, password=self.password, signer=self.signer, is_gzip=is_gzip
        )

    def parts(self, deposit: Deposit) -> Iterator[AbstractContextManager[plain.Plain]]:
        """The plaintexts of a deposit's files, in the manifest's order."""
        for file in deposit.manifest.files:
            yield self._part(deposit, file)

    @contextlib.contextmanager
    def _part(self, deposit: Deposit, file: File) -> Iterator[plain.Plain]:
        with self.open_plain(deposit.folder / file.name, is_gzip=is_gzip(file.name)) as source:
            yield _Told(source, deposit.manifest, file)


class _Told:
    """A plaintext that must be the one the manifest tells of, whatever lies on the disk by now."""

    def __init__(self, source: plain.Plain, manifest: Manifest, file: File) -> None:
        self._source = source
        self._counted = plain.Counted(source)
        self._manifest = manifest
        self._file = file

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill `buffer` with what comes next; how much that was."""
        return self._counted.readinto(buffer)

    def finish(self) -> str:
        """The fingerprint of the signer; Refused `deposit_file` unless all of it was read."""
        signer = self._source.finish()
        found = (self._counted.octets, self._counted.sha256)
        if found != (self._file.plain_octets, self._file.plain_sha256):
            raise other_file(self._manifest)
        return signer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How a deposit and its key are named."""
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="the OpenPGP secret key it is encrypted to"
    )
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="the pass-phrase of that key"
    )
    parser.add_argument(
        "--recovery-key",
        type=Path,
        metavar="FILE",
        help="recovery-key.asc instead; its holders' shares are asked for",
    )
    parser.add_argument(
        "--shares", type=Path, metavar="FILE", help="the shares, one a line, - for standard input"
    )
    parser.add_argument(
        "--signer",
        type=Path,
        metavar="FILE",
        help="the certificate of who signed it; by default our own",
    )


def reader(arguments: argparse.Namespace, own_certificate: bytes | None) -> Reader:
    """The reader that the arguments describe."""
    signer = _read(arguments.signer) if arguments.signer is not None else own_certificate
    if signer is None:
        raise InvalidInput("signer", "Whose signature? Name the certificate with --signer.")
    if (arguments.key is None) == (arguments.recovery_key is None):
        raise InvalidInput("key", "Name one key: --key FILE, or --recovery-key FILE.")
    if arguments.key is not None:
        password = "" if arguments.password_file is None else _text(arguments.password_file)
        return Reader(key=_read(arguments.key), password=password, signer=signer)
    key = recovery_key.recover(_read(arguments.recovery_key), _shares(arguments.shares))
    return Reader(key=key, password="", signer=signer)  # the key itself has no pass-phrase


def load(path: Path, signer: bytes) -> Deposit:
    """The deposit of a manifest, whose signature holds."""
    text = _read(path, manifests.LIMIT_OCTETS)
    signature = _read(path.with_name(path.name + SIGNATURE_SUFFIX))
    envelope.verify_detached(text, signature, signer)
    return Deposit(manifest=manifests.parse(text), text=text, folder=path.parent)


def lines(deposit: Deposit, reader: Reader) -> Generator[bytes, None, None]:
    """The lines of a recovery deposit; Refused `deposit_file` unless they are the manifest's."""
    with contextlib.closing(plain.lines(reader.parts(deposit))) as source:
        first = next(source, b"")
        if not _is_of(recovery.parse_head(first), deposit.manifest):
            raise other_file(deposit.manifest)
        yield first
        yield from source


def _is_of(head: HeadLine, manifest: Manifest) -> bool:
    previous = "" if head.previous is None else str(head.previous)
    return (
        (str(head.deposit), head.stream, str(head.tenant), head.watermark, head.kind, previous)
    ) == (
        manifest.deposit,
        manifest.stream,
        manifest.tenant,
        manifest.watermark,
        manifest.kind,
        manifest.previous,
    )


def other_file(manifest: Manifest) -> Refused:
    """What a deposit is whose files are not those that its manifest names."""
    return Refused(
        "deposit_file",
        f"A file of deposit {manifest.deposit} of {manifest.watermark:%Y-%m-%dT%H:%M:%SZ} is "
        "missing, altered or of another deposit: it is not what the manifest names. Nothing was "
        "restored; `privacyproxy escrow verify` says which.",
    )


def is_gzip(name: str) -> bool:
    """Whether a file was compressed before it was encrypted."""
    return name.endswith(".gz.gpg")


def _shares(path: Path | None) -> list[str]:
    if path is None:
        if not sys.stdin.isatty():
            raise InvalidInput("shares", "Give the shares with --shares FILE, one a line.")
        found: list[str] = []
        while share := getpass(f"Share {len(found) + 1} (empty when there are no more): ").strip():
            found.append(share)
        return found
    text = sys.stdin.read() if str(path) == "-" else _text(path)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _text(path: Path) -> str:
    try:
        return _read(path).decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        raise InvalidInput("file", f"{path} is not text.") from None


def _read(path: Path, limit_octets: int = KEY_LIMIT_OCTETS) -> bytes:
    try:
        content = files.read(path, limit_octets + 1)
    except OSError as error:
        raise InvalidInput("file", f"{path} can not be read: {error.strerror}.") from None
    if content is None:
        raise NotFound("file", f"{path} is not there.")
    if len(content) > limit_octets:
        raise InvalidInput("file", f"{path} is longer than {limit_octets} octets.")
    return content
