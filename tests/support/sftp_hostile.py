"""An SFTP server that answers what a test makes up: packets by hand over asyncssh's own SSH.

Every answer is sound until a test replaces it, so that one thing at a time is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from typing import TYPE_CHECKING, Any

import asyncssh
from typing_extensions import override

from escrow.transport.sftp import SftpTransport, Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

LOCAL = "127.0.0.1"
INIT, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT = 1, 3, 4, 5, 6, 7, 8
OPENDIR, READDIR, REMOVE, EXTENDED = 11, 12, 13, 200
VERSION, STATUS, HANDLE, DATA, NAME, ATTRS = 2, 101, 102, 103, 104, 105
OK, END, NO_SUCH_FILE, FAILURE = 0, 1, 2, 4
EXTENSIONS = (b"posix-rename@openssh.com", b"fsync@openssh.com", b"limits@openssh.com")


def number(value: int) -> bytes:
    """As the protocol has it."""
    return struct.pack(">I", value)


def text(value: bytes) -> bytes:
    """As the protocol has it: length first."""
    return number(len(value)) + value


def status(code: int) -> bytes:
    """An answer that is only a code."""
    return bytes([STATUS]) + number(code) + text(b"") + text(b"")


def data(value: bytes) -> bytes:
    """An answer to READ."""
    return bytes([DATA]) + text(value)


def attributes(octets: int) -> bytes:
    """Of a regular file that changed just now."""
    return number(1 | 4 | 8) + struct.pack(">Q", octets) + number(0o100644) + number(2**31) * 2


def name(value: bytes, octets: int = 10) -> bytes:
    """An answer to READDIR: one file."""
    return bytes([NAME]) + number(1) + text(value) + text(b"") + attributes(octets)


SOUND: Mapping[int, bytes] = {
    INIT: bytes([VERSION]) + number(3) + b"".join(text(one) + text(b"1") for one in EXTENSIONS),
    OPEN: bytes([HANDLE]) + text(b"file"),
    READ: status(END),
    LSTAT: bytes([ATTRS]) + attributes(10),
    FSTAT: bytes([ATTRS]) + attributes(10),
    OPENDIR: bytes([HANDLE]) + text(b"directory"),
    READDIR: status(END),
}

LIMITS = bytes([201]) + struct.pack(">QQQQ", 0, 0, 0, 0)
"""An answer to the extension that is asked for as a session begins."""

Answer = bytes | None
"""What follows the request's id, the kind before it; None for silence."""


class _Session(asyncssh.SSHServerSession[bytes]):
    def __init__(self, server: Hostile) -> None:
        self._server = server
        self._buffer = b""

    @override
    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    @override
    def subsystem_requested(self, subsystem: str) -> bool:
        return True

    @override
    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self._buffer += data
        while len(self._buffer) >= 4:
            end = 4 + int.from_bytes(self._buffer[:4])
            if len(self._buffer) < end:
                return
            packet, self._buffer = self._buffer[4:end], self._buffer[end:]
            self._answer(packet)

    def _answer(self, packet: bytes) -> None:
        kind = packet[0]
        found = self._server.answer(kind)
        if found is not None:
            # INIT and its answer have no id.
            self._channel.write(
                text(found if kind == INIT else found[:1] + packet[1:5] + found[1:])
            )


class _Server(asyncssh.SSHServer):
    def __init__(self, server: Hostile) -> None:
        self._server = server

    @override
    def begin_auth(self, username: str) -> bool:
        return True

    @override
    def public_key_auth_supported(self) -> bool:
        return True

    @override
    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return True

    @override
    def session_requested(self) -> _Session:
        return _Session(self._server)


class Hostile:
    """A server that runs; `replaced` may be changed at any time."""

    def __init__(self) -> None:
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.replaced: dict[int, Answer | Callable[[], Answer]] = {EXTENDED: LIMITS}
        self.asked: list[int] = []
        self.port = 0

    def answer(self, kind: int) -> Answer:
        """What is answered to a request of that kind."""
        self.asked.append(kind)
        found = self.replaced.get(kind, SOUND.get(kind, status(OK)))
        return found() if callable(found) else found

    @contextlib.asynccontextmanager
    async def opened(self, **limits: Any) -> AsyncIterator[SftpTransport]:
        """A session of ours, parted from in the end; `limits` are those of the target."""
        target = Target(
            host=LOCAL,
            port=self.port,
            host_key=self.host_key.export_public_key().decode(),
            user="depositor",
            directory="",
            **limits,
        )
        key = self.client_key.export_private_key()
        transport = await SftpTransport.connect(target, key)
        try:
            yield transport
        finally:
            await transport.close()


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Hostile]:
    """A server until the end of the block."""
    found = Hostile()
    server = await asyncssh.create_server(
        lambda: _Server(found), LOCAL, 0, server_host_keys=[found.host_key], encoding=None
    )
    found.port = server.get_port()
    try:
        yield found
    finally:
        server.close()
        await asyncio.wait_for(server.wait_closed(), 10)
