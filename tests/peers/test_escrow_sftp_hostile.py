"""An agent's server that answers what no server should: it costs one stream a moment, no more."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from escrow.transport import base
from proxy.errors import ProxyError, Refused, Unavailable
from tests.support import sftp_hostile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from escrow.transport.sftp import SftpTransport
    from tests.support.sftp_hostile import Hostile

pytestmark = pytest.mark.peer

FILE = "9999_RDE_2026-03-01_full_0.csv.gz.gpg"
CONTENT = b"a deposit"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LIMIT_S = 20  # for what is over in a moment, or never


@pytest.fixture
async def server() -> AsyncIterator[Hostile]:
    """A server that answers as it should until it is told otherwise."""
    async with sftp_hostile.running() as found:
        yield found


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A file of a deposit, as staged."""
    path = tmp_path / FILE
    path.write_bytes(CONTENT)
    return path


async def use(transport: SftpTransport, local: Path) -> list[str]:
    """Everything that is ever asked of an agent; the codes that it was refused with."""
    codes = []
    for one in (
        transport.deliver(local, FILE, SHA256),
        transport.digest(FILE, 100),
        transport.reports("*.xml", LONG_AGO),
    ):
        try:
            await one
        except ProxyError as fault:
            codes.append(fault.code)
    return codes


MANGLED: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda sound: sound[:-1],
    "kind alone": lambda sound: sound[:1],
    "more": lambda sound: sound + b"\0",
    "another kind": lambda _sound: bytes([sftp_hostile.VERSION]) + sftp_hostile.number(3),
    "unknown kind": lambda sound: b"\0" + sound[1:],
    "text": lambda _sound: (
        bytes([sftp_hostile.STATUS]) + sftp_hostile.number(4) + sftp_hostile.text(b"\xff") * 2
    ),
}
ASKED = ("OPEN", "CLOSE", "READ", "WRITE", "LSTAT", "FSTAT", "OPENDIR", "READDIR", "EXTENDED")


@pytest.mark.parametrize("how", MANGLED)
@pytest.mark.parametrize("asked", ASKED)
async def test_a_malformed_answer_is_a_failure_of_the_agent(
    server: Hostile, local: Path, asked: str, how: str
) -> None:
    """Whatever is malformed, at whatever moment, is told by a code; nothing else comes up."""
    kind = getattr(sftp_hostile, asked)
    async with asyncio.timeout(LIMIT_S), server.opened(stall_s=2.0) as transport:
        # Nothing lies there, so that a deposit is written, but one report.
        named = iter([sftp_hostile.name(b"r.xml")])
        server.replaced = {
            sftp_hostile.LSTAT: sftp_hostile.status(sftp_hostile.NO_SUCH_FILE),
            sftp_hostile.FSTAT: bytes([sftp_hostile.ATTRS]) + sftp_hostile.attributes(len(CONTENT)),
            sftp_hostile.READDIR: lambda: next(named, sftp_hostile.status(sftp_hostile.END)),
        }
        assert await use(transport, local) == []
        assert kind in server.asked
        sound = sftp_hostile.SOUND.get(kind, sftp_hostile.status(sftp_hostile.OK))
        named = iter([sftp_hostile.name(b"r.xml")])
        server.replaced[kind] = MANGLED[how](sound)
        codes = await use(transport, local)
    assert set(codes) <= {"escrow_agent_failed"}
    assert codes or asked == "CLOSE"  # of a file it is of no interest: its octets are on the disk


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (sftp_hostile.INIT, bytes([sftp_hostile.VERSION, 0])),
        (sftp_hostile.INIT, b"\0"),
        (
            sftp_hostile.INIT,
            sftp_hostile.SOUND[sftp_hostile.INIT]
            + sftp_hostile.text(b"supported2")
            + sftp_hostile.text(b"\0"),
        ),
        (sftp_hostile.EXTENDED, bytes([201, 0])),
        (sftp_hostile.EXTENDED, b"\0"),
    ],
    ids=["cut", "kind", "extension", "limits cut", "limits kind"],
)
async def test_a_malformed_greeting_is_a_failure_of_the_agent(
    server: Hostile, kind: int, answer: bytes
) -> None:
    """A session that can not even begin has the same code."""
    server.replaced[kind] = answer
    with pytest.raises(Refused) as refused:
        async with asyncio.timeout(LIMIT_S), server.opened():
            pass
    assert refused.value.code == "escrow_agent_failed"


async def test_an_fsync_that_fails_is_told(server: Hostile, local: Path) -> None:
    """A server that can not put the file on its disk does not have it."""
    async with server.opened() as transport:
        server.replaced = {
            sftp_hostile.LSTAT: sftp_hostile.status(sftp_hostile.NO_SUCH_FILE),
            sftp_hostile.EXTENDED: sftp_hostile.status(sftp_hostile.FAILURE),
        }
        with pytest.raises(Refused) as refused:
            await transport.deliver(local, FILE, SHA256)
    assert refused.value.code == "escrow_agent_failed"


async def test_an_endless_file_is_another_one(server: Hostile, local: Path) -> None:
    """Whatever length was told, no more is read than the longest file of ours has, and one."""
    served = 0

    def octet() -> bytes:
        nonlocal served
        served += 1
        return sftp_hostile.data(b"z")

    async with asyncio.timeout(LIMIT_S), server.opened() as transport:
        server.replaced[sftp_hostile.READ] = octet
        assert await transport.digest(FILE, 100) == ""
        assert served == 101
        served = 0
        with pytest.raises(Refused) as refused:
            await transport.deliver(local, FILE, SHA256, {"of another": 40})
        assert refused.value.code == "escrow_name_taken"
        assert served == 41


async def test_of_a_longer_file_nothing_is_read(server: Hostile) -> None:
    """A length that is not ours is an answer."""
    async with server.opened() as transport:
        assert await transport.digest(FILE, 9) == ""
    assert sftp_hostile.READ not in server.asked


async def test_no_answer_is_longer_than_asked_for(server: Hostile) -> None:
    """A read of a few octets that brings many is malformed."""
    async with server.opened() as transport:
        server.replaced[sftp_hostile.READ] = sftp_hostile.data(bytes(3_000_000))
        with pytest.raises(Refused) as refused:
            await transport.digest(FILE, 100)
    assert refused.value.code == "escrow_agent_failed"


async def test_a_file_that_drips_ends(server: Hostile) -> None:
    """Each answer in time, and yet all of them together too slow: unreachable."""
    async with asyncio.timeout(LIMIT_S), server.opened(stall_s=0.3) as transport:
        server.replaced[sftp_hostile.READ] = sftp_hostile.data(b"z")
        with pytest.raises(Unavailable) as refused:
            await transport.digest(FILE, base.CHUNK_OCTETS)
    assert refused.value.code == "escrow_unreachable"


async def test_reports_that_drip_end(server: Hostile) -> None:
    """All reports together have one limit."""
    named = iter([sftp_hostile.name(b"r.xml", base.REPORT_OCTETS)])
    async with asyncio.timeout(LIMIT_S), server.opened(reports_s=0.5) as transport:
        server.replaced = {
            sftp_hostile.READ: sftp_hostile.data(b"z"),
            sftp_hostile.READDIR: lambda: next(named, sftp_hostile.status(sftp_hostile.END)),
        }
        with pytest.raises(Unavailable) as refused:
            await transport.reports("*.xml", LONG_AGO)
    assert refused.value.code == "escrow_unreachable"


@pytest.mark.parametrize(
    "answer",
    [None, bytes([sftp_hostile.NAME]) + sftp_hostile.number(0)],
    ids=["silent", "nothing more"],
)
async def test_a_listing_without_an_entry_ends(server: Hostile, answer: bytes | None) -> None:
    """Silence, to closing the directory too, or answers without a name for ever: unreachable."""
    async with server.opened(stall_s=0.3) as transport:
        server.replaced = {sftp_hostile.READDIR: answer, sftp_hostile.CLOSE: None}
        with pytest.raises(Unavailable) as refused:
            await transport.reports("*.xml", LONG_AGO)
    assert refused.value.code == "escrow_unreachable"


async def test_an_endless_listing_ends(server: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many entries are looked at, and what is among them counts."""
    monkeypatch.setattr(base, "LISTED_AT_MOST", 50)
    monkeypatch.setattr(base, "REPORTS_AT_MOST", 2)
    async with asyncio.timeout(LIMIT_S), server.opened() as transport:
        server.replaced[sftp_hostile.READDIR] = sftp_hostile.name(b"r.xml")
        found = await transport.reports("*.xml", LONG_AGO)
    assert found == [("r.xml", b""), ("r.xml", b"")]
    assert server.asked.count(sftp_hostile.READDIR) == 50


async def test_long_names_are_not_kept(server: Hostile) -> None:
    """A listing of 40 MB of names takes the memory of a few; the one report is found."""
    left = iter([*[b"n" * 240_000 + b".xml"] * 160, b"\xff.xml", b"../r.xml", b"r.xml"])

    def entry() -> bytes:
        found = next(left, b"")
        return sftp_hostile.name(found) if found else sftp_hostile.status(sftp_hostile.END)

    async with server.opened() as transport:
        server.replaced[sftp_hostile.READDIR] = entry
        tracemalloc.start()
        try:
            found = await transport.reports("*.xml", LONG_AGO)
            _, peak_octets = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert [name for name, _ in found] == ["r.xml"]
    assert peak_octets < 10_000_000
