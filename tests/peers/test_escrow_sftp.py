"""Deposits to OpenSSH's own server, over lines that hold and lines that break."""

from __future__ import annotations

import contextlib
import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from escrow.transport import base
from proxy.errors import InvalidInput, Refused, Unavailable
from tests.support import sftp_sessions, sshd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sshd import Sshd

pytestmark = pytest.mark.peer

NAME = "9999_RDE_2026-03-01_full_0.csv.gz.gpg"
PART = f".{NAME}.part"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CONTENT = hashlib.shake_256(b"a deposit").digest(3 * base.CHUNK_OCTETS + 4321)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server that offers SFTP."""
    yield from sftp_sessions.started(tmp_path_factory, "internal-sftp")


@pytest.fixture(scope="module")
def read_only_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server that lets nothing be changed, whoever logs in: root too."""
    yield from sftp_sessions.started(tmp_path_factory, "internal-sftp -R")


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """The agent's directory."""
    made = tmp_path / "incoming"
    made.mkdir()
    return made


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A file of a deposit, as staged."""
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    return path


def rewrite(path: Path, content: bytes) -> None:
    """Have the file hold something else."""
    path.write_bytes(content)


def names(directory: Path) -> list[str]:
    """What the directory holds."""
    return sorted(one.name for one in directory.iterdir())


async def test_a_file_arrives_whole_and_alone(server: Sshd, there: Path, local: Path) -> None:
    """After delivery the directory holds the file under its name, and nothing else."""
    async with sftp_sessions.opened(server, there) as transport:
        await transport.deliver(local, NAME, SHA256)
        assert await transport.digest(NAME, len(CONTENT)) == SHA256
    assert names(there) == [NAME]
    assert (there / NAME).read_bytes() == CONTENT


async def test_an_empty_file_arrives(server: Sshd, there: Path, local: Path) -> None:
    """A file without an octet is a file."""
    rewrite(local, b"")
    async with sftp_sessions.opened(server, there) as transport:
        await transport.deliver(local, NAME, hashlib.sha256().hexdigest())
    assert (there / NAME).read_bytes() == b""


async def test_a_directory_may_be_relative_to_the_login(server: Sshd, there: Path) -> None:
    """No directory in the plan means where the login leads."""
    async with sftp_sessions.opened(server, there, directory="") as transport:
        assert await transport.digest("no-such-file", 10) is None


@pytest.mark.parametrize("silent", [False, True], ids=["cut", "silent"])
async def test_a_broken_upload_is_continued(
    server: Sshd, there: Path, local: Path, silent: bool
) -> None:
    """A connection that breaks or falls silent leaves a hidden part; the next goes on from it."""
    async with sshd.line(server.port, limit_octets=2_500_000, silent=silent) as line:
        with pytest.raises(Unavailable) as refused:
            async with sftp_sessions.opened(
                server, there, port=line.port, stall_s=1.0, connect_s=5.0
            ) as transport:
                await transport.deliver(local, NAME, SHA256)
    assert refused.value.code == "escrow_unreachable"
    assert names(there) == [PART]
    left = (there / PART).read_bytes()
    assert CONTENT.startswith(left)
    assert 2 * base.CHUNK_OCTETS <= len(left) < len(CONTENT)
    async with (
        sshd.line(server.port) as line,
        sftp_sessions.opened(server, there, port=line.port) as transport,
    ):
        await transport.deliver(local, NAME, SHA256)
        assert line.passed < 2 * base.CHUNK_OCTETS + 100_000  # what was there is not sent again
    assert (there / NAME).read_bytes() == CONTENT
    assert names(there) == [NAME]


@pytest.mark.parametrize(
    "left",
    [
        CONTENT[: base.CHUNK_OCTETS] + b"\0" * base.CHUNK_OCTETS,  # a hole
        b"\0" + CONTENT[1:],
        CONTENT + b"more",
        CONTENT,
        b"",
    ],
    ids=["hole", "start", "longer", "whole", "empty"],
)
async def test_a_mangled_part_does_no_harm(
    server: Sshd, there: Path, local: Path, left: bytes
) -> None:
    """Whatever lies under the part's name, the file that appears is the deposit's."""
    (there / PART).write_bytes(left)
    async with sftp_sessions.opened(server, there) as transport:
        await transport.deliver(local, NAME, SHA256)
    assert (there / NAME).read_bytes() == CONTENT


async def test_a_part_that_leads_elsewhere_is_refused(
    server: Sshd, there: Path, local: Path, tmp_path: Path
) -> None:
    """A link under the part's name is not followed."""
    other = tmp_path / "other"
    other.write_bytes(b"of somebody")
    (there / PART).symlink_to(other)
    async with sftp_sessions.opened(server, there) as transport:
        with pytest.raises(Refused) as refused:
            await transport.deliver(local, NAME, SHA256)
    assert refused.value.code == "escrow_name_taken"
    assert other.read_bytes() == b"of somebody"


async def test_a_partial_file_never_has_the_final_name(
    server: Sshd, there: Path, local: Path
) -> None:
    """Whenever the agent looks, the name is absent or the file is whole."""
    seen = set()

    def look() -> None:
        with contextlib.suppress(FileNotFoundError):
            seen.add((there / NAME).stat().st_size)
        seen.update(-1 for one in there.iterdir() if one.name == PART)

    async with (
        sshd.line(server.port, watch=look) as line,
        sftp_sessions.opened(server, there, port=line.port) as transport,
    ):
        await transport.deliver(local, NAME, SHA256)
        await transport.digest(NAME, len(CONTENT))  # so that the watcher sees it whole
    assert seen == {-1, len(CONTENT)}


async def test_what_was_renamed_before_a_crash_is_not_sent_again(
    server: Sshd, there: Path, local: Path
) -> None:
    """The same file under its name counts as delivered, and a part beside it goes."""
    (there / NAME).write_bytes(CONTENT)
    (there / PART).write_bytes(b"left")
    async with (
        sshd.line(server.port) as line,
        sftp_sessions.opened(server, there, port=line.port) as transport,
    ):
        await transport.deliver(local, NAME, SHA256)
        assert line.passed < base.CHUNK_OCTETS
    assert names(there) == [NAME]


@pytest.mark.parametrize(
    "other", [CONTENT[:-1], CONTENT[:-1] + b"\0"], ids=["shorter", "same size"]
)
async def test_another_file_of_that_name_is_not_replaced(
    server: Sshd, there: Path, local: Path, other: bytes
) -> None:
    """What lies under the name stays, whether its length is ours or not."""
    (there / NAME).write_bytes(other)
    async with sftp_sessions.opened(server, there) as transport:
        with pytest.raises(Refused) as refused:
            await transport.deliver(local, NAME, SHA256)
    assert refused.value.code == "escrow_name_taken"
    assert (there / NAME).read_bytes() == other


async def test_what_we_sent_before_makes_way(server: Sshd, there: Path, local: Path) -> None:
    """A former file of ours under the name is replaced, also one that is longer."""
    former = CONTENT * 2
    (there / NAME).write_bytes(former)
    async with sftp_sessions.opened(server, there) as transport:
        await transport.deliver(
            local, NAME, SHA256, {hashlib.sha256(former).hexdigest(): len(former)}
        )
    assert (there / NAME).read_bytes() == CONTENT


async def test_a_file_that_changed_since_staging_stays_hidden(
    server: Sshd, there: Path, local: Path
) -> None:
    """What is not what was staged does not get its name."""
    rewrite(local, CONTENT[:-1] + b"\0")
    async with sftp_sessions.opened(server, there) as transport:
        with pytest.raises(Refused) as refused:
            await transport.deliver(local, NAME, SHA256)
    assert refused.value.code == "escrow_file_changed"
    assert NAME not in names(there)


async def test_a_name_can_not_lead_elsewhere(server: Sshd, there: Path, local: Path) -> None:
    """A name is a name: no path, nothing hidden."""
    async with sftp_sessions.opened(server, there) as transport:
        for name in ("../x", "a/b", ".x", "", "x\n"):
            with pytest.raises(InvalidInput) as refused:
                await transport.deliver(local, name, SHA256)
            assert refused.value.code == "escrow_file_name"


async def test_a_missing_directory_is_refused(server: Sshd, there: Path, local: Path) -> None:
    """Nothing makes the agent's directories."""
    async with sftp_sessions.opened(server, there, directory=str(there / "absent")) as transport:
        with pytest.raises(Refused) as refused:
            await transport.deliver(local, NAME, SHA256)
        assert refused.value.code == "escrow_directory"
        with pytest.raises(Refused) as refused:
            await transport.reports("*", LONG_AGO)
        assert refused.value.code == "escrow_directory"


async def test_a_read_only_directory_is_refused(
    read_only_server: Sshd, there: Path, local: Path
) -> None:
    """A server that takes nothing is told from one that is not there."""
    async with sftp_sessions.opened(read_only_server, there) as transport:
        with pytest.raises(Refused) as refused:
            await transport.deliver(local, NAME, SHA256)
    assert refused.value.code == "escrow_not_writable"


async def test_reports_are_those_asked_for(server: Sshd, there: Path) -> None:
    """Newest first; not what is old, hidden, too long, empty, no file, or of another name."""
    reports = there / "reports"
    reports.mkdir()
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for name, content, age in [
        ("a.xml", b"first", 2),
        ("b.xml", b"second", 1),
        ("old.xml", b"old", 30),
        ("c.txt", b"other", 1),
        (".d.xml", b"half", 1),
        ("empty.xml", b"", 1),
        ("limit.xml", b"x" * base.REPORT_OCTETS, 3),
        ("long.xml", b"x" * (base.REPORT_OCTETS + 1), 1),
    ]:
        (reports / name).write_bytes(content)
        moment = (now - timedelta(days=age)).timestamp()
        os.utime(reports / name, (moment, moment))
    (reports / "directory.xml").mkdir()
    (reports / "link.xml").symlink_to(reports / "a.xml")
    async with sftp_sessions.opened(server, there, reports=str(reports)) as transport:
        found = await transport.reports("*.xml", now - timedelta(days=7))
    assert [name for name, _ in found] == ["b.xml", "a.xml", "limit.xml"]
    assert [content for _, content in found][:2] == [b"second", b"first"]


async def test_reports_are_bounded(
    server: Sshd, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many reports an agent keeps, only the newest are fetched."""
    monkeypatch.setattr(base, "REPORTS_AT_MOST", 3)
    for number in range(6):
        (there / f"r{number}").write_bytes(b"x")
        os.utime(there / f"r{number}", (2e9 + number, 2e9 + number))
    async with sftp_sessions.opened(server, there) as transport:
        found = await transport.reports("r*", LONG_AGO)
        with pytest.raises(InvalidInput) as refused:
            await transport.reports("../*", LONG_AGO)
    assert [name for name, _ in found] == ["r5", "r4", "r3"]
    assert refused.value.code == "escrow_pattern"


async def test_closing_a_broken_session_is_quiet(server: Sshd, there: Path) -> None:
    """Parting works after the line is gone, and twice."""
    async with (
        sshd.line(server.port) as line,
        sftp_sessions.opened(server, there, port=line.port) as transport,
    ):
        line.limit_octets = 0
        with pytest.raises(Unavailable):
            await transport.digest(NAME, len(CONTENT))
        await transport.close()
