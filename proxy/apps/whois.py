"""The WHOIS server: TCP connections on inherited listeners, answered in one go where possible.

The common connection costs accept, recv, send and close and no more: with TCP_DEFER_ACCEPT Linux
shows it only when its line has come, the line is answered at once, and a 2 kB answer fits the
socket's buffer. It never becomes an asyncio transport. Every other one (a line in pieces, data
after the line, a full buffer, a system without deferred accept) goes to apps/whois_waiting, which
is bounded; so idle connections can fill that room, but never stop honest clients.

Must not do: keep or log client addresses. Sources: RFC 3912 s2; tcp(7) TCP_DEFER_ACCEPT.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog

from proxy.apps.whois_waiting import Bounds, Waiting
from proxy.wire import http_client, proxy_protocol, whois_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from proxy.apps.throttle import Throttle
    from proxy.apps.whois_answers import Responder
    from proxy.metrics import Registry

_log = structlog.get_logger()

MAX_BATCH: Final = 64  # connections per wake-up, so that waiting clients get their turn
DEFER_S: Final = 1  # a client without a line is shown to us after about this long
REFRESH_S: Final = 0.25  # how often the age of the data is read
PAUSE_S: Final = 0.1  # without a free descriptor, before accepting again
_NO_DESCRIPTOR: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_READ_OCTETS: Final = whois_query.MAX_LINE_OCTETS + 1
_SEND_FLAGS: Final = socket.MSG_DONTWAIT | getattr(socket, "MSG_NOSIGNAL", 0)
_SECONDS: Final = 1e-9


class Server:
    """Serves port 43 in one process."""

    def __init__(
        self,
        *,
        listeners: Iterable[socket.socket],
        responder: Responder,
        throttle: Throttle,
        bounds: Bounds,
        metrics: Registry,
        proxies: Sequence[http_client.Network] = (),
    ) -> None:
        """Prepare to serve; `throttle` only numbers clients for counting their connections.

        Peers within `proxies` are balancers: they tell their client by the PROXY protocol.
        """
        self._listeners = tuple(listeners)
        self._families = {each: int(each.family) for each in self._listeners}
        self._responder = responder
        self._throttle = throttle
        self._bounds = bounds
        self._proxies = tuple(proxies)
        self._latency = metrics.histogram("whois_answer_seconds")
        self._connections = metrics.gauge("whois_waiting_connections")
        self._waiting: dict[Waiting, int] = {}
        self._clients: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[object]] = set()
        self._nobody_waits = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._refresher: asyncio.TimerHandle | None = None
        self._is_stopping = False
        self._batch = 1

    def start(self) -> None:
        """Begin to accept."""
        for listener in self._listeners:
            listener.setblocking(False)  # noqa: FBT003 - its only argument
            if hasattr(socket, "TCP_DEFER_ACCEPT"):
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, DEFER_S)
            self._loop.add_reader(listener, self._accept, listener)
        self._refresh()

    async def stop(self, drain_s: float) -> None:
        """Answer every connection that is queued or open, within `drain_s`, then return.

        The listeners stay open: they are shared with other workers and belong to the supervisor.
        """
        self._is_stopping = True
        for listener in self._listeners:
            self._loop.remove_reader(listener)
        self._accept_queued()
        if self._waiting:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nobody_waits.wait(), drain_s)
        for waiting in tuple(self._waiting):
            waiting.abort()
        for task in self._tasks:
            task.cancel()
        self._accept_queued()  # those that came meanwhile and have their line with them
        if self._refresher is not None:
            self._refresher.cancel()

    def _accept_queued(self) -> None:
        for listener in self._listeners:
            while self._accept(listener):
                pass

    def _refresh(self) -> None:
        self._responder.refresh()
        self._connections.value = float(len(self._waiting))
        self._refresher = self._loop.call_later(REFRESH_S, self._refresh)

    def _accept(self, listener: socket.socket) -> bool:
        """Serve a batch of queued connections; whether there may be more.

        One at first, twice as many each time that were all there: on a quiet server a second
        accept(2), which would find nothing, is saved.
        """
        # accept() without the 2 us that a socket object of Python's own class costs.
        accept = listener._accept  # type: ignore[attr-defined]  # noqa: SLF001 - CPython 3.4 to 3.14
        family = self._families[listener]
        for _ in range(self._batch):
            try:
                descriptor, address = accept()
            except BlockingIOError:
                self._batch = 1
                return False
            except OSError as error:
                if error.errno in _NO_DESCRIPTOR:
                    self._pause(listener)
                    return False
                continue  # the client went away in the queue: accept(2), ECONNABORTED and others
            connection = socket.SocketType(
                family, socket.SOCK_STREAM, socket.IPPROTO_TCP, descriptor
            )
            self._serve(connection, address[0])
        self._batch = min(2 * self._batch, MAX_BATCH)
        return True

    def _serve(self, connection: socket.SocketType, client: str) -> None:
        started = time.monotonic_ns()
        try:
            received = connection.recv(_READ_OCTETS, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wait(connection, client, received=b"", unsent=b"")
            return
        except OSError:
            connection.close()
            return
        if (
            not received.endswith(b"\n")
            or received.find(b"\n") != len(received) - 1
            or self._is_proxy(client)
        ):
            if received:
                self._wait(connection, client, received=received, unsent=b"")
            else:
                connection.close()
            return
        answer = self._responder.answer(received, client, started)
        try:
            sent = connection.send(answer, _SEND_FLAGS)
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = len(answer)  # the client is gone
        if sent == len(answer):
            connection.close()
        else:
            self._wait(connection, client, received=b"", unsent=answer[sent:])
        self._latency.observe((time.monotonic_ns() - started) * _SECONDS)

    def _wait(
        self, connection: socket.SocketType, client: str, *, received: bytes, unsent: bytes
    ) -> None:
        """Make room for a connection that needs time, or tell it that there is none."""
        is_proxy = self._is_proxy(client)
        number = self._throttle.slot(client)
        if len(self._waiting) >= self._bounds.connections or (
            not is_proxy and self._clients[number] >= self._bounds.connections_per_client
        ):
            self._turn_away(connection)
            return

        asker = client

        def answer(line: bytes) -> bytes:
            return self._responder.answer(line, asker, time.monotonic_ns())

        def skip(stream: bytes) -> int | None:
            nonlocal asker
            header = proxy_protocol.parse(stream)
            if header is None:
                return None
            asker = header.client or client
            return header.octets

        waiting = Waiting(
            received=received,
            unsent=unsent,
            bounds=self._bounds,
            answer=answer,
            refuse=self._responder.refuse,
            done=self._leave,
            skip=skip if is_proxy else None,
        )
        self._waiting[waiting] = number
        self._nobody_waits.clear()
        self._clients[number] += 1
        adopted = socket.socket(
            connection.family, connection.type, connection.proto, connection.detach()
        )
        adopted.setblocking(False)  # noqa: FBT003 - its only argument
        task = self._loop.create_task(self._adopt(waiting, adopted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _adopt(self, waiting: Waiting, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: waiting, connection)
        except OSError:  # gone between accept and here
            connection.close()
            self._leave(waiting)

    def _is_proxy(self, client: str) -> bool:
        return bool(self._proxies) and http_client.is_trusted(client, self._proxies)

    def _leave(self, waiting: Waiting) -> None:
        number = self._waiting.pop(waiting, None)
        if number is None:
            return
        self._clients[number] -= 1
        if not self._clients[number]:
            del self._clients[number]
        if not self._waiting:
            self._nobody_waits.set()

    def _turn_away(self, connection: socket.SocketType) -> None:
        with contextlib.suppress(OSError):
            connection.send(self._responder.refuse("too_many_connections"), _SEND_FLAGS)
        connection.close()

    def _pause(self, listener: socket.socket) -> None:
        """Without descriptors, let open connections end; queued ones are kept by the system."""
        _log.warning("whois_out_of_descriptors", count=len(self._waiting))
        if not self._is_stopping:
            self._loop.remove_reader(listener)
            self._loop.call_later(PAUSE_S, self._resume, listener)

    def _resume(self, listener: socket.socket) -> None:
        if not self._is_stopping:
            self._loop.add_reader(listener, self._accept, listener)
