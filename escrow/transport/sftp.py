"""Deposits to an agent's SFTP server, and its reports back.

Every answer is waited for with a limit, so that a server that falls silent frees the stream; so is
whatever takes as many answers as the server likes, since each may come just in time. No answer is
taken that is longer than was asked for. Source: draft-ietf-secsh-filexfer-02 and OpenSSH's PROTOCOL
s4 (posix-rename, fsync); dependency facts s3.
"""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import stat
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, cast

import asyncssh

from escrow.transport import base, sftp_faults, sftp_login
from escrow.transport.base import CHUNK_OCTETS, NO_FORMER, Listed, Sent, Wanted
from proxy.errors import ProxyError, Refused

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Iterator,
        Mapping,
        Sequence,
    )
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

BLOCK_OCTETS: Final = 32 << 10  # of one request: what every server takes; a chunk's go together
_REGULAR: Final = 1  # SSH_FILEXFER_TYPE_REGULAR

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to and how long to wait; who the agent is comes from the roster."""

    host: str
    port: int
    host_key: str  # OpenSSH public key line
    user: str
    directory: str  # "" is where the login leads
    reports: str = ""
    connect_s: float = 60.0  # until we are logged in, the look-up of the host's name included
    login_s: float = 30.0  # of it, from the first octet on
    stall_s: float = 120.0  # for one chunk or one answer: 9 kB/s is the slowest line that works
    reports_s: float = 3600.0  # for all reports: 200 of 160 kB over the slowest line


class SftpTransport:
    """An open SFTP session."""

    def __init__(
        self, target: Target, connection: asyncssh.SSHClientConnection, client: asyncssh.SFTPClient
    ) -> None:
        self._target = target
        self._connection = connection
        self._client = client

    @classmethod
    async def connect(cls, target: Target, key: bytes) -> SftpTransport:
        """A session at the agent; `key` is our private key in OpenSSH's form, without pass-phrase.

        Unavailable `escrow_unreachable`; Refused `escrow_host_key`, `escrow_login`,
        `escrow_no_sftp`.
        """
        host_key, client_key = sftp_login.import_keys(target.host_key, key)
        async with _explained():
            connection = await sftp_login.connect(target, host_key, client_key)
        try:
            async with _explained(), asyncio.timeout(target.login_s):
                client = await connection.start_sftp_client()
        except BaseException:
            connection.abort()
            raise
        return cls(target, connection, client)

    async def deliver(
        self, local: Path, name: str, sha256: str, former: Mapping[str, int] = NO_FORMER
    ) -> None:
        """Have the agent hold the file under `name`."""
        part, final = self._path(base.part_name(name)), self._path(name)
        # What is there is read back whole: it happens only where we crashed between rename and
        # note, and where names return on the same day with other contents of about that length.
        octets = (await asyncio.to_thread(local.stat)).st_size
        there = await self.digest(name, base.longest(octets, former))
        if there == sha256:
            with suppress(ProxyError):
                await self._answer(self._client.remove(part))
            return
        if there is not None and there not in former:
            raise base.name_taken(name)
        source = await asyncio.to_thread(local.open, "rb")
        try:
            await self._write_part(source, part, sha256)
        finally:
            source.close()
        await self._rename(part, final)

    async def digest(self, name: str, at_most: int) -> str | None:
        """The SHA-256 in hex of what lies under `name`; None when nothing does."""
        base.part_name(name)
        path = self._path(name)
        facts = await self._facts(path)
        if facts is None:
            return None
        if not _is_file(facts) or (facts.size or 0) > at_most:
            return base.OTHER
        found, offset = hashlib.sha256(), 0
        limit_s = self._target.stall_s * (2 + at_most // CHUNK_OCTETS)
        async with self._opened(path, asyncssh.FXF_READ) as file:
            with self._deadline(limit_s):
                while chunk := await self._read(
                    file, min(CHUNK_OCTETS, at_most + 1 - offset), offset
                ):
                    await asyncio.to_thread(found.update, chunk)
                    offset += len(chunk)
        return found.hexdigest() if offset <= at_most else base.OTHER

    async def reports(self, pattern: str, since: datetime) -> list[tuple[str, bytes]]:
        """The agent's reports, newest first."""
        wanted = Wanted(pattern, since)
        with self._deadline(self._target.reports_s):
            return await self._reports(wanted)

    async def _reports(self, wanted: Wanted) -> list[tuple[str, bytes]]:
        directory = self._target.reports or self._target.directory or "."
        found = []
        await self._look(directory, wanted)
        for one in wanted.newest():
            path = posixpath.join(directory, one.name)
            try:
                content = await self._read_whole(path, base.REPORT_OCTETS + 1)
            except Refused as fault:
                if fault.code == sftp_faults.DIRECTORY[0]:
                    continue  # moved away since it was listed
                raise
            if len(content) <= base.REPORT_OCTETS:
                found.append((one.name, content))
        return found

    async def close(self) -> None:
        """Part; what the server thinks of it is of no interest."""
        self._client.exit()
        self._connection.close()
        try:
            async with asyncio.timeout(self._target.connect_s):
                await self._connection.wait_closed()
        except sftp_faults.KINDS:
            self._connection.abort()

    async def _write_part(self, source: BinaryIO, part: str, sha256: str) -> None:
        sent = Sent(sha256)
        there = await self._facts(part)
        if there is not None and not _is_file(there):
            raise base.name_taken(part)
        flags = asyncssh.FXF_READ | asyncssh.FXF_WRITE | asyncssh.FXF_CREAT
        async with self._opened(part, flags) as file:
            await self._skip_common(source, file, sent)
            await self._answer(file.truncate(sent.octets))
            await asyncio.to_thread(source.seek, sent.octets)
            while chunk := await asyncio.to_thread(source.read, CHUNK_OCTETS):
                await self._write(file, chunk, sent.octets)
                await asyncio.to_thread(sent.add, chunk)
            async with _explained():
                with suppress(asyncssh.SFTPOpUnsupported):
                    await self._within(file.fsync())
            facts = await self._answer(file.stat())
            sent.check(-1 if facts.size is None else facts.size)

    async def _read_whole(self, path: str, limit_octets: int) -> bytes:
        found = bytearray()
        async with self._opened(path, asyncssh.FXF_READ) as file:
            while chunk := await self._read(file, limit_octets - len(found), len(found)):
                found += chunk
        return bytes(found)

    async def _read(self, file: asyncssh.SFTPClientFile, octets: int, offset: int) -> bytes:
        """At most so many octets, as many as came without a gap; none at the end."""
        blocks = [
            (at, min(BLOCK_OCTETS, offset + octets - at))
            for at in range(offset, offset + octets, BLOCK_OCTETS)
        ]
        found = await self._answer(_all([_block(file, length, at) for at, length in blocks]))
        joined = bytearray()
        for (_, length), block in zip(blocks, found, strict=True):
            joined += block
            if len(block) < length:
                break
        return bytes(joined)

    async def _write(self, file: asyncssh.SFTPClientFile, chunk: bytes, offset: int) -> None:
        blocks = range(0, len(chunk), BLOCK_OCTETS)
        calls = [file.write(chunk[at : at + BLOCK_OCTETS], offset + at) for at in blocks]
        async with _explained():
            try:
                await self._within(_all(calls))
            except asyncssh.SFTPFailure:
                # The protocol's version 3 has no code for a full disk.
                room = await self._within(file.statvfs())
                if room.bavail == 0:
                    raise Refused(*sftp_faults.DISK_FULL) from None
                raise

    async def _skip_common(
        self, source: BinaryIO, file: asyncssh.SFTPClientFile, sent: Sent
    ) -> None:
        """Read back what is there, as far as it is the local file's, in whole chunks."""
        while chunk := await asyncio.to_thread(source.read, CHUNK_OCTETS):
            if await self._read(file, len(chunk), sent.octets) != chunk:
                return
            await asyncio.to_thread(sent.add, chunk)

    async def _rename(self, part: str, final: str) -> None:
        # posix-rename replaces. Nothing had the name a moment ago, and the login is ours alone.
        try:
            await self._within(self._client.posix_rename(part, final))
        except asyncssh.SFTPOpUnsupported:
            await self._answer(self._client.rename(part, final))
        except sftp_faults.KINDS as fault:
            raise sftp_faults.explain(fault) from None

    async def _facts(self, path: str) -> asyncssh.SFTPAttrs | None:
        """What lies under a path, a link not followed; None for nothing."""
        async with _explained():
            try:
                return await self._within(self._client.lstat(path))
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

    async def _look(self, directory: str, wanted: Wanted) -> None:
        async with _explained(), aclosing(self._scan(directory)) as entries:
            for _ in range(base.LISTED_AT_MOST):
                with self._deadline(self._target.stall_s):
                    entry = await anext(entries, None)
                if entry is None:
                    break
                if _is_file(entry.attrs) and (name := _name(entry)):
                    octets, changed_s = entry.attrs.size or 0, float(entry.attrs.mtime or 0)
                    wanted.see(Listed(name=name, octets=octets, changed_s=changed_s))

    def _scan(self, directory: str) -> AsyncGenerator[asyncssh.SFTPName, None]:
        # asyncssh calls it an iterator; it is a generator, and closing it closes the directory.
        # Asked in octets it answers in octets: one name that is not UTF-8 ends no listing.
        found = self._client.scandir(directory.encode())
        return cast("AsyncGenerator[asyncssh.SFTPName, None]", found)

    @asynccontextmanager
    async def _opened(self, path: str, flags: int) -> AsyncIterator[asyncssh.SFTPClientFile]:
        file = await self._answer(
            # Without blocks of its own: asyncssh leaves tasks of theirs behind when a line breaks.
            self._client.open(path, flags, encoding=None, block_size=0)
        )
        try:
            yield file
        finally:
            # Of a broken connection nothing can be closed; what broke it is on its way up.
            with suppress(*sftp_faults.KINDS):
                await self._within(file.close())

    @contextmanager
    def _deadline(self, limit_s: float) -> Iterator[None]:
        """Break the connection when the block takes longer: what waits in it is unreachable then.

        More than a cancellation, after which asyncssh waits without limit to close a directory.
        """
        late = asyncio.get_running_loop().call_later(limit_s, self._connection.abort)
        try:
            yield
        finally:
            late.cancel()

    async def _answer(self, call: Awaitable[_T]) -> _T:
        async with _explained():
            return await self._within(call)

    async def _within(self, call: Awaitable[_T]) -> _T:
        async with asyncio.timeout(self._target.stall_s):
            return await call

    def _path(self, name: str) -> str:
        return posixpath.join(self._target.directory, name)


async def _all(calls: Sequence[Awaitable[_T]]) -> list[_T]:
    """What the calls give, made at once; each is waited for before the first failure is raised."""
    found: list[_T] = []
    for one in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(one, BaseException):
            raise one
        found.append(one)
    return found


def _name(entry: asyncssh.SFTPName) -> str:
    """A listed file's name; "" for one that is not UTF-8, which no report of ours has."""
    try:
        return cast("bytes", entry.filename).decode()
    except UnicodeDecodeError:
        return ""


async def _block(file: asyncssh.SFTPClientFile, octets: int, offset: int) -> bytes:
    found = cast("bytes", await file.read(octets, offset))  # typed for text, for an encoding
    if len(found) > octets:
        raise asyncssh.SFTPBadMessage("longer than asked for")
    return found


def _is_file(facts: asyncssh.SFTPAttrs) -> bool:
    if facts.type == _REGULAR:
        return True
    return facts.permissions is not None and stat.S_ISREG(facts.permissions)


@asynccontextmanager
async def _explained() -> AsyncIterator[None]:
    """Errors of asyncssh and the system as refusals; our own pass."""
    try:
        yield
    except sftp_faults.KINDS as fault:
        raise sftp_faults.explain(fault) from None
