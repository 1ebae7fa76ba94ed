"""A mail host of somebody else's implementation, with chosen answers, on a loopback port."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP
from typing_extensions import override

from proxy.outbound.exchangers import Exchanger, Exchangers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiosmtpd.smtp import Envelope, Session

    from proxy.model.notice import Sent


class Receiver:
    """What a host takes.

    `has_come` is set when a message is there; it is answered once `may_end` is, as it is at first.
    """

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK") -> None:
        self.rcpt = rcpt
        self.data = data
        self.has_come = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.got: list[tuple[str | None, list[str], bytes]] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take a recipient, or not."""
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a message, or not."""
        assert isinstance(envelope.content, bytes)
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        self.has_come.set()
        await self.may_end.wait()
        return self.data


@contextlib.asynccontextmanager
async def receiving(receiver: Receiver, *, has_utf8: bool = True) -> AsyncIterator[int]:
    """The port on which a receiver listens."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(receiver, hostname="mx.example", enable_SMTPUTF8=has_utf8), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


class Loopback(Exchangers):
    """Exchangers of any domain on this machine, which real ones never may be."""

    def __init__(self, *ports: int) -> None:
        super().__init__(nameservers=["127.0.0.1"])
        self._ports = ports

    @override
    async def find(self, domain: str) -> tuple[Exchanger, ...] | Sent:
        """One a port."""
        return tuple(
            Exchanger(name=f"mx.{domain}", address="127.0.0.1", port=p) for p in self._ports
        )
