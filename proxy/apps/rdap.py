"""The RDAP server: listeners, clocks, bounds and metrics of one edge process.

`RdapServer(...)`, then `await start(sockets)`, and at the end `await drain(deadline_s)`. The
sockets are bound, listening and shared with other workers: they are closed here, never shut down.
Connections live in apps/rdap_connection, what is answered in apps/rdap_answers. Holds no client
address longer than its connection and logs none.
Source: RFC 7480; RFC 9112 s9; settings `rdap_*`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

import structlog

from proxy import logs
from proxy.apps import rdap_connection, rdap_errors
from proxy.apps.rdap_answers import Answer, Answers, Asked
from proxy.apps.rdap_scope import Scopes
from proxy.errors import ProxyError
from proxy.wire import http_client, rdap_objects

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Sequence

    from proxy.apps.rdap_answers import Finder
    from proxy.apps.throttle import Throttle
    from proxy.metrics import Counter, Registry
    from proxy.model.public_record import Profile
    from proxy.ports import Clock
    from proxy.wire.http_client import Network

_log = structlog.get_logger()

TICK_S: Final = 0.2
"""How often clocks, profiles, the snapshot's age and all deadlines are read; not per request."""

_SECONDS: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What clients may take of one process."""

    connections: int
    connections_per_client: int
    read_timeout_s: float  # from the first octet of a head to its end
    idle_timeout_s: float  # between requests
    write_timeout_s: float = 10.0  # without the client taking anything
    linger_s: float = 2.0  # for reading away what follows a refused request


class RdapServer:
    """Serves RDAP in one process."""

    def __init__(
        self,
        *,
        finder: Finder,
        throttle: Throttle,
        bounds: Bounds,
        metrics: Registry,
        clock: Clock,
        new_reference: Callable[[], str],
        base_url: str,
        trusted_proxies: Sequence[Network] = (),
        limit_text: str | None = None,
    ) -> None:
        """Answer from `finder` under `throttle`.

        `base_url` (ends in a slash) is for answers of no single profile; `new_reference` names
        bugs in the log; `limit_text` is the rate limit in words, for help.
        """
        self.bounds = bounds
        self.throttle = throttle
        self.trusted_proxies = tuple(trusted_proxies)
        self.answers = Answers(finder, Scopes(()), base_url, limit_text)
        self.connections: set[rdap_connection.Connection] = set()
        self.clients: dict[int, int] = {}  # open connections by throttle slot
        self.is_draining = False
        self.now = 0.0  # seconds, monotonic, read once a tick
        self.idle_deadline = 0.0  # of a connection that was answered now
        self.ok_head = b""  # see rdap_connection.OK_HEAD
        self.date = ""
        self._finder = finder
        self._clock = clock
        self._new_reference = new_reference
        self._metrics = metrics
        self._counters: dict[tuple[str, str], Counter] = {}
        self._latency = metrics.histogram("rdap_answer_seconds")
        self._open = metrics.gauge("rdap_connections")
        self._limits_hit = metrics.counter("limits_hit", protocol="rdap")
        self.found = self._counter("domain", "found")
        self._profiles: tuple[Profile, ...] = ()
        self._servers: list[asyncio.Server] = []
        self._ticker: asyncio.TimerHandle | None = None
        self._everyone_left = asyncio.Event()
        self.refresh()

    async def start(
        self, sockets: Sequence[socket.socket], tls: ssl.SSLContext | None = None
    ) -> None:
        """Begin to accept on `sockets`, which speak TLS with `tls`."""
        loop = asyncio.get_running_loop()
        for listener in sockets:
            listener.setblocking(False)  # noqa: FBT003 - its only argument
            self._servers.append(
                await loop.create_server(
                    lambda: rdap_connection.Connection(self),
                    sock=listener,
                    ssl=tls,
                    ssl_handshake_timeout=self.bounds.read_timeout_s if tls else None,
                )
            )
        self._tick()

    async def drain(self, deadline_s: float) -> None:
        """Stop accepting, let requests under way be answered, close what is left by then."""
        self.is_draining = True
        for server in self._servers:
            server.close()
        self._everyone_left.clear()
        for connection in tuple(self.connections):
            connection.drain()
        if self.connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._everyone_left.wait(), deadline_s)
        for connection in tuple(self.connections):
            connection.abort()
        if self._ticker is not None:
            self._ticker.cancel()

    def refresh(self) -> None:
        """Read the clocks, the snapshot's age and the profiles anew."""
        self.now = time.monotonic()
        self.idle_deadline = self.now + self.bounds.idle_timeout_s
        date = format_datetime(self._clock.now(), usegmt=True)
        if date != self.date:
            self.date = date
            self.ok_head = rdap_connection.OK_HEAD % date.encode("ascii")
        # Without a snapshot the age stays as it was; look-ups then say what is missing.
        with contextlib.suppress(ProxyError):
            self.answers.as_of = rdap_objects.moment(self._finder.as_of())
            profiles = tuple(self._finder.profiles())
            if tuple(map(id, profiles)) != tuple(map(id, self._profiles)):
                self._profiles = profiles
                self.answers.scopes = Scopes(profiles)
                for connection in self.connections:
                    connection.forget()

    def serve(self, asked: Asked, client: str, started_ns: int) -> Answer:
        """The answer to `asked`, counted; never raises an Exception."""
        try:
            wait_s = self.throttle.allow(client, started_ns)
            if wait_s:
                return self.counted(
                    self.answers.problem("rate_limited", scope=asked.scope, retry_after_s=wait_s)
                )
            answer = self.answers.answer(asked)
        except ProxyError as error:
            answer = self.answers.problem(error.code)
        except Exception as error:  # noqa: BLE001 - a bug answers with one fixed sentence
            _log.error(
                "rdap_bug",
                reference=self._new_reference(),
                error=type(error).__name__,
                places=logs.places(error),
            )
            answer = self.answers.problem("internal")
        self._latency.observe((time.monotonic_ns() - started_ns) * _SECONDS)
        return self.counted(answer)

    def refuse(self, code: str, client: str) -> Answer:
        """The answer to what is no request; it counts against the client like one."""
        wait_s = 0
        with contextlib.suppress(ProxyError):
            wait_s = self.throttle.allow(client, time.monotonic_ns())
        if wait_s:
            code = "rate_limited"
        return self.counted(self.answers.problem(code, kind="bad", retry_after_s=wait_s))

    def counted(self, answer: Answer) -> Answer:
        """The same answer, counted."""
        self._counter(answer.kind, answer.result).value += 1
        if answer.status == rdap_errors.TOO_MANY_REQUESTS:
            self._limits_hit.value += 1
        return answer

    def observe(self, started_ns: int) -> None:
        """Count one published record answered."""
        self.found.value += 1
        self._latency.observe((time.monotonic_ns() - started_ns) * _SECONDS)

    def enter(self, connection: rdap_connection.Connection, client: str) -> str | None:
        """The code of the bound that keeps `connection` out, or None: it is in."""
        slot = self.throttle.slot(client)
        if len(self.connections) >= self.bounds.connections:
            return "too_many_connections"
        if self.clients.get(slot, 0) >= self.bounds.connections_per_client:
            # A proxy in front brings the connections of many clients.
            is_free = http_client.is_trusted(client, self.trusted_proxies)
            if not is_free and not self.throttle.is_exempt(client):
                return "client_connections"
        connection.slot = slot
        self.connections.add(connection)
        self.clients[slot] = self.clients.get(slot, 0) + 1
        return None

    def leave(self, connection: rdap_connection.Connection) -> None:
        """Give the place of `connection` free."""
        if connection not in self.connections:
            return  # it was never let in
        self.connections.discard(connection)
        left = self.clients.get(connection.slot, 0) - 1
        if left > 0:
            self.clients[connection.slot] = left
        else:
            self.clients.pop(connection.slot, None)
        if not self.connections:
            self._everyone_left.set()

    def _tick(self) -> None:
        self.refresh()
        self._open.value = float(len(self.connections))
        for connection in [one for one in self.connections if one.deadline < self.now]:
            connection.expire()
        self._ticker = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _counter(self, kind: str, result: str) -> Counter:
        found = self._counters.get((kind, result))
        if found is None:
            found = self._metrics.counter("rdap_queries", kind=kind, result=result)
            self._counters[kind, result] = found
        return found
