"""What a server or the network does, as the code an operator reads."""

from __future__ import annotations

import asyncssh
import pytest

from escrow.transport import sftp_faults
from proxy.errors import Refused, Unavailable

SECRET = "text of a server"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ConnectionRefusedError(SECRET), "escrow_unreachable"),
        (TimeoutError(SECRET), "escrow_unreachable"),
        (asyncssh.ConnectionLost(SECRET), "escrow_unreachable"),
        (asyncssh.SFTPConnectionLost(SECRET), "escrow_unreachable"),
        (asyncssh.HostKeyNotVerifiable(SECRET), "escrow_host_key"),
        (asyncssh.KeyExchangeFailed(SECRET), "escrow_algorithms"),
        (asyncssh.PermissionDenied(SECRET), "escrow_login"),
        (asyncssh.ChannelOpenError(1, SECRET), "escrow_no_sftp"),
        (asyncssh.SFTPNoSuchFile(SECRET), "escrow_directory"),
        (asyncssh.SFTPPermissionDenied(SECRET), "escrow_not_writable"),
        (asyncssh.SFTPNoSpaceOnFilesystem(SECRET), "escrow_disk_full"),
        (asyncssh.SFTPQuotaExceeded(SECRET), "escrow_disk_full"),
        (asyncssh.SFTPFailure(SECRET), "escrow_agent_failed"),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
def test_each_cause_has_a_code_and_no_text_of_the_server(fault: Exception, code: str) -> None:
    """Causes are told apart; what a stranger wrote is not passed on."""
    found = sftp_faults.explain(fault)
    assert found.code == code
    assert SECRET not in found.detail
    assert isinstance(found, Unavailable if code == "escrow_unreachable" else Refused)
