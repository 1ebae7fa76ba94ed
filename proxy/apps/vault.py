"""The vault's sockets: one Unix listener per calling role, and nothing else.

Checks who calls by the kernel's word (peer credentials), parses one request a connection, and
streams the answer. What a caller may ask is decided per socket; default is no. Errors leave as
codes. Source: vault.md, Grants and Process isolation.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING

import structlog

from proxy.errors import Conflict, InvalidInput, NotFound, ProxyError, Refused
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from proxy.wire.frames import Answer, Request

REQUEST_WAIT_S = 5.0  # a local caller writes at once; a silent one may not keep a place
MOST_CALLERS = 32  # at the same time, per socket

_LINUX_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED
_SOL_LOCAL, _LOCAL_PEERCRED = 0, 0x001  # macOS sys/un.h
_XUCRED = struct.Struct("II")  # version, uid: macOS sys/ucred.h
_XUCRED_OCTETS = 76

_log = structlog.get_logger()


def peer_user(connection: socket.socket) -> int:
    """The numeric user at the other end, by the kernel's word; OSError when it does not say."""
    if hasattr(socket, "SO_PEERCRED"):
        octets = connection.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, _LINUX_CREDENTIALS.size
        )
        user: int = _LINUX_CREDENTIALS.unpack(octets)[1]
        return user
    octets = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_OCTETS)
    _, user = _XUCRED.unpack_from(octets)
    return user


class VaultServer:
    """Answers callers on inherited listeners until closed."""

    def __init__(
        self,
        *,
        listeners: Mapping[str, Sequence[socket.socket]],
        users: Mapping[str, int],
        answer: Callable[[str, Request], AsyncIterator[Answer]],
    ) -> None:
        """`listeners` and `users` by calling role; `answer(caller, request)` gives the frames."""
        self._listeners = listeners
        self._users = users
        self._answer = answer
        self._servers: list[asyncio.Server] = []
        self._callers: dict[str, int] = dict.fromkeys(listeners, 0)

    async def start(self) -> None:
        """Begin to accept."""
        for caller, several in self._listeners.items():
            for one in several:
                # Not start_unix_server: from Python 3.13 on its close removes the socket's file,
                # which is the supervisor's and stays for the vault that follows.
                self._servers.append(
                    await asyncio.start_server(
                        lambda reader, writer, caller=caller: self._serve(  # type: ignore[misc] # mypy can not type a lambda with a default
                            caller, reader, writer
                        ),
                        sock=one,
                        limit=frames.REQUEST_LIMIT_OCTETS + frames.LENGTH_OCTETS,
                    )
                )

    def close(self) -> None:
        """Stop accepting; answers under way are cut off."""
        for one in self._servers:
            one.close()

    async def _serve(
        self, caller: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if self._callers[caller] < MOST_CALLERS and self._is_known(caller, writer):
                self._callers[caller] += 1
                try:
                    await self._converse(caller, reader, writer)
                finally:
                    self._callers[caller] -= 1
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _is_known(self, caller: str, writer: asyncio.StreamWriter) -> bool:
        try:
            user = peer_user(writer.get_extra_info("socket"))
        except OSError:
            user = -1
        if user != self._users[caller]:
            _log.error("vault_caller_refused", role=caller, reason="peer_credentials")
            return False
        return True

    async def _converse(
        self, caller: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(REQUEST_WAIT_S):
                prefix = await reader.readexactly(frames.LENGTH_OCTETS)
                body = await reader.readexactly(frames.length(prefix, frames.REQUEST_LIMIT_OCTETS))
            async for answer in self._answer(caller, frames.parse_request(body)):
                writer.write(frames.render(answer))
                await writer.drain()
        except ProxyError as fault:
            with contextlib.suppress(OSError):
                writer.write(frames.render(_fault(fault)))
                await writer.drain()
        except (OSError, EOFError, TimeoutError):
            return  # the caller went away, or never spoke
        except Exception as bug:  # noqa: BLE001 - the vault answers on; the log says where
            _log.error("vault_bug", error=type(bug).__name__)
            with contextlib.suppress(OSError):
                writer.write(frames.render({"error": "internal"}))
                await writer.drain()


def _fault(fault: ProxyError) -> Answer:
    # Only what speaks of the request itself carries its sentence; the vault's inside gives codes.
    says = fault.detail if isinstance(fault, InvalidInput | NotFound | Refused | Conflict) else ""
    return {"error": fault.code, "kind": type(fault).__name__, "detail": says}
