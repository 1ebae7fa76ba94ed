"""Whether the files of a deposit are what its manifest says, and hold what their format demands.

For one deposit, after the fact: by us, an auditor or an agent. What decrypts is handed in; nothing
is kept or printed of the people inside, faults name files and registrations. Memory is flat.
Source: escrow/README.md, Verify; RFC 8909 s2; formats/*.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from escrow import plain
from escrow.formats import csv2007, csv2024, recovery, rfc8909_reading
from escrow.formats.csv_parts import FileKind
from escrow.formats.recovery import HeadLine
from escrow.formats.rfc8909_tables import Object
from escrow.model import FormatName
from escrow.plain import Counted
from proxy.errors import InvalidInput, NotFound, ProxyError
from proxy.model.deposit import Gone, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from escrow.formats.csv_parts import Entry
    from escrow.model import File, Manifest
    from escrow.plain import Plain

    OpenPlain = Callable[[Path], AbstractContextManager[Plain]]

_ON_DISK: Final = re.compile(r"(?P<plain>.+?)(\.gz)?\.gpg")


class Outcome(StrEnum):
    """What a verification comes to."""

    WHOLE = "whole"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong: a stable code, a sentence, and the file where it is one file's."""

    code: str
    sentence: str
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found. Counts are None where nothing was read that tells them."""

    outcome: Outcome
    faults: tuple[Fault, ...]
    format: FormatName | None
    files: int
    registrations: int | None = None
    contacts: int | None = None
    deletes: int | None = None


@dataclass(slots=True)
class _Held:
    """What a format was found to hold; None where the format does not tell."""

    registrations: int = 0
    contacts: int | None = None
    deletes: int | None = None
    kind: Kind | None = None
    watermark: datetime | None = None
    deposit: str | None = None


@dataclass(slots=True)
class _Findings:
    faults: list[Fault] = field(default_factory=list)

    def add(self, code: str, sentence: str, file: str = "") -> None:
        self.faults.append(Fault(code=code, sentence=sentence, file=file))


def verify(
    manifest: Manifest | None, files: Mapping[str, Path], open_plain: OpenPlain, *, now: datetime
) -> Report:
    """What is wrong with a deposit, if anything; raises for no fault of the deposit's.

    `files` are the encrypted files by the names the deposit gave them, its manifest and signatures
    left out; `manifest` is believed, its signature was checked. Blocking. `open_plain` gives the
    plaintext of one file, decompressed; several may be open at a time.
    """
    found = _Findings()
    wanted = _wanted(manifest, files, found)
    format_ = manifest.format if manifest is not None else _format_of(wanted)
    held: _Held | None = None
    if format_ is None:
        found.add("deposit_format", "The files have no names of a format of ours.")
    elif not found.faults:  # else what can be read is not the deposit
        held = _read(format_, wanted, files, open_plain, now=now, found=found)
    if manifest is not None and held is not None:
        _compare(manifest, held, found)
    return Report(
        outcome=Outcome.FAULTY if found.faults else Outcome.WHOLE,
        faults=tuple(found.faults),
        format=format_,
        files=len(wanted),
        registrations=None if held is None else held.registrations,
        contacts=None if held is None else held.contacts,
        deletes=None if held is None else held.deletes,
    )


def _wanted(
    manifest: Manifest | None, files: Mapping[str, Path], found: _Findings
) -> dict[str, File | None]:
    """What should be there by its plain name; the encrypted files compared with the manifest."""
    if manifest is None:
        return {_plain_name(name): None for name in sorted(files)}
    names = {one.name for one in manifest.files}
    for name in sorted(files.keys() - names):
        found.add("deposit_file_unknown", "The manifest does not name this file.", name)
    for one in manifest.files:
        if one.name not in files:
            found.add("deposit_file_missing", "The file is not there.", one.name)
            continue
        octets, sha256 = _measured(files[one.name])
        if octets != one.octets:
            found.add(
                "deposit_file_size", f"It has {octets} octets instead of {one.octets}.", one.name
            )
        elif sha256 != one.sha256:
            found.add("deposit_file_hash", "It is not the file that was made.", one.name)
    return {one.plain_name: one for one in manifest.files}


def _read(
    format_: FormatName,
    wanted: Mapping[str, File | None],
    files: Mapping[str, Path],
    open_plain: OpenPlain,
    *,
    now: datetime,
    found: _Findings,
) -> _Held | None:
    """What the files hold, read once each; None when they can not be read to their ends."""
    on_disk = {_plain_name(name): path for name, path in files.items()}
    paths = {name: files[one.name] if one else on_disk[name] for name, one in wanted.items()}
    parts = {name: _Part(name, path, open_plain) for name, path in paths.items()}
    try:
        held = _READERS[format_](list(parts.values()), now)
    except ProxyError as fault:
        found.add(fault.code, fault.detail)
        return None
    for name, one in wanted.items():
        part = parts[name]
        if one is not None and (part.octets, part.sha256) != (one.plain_octets, one.plain_sha256):
            found.add("deposit_plain_hash", "Its plaintext is not what was written.", one.name)
    return held


class _Part:
    """One file on its way through a reader: opened once, then it knows size and hash."""

    def __init__(self, name: str, path: Path, open_plain: OpenPlain) -> None:
        self.name = name
        self.octets = 0
        self.sha256 = ""
        self._path = path
        self._open_plain = open_plain

    @contextlib.contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The plaintext; at the end the rest is read, and the whole must prove unaltered."""
        with self._open_plain(self._path) as source:
            counted = Counted(source)
            with io.BufferedReader(counted, plain.READ_OCTETS) as stream:
                yield stream
                while stream.read(plain.READ_OCTETS):
                    pass
                source.finish()
                self.octets, self.sha256 = counted.octets, counted.sha256

    def lines(self) -> Iterator[bytes]:
        """The lines of a recovery deposit's part."""
        with self.opened() as stream:
            while line := stream.readline(recovery.LINE_LIMIT_OCTETS + 1):
                yield line


def _read_recovery(parts: Sequence[_Part], _: datetime) -> _Held:
    held = _Held(deletes=0)
    ordered = sorted(parts, key=lambda part: part.name)  # numbers of four digits
    lines = (line for part in ordered for line in part.lines())
    deletes = 0
    for item in recovery.read(lines):
        if isinstance(item, HeadLine):
            held.kind, held.watermark = item.kind, item.watermark
            held.deposit = str(item.deposit)
        elif isinstance(item, Gone):
            deletes += 1
        else:
            item.plaintext()
            held.registrations += 1
    held.contacts, held.deletes = held.registrations, deletes
    return held


def _read_csv2007(parts: Sequence[_Part], _: datetime) -> _Held:
    return _read_csv(parts, csv2007.read, _handles)


def _read_csv2024(parts: Sequence[_Part], _: datetime) -> _Held:
    return _read_csv(parts, csv2024.read, _filled)


def _read_csv(
    parts: Sequence[_Part],
    read: Callable[[Mapping[str, BinaryIO]], Iterator[Entry]],
    contacts: Callable[[Entry], int],
) -> _Held:
    held = _Held(contacts=0)  # the format has no word for what is gone
    counted = 0
    with contextlib.ExitStack() as stack:
        for entry in read({part.name: stack.enter_context(part.opened()) for part in parts}):
            held.registrations += 1
            counted += contacts(entry)
    held.contacts = counted
    return held


def _handles(entry: Entry) -> int:
    """How many handles a name refers to: the reader gives one object for each."""
    return len({id(one) for one in (*entry.shown.values(), *entry.behind.values())})


def _filled(entry: Entry) -> int:
    return len(entry.shown) + len(entry.behind)


def _read_rfc8909(parts: Sequence[_Part], now: datetime) -> _Held:
    if len(parts) != 1:
        raise InvalidInput("deposit_archive", "A deposit of this format is one archive.")
    with parts[0].opened() as stream:
        report = rfc8909_reading.read(stream, now=now)
    return _Held(
        registrations=report.objects[Object.DOMAIN],
        contacts=report.objects[Object.CONTACT],
        deletes=report.domains_deleted,
        kind=report.document.kind,
        watermark=report.document.watermark,
    )


_READERS: Final[Mapping[FormatName, Callable[[Sequence[_Part], datetime], _Held]]] = {
    FormatName.RECOVERY: _read_recovery,
    FormatName.CSV_2007: _read_csv2007,
    FormatName.CSV_2024: _read_csv2024,
    FormatName.RFC8909: _read_rfc8909,
}


def _compare(manifest: Manifest, held: _Held, found: _Findings) -> None:
    """What is inside against what the manifest says; None is what the format does not tell."""
    for code, what, said, holds in (
        ("deposit_registrations", "registrations", manifest.registrations, held.registrations),
        ("deposit_contacts", "contacts", manifest.contacts, held.contacts),
        ("deposit_deletes", "deletions", manifest.deletes, held.deletes),
        ("deposit_kind", "as its kind", manifest.kind, held.kind),
        ("deposit_watermark", "as its watermark", manifest.watermark, held.watermark),
        ("deposit_id", "as its id", manifest.deposit, held.deposit),
    ):
        if holds is not None and holds != said:
            found.add(code, f"The deposit has {holds} {what}; its manifest says {said}.")


def _format_of(names: Iterable[str]) -> FormatName | None:
    """The format whose names these are."""
    all_ = list(names)
    if all_ and all(name.endswith(".ndjson") for name in all_):
        return FormatName.RECOVERY
    if len(all_) == 1 and not all_[0].endswith(".csv"):
        return FormatName.RFC8909
    kinds = {kind for kind in FileKind if any(f"_{kind}_" in name for name in all_)}
    if FileKind.HANDLES in kinds:
        return FormatName.CSV_2007
    return FormatName.CSV_2024 if FileKind.MAPPING in kinds else None


def _plain_name(name: str) -> str:
    matched = _ON_DISK.fullmatch(name)
    return name if matched is None else matched["plain"]


def _measured(path: Path) -> tuple[int, str]:
    hashed, octets = hashlib.sha256(), 0
    try:
        with path.open("rb") as source:
            while block := source.read(plain.READ_OCTETS):
                hashed.update(block)
                octets += len(block)
    except FileNotFoundError:
        raise NotFound("escrow_file", f"{path.name} is not there.") from None
    return octets, hashed.hexdigest()
