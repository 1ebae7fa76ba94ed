"""OpenSSH's own server on a free port of this machine, and a line to it that can break.

It runs as whoever runs the tests, takes one user (the same one) by key, and offers SFTP alone. As
root it wants /run/sshd, where it locks its unprivileged part in.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

LOCAL = "127.0.0.1"


def find_sshd() -> str | None:
    """The server's path; sshd wants to be called by an absolute one, and is not on users' PATH."""
    return shutil.which("sshd", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")


def make_key(path: Path, kind: str = "ed25519") -> Path:
    """A key pair without a pass-phrase: the private file, `.pub` beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", path], check=True)
    return path


def public_line(path: Path) -> str:
    """The public half as a roster has it: kind and key."""
    return " ".join(path.with_name(f"{path.name}.pub").read_text().split()[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sshd:
    """A server that runs."""

    port: int
    host_keys: tuple[str, str]  # public lines: Ed25519, ECDSA
    client_key: bytes  # of the user it lets in
    user: str
    accepted: Path

    def let_in(self, line: str) -> None:
        """Let the holder of another key in."""
        with self.accepted.open("a") as file:
            file.write(line.strip() + "\n")


@contextlib.contextmanager
def running(directory: Path, *, sftp: str = "internal-sftp") -> Iterator[Sshd]:
    """A server until the end of the block; `sftp` is the command with options, "" for none."""
    program = find_sshd()
    assert program is not None
    host_keys = make_key(directory / "host"), make_key(directory / "host_ecdsa", "ecdsa")
    client_key = make_key(directory / "client")
    accepted = directory / "accepted"
    accepted.write_text(public_line(client_key) + "\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = free_port()
    config = directory / "sshd_config"
    config.write_text(_config(port, host_keys, accepted, sftp))
    # The log goes to the pipe: its first lines say when the server listens.
    server = subprocess.Popen(
        [program, "-D", "-e", "-f", config], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    try:
        assert server.stderr is not None
        lines: list[bytes] = []
        while b"Server listening" not in (line := server.stderr.readline()):
            assert line, b"".join(lines)  # it ended before
            lines.append(line)
        yield Sshd(
            port=port,
            host_keys=(public_line(host_keys[0]), public_line(host_keys[1])),
            client_key=client_key.read_bytes(),
            user=getpass.getuser(),
            accepted=accepted,
        )
    finally:
        server.terminate()
        server.wait()
        if server.stderr is not None:
            server.stderr.close()


def _config(port: int, host_keys: tuple[Path, ...], accepted: Path, sftp: str) -> str:
    lines = [
        f"Port {port}",
        f"ListenAddress {LOCAL}",
        *(f"HostKey {one}" for one in host_keys),
        f"AuthorizedKeysFile {accepted}",
        "PidFile none",
        # Without PAM, sshd looks for a locked account where only root may look, and finds one.
        f"UsePAM {'no' if os.geteuid() == 0 else 'yes'}",
        "StrictModes no",  # directories of tests lie under one that all may write
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin prohibit-password",
        "AllowTcpForwarding no",
        "LogLevel INFO",
    ]
    if sftp:
        lines += [f"Subsystem sftp {sftp}", f"ForceCommand {sftp}"]
    return "\n".join(lines) + "\n"


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as one:
        one.bind((LOCAL, 0))
        port: int = one.getsockname()[1]
        return port


@dataclass(slots=True, kw_only=True)
class Line:
    """A line to a port that watches what goes out, and breaks or falls silent after so much."""

    port: int
    limit_octets: int | None  # from us to the server, then it ends
    silent: bool  # at the limit nothing is passed on any more, and nothing is closed
    watch: Callable[[], None]
    passed: int = 0


@contextlib.asynccontextmanager
async def line(
    to_port: int,
    *,
    limit_octets: int | None = None,
    silent: bool = False,
    watch: Callable[[], None] = lambda: None,
) -> AsyncIterator[Line]:
    """A line to `to_port`; `watch` is called before each piece is passed on."""
    found = Line(port=0, limit_octets=limit_octets, silent=silent, watch=watch)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        there_reader, there_writer = await asyncio.open_connection(LOCAL, to_port)
        back = asyncio.create_task(_pump(there_reader, writer))
        try:
            await _pass_on(found, reader, there_writer)
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            for one in (writer, there_writer):
                one.transport.abort()
                with contextlib.suppress(OSError):
                    await one.wait_closed()

    server = await asyncio.start_server(serve, LOCAL, 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(1 << 14):
        line.watch()
        if line.limit_octets is not None and line.passed + len(piece) > line.limit_octets:
            if line.silent:
                await asyncio.Event().wait()
            return
        line.passed += len(piece)
        writer.write(piece)
        await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(1 << 14):
            writer.write(piece)
            await writer.drain()
