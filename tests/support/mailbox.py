"""A mail host that takes whatever comes, in an implementation of others; one can wait for it."""

from __future__ import annotations

import email
import email.policy
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller

from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage

    from aiosmtpd.smtp import SMTP, Envelope, Session

_LINK = re.compile(r"https?://[^/\s]+(/n/[A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that came."""

    to: str
    message: EmailMessage = field(repr=False)
    octets: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """What it says."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def says(self, about: str) -> bool:
        """Whether subject or text, however it is wrapped, says something."""
        return about in f"{self.message['subject']} {' '.join(self.text.split())}"

    @property
    def link(self) -> str:
        """The path of its link."""
        found = _LINK.search(self.text)
        return "" if found is None else found[1]


class Mailbox:
    """Everybody's mail."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self._used: set[str] = set()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port: int = free.getsockname()[1]  # aiosmtpd takes no port 0
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a message."""
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        for to in envelope.rcpt_tos:
            self.letters.append(Letter(to=to, message=message, octets=content))
        return "250 OK"

    def start(self) -> int:
        """The port."""
        self._controller.start()
        return self._port

    def stop(self) -> None:
        """No more mail."""
        self._controller.stop()

    def wait(self, to: str, about: str, *, seconds: float = 30) -> Letter:
        """The newest letter to an address that says something, not waited for before."""
        for _ in until(seconds):
            found = [one for one in self.to(to) if one.says(about) and one.link not in self._used]
            if found:
                self._used.add(found[-1].link)
                return found[-1]
        message = (
            f"no letter about {about!r}: {[str(one.message['subject']) for one in self.letters]}"
        )
        raise AssertionError(message)

    def to(self, address: str) -> Sequence[Letter]:
        """Everything that came for an address, in order."""
        return [one for one in self.letters if one.to == address]
