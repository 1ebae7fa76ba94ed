"""The WHOIS connections that could not be answered at once: bounded in number and in time.

A client whose whole line is there when its connection is accepted never comes here
(apps/whois). Here are slow typists, split packets, clients that do not read, and attackers. Each
has one deadline for its line and one for taking its answer; a client that goes on sending is
read to a bound, because closing a socket with unread data sends RST, which may destroy the answer
on its way (RFC 1122 s4.2.2.13).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from proxy.errors import InvalidInput
from proxy.wire import whois_query

if TYPE_CHECKING:
    from collections.abc import Callable

LINGER_OCTETS: Final = 65_536  # read and thrown away of a client that goes on sending


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What waiting clients may take of one process."""

    connections: int
    connections_per_client: int
    read_timeout_s: float  # from the connection to the end of its line
    linger_s: float = 5.0  # for taking the answer, and for the client's own close


class Waiting(asyncio.Protocol):
    """One connection: reads to the end of a line, answers, half-closes, waits for the close."""

    def __init__(
        self,
        *,
        received: bytes,
        unsent: bytes,
        bounds: Bounds,
        answer: Callable[[bytes], bytes],
        refuse: Callable[[str], bytes],
        done: Callable[[Waiting], None],
        skip: Callable[[bytes], int | None] | None = None,
    ) -> None:
        """Go on where the first attempt stopped: with octets `received`, or an answer `unsent`.

        `skip` tells how many octets stand before the line (a balancer's header), None while that
        can not be known yet; it may raise InvalidInput.
        """
        self._received = bytearray(received)
        self._unsent = unsent
        self._bounds = bounds
        self._answer = answer
        self._refuse = refuse
        self._done = done
        self._skip = skip
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._is_answered = False
        self._client_is_done = False
        self._lingered = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock; a line that is already whole is answered now."""
        self._transport = cast("asyncio.Transport", transport)
        if self._unsent:
            self._finish(self._unsent)
        else:
            self._start_clock(self._bounds.read_timeout_s, self._give_up)
            self._answer_if_whole()

    @override
    def data_received(self, data: bytes) -> None:
        """Take octets of the line; after the answer, throw them away up to the bound."""
        if self._is_answered:
            self._lingered += len(data)
            if self._lingered > LINGER_OCTETS:
                self.abort()
            return
        self._received += data
        self._answer_if_whole()

    @override
    def eof_received(self) -> bool:
        """A client that sends no more: what it sent is its line."""
        self._client_is_done = True
        if self._is_answered or not self._received or self._skip is not None:
            return False  # closes, after what is still to be written
        self._finish(self._answer(bytes(self._received)))
        return True

    @override
    def connection_lost(self, _error: Exception | None) -> None:
        """Give the place free."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._done(self)

    def abort(self) -> None:
        """Close now."""
        if self._transport is not None:
            self._transport.abort()

    def _answer_if_whole(self) -> None:
        if self._skip is not None:
            try:
                before = self._skip(bytes(self._received))
            except InvalidInput as error:
                self._finish(self._refuse(error.code))
                return
            if before is None:
                return
            del self._received[:before]
            self._skip = None
        line, newline, _ = self._received.partition(b"\n")
        if newline or len(line) >= whois_query.MAX_LINE_OCTETS:
            self._finish(self._answer(bytes(line + newline)))

    def _give_up(self) -> None:
        self._finish(self._refuse("read_timeout"))

    def _finish(self, answer: bytes) -> None:
        """Send the last octets; close when the client has taken them and closes, or in time."""
        transport = self._transport
        if transport is None or self._is_answered:
            return
        self._is_answered = True
        self._received.clear()
        self._start_clock(self._bounds.linger_s, self.abort)
        transport.write(answer)
        if self._client_is_done:
            transport.close()  # nothing can be unread any more
        else:
            transport.write_eof()

    def _start_clock(self, seconds: float, then: Callable[[], None]) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, then)
