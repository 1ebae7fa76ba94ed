"""The SMTP listener for bounces: takes mail for our own return paths, and nothing else.

Whoever connects may say anything; only a recipient with a valid token gets past RCPT, one a
message. A report is noted durably before it is answered with 250. Must not relay, keep, or log what
was said. Source: RFC 5321; RFC 3464; RFC 3463 (codes of replies).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog
from aiosmtpd.smtp import SMTP
from typing_extensions import override

from proxy import logs
from proxy.errors import InvalidInput, ProxyError
from proxy.wire import dsn

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from aiosmtpd.smtp import Envelope, Session

    from proxy.metrics import Registry
    from proxy.model.case import NoticeId
    from proxy.model.notice import Report

COMMAND_TIMEOUT_S: Final = 60.0  # for each command, and for the whole of a message
SESSION_TIMEOUT_S: Final = 300.0
COMMANDS: Final = {"*": 40, "RCPT": 20, "MAIL": 20, "DATA": 20, "NOOP": 10}  # of one connection
IDENT: Final = "ESMTP"  # says neither program nor version

BUSY: Final = "421 4.3.2 Too many connections, try again later"
UNKNOWN: Final = "550 5.1.1 No mail is taken for this address"
SEVERAL: Final = "452 4.5.3 One recipient at a time"
LATER: Final = "451 4.3.0 Not now, try again later"
TAKEN: Final = "250 2.0.0 Taken"
UNREAD: Final = "550 5.6.0 This is no message"
BROKEN: Final = "451 4.3.0 Something went wrong, try again later"
NO_NAMES: Final = "252 2.1.5 Names are not told"

Take: TypeAlias = "Callable[[NoticeId, Report], Awaitable[object]]"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Connections that may be open at once."""

    connections: int
    per_client: int


class Bounces:
    """The listener: `serve` begins, `close` ends."""

    def __init__(
        self,
        *,
        our_name: str,
        notice_of: Callable[[str], NoticeId | None],
        take: Take,
        limits: Limits,
        metrics: Registry,
    ) -> None:
        """`notice_of` tells whose return path an address is; `take` notes a report durably."""
        self._our_name = our_name
        self._notice_of = notice_of
        self._take = take
        self._limits = limits
        self._metrics = metrics
        self._open: Counter[str] = Counter()
        self._sessions: set[_Session] = set()
        self._servers: list[asyncio.Server] = []

    async def serve(self, listener: socket.socket) -> None:
        """Answer on a listening socket from now on."""
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(self._session, sock=listener))

    async def close(self, drain_s: float) -> None:
        """Take no more connections; those that are open may end, and then are ended."""
        for server in self._servers:
            server.close()
        try:
            async with asyncio.timeout(drain_s):
                while self._sessions:
                    await asyncio.gather(*(one.ended.wait() for one in self._sessions))
        except TimeoutError:
            for one in tuple(self._sessions):
                one.end()

    def _session(self) -> _Session:
        return _Session(self, self._our_name)

    def admit(self, session: _Session, client: str) -> bool:
        """Whether one more connection fits; counted when it does."""
        limits = self._limits
        if len(self._sessions) >= limits.connections or self._open[client] >= limits.per_client:
            self._count("busy")
            return False
        self._open[client] += 1
        self._sessions.add(session)
        return True

    def leave(self, session: _Session, client: str) -> None:
        """Forget a connection that was admitted."""
        self._sessions.discard(session)
        self._open[client] -= 1
        if self._open[client] <= 0:
            del self._open[client]

    def _count(self, result: str) -> None:
        self._metrics.counter("smtp_messages_total", result=result).value += 1

    # What aiosmtpd calls, by name.

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """The answer to a recipient: ours with a valid token, or unknown."""
        if self._notice_of(address) is None:
            self._count("unknown")
            return UNKNOWN
        if envelope.rcpt_tos:
            return SEVERAL
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Known"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """The answer to a message, after what it says is noted."""
        notice_id = self._notice_of(envelope.rcpt_tos[0]) if envelope.rcpt_tos else None
        content = envelope.content
        if notice_id is None or not isinstance(content, bytes):
            return UNKNOWN
        try:
            report = dsn.parse(content)
        except InvalidInput:
            self._count("unread")
            return UNREAD
        try:
            await self._take(notice_id, report)
        except ProxyError as error:
            _log.warning("report_waits", reason=error.code)
            self._count("later")
            return LATER
        self._count(report.action.value)
        return TAKEN

    async def handle_VRFY(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, _envelope: Envelope, _address: str
    ) -> str:
        """The same answer whatever the name."""
        return NO_NAMES

    async def handle_exception(self, error: Exception) -> str:
        """The answer to a bug: nothing of what it was."""
        _log.error("smtp_failed", error=type(error).__name__, places=logs.places(error))
        self._count("failed")
        return BROKEN


class _Session(SMTP):
    """One connection, with limits that the library does not have."""

    def __init__(self, bounces: Bounces, our_name: str) -> None:
        super().__init__(
            bounces,
            data_size_limit=dsn.REPORT_OCTETS,
            enable_SMTPUTF8=True,  # a report may come from an address with letters of any script
            hostname=our_name,
            ident=IDENT,
            timeout=COMMAND_TIMEOUT_S,
            command_call_limit=dict(COMMANDS),
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
        )
        self.ended = asyncio.Event()
        self._bounces = bounces
        self._client = ""
        self._life: asyncio.TimerHandle | None = None
        self._is_admitted = False
        self._plain: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless too many are here already."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP listener's
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        self._is_admitted = self._bounces.admit(self, self._client)
        if not self._is_admitted:
            transport.write(BUSY.encode() + b"\r\n")
            transport.close()
            return
        self._plain = transport
        self._life = asyncio.get_running_loop().call_later(SESSION_TIMEOUT_S, self.end)
        super().connection_made(transport)

    @override
    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self.ended.set()
        if not self._is_admitted:
            return
        if self._life is not None:
            self._life.cancel()
        self._is_admitted = False
        self._bounces.leave(self, self._client)
        super().connection_lost(error)

    @override
    def data_received(self, data: bytes) -> None:
        """Pass on what was said, unless nobody listens."""
        if self._is_admitted:
            super().data_received(data)

    @override
    def eof_received(self) -> bool | None:
        """End as well when the other side ends."""
        return super().eof_received() if self._is_admitted else False

    def end(self) -> None:
        """Close the connection now."""
        if self._plain is not None:
            self._plain.close()
