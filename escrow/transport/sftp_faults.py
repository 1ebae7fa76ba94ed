"""What keeps a deposit from an agent's SFTP server, as codes and sentences that say what to do.

One table, from what asyncssh and the system raise to what the operator reads. Texts of the server
are not passed on: they may hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh

from proxy.errors import ProxyError, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

UNREACHABLE = (
    "escrow_unreachable",
    (
        "The agent's server does not answer, or stopped answering. Compare host and port with what "
        "the agent says, and look at the network; it is tried again by itself."
    ),
)
HOST_KEY = (
    "escrow_host_key",
    (
        "The server showed another host key than the roster in force has for this agent. Nothing "
        "was sent. Ask the agent whether its key changed; only a signed `change agent` order "
        "changes it here."
    ),
)
ALGORITHMS = (
    "escrow_algorithms",
    "The agent's server knows no algorithm that is safe enough. Ask the agent to renew its server.",
)
LOGIN = (
    "escrow_login",
    (
        "The agent's server refused our login. Compare the user in the plan, and have the agent "
        "accept the public key that `privacyproxy escrow keys` shows."
    ),
)
DIRECTORY = (
    "escrow_directory",
    (
        "The directory that the plan names is not there at the agent. Correct the plan, or ask the "
        "agent to make it."
    ),
)
NOT_WRITABLE = (
    "escrow_not_writable",
    (
        "The agent's server does not let us do in the plan's directory what a deposit needs: make, "
        "read, rename and remove files of our own. Ask the agent for these rights."
    ),
)
DISK_FULL = (
    "escrow_disk_full",
    "The agent's disk or our quota there is full. Tell the agent; it is tried again by itself.",
)
FAILED = (
    "escrow_agent_failed",
    (
        "The agent's server reported a failure without a cause. It is tried again by itself; if it "
        "stays, ask the agent what its log says."
    ),
)
NO_SFTP = (
    "escrow_no_sftp",
    "The agent's server let us in but offers no SFTP. Ask the agent to switch it on for our user.",
)

KINDS = (asyncssh.Error, OSError, TimeoutError, EOFError, ValueError, LookupError)
"""What asyncssh raises for what a server does; the last three for packets that are malformed."""

_REFUSED: Sequence[tuple[tuple[type[Exception], ...], tuple[str, str]]] = (
    # The first that fits counts: what is more special stands before.
    ((asyncssh.HostKeyNotVerifiable,), HOST_KEY),
    ((asyncssh.KeyExchangeFailed,), ALGORITHMS),
    ((asyncssh.PermissionDenied,), LOGIN),
    ((asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory), DIRECTORY),
    ((asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect), NOT_WRITABLE),
    ((asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded), DISK_FULL),
    ((asyncssh.ChannelOpenError,), NO_SFTP),
)
_AWAY = (
    OSError,
    TimeoutError,
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.DisconnectError,
)


def explain(fault: Exception) -> ProxyError:
    """The refusal that an error of asyncssh or the system becomes."""
    for kinds, (code, sentence) in _REFUSED:
        if isinstance(fault, kinds):
            return Refused(code, sentence)
    if isinstance(fault, _AWAY):
        return Unavailable(*UNREACHABLE)
    return Refused(*FAILED)
