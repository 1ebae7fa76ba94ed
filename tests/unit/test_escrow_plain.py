"""Plaintext of several files as lines: in order, bounded, and nothing believed too early."""

from __future__ import annotations

import contextlib
import hashlib
import io
from typing import TYPE_CHECKING

import pytest

from escrow import plain
from escrow.formats import recovery
from proxy.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator


class Opened(io.BytesIO):
    """A file's plaintext."""

    def finish(self) -> str:
        """Refuses a file that holds `bad`."""
        if b"bad" in self.getvalue():
            raise Refused("escrow_file_altered")
        return ""


@contextlib.contextmanager
def part(content: bytes, opened: list[bytes]) -> Iterator[Opened]:
    """A file that is noted while it is open."""
    opened.append(content)
    yield Opened(content)
    opened.remove(content)


def test_parts_are_one_text_and_one_is_open_at_a_time() -> None:
    """Lines come with their LF alone as the end, part after part."""
    opened: list[bytes] = []
    found = []
    for line in plain.lines(part(one, opened) for one in (b"a\r\nb\x0bc\n", b"d\n", b"", b"e")):
        assert len(opened) == 1
        found.append(line)
    assert found == [b"a\r\n", b"b\x0bc\n", b"d\n", b"e"]
    assert opened == []


def test_a_bad_file_is_told_behind_its_last_line() -> None:
    """What its `finish` raises comes out before anything of the next file."""
    source = plain.lines(part(one, []) for one in (b"bad\n", b"never\n"))
    assert next(source) == b"bad\n"
    with pytest.raises(Refused):
        next(source)


def test_a_line_without_end_does_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line longer than any of ours is given in pieces, which no reader takes for lines."""
    monkeypatch.setattr(recovery, "LINE_LIMIT_OCTETS", 9)
    assert max(map(len, plain.lines([part(b"x" * 100, [])]))) == 10


def test_what_is_read_is_counted_and_hashed() -> None:
    """Octets and SHA-256 are those of what was read."""
    counted = plain.Counted(Opened(b"a" * 1000))
    assert counted.read(400) == b"a" * 400
    assert counted.octets == 400
    assert counted.sha256 == hashlib.sha256(b"a" * 400).hexdigest()
