"""Deposits into a directory: whole or hidden, and nothing of others replaced."""

from __future__ import annotations

import errno
import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from escrow.transport import base, directory
from escrow.transport.directory import DirectoryTransport
from proxy.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "9999_RDE_2026-03-01_full_0.csv.gz.gpg"
PART = f".{NAME}.part"
CONTENT = hashlib.shake_256(b"a deposit").digest(2 * base.CHUNK_OCTETS + 99)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """The directory."""
    made = tmp_path / "incoming"
    made.mkdir()
    return made


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A file of a deposit, as staged."""
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    return path


def names(path: Path) -> list[str]:
    """What the directory holds."""
    return sorted(one.name for one in path.iterdir())


async def refusal(there: Path, local: Path, sha256: str = SHA256) -> str:
    """The code that a delivery is refused with."""
    with pytest.raises(Refused) as refused:
        await DirectoryTransport(there).deliver(local, NAME, sha256)
    return refused.value.code


async def test_a_file_arrives_whole_and_alone(there: Path, local: Path) -> None:
    """After delivery the directory holds the file under its name, and nothing else."""
    transport = DirectoryTransport(there)
    await transport.deliver(local, NAME, SHA256)
    await transport.deliver(local, NAME, SHA256)
    assert names(there) == [NAME]
    assert (there / NAME).read_bytes() == CONTENT
    assert await transport.digest(NAME, len(CONTENT)) == SHA256
    assert await transport.digest("absent", 10) is None
    await transport.close()


@pytest.mark.parametrize(
    "left",
    [
        CONTENT[: base.CHUNK_OCTETS + 5],
        CONTENT[: base.CHUNK_OCTETS] + b"\0" * base.CHUNK_OCTETS,
        b"\0" + CONTENT[1:],
        CONTENT + b"more",
        CONTENT,
    ],
    ids=["cut", "hole", "start", "longer", "whole"],
)
async def test_what_a_crash_left_does_no_harm(there: Path, local: Path, left: bytes) -> None:
    """Whatever lies under the part's name, the file that appears is the deposit's."""
    (there / PART).write_bytes(left)
    await DirectoryTransport(there).deliver(local, NAME, SHA256)
    assert names(there) == [NAME]
    assert (there / NAME).read_bytes() == CONTENT


async def test_a_crash_after_the_rename_counts_as_delivered(there: Path, local: Path) -> None:
    """The same file under its name is left as it is; a part beside it goes."""
    (there / NAME).write_bytes(CONTENT)
    (there / PART).write_bytes(b"left")
    before = (there / NAME).stat().st_ino
    await DirectoryTransport(there).deliver(local, NAME, SHA256)
    assert names(there) == [NAME]
    assert (there / NAME).stat().st_ino == before


async def test_it_is_renamed_only_once_it_is_on_the_disk(
    there: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every fsync of a file its name is still the hidden one; the last is the directory's."""
    seen = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        seen.append(names(there))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    await DirectoryTransport(there).deliver(local, NAME, SHA256)
    assert seen == [[PART], [NAME]]


@pytest.mark.parametrize(
    "other", [CONTENT[:-1], CONTENT[:-1] + b"\0"], ids=["shorter", "same size"]
)
async def test_another_file_of_that_name_is_not_replaced(
    there: Path, local: Path, other: bytes
) -> None:
    """What lies under the name stays, whether its length is ours or not."""
    (there / NAME).write_bytes(other)
    assert await refusal(there, local) == "escrow_name_taken"
    assert (there / NAME).read_bytes() == other


async def test_a_directory_under_the_name_is_refused(there: Path, local: Path) -> None:
    """A name that is taken by something else than a file is taken."""
    (there / NAME).mkdir()
    assert await refusal(there, local) == "escrow_name_taken"


async def test_a_link_under_the_parts_name_is_not_followed(
    there: Path, local: Path, tmp_path: Path
) -> None:
    """Nothing is written to where a link leads."""
    other = tmp_path / "other"
    other.write_bytes(b"of somebody")
    (there / PART).symlink_to(other)
    assert await refusal(there, local) == "escrow_name_taken"
    assert other.read_bytes() == b"of somebody"


@pytest.mark.parametrize("has_reader", [False, True], ids=["alone", "read from"])
async def test_a_pipe_under_the_parts_name_is_refused(
    there: Path, local: Path, has_reader: bool
) -> None:
    """Nobody waits until a pipe is read from, and nothing is written into it."""
    os.mkfifo(there / PART)
    reader = os.open(there / PART, os.O_RDONLY | os.O_NONBLOCK) if has_reader else None
    assert await refusal(there, local) == "escrow_name_taken"
    if reader is not None:
        assert os.read(reader, 1) == b""
        os.close(reader)


async def test_what_is_no_file_or_too_long_is_another_one(there: Path, tmp_path: Path) -> None:
    """No more is read than one octet beyond what was asked about; links and pipes are not read."""
    transport = DirectoryTransport(there)
    (there / NAME).write_bytes(CONTENT)
    assert await transport.digest(NAME, len(CONTENT) + 1) == SHA256
    assert await transport.digest(NAME, len(CONTENT) - 1) == ""
    os.truncate(there / NAME, 1 << 42)  # of holes; to read it would take hours
    assert await transport.digest(NAME, len(CONTENT)) == ""
    (tmp_path / "other").write_bytes(CONTENT)
    (there / "link").symlink_to(tmp_path / "other")
    os.mkfifo(there / "pipe")
    (there / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        assert await transport.digest(name, len(CONTENT)) == ""


async def test_what_we_sent_before_makes_way(there: Path, local: Path) -> None:
    """A former file of ours under the name is replaced, also one that is longer."""
    former = CONTENT * 2
    (there / NAME).write_bytes(former)
    known = {hashlib.sha256(former).hexdigest(): len(former)}
    await DirectoryTransport(there).deliver(local, NAME, SHA256, known)
    assert (there / NAME).read_bytes() == CONTENT


async def test_a_file_that_changed_since_staging_stays_hidden(there: Path, local: Path) -> None:
    """What is not what was staged does not get its name."""
    assert await refusal(there, local, hashlib.sha256(b"staged").hexdigest()) == (
        "escrow_file_changed"
    )
    assert NAME not in names(there)


async def test_a_missing_directory_is_refused(there: Path, local: Path) -> None:
    """A directory that is not mounted is not made."""
    assert await refusal(there / "absent", local) == "escrow_directory"
    assert names(there) == []
    with pytest.raises(Refused) as refused:
        await DirectoryTransport(there, reports="absent").reports("*", LONG_AGO)
    assert refused.value.code == "escrow_directory"


async def test_a_full_disk_is_told(
    there: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk has a reason of its own, and leaves nothing under the name."""

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    assert await refusal(there, local) == "escrow_disk_full"
    assert names(there) == [PART]


async def test_a_name_can_not_lead_elsewhere(there: Path, local: Path) -> None:
    """A name is a name: no path, nothing hidden."""
    for name in ("../x", "a/b", ".x", "", "x\n"):
        with pytest.raises(InvalidInput) as refused:
            await DirectoryTransport(there).deliver(local, name, SHA256)
        assert refused.value.code == "escrow_file_name"


async def test_reports_are_those_asked_for(there: Path) -> None:
    """Newest first; not what is old, hidden, too long, empty, no file, or of another name."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    reports = there / "reports"
    reports.mkdir()
    for name, content, age in [
        ("a.xml", b"first", 2),
        ("b.xml", b"second", 1),
        ("old.xml", b"old", 30),
        ("c.txt", b"other", 1),
        (".d.xml", b"half", 1),
        ("empty.xml", b"", 1),
        ("long.xml", b"x" * (base.REPORT_OCTETS + 1), 1),
    ]:
        (reports / name).write_bytes(content)
        moment = (now - timedelta(days=age)).timestamp()
        os.utime(reports / name, (moment, moment))
    (reports / "link.xml").symlink_to(reports / "a.xml")
    transport = DirectoryTransport(there, reports="reports")
    found = await transport.reports("*.xml", now - timedelta(days=7))
    assert found == [("b.xml", b"second"), ("a.xml", b"first")]
    with pytest.raises(InvalidInput) as refused:
        await transport.reports("../*", LONG_AGO)
    assert refused.value.code == "escrow_pattern"


@pytest.mark.parametrize(
    "swap",
    [
        os.mkfifo,
        lambda path: path.symlink_to(path.with_name("secret")),
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(bytes(base.REPORT_OCTETS + 1)),
        lambda _path: None,
    ],
    ids=["pipe", "link", "directory", "long", "gone"],
)
async def test_a_report_that_was_replaced_since_it_was_listed_is_left_out(
    there: Path, monkeypatch: pytest.MonkeyPatch, swap: Callable[[Path], None]
) -> None:
    """What is opened is looked at again; nothing is followed, and nobody waits for a pipe."""

    class Swapped(base.Wanted):
        @override
        def newest(self) -> list[base.Listed]:
            (there / "b.xml").unlink()
            swap(there / "b.xml")
            return super().newest()

    (there / "secret").write_bytes(b"not the agent's")
    (there / "a.xml").write_bytes(b"first")
    (there / "b.xml").write_bytes(b"second")
    monkeypatch.setattr(directory, "Wanted", Swapped)
    found = await DirectoryTransport(there).reports("*.xml", LONG_AGO)
    assert found == [("a.xml", b"first")]


def test_of_a_listing_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are fetched, in whatever order they come; no name that no file could have."""
    monkeypatch.setattr(base, "REPORTS_AT_MOST", 2)
    wanted = base.Wanted("*.xml", LONG_AGO)
    names = ["1.xml", "4.xml", "3.xml", "2.xml", "x" * 252 + ".xml", "../9.xml", "é" * 126 + ".xml"]
    for number, name in enumerate(names):
        age = int(name[0]) if name[0].isdigit() else 10 + number
        wanted.see(base.Listed(name=name, octets=1, changed_s=2e9 + age))
    assert [one.name for one in wanted.newest()] == ["4.xml", "3.xml"]
