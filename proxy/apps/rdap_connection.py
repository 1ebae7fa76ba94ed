"""One RDAP connection: octets in, answers out, in order, within bounds of time and size.

The usual client keeps its connection and sends the same header with every request, so a header
section equal to the last one read is not parsed again: one comparison of octets proves that it
says the same, and that the request is whole. A published name in canonical form is then answered
without parsing anything. Whatever differs goes the long way, which is the definition.

A stream that can not be trusted (wire/http) gets one error and its end: half-closed, then read
away for a moment, because closing with unread octets sends RST, which may destroy the answer.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from proxy.apps import rdap_errors
from proxy.apps.rdap_answers import Asked
from proxy.errors import InvalidInput, ProxyError
from proxy.wire import http, http_client

if TYPE_CHECKING:
    from proxy.apps.rdap import RdapServer
    from proxy.apps.rdap_answers import Answer
    from proxy.apps.rdap_scope import Scope

REQUESTS_PER_TURN: Final = 16
"""Pipelined requests answered before other connections get their turn."""

WRITE_BUFFER_OCTETS: Final = 65_536
"""Octets that a client may leave untaken before we stop reading from it."""

LINGER_OCTETS: Final = 65_536
"""Octets read away behind a refused request."""

_FIELDS: Final = (
    "Content-Type: application/rdap+json\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    # A masked address may change at any time: caches ask again, with the entity tag.
    "Cache-Control: no-cache\r\n"
    "Vary: Accept-Encoding\r\n"
)
OK_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\n"
    + _FIELDS.encode("ascii")
    + b"Date: %b\r\nETag: W/%%b\r\nContent-Length: %%d\r\n\r\n"
)
"""The head of the usual answer: filled with the date once a tick, then with tag and length."""

_QUICK: Final = b"GET /domain/"
_VERSION: Final = b" HTTP/1.1"
_NO_CONTENT: Final = frozenset({204, 304})


class _Known:
    """What a header section said, for requests that repeat it."""

    __slots__ = ("client", "fields", "is_quick", "scope")

    def __init__(self, fields: http.Fields, scope: Scope, client: str) -> None:
        self.fields = fields
        self.scope = scope
        self.client = client
        # Plain requests of HTTP/1.1, to stay open, answered in full and as they are.
        self.is_quick = (
            fields.host is not None
            and fields.keep_alive is not False
            and not fields.accepts_gzip
            and not fields.if_none_match
        )


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, server: RdapServer) -> None:
        """Belong to `server`."""
        self._server = server
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._peer = ""
        self._address: tuple[str, int] | None = None
        self._pending = b""
        self._known_fields = b""
        self._known: _Known | None = None
        self._is_quick = False
        self._is_blocked = False  # the client does not take its answers
        self._is_ending = False  # the last answer is written
        self._is_eof = False
        self._is_waiting = False  # for its turn
        self._lingered = 0
        self.slot = 0
        self.deadline = 0.0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock, unless there are too many connections."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_OCTETS)
        peer, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._peer = peer[0] if isinstance(peer, tuple) else "127.0.0.1"
        self._address = local[:2] if isinstance(local, tuple) else None
        self.deadline = self._server.now + self._server.bounds.read_timeout_s
        code = self._server.enter(self, self._peer)
        if code is not None:
            # Told and closed at once: who is kept out must not take the room of those let in.
            self._is_ending = True
            answer = self._server.counted(self._server.answers.problem(code, retry_after_s=1))
            self._write(answer, "Connection: close\r\n", has_body=True)
            self._transport.close()

    @override
    def data_received(self, data: bytes) -> None:
        """Answer what is whole."""
        if self._is_quick and not self._pending:
            line, _, fields = data.partition(b"\r\n")
            if (
                fields == self._known_fields
                and line.startswith(_QUICK)
                and line.endswith(_VERSION)
                and self._answer_quickly(line[12:-9])
            ):
                return
        self._take(data)

    @override
    def eof_received(self) -> bool:
        """The client sends no more; what it sent is still answered."""
        self._is_eof = True
        return bool(self._pending) and (self._is_waiting or self._is_blocked)

    @override
    def connection_lost(self, _error: Exception | None) -> None:
        """Give the place free."""
        self._is_ending = True
        self._pending = b""
        self._server.leave(self)

    @override
    def pause_writing(self) -> None:
        """The client does not take its answers: read nothing more from it."""
        self._is_blocked = True
        self.deadline = self._server.now + self._server.bounds.write_timeout_s
        if not self._is_ending:
            self._transport.pause_reading()

    @override
    def resume_writing(self) -> None:
        """The client has taken its answers."""
        self._is_blocked = False
        if not self._is_ending:
            self._continue()

    def forget(self) -> None:
        """Profiles changed: read the next header anew."""
        self._known, self._known_fields, self._is_quick = None, b"", False

    def drain(self) -> None:
        """Close when nothing is under way, else with the next answer."""
        self.forget()
        if not self._pending and not self._is_blocked:
            self._transport.close()

    def expire(self) -> None:
        """The deadline has passed."""
        if self._pending and not self._is_ending and not self._is_blocked:
            self._end(self._server.refuse("request_timeout", self._peer))
        else:
            self.abort()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    def _answer_quickly(self, name: bytes) -> bool:
        """Whether the request was answered: a published name, no limit hit."""
        server = self._server
        known = self._known
        started_ns = time.monotonic_ns()
        if known is None:
            return False
        try:
            found = server.answers.quick(name, known.scope)
        except ProxyError:
            return False
        # A limit is told on the long way, which counts for itself: here nothing was counted.
        if found is None or server.throttle.allow(known.client, started_ns):
            return False
        body, tag = found
        # Before the write, which may find that the client takes nothing and set its own.
        self.deadline = server.idle_deadline
        self._transport.write(server.ok_head % (tag.encode("ascii"), len(body)) + body)
        server.observe(started_ns)
        return True

    def _take(self, data: bytes) -> None:
        if self._is_ending:
            self._lingered += len(data)
            if self._lingered > LINGER_OCTETS:
                self.abort()
            return
        if not self._pending:
            self.deadline = self._server.now + self._server.bounds.read_timeout_s
        self._pending += data
        if not self._is_waiting:
            self._answer_pending()

    def _answer_pending(self) -> None:
        """Answer whole requests, up to a turn's worth."""
        for _ in range(REQUESTS_PER_TURN):
            if not self._answer_next():
                break
        else:
            self._is_waiting = True
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._continue)
            return
        if self._is_eof and not self._is_ending and not self._is_blocked:
            self._transport.close()

    def _answer_next(self) -> bool:
        """Answer one request; whether there was one."""
        if self._is_ending or self._is_blocked or not self._pending:
            return False
        try:
            head = http.split_head(self._pending)
            if head is None:
                return False
            self._pending = self._pending[head.octets :]
            self._answer_head(head)
        except InvalidInput as error:
            self._end(self._server.refuse(error.code, self._peer))
            return False
        return True

    def _continue(self) -> None:
        self._is_waiting = False
        if self._is_ending or self._is_blocked or self._transport.is_closing():
            return
        self._answer_pending()
        self._read_on()

    def _read_on(self) -> None:
        if not (self._is_ending or self._is_blocked or self._is_waiting):
            self._transport.resume_reading()

    def _answer_head(self, head: http.RawHead) -> None:
        started_ns = time.monotonic_ns()
        line = http.parse_request_line(head.line)
        known = self._read_fields(head.fields)
        http.check_head(line, known.fields)
        asked = Asked(
            method=line.method,
            path=line.path,
            scope=known.scope,
            accepts_gzip=known.fields.accepts_gzip,
            if_none_match=known.fields.if_none_match,
        )
        answer = self._server.serve(asked, known.client, started_ns)
        keep_alive = known.fields.keep_alive
        may_stay = line.is_http11 if keep_alive is None else keep_alive
        if answer.closes or not may_stay or self._server.is_draining:
            self._end(answer, has_body=line.method != "HEAD")
        else:
            note = "" if line.is_http11 else "Connection: keep-alive\r\n"
            bounds = self._server.bounds
            until_s = bounds.read_timeout_s if self._pending else bounds.idle_timeout_s
            self.deadline = self._server.now + until_s
            self._write(answer, note, has_body=line.method != "HEAD")

    def _read_fields(self, fields: bytes) -> _Known:
        """What the header section says; read anew only when it differs from the last one."""
        if self._known is not None and fields == self._known_fields:
            return self._known
        parsed = http.parse_fields(fields)
        host = http.host_name(parsed.host) if parsed.host is not None else None
        client = http_client.client_address(
            self._peer, parsed.forwarded_for, self._server.trusted_proxies
        )
        scope = self._server.answers.scopes.select(host, self._address)
        known = _Known(parsed, scope, client)
        self._known, self._known_fields = known, fields
        self._is_quick = known.is_quick and not self._server.is_draining
        return known

    def _end(self, answer: Answer, *, has_body: bool = True) -> None:
        """Write the last answer and let the client take it."""
        is_all_read = not answer.closes and not self._pending
        self._is_ending = True
        self._is_quick = False
        self._pending = b""
        self.deadline = self._server.now + self._server.bounds.linger_s
        self._write(answer, "Connection: close\r\n", has_body=has_body)
        if is_all_read or self._is_eof or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()

    def _write(self, answer: Answer, note: str, *, has_body: bool) -> None:
        length = "" if answer.status in _NO_CONTENT else f"Content-Length: {len(answer.body)}\r\n"
        tag = "" if answer.tag is None else f"ETag: W/{answer.tag}\r\n"
        head = (
            f"HTTP/1.1 {answer.status} {rdap_errors.TITLES[answer.status]}\r\n{_FIELDS}"
            f"Date: {self._server.date}\r\n{tag}{answer.fields}{note}{length}\r\n"
        )
        self._transport.write(head.encode("ascii") + (answer.body if has_body else b""))
