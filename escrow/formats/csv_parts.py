"""The files of a registrar's CSV deposit: their names, their parts, the file of their hashes.

A file is cut into parts between rows, so that none exceeds the stream's limit; only part 0 has the
header line. The hash file names every part of every data file. Nothing here knows a column.
Source: protocols facts s3.2 (name stem and hash lines verified; the rest is our choice, see
escrow/README.md).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from escrow.formats import csv_text
from escrow.model import EVERY_ACCREDITATION
from proxy.errors import InvalidInput
from proxy.model.deposit import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from escrow.formats.base import Outlet
    from escrow.model import Head
    from proxy.model.identifiers import Role

LINE_LIMIT_OCTETS: Final = 1 << 20
"""Of what is read at once; a row of ours has a few thousand. Protects the reader's memory."""

_NAME: Final = re.compile(
    r"(?P<stem>.+_RDE_[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"_(?P<kind>[a-z]+)_(?P<part>0|[1-9][0-9]{0,5})\.csv"
)
_HASH_LINE: Final = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<name>[^/\r\n]+)\n")


class FileKind(StrEnum):
    """What a file holds, as its name says."""

    FULL = "full"
    INCREMENTAL = "inc"
    HANDLES = "hdl"
    MAPPING = "map"
    HASHES = "hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a deposit says about one name. Personal data inside.

    `shown` and `behind` hold the carried fields of a contact by role, and only roles that have one.
    """

    domain: str
    expires_at: str
    nameservers: tuple[str, ...] = ()
    shown: Mapping[Role, Mapping[str, str]] = field(repr=False)
    behind: Mapping[Role, Mapping[str, str]] = field(repr=False)


def prefix(head: Head) -> str:
    """What the names of all files begin with: the registrar's IANA id, else our own id for it."""
    if head.iana_id is not None:
        return str(head.iana_id)
    chosen = head.stream.accreditation
    return head.stream.id if chosen == EVERY_ACCREDITATION else chosen


def stem(head: Head) -> str:
    """What the names of one day's files begin with; the day is the watermark's, in UTC."""
    return f"{prefix(head)}_RDE_{head.watermark:%Y-%m-%d}"


def kind_of(head: Head) -> FileKind:
    """Of the file of domain names."""
    return FileKind.FULL if head.kind is Kind.FULL else FileKind.INCREMENTAL


class Parts:
    """One file under construction, in as many parts as its size needs; one is open at a time."""

    def __init__(
        self, head: Head, kind: FileKind, header: str, open_file: Callable[[str], Outlet]
    ) -> None:
        self._stem = f"{stem(head)}_{kind}"
        self._limit = head.stream.options.part_octets
        self._open_file = open_file
        self._closed: list[tuple[str, str]] = []
        self._open()
        self._outlet.write(header.encode())

    def write(self, rows: Sequence[str]) -> None:
        """Append rows. A part exceeds the limit only where a single row does."""
        batch = "".join(rows).encode()
        if self._outlet.octets + len(batch) <= self._limit:
            if batch:
                self._append(batch)
            return
        for row in map(str.encode, rows):
            if self._has_rows and self._outlet.octets + len(row) > self._limit:
                self._close()
                self._open()
            self._append(row)

    def close(self) -> Sequence[tuple[str, str]]:
        """Finish; the name and the SHA-256 of every part."""
        self._close()
        return self._closed

    def _append(self, data: bytes) -> None:
        self._outlet.write(data)
        self._has_rows = True

    def _open(self) -> None:
        self._name = f"{self._stem}_{len(self._closed)}.csv"
        self._outlet = self._open_file(self._name)
        self._has_rows = False

    def _close(self) -> None:
        self._closed.append((self._name, self._outlet.close()))


def write_hashes(
    head: Head, closed: Sequence[tuple[str, str]], open_file: Callable[[str], Outlet]
) -> None:
    """The hash file: a line for each data file, as sha256sum prints and checks it."""
    outlet = open_file(f"{stem(head)}_{FileKind.HASHES}_0.csv")
    outlet.write("".join([f"{sha256}  {name}\n" for name, sha256 in closed]).encode())
    outlet.close()


class Folder:
    """The files of a deposit that is read: grouped by kind, parts in order, each hash checked.

    InvalidInput `csv_files` when files are missing, foreign or of two deposits, `csv_hash` when a
    file is not the one that was hashed: known only after its last row.
    """

    def __init__(self, files: Mapping[str, BinaryIO]) -> None:
        self._files = files
        self._kinds: dict[str, list[tuple[int, str]]] = {}
        stems = set()
        for name in files:
            matched = _NAME.fullmatch(name)
            if matched is None:
                raise _wrong_files("a file has no name of this format")
            stems.add(matched["stem"])
            self._kinds.setdefault(matched["kind"], []).append((int(matched["part"]), name))
        if len(stems) != 1:
            raise _wrong_files("they are not of one deposit")
        for parts in self._kinds.values():
            parts.sort()
            if [number for number, _ in parts] != list(range(len(parts))):
                raise _wrong_files("a part is missing")
        self._hashes = self._read_hashes()

    def kinds(self) -> frozenset[str]:
        """Which kinds of data files there are."""
        return frozenset(self._kinds) - {FileKind.HASHES}

    def rows(self, kind: FileKind) -> Iterator[list[str]]:
        """The rows of all parts of a file, its header first."""
        for _, name in self._kinds.get(kind, ()):
            yield from csv_text.records(self._lines(name))

    def _lines(self, name: str) -> Iterator[str]:
        hashed = hashlib.sha256()
        stream = self._files[name]
        while data := stream.readline(LINE_LIMIT_OCTETS):
            if len(data) == LINE_LIMIT_OCTETS:
                raise InvalidInput("csv_malformed", "A line of a file is longer than any of ours.")
            hashed.update(data)
            try:
                yield data.decode()
            except UnicodeDecodeError:
                raise InvalidInput("csv_malformed", "A file is not UTF-8.") from None
        if hashed.hexdigest() != self._hashes[name]:
            raise InvalidInput("csv_hash", "A file is not the one that the hash file names.")

    def _read_hashes(self) -> dict[str, str]:
        hashes: dict[str, str] = {}
        for _, name in self._kinds.get(FileKind.HASHES, ()):
            while data := self._files[name].readline(LINE_LIMIT_OCTETS):
                matched = _HASH_LINE.fullmatch(data.decode("utf-8", "replace"))
                if matched is None or matched["name"] in hashes:
                    raise _wrong_files("the hash file is malformed")
                hashes[matched["name"]] = matched["sha256"]
        data_files = {
            name
            for kind, parts in self._kinds.items()
            if kind != FileKind.HASHES
            for _, name in parts
        }
        if set(hashes) != data_files:
            raise _wrong_files("the hash file names others")
        return hashes


def names_of(folder: Folder, beside: set[FileKind]) -> FileKind:
    """Which kind of file has the names; the only others there must be those `beside`."""
    for kind in (FileKind.FULL, FileKind.INCREMENTAL):
        if folder.kinds() == {kind, *beside}:
            return kind
    raise _wrong_files("some are missing or of another format")


def _wrong_files(why: str) -> InvalidInput:
    return InvalidInput("csv_files", f"These are not the files of a CSV deposit: {why}.")
