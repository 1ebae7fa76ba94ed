"""A tar archive as a stream: written member by member, read without seeking, both in flat memory.

Only what a deposit needs exists: regular files with short ASCII names in the ustar form. Whoever
reads refuses everything else before believing a size, so that no link, path, device, sparse file or
extended header of a stranger's archive does anything. tarfile's own reader is not used: it takes
extended headers into memory in whatever size they claim.
Source: POSIX.1-2017 pax, ustar Interchange Format.
"""

from __future__ import annotations

import re
import tarfile
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import BinaryIO

    from escrow.formats.base import Outlet

MODE: Final = 0o600
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,98}", re.ASCII)
"""No separator and no leading dot: a name that can not leave the folder it is unpacked in."""

MEMBER_LIMIT_OCTETS: Final = 16 << 20
"""Largest member that is read; protects memory. The writer's chunks are a fraction of it."""

MEMBERS_LIMIT: Final = 1_000_000
"""Most members that are read; protects memory from an archive of empty files."""

_MAGICS: Final = (b"ustar\x0000", b"ustar  \0")  # POSIX, and what GNU tar writes unless told
_MAGIC: Final = slice(257, 265)


class TarWriter:
    """Writes one archive to an outlet. The same members give the same octets."""

    def __init__(self, outlet: Outlet, modified_at: datetime) -> None:
        self._outlet = outlet
        self._modified_at = int(modified_at.timestamp())
        self._octets = 0

    def add(self, name: str, content: bytes | bytearray) -> None:
        """Write a file; its owner, mode and time are fixed."""
        if NAME.fullmatch(name) is None:
            raise ValueError(name)
        member = tarfile.TarInfo(name)
        member.size = len(content)
        member.mtime = self._modified_at
        member.mode = MODE
        self._write(member.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"))
        self._write(content)
        self._write(bytes(-len(content) % tarfile.BLOCKSIZE))

    def close(self) -> str:
        """Write the end and close the outlet; the SHA-256 of the archive in hex."""
        self._write(bytes(2 * tarfile.BLOCKSIZE))
        self._write(bytes(-self._octets % tarfile.RECORDSIZE))
        return self._outlet.close()

    def _write(self, data: bytes | bytearray) -> None:
        self._octets += len(data)
        self._outlet.write(bytes(data))


def members(stream: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file, in their order; one content at a time is in memory.

    InvalidInput `deposit_archive`. A message names no member that is not of the allowed form.
    """
    names: set[str] = set()
    while header := _whole(stream, tarfile.BLOCKSIZE, "it ends without an end mark"):
        if not any(header):
            _end(stream)
            return
        name, octets = _accepted(header)
        if name in names:
            raise _refused(f"it holds {name} twice")
        names.add(name)
        if len(names) > MEMBERS_LIMIT:
            raise _refused("it holds too many files")
        padded = octets + -octets % tarfile.BLOCKSIZE
        yield name, _whole(stream, padded, f"{name} is cut short")[:octets]


def _accepted(header: bytes) -> tuple[str, int]:
    try:
        found = tarfile.TarInfo.frombuf(header, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError, ValueError):
        raise _refused("a header is damaged") from None
    if header[_MAGIC] not in _MAGICS or found.type != tarfile.REGTYPE:
        raise _refused("it holds something other than plain files")
    if NAME.fullmatch(found.name) is None:
        raise _refused("it holds a name that is no plain file name")
    if not 0 <= found.size <= MEMBER_LIMIT_OCTETS:
        raise _refused(f"{found.name} is larger than {MEMBER_LIMIT_OCTETS} octets")
    return found.name, found.size


def _end(stream: BinaryIO) -> None:
    """Only zeros may follow, a record of them at most."""
    rest = _at_most(stream, tarfile.RECORDSIZE + 1)
    if len(rest) < tarfile.BLOCKSIZE or len(rest) > tarfile.RECORDSIZE or any(rest):
        raise _refused("its end is damaged")


def _whole(stream: BinaryIO, octets: int, fault: str) -> bytes:
    data = _at_most(stream, octets)
    if len(data) != octets:
        raise _refused(fault)
    return data


def _at_most(stream: BinaryIO, octets: int) -> bytes:
    """So many octets, fewer only at the end; a pipe gives what it has."""
    parts: list[bytes] = []
    while octets and (part := stream.read(octets)):
        parts.append(part)
        octets -= len(part)
    return b"".join(parts)


def _refused(fault: str) -> InvalidInput:
    return InvalidInput("deposit_archive", f"The archive of the deposit can not be read: {fault}.")
