"""The plaintext of a deposit's files as streams: counted and hashed on the way, or cut into lines.

Blocking, for worker threads; memory is flat. What decrypts is handed in. Nothing here keeps or
logs what passes through, and nothing of a file may be believed before its `finish` returned.
"""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Final, Protocol

from typing_extensions import override

from escrow.formats import recovery

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from contextlib import AbstractContextManager

    from typing_extensions import Buffer

READ_OCTETS: Final = 1 << 18


class Plain(Protocol):
    """The plaintext of one file (envelope.Opening)."""

    def readinto(self, buffer: Buffer, /) -> int | None:
        """Fill `buffer` with what comes next; how much that was."""
        ...

    def finish(self) -> str:
        """The fingerprint of the signer, once the whole file proved unaltered."""
        ...


class Counted(io.RawIOBase):
    """A plaintext whose octets are counted and hashed as they are read."""

    def __init__(self, source: Plain) -> None:
        super().__init__()
        self._source = source
        self._hash = hashlib.sha256()
        self.octets = 0

    @property
    def sha256(self) -> str:
        """Of what was read so far, in lower-case hex."""
        return self._hash.hexdigest()

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        count = self._source.readinto(view) or 0
        self._hash.update(view[:count])
        self.octets += count
        return count


def lines(parts: Iterable[AbstractContextManager[Plain]]) -> Generator[bytes, None, None]:
    """The lines of files that are one text, each with its LF; one file is open at a time.

    Raises what `finish` of a file raises, behind its last line. A line that is too long for
    formats.recovery is given as far as it takes to see that.
    """
    for part in parts:
        with part as source:
            with io.BufferedReader(Counted(source), READ_OCTETS) as stream:
                while line := stream.readline(recovery.LINE_LIMIT_OCTETS + 1):
                    yield line
            source.finish()
