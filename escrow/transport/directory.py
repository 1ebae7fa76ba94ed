"""Deposits into a directory of this machine: a mounted share, a disk that is carried away, a trial.

The same promises as SFTP: hidden while partial, fsynced, renamed in one step. Others may write
there: what is no regular file is neither read nor written, as a pipe would hold a thread for ever.
Any directory that this process may write is allowed, one inside the data directory too: that is of
use for a trial and for our own copies, and the operator's page says that a copy on the same disk is
no deposit.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from escrow.transport import base
from escrow.transport.base import CHUNK_OCTETS, NO_FORMER, Listed, Sent, Wanted
from proxy.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

MODE: Final = 0o640  # the agent's user may share our group; the contents are encrypted
# No link is followed, and a pipe that nobody writes to or reads from is not waited for.
_GUARDS: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_FILE: Final = {errno.ELOOP, errno.ENXIO, errno.EISDIR}  # a link, a pipe or socket, a directory


class DirectoryTransport:
    """The way to one directory; blocking work is done in threads."""

    def __init__(self, directory: Path, *, reports: str = "") -> None:
        """`reports` is the reports' directory, relative to the other one or absolute."""
        self._directory = directory
        self._reports = directory / reports

    async def deliver(
        self, local: Path, name: str, sha256: str, former: Mapping[str, int] = NO_FORMER
    ) -> None:
        """Have the directory hold the file under `name`."""
        await asyncio.to_thread(self._deliver, local, name, sha256, former)

    async def digest(self, name: str, at_most: int) -> str | None:
        """The SHA-256 of what lies under `name`; None when nothing does."""
        base.part_name(name)
        return await asyncio.to_thread(_digest, self._directory / name, at_most)

    async def reports(self, pattern: str, since: datetime) -> list[tuple[str, bytes]]:
        """The reports that lie there, newest first."""
        return await asyncio.to_thread(self._read_reports, pattern, since)

    async def close(self) -> None:
        """Nothing is held between calls."""

    def _deliver(self, local: Path, name: str, sha256: str, former: Mapping[str, int]) -> None:
        part, final = self._directory / base.part_name(name), self._directory / name
        with local.open("rb") as source, _explained():
            octets = os.fstat(source.fileno()).st_size
            there = _digest(final, base.longest(octets, former))
            if there != sha256:
                if there is not None and there not in former:
                    raise base.name_taken(name)
                _write_part(source, part, sha256)
                # Nobody but us makes files of our names: what was there a moment ago still is.
                part.replace(final)
            part.unlink(missing_ok=True)
            _sync_directory(self._directory)

    def _read_reports(self, pattern: str, since: datetime) -> list[tuple[str, bytes]]:
        wanted = Wanted(pattern, since)
        found = []
        with _explained():
            self._look(wanted)
            for one in wanted.newest():
                content = _report(self._reports / one.name)
                if content is not None:
                    found.append((one.name, content))
        return found

    def _look(self, wanted: Wanted) -> None:
        with os.scandir(self._reports) as entries:
            for _, entry in zip(range(base.LISTED_AT_MOST), entries, strict=False):
                if entry.is_file(follow_symlinks=False):
                    facts = entry.stat(follow_symlinks=False)
                    wanted.see(
                        Listed(name=entry.name, octets=facts.st_size, changed_s=facts.st_mtime)
                    )


def _opened(path: Path, flags: int) -> int | None:
    """A descriptor of the regular file at `path`; None when something else lies there."""
    try:
        descriptor = os.open(path, flags | _GUARDS, MODE)
    except OSError as fault:
        if fault.errno in _NO_FILE:
            return None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def _digest(path: Path, at_most: int) -> str | None:
    with _explained():
        try:
            descriptor = _opened(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        if descriptor is None:
            return base.OTHER
        found, octets = hashlib.sha256(), 0
        with os.fdopen(descriptor, "rb") as file:
            while chunk := file.read(min(CHUNK_OCTETS, at_most + 1 - octets)):
                found.update(chunk)
                octets += len(chunk)
        return found.hexdigest() if octets <= at_most else base.OTHER


def _report(path: Path) -> bytes | None:
    """What the report holds; None when it went, was replaced by no file, or grew too long."""
    try:
        descriptor = _opened(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(base.REPORT_OCTETS + 1)
    return content if len(content) <= base.REPORT_OCTETS else None


def _write_part(source: BinaryIO, part: Path, sha256: str) -> None:
    # From the start: reading back what an earlier attempt left costs as much as writing it.
    sent = Sent(sha256)
    descriptor = _opened(part, os.O_WRONLY | os.O_CREAT)
    if descriptor is None:
        raise base.name_taken(part.name)
    with os.fdopen(descriptor, "wb") as target:
        os.ftruncate(descriptor, 0)
        while chunk := source.read(CHUNK_OCTETS):
            target.write(chunk)
            sent.add(chunk)
        target.flush()
        os.fsync(descriptor)
        sent.check(os.fstat(descriptor).st_size)


@contextmanager
def _explained() -> Iterator[None]:
    """What the file system refuses, as what the operator can do."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(
            "escrow_directory", "The stream's directory is not there; make it or mount it."
        ) from None
    except PermissionError:
        raise Refused(
            "escrow_not_writable",
            "The stream's directory does not let the service's user do what it has to.",
        ) from None
    except OSError as fault:
        if fault.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Refused("escrow_disk_full", "The stream's directory is full.") from None
        raise Refused(
            "escrow_agent_failed", f"The stream's directory can not be used: {fault.strerror}."
        ) from None


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
