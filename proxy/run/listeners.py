"""Listening sockets: bound once by the supervisor, inherited by every worker.

Without SO_REUSEPORT: closing one of two such sockets loses the connections queued on it, closing
one copy of an inherited socket loses none (measured: 95 of 200 against 0).
"""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

from proxy.errors import Unavailable
from proxy.settings import Address

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.settings import Settings

SOCKET_PATH_OCTETS = 100  # sun_path holds 108 (Linux) or 104 (macOS)
_ADVICE = {
    errno.EADDRINUSE: "is in use by another program; stop it, choose another address, or take "
    "--ports auto",
    errno.EACCES: "may not be taken by this user; choose a port of 1024 or above",
    errno.EADDRNOTAVAIL: "is no address of this machine",
}


def addresses(settings: Settings, name: str) -> tuple[Address, ...]:
    """Where the listener `name` listens by the settings, port 0 with `--ports auto`."""
    wanted = {
        "whois": settings.whois_listen,
        "rdap": settings.rdap_listen,
        "api": settings.api_listen,
        "api_tls": settings.api_tls_listen or (),
        "web": settings.web_listen,
        "smtp": settings.smtp_listen,
        "metrics": (settings.metrics_listen,),
    }[name]
    if settings.ports == "auto":
        return tuple(Address(host=address.host, port=0) for address in wanted)
    return wanted


def listen(name: str, address: Address, backlog: int) -> socket.socket:
    """A listening TCP socket; raises Unavailable with the sentence that says what to do."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            # [::] takes IPv4 too; any other IPv6 address only itself.
            only = int(address.host != "::")
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        made.bind((address.host, address.port))
        made.listen(backlog)
    except OSError as error:
        made.close()
        advice = _ADVICE.get(error.errno or 0, f"can not be taken: {error.strerror}")
        raise Unavailable("listener", f"{address.text} {advice} (setting {name}_listen).") from None
    made.setblocking(False)  # noqa: FBT003 - the name says it
    return made


def listen_unix(path: Path, user: int | None) -> socket.socket:
    """A listening Unix socket that only `user` (None: ourselves) may connect to."""
    if len(os.fsencode(path)) > SOCKET_PATH_OCTETS:
        raise Unavailable("socket_path", f"{path} is too long a path for a Unix socket.")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(os.fspath(path))
    path.chmod(0o600)
    if user is not None:
        os.chown(path, user, -1)
    made.listen(socket.SOMAXCONN)
    made.setblocking(False)  # noqa: FBT003 - the name says it
    return made


def bound(made: socket.socket) -> Address:
    """Where a TCP socket really listens."""
    host, port = made.getsockname()[:2]
    return Address(host=host, port=port)
