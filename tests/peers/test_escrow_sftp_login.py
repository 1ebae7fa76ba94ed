"""Who the agent's server is, and whether it lets us in: OpenSSH's own server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import ProxyError, Refused, Unavailable
from tests.support import sftp_sessions, sshd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sshd import Sshd

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server that offers SFTP."""
    yield from sftp_sessions.started(tmp_path_factory, "internal-sftp")


async def fault_of_connecting(server: Sshd, tmp_path: Path, **changes: Any) -> ProxyError:
    """What connecting is refused with."""
    with pytest.raises(ProxyError) as refused:
        async with sftp_sessions.opened(server, tmp_path, **changes):
            pass
    return refused.value


@pytest.mark.parametrize("number", [0, 1], ids=["ed25519", "ecdsa"])
async def test_each_key_of_a_server_may_be_the_pinned_one(
    server: Sshd, tmp_path: Path, number: int
) -> None:
    """A server of several keys shows the one that the roster has."""
    async with sftp_sessions.opened(
        server, tmp_path, host_key=server.host_keys[number]
    ) as transport:
        assert await transport.digest("absent", 10) is None


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_another_host_key_is_refused(server: Sshd, tmp_path: Path, kind: str) -> None:
    """Only the roster's key is the agent; the sentence names the one way to change it."""
    other = sshd.public_line(sshd.make_key(tmp_path / "other", kind))
    fault = await fault_of_connecting(server, tmp_path, host_key=other)
    assert isinstance(fault, Refused)
    assert fault.code == "escrow_host_key"
    assert "signed `change agent` order" in fault.detail


async def test_a_key_the_agent_does_not_know_is_refused(server: Sshd, tmp_path: Path) -> None:
    """A login by another key is no login."""
    other = sshd.make_key(tmp_path / "other").read_bytes()
    fault = await fault_of_connecting(server, tmp_path, key=other)
    assert isinstance(fault, Refused)
    assert fault.code == "escrow_login"


@pytest.mark.parametrize("key", [b"", b"no key"])
async def test_a_key_of_ours_that_is_none_is_refused(
    server: Sshd, tmp_path: Path, key: bytes
) -> None:
    """A key file that can not be read is said to be one, without what is in it."""
    fault = await fault_of_connecting(server, tmp_path, key=key)
    assert fault.code == "escrow_ssh_key"
    assert "no key" not in fault.detail


async def test_a_port_where_nobody_listens_is_unreachable(server: Sshd, tmp_path: Path) -> None:
    """No server is no refusal: it is tried again."""
    fault = await fault_of_connecting(server, tmp_path, port=sshd.free_port())
    assert isinstance(fault, Unavailable)
    assert fault.code == "escrow_unreachable"


async def test_a_server_that_says_nothing_is_unreachable(server: Sshd, tmp_path: Path) -> None:
    """A connection without an answer ends by itself."""
    async with sshd.line(server.port, limit_octets=0, silent=True) as line:
        fault = await fault_of_connecting(
            server, tmp_path, port=line.port, connect_s=1.0, login_s=0.5
        )
    assert fault.code == "escrow_unreachable"


async def test_a_server_without_sftp_is_said_to_be_one(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """A login that is good for nothing has a reason of its own."""
    for server in sftp_sessions.started(tmp_path_factory, ""):
        fault = await fault_of_connecting(server, tmp_path)
        assert fault.code == "escrow_no_sftp"
