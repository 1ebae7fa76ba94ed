"""Sessions of our SFTP transport at a server of OpenSSH's that runs for the tests."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from escrow.transport.sftp import SftpTransport, Target
from tests.support import sshd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.support.sshd import Sshd


def started(tmp_path_factory: pytest.TempPathFactory, sftp: str) -> Iterator[Sshd]:
    """A server with that SFTP command; none without the program."""
    if sshd.find_sshd() is None:
        pytest.skip("no sshd (Debian: apt-get install openssh-server)")
    with sshd.running(tmp_path_factory.mktemp("sshd"), sftp=sftp) as found:
        yield found


def target(server: Sshd, there: Path, **changes: Any) -> Target:
    """The agent's directory by way of the server."""
    found = Target(
        host=sshd.LOCAL,
        port=server.port,
        host_key=server.host_keys[0],
        user=server.user,
        directory=str(there),
    )
    return dataclasses.replace(found, **changes)


@contextlib.asynccontextmanager
async def opened(
    server: Sshd, there: Path, *, key: bytes | None = None, **changes: Any
) -> AsyncIterator[SftpTransport]:
    """A session at the server, parted from in the end."""
    to = target(server, there, **changes)
    transport = await SftpTransport.connect(to, server.client_key if key is None else key)
    try:
        yield transport
    finally:
        await transport.close()
