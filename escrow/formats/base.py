"""What every format offers: a writer that turns registrations into named streams of octets.

A format is handed `Outlet`s to write to; it never sees a file, a key or the database, so that the
same rows give the same octets wherever it runs. Splitting, hashing, compressing and encrypting
happen behind the outlet (escrow.sealing_files).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from escrow.model import Head, Tally, Underlying
    from proxy.model.deposit import Gone


class Outlet(Protocol):
    """One file under construction."""

    @property
    def octets(self) -> int:
        """How much plaintext was written so far."""
        ...

    def write(self, data: bytes) -> None:
        """Append plaintext; blocks while the encryption is slower than the writer."""
        ...

    def close(self) -> str:
        """Finish the file; the SHA-256 of its plaintext in lower-case hex."""
        ...


class Writer(Protocol):
    """A deposit being written. Calls come in the order add* remove* finish."""

    def add(self, rows: Sequence[Underlying]) -> None:
        """Write registrations; they come in order of their id."""
        ...

    def remove(self, gone: Sequence[Gone]) -> None:
        """Write what an incremental deposit takes away."""
        ...

    def finish(self) -> Tally:
        """Write what comes last, close every file, and say what was written."""
        ...


class Format(Protocol):
    """One of the formats a stream may choose."""

    def writer(self, head: Head, open_file: Callable[[str], Outlet]) -> Writer:
        """A writer for one deposit; `open_file` takes the plain file's name.

        Files that are open at once are encrypted at once: a format keeps few of them open.
        """
        ...
