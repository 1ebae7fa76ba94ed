"""Deposits to an agent's SFTP server, and its reports back.

The server's key is the one in the roster, given to asyncssh as the only one it trusts: no
known_hosts text is made of it, so that neither a pattern, a marker nor another port adds a key. No
certificate authority, no agent, no password, no configuration file of a user is consulted; we log
in with one key. Every answer is waited for with a limit, so that a server that falls silent frees
the stream. Source: draft-ietf-secsh-filexfer-02 and OpenSSH's PROTOCOL s4 (posix-rename, fsync);
dependency facts s3.
"""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import stat
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, cast

import asyncssh

from escrow.transport import base, sftp_faults
from escrow.transport.base import CHUNK_OCTETS, Listed, Sent
from proxy.errors import InvalidInput, ProxyError, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Collection, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

BLOCK_OCTETS: Final = 32 << 10  # of one request: what every server takes; a chunk's go together
KEEPALIVE_S: Final = 15  # between questions whether the server is there; four without answer end it
HOST_KEY_ALGORITHMS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
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
        host_key, client_key = _import_keys(target.host_key, key)
        async with _explained():
            connection = await _connect(target, host_key, client_key)
        try:
            async with _explained(), asyncio.timeout(target.login_s):
                client = await connection.start_sftp_client()
        except BaseException:
            connection.abort()
            raise
        return cls(target, connection, client)

    async def deliver(
        self, local: Path, name: str, sha256: str, former: Collection[str] = ()
    ) -> None:
        """Have the agent hold the file under `name`."""
        part, final = self._path(base.part_name(name)), self._path(name)
        # What is there is read back whole: it happens only where we crashed between rename and
        # note, and where names return on the same day with other contents of about that length.
        there = await self.digest(name)
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

    async def digest(self, name: str) -> str | None:
        """The SHA-256 in hex of what lies under `name`; None when nothing does."""
        base.part_name(name)
        path = self._path(name)
        facts = await self._facts(path)
        if facts is None:
            return None
        if not _is_file(facts):
            return ""  # of no file
        found = hashlib.sha256()
        async with self._opened(path, asyncssh.FXF_READ) as file:
            offset = 0
            while chunk := await self._read(file, CHUNK_OCTETS, offset):
                await asyncio.to_thread(found.update, chunk)
                offset += len(chunk)
        return found.hexdigest()

    async def reports(self, pattern: str, since: datetime) -> list[tuple[str, bytes]]:
        """The agent's reports, newest first."""
        directory = self._target.reports or self._target.directory or "."
        found = []
        for one in base.wanted(await self._listed(directory), pattern, since):
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
        except (OSError, asyncssh.Error, TimeoutError):
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
        found = await self._answer(_all([file.read(length, at) for at, length in blocks]))
        joined = bytearray()
        for (_, length), block in zip(blocks, found, strict=True):
            joined += cast("bytes", block)  # typed for text; without an encoding it is octets
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
        except (asyncssh.Error, OSError, TimeoutError) as fault:
            raise sftp_faults.explain(fault) from None

    async def _facts(self, path: str) -> asyncssh.SFTPAttrs | None:
        """What lies under a path, a link not followed; None for nothing."""
        async with _explained():
            try:
                return await self._within(self._client.lstat(path))
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

    async def _listed(self, directory: str) -> list[Listed]:
        found: list[Listed] = []
        async with _explained(), aclosing(self._scan(directory)) as entries:
            looked_at = 0
            while looked_at < base.LISTED_AT_MOST:
                try:
                    entry = await self._within(anext(entries))
                except StopAsyncIteration:
                    break
                looked_at += 1
                if _is_file(entry.attrs):
                    found.append(
                        Listed(
                            name=str(entry.filename),
                            octets=entry.attrs.size or 0,
                            changed_s=float(entry.attrs.mtime or 0),
                        )
                    )
        return found

    def _scan(self, directory: str) -> AsyncGenerator[asyncssh.SFTPName, None]:
        # asyncssh calls it an iterator; it is a generator, and closing it closes the directory.
        return cast("AsyncGenerator[asyncssh.SFTPName, None]", self._client.scandir(directory))

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
            with suppress(asyncssh.Error, OSError, TimeoutError):
                await self._within(file.close())

    async def _answer(self, call: Awaitable[_T]) -> _T:
        async with _explained():
            return await self._within(call)

    async def _within(self, call: Awaitable[_T]) -> _T:
        async with asyncio.timeout(self._target.stall_s):
            return await call

    def _path(self, name: str) -> str:
        return posixpath.join(self._target.directory, name)


def _import_keys(host_key: str, client_key: bytes) -> tuple[asyncssh.SSHKey, asyncssh.SSHKey]:
    """The server's public key and our private one."""
    try:
        server = asyncssh.import_public_key(host_key)
    except asyncssh.KeyImportError:
        raise InvalidInput(
            "escrow_host_key_malformed", "The agent's host key in the roster is no OpenSSH key."
        ) from None
    try:
        return server, asyncssh.import_private_key(client_key)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise InvalidInput(
            "escrow_ssh_key",
            "Our key for SFTP can not be read: it must be an OpenSSH private key without a "
            "pass-phrase.",
        ) from None


def _algorithms(host_key: asyncssh.SSHKey) -> list[str]:
    """What we ask the server to prove itself by: the pinned key's algorithms, then the others.

    A server of several keys shows the pinned one. One that has it no more shows another, and is
    refused for that; if only the pinned algorithms were asked for, it would just hang up.
    """
    pinned = {bytes(one).decode("ascii") for one in host_key.sig_algorithms}
    return sorted(HOST_KEY_ALGORITHMS, key=lambda one: one not in pinned)


async def _connect(
    target: Target, host_key: asyncssh.SSHKey, client_key: asyncssh.SSHKey
) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        target.host,
        target.port,
        config=None,
        known_hosts=([host_key], [], []),  # trusted keys, authorities, revoked keys
        server_host_key_algs=_algorithms(host_key),
        x509_trusted_certs=None,
        username=target.user,
        client_keys=[client_key],
        preferred_auth=("publickey",),
        disable_trivial_auth=True,  # a server that wants no key is not the agent's
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_auth=False,
        gss_kex=False,
        agent_path=None,
        compression_algs=["none"],  # what is encrypted does not get smaller
        connect_timeout=target.connect_s,
        login_timeout=target.login_s,
        keepalive_interval=KEEPALIVE_S,
        keepalive_count_max=4,
    )


async def _all(calls: Sequence[Awaitable[_T]]) -> list[_T]:
    """What the calls give, made at once; each is waited for before the first failure is raised."""
    found: list[_T] = []
    for one in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(one, BaseException):
            raise one
        found.append(one)
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
    except (asyncssh.Error, OSError, TimeoutError) as fault:
        raise sftp_faults.explain(fault) from None
