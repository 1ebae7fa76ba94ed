"""What every way to an escrow agent promises, and the limits they share.

A file appears under its name whole or not at all. Until then it is `.NAME.part`: hidden, so that
neither an agent's `*` nor its watcher of new files picks it up, and in the same directory, so that
the rename is one step. What an earlier attempt left there is continued only as far as it was read
back and found the same: a length says nothing, since writes that were under way when a connection
broke may have left holes.

The agent is a stranger: what it says of a length or of a listing's end binds nobody. Whatever is
read has a length of ours. Source: design.md s4; dependency facts s3.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from proxy.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

CHUNK_OCTETS: Final = 1 << 20  # read, sent and acknowledged as one: bounds memory and what is lost
REPORTS_AT_MOST: Final = 200  # newest first; with the next, bounds memory to 200 MiB at worst
REPORT_OCTETS: Final = 1 << 20  # longer files are no report
LISTED_AT_MOST: Final = 100_000  # entries of a directory that are looked at
NAME_OCTETS: Final = 255  # what file systems hold; longer names are not looked at
NO_FORMER: Final[Mapping[str, int]] = MappingProxyType({})
OTHER: Final = ""  # the digest of what is no file, or longer than was asked about

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)
_PATTERN: Final = re.compile(r"[A-Za-z0-9._*?\[\]!-]{1,200}", re.ASCII)


class Transport(Protocol):
    """An open way to one agent, for one stream; used by one task at a time."""

    async def deliver(
        self, local: Path, name: str, sha256: str, former: Mapping[str, int] = NO_FORMER
    ) -> None:
        """Have the agent hold the file under `name`; `sha256` in hex is what it must be.

        A file of that name and content counts as delivered: we crashed between rename and note.
        One whose content is among `former`, what we sent under the name before by SHA-256 with its
        octets, is replaced. Refused `escrow_name_taken` when any other file has the name.
        """
        ...

    async def digest(self, name: str, at_most: int) -> str | None:
        """The SHA-256 in hex of what lies under `name`, read back whole; None when nothing does.

        Something that is no file, or has more than `at_most` octets, is another one: "". Of it, no
        more than one octet beyond is read.
        """
        ...

    async def reports(self, pattern: str, since: datetime) -> list[tuple[str, bytes]]:
        """The agent's reports, newest first: names that fit the glob, changed since then."""
        ...

    async def close(self) -> None:
        """Part; may be called after any failure."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One regular file of the reports' directory."""

    name: str
    octets: int
    changed_s: float  # since the epoch, by the agent's clock


def part_name(name: str) -> str:
    """What a file is called until it is whole; InvalidInput when `name` could lead elsewhere."""
    if _NAME.fullmatch(name) is None:
        raise InvalidInput("escrow_file_name", "A deposit's file has a name that is not possible.")
    return f".{name}.part"


class Wanted:
    """The files that are fetched as reports, chosen while a listing goes by.

    Only the newest are kept: a listing is as long as the agent likes, and so are its names.
    """

    def __init__(self, pattern: str, since: datetime) -> None:
        """`pattern` is a glob of names alone; files that changed before `since` are left out."""
        if _PATTERN.fullmatch(pattern) is None:
            raise InvalidInput(
                "escrow_pattern",
                "The pattern of receipts may have letters, digits and . _ - * ? [ ] only; "
                "the directory is named apart from it.",
            )
        self._pattern = pattern
        self._since_s = since.timestamp()
        self._newest: list[tuple[float, str, int]] = []  # a heap, the oldest first

    def see(self, one: Listed) -> None:
        """Keep the file if it is wanted."""
        if not (0 < one.octets <= REPORT_OCTETS and one.changed_s >= self._since_s):
            return
        if self._fits(one.name):
            heapq.heappush(self._newest, (one.changed_s, one.name, one.octets))
            if len(self._newest) > REPORTS_AT_MOST:
                heapq.heappop(self._newest)

    def newest(self) -> list[Listed]:
        """What was kept, newest first."""
        return [
            Listed(name=name, octets=octets, changed_s=changed_s)
            for changed_s, name, octets in sorted(self._newest, reverse=True)
        ]

    def _fits(self, name: str) -> bool:
        # The length first: a pattern may take very long over a very long name.
        return (
            len(os.fsencode(name)) <= NAME_OCTETS
            and not name.startswith(".")  # half-written, as ours are
            and "/" not in name
            and fnmatchcase(name, self._pattern)
        )


class Sent:
    """The hash of a local file as it goes out: what is not what was made stays hidden."""

    def __init__(self, sha256: str) -> None:
        self._wanted = sha256
        self._hash = hashlib.sha256()
        self.octets = 0

    def add(self, chunk: bytes) -> None:
        """Take note of what the agent's file continues with."""
        self._hash.update(chunk)
        self.octets += len(chunk)

    def check(self, there_octets: int) -> None:
        """Refused unless the whole file went out, and nothing else is there."""
        if self._hash.hexdigest() != self._wanted:
            raise Refused(
                "escrow_file_changed", "A file of the deposit is no more what was staged."
            )
        if there_octets != self.octets:
            raise Refused(
                "escrow_length",
                "The agent's file has another length than what was sent; it is sent anew.",
            )


def longest(octets: int, former: Mapping[str, int]) -> int:
    """How long the longest file of ours may be that lies under a name."""
    return max(octets, *former.values(), 0)


def name_taken(name: str) -> Refused:
    """The refusal to replace a file of the agent's."""
    return Refused(
        "escrow_name_taken",
        f"At the agent lies another file named {name}. Look at what it is and have it moved away; "
        "nothing of ours replaces it.",
    )
