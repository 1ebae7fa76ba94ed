"""Hands one message to one recipient's exchanger, or to the operator's own route, by SMTP.

What comes back is a code of ours and the reply's number; a reply's text can hold the address and
is not kept. Accepted by the recipient's exchanger is proof of delivery; accepted by a route is not.
Source: RFC 5321, RFC 3207 (STARTTLS), RFC 3461 (DSN), RFC 6531 (SMTPUTF8).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import aiosmtplib

from proxy.errors import InvalidInput
from proxy.model.notice import Handing, Sent
from proxy.outbound import exchangers as found_by
from proxy.wire import mail_address

if TYPE_CHECKING:
    from proxy.model.notice import MailAddress
    from proxy.outbound.exchangers import Exchanger, Exchangers

CONNECT_TIMEOUT_S: Final = 30.0
COMMAND_TIMEOUT_S: Final = 120.0  # RFC 5321 s4.5.3.2 has 5 and 10 minutes; ours are tried again
QUIT_TIMEOUT_S: Final = 5.0
WHOLE_TIMEOUT_S: Final = 420.0  # all hosts of one message; below the lease of a notice
_PERMANENT: Final = 500
_DSN_OPTIONS: Final = ["NOTIFY=SUCCESS,FAILURE"]  # RFC 3461 s4.1: a route tells us of both


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The operator's own host that all mail goes through."""

    host: str
    port: int


class SmtpMail:
    """Mail by SMTP: to the recipient's exchangers, or all of it through one route."""

    def __init__(
        self,
        *,
        our_name: str,
        exchangers: Exchangers | None,
        route: Route | None = None,
        needs_tls: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`our_name` is said in EHLO; `tls` replaces the system's authorities."""
        self._our_name = our_name
        self._exchangers = exchangers
        self._route = route
        self._needs_tls = needs_tls
        self._tls = tls or _context(is_verified=needs_tls)

    async def send(self, message: bytes, *, to: MailAddress, return_path: str) -> Sent:
        """What came of one try; raises nothing of the network's."""
        try:
            async with asyncio.timeout(WHOLE_TIMEOUT_S):
                hosts = await self._hosts(to.domain)
                if isinstance(hosts, Sent):
                    return hosts
                return await self._try(hosts, message, to, return_path)
        except TimeoutError:
            return Sent(handing=Handing.TEMPORARY, reason="timeout")

    async def _hosts(self, domain: str) -> tuple[Exchanger, ...] | Sent:
        if self._route is not None:
            return await found_by.of_route(self._route.host, self._route.port)
        if self._exchangers is None:
            return Sent(handing=Handing.TEMPORARY, reason="no_route")
        return await self._exchangers.find(domain)

    async def _try(
        self, hosts: tuple[Exchanger, ...], message: bytes, to: MailAddress, return_path: str
    ) -> Sent:
        """The first host's word that is an answer; a host that only fails is passed over."""
        last = Sent(handing=Handing.TEMPORARY, reason="no_exchanger")
        for host in hosts:
            last = await self._at(host, message, to, return_path)
            if last.handing is not Handing.TEMPORARY:
                return last
        return last

    async def _at(self, host: Exchanger, message: bytes, to: MailAddress, return_path: str) -> Sent:
        client: aiosmtplib.SMTP | None = None
        stage = "connect"
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                plain = await _connected(host)
            client = self._client(host, plain)
            stage = "greeting"
            await client.connect()
            await client.ehlo()
            stage = "tls"
            refused = await self._secure(client, host)
            if refused is None:
                stage = "utf8"
                refused = _check_utf8(client, to)
            if refused is not None:
                return refused
            stage = "envelope"
            await self._envelope(client, to, return_path)
            stage = "data"
            reply = await client.data(message)
            await _quit(client)
        except aiosmtplib.SMTPResponseException as error:
            return _refused(stage, error.code)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ssl.SSLError, ValueError):
            return Sent(handing=Handing.TEMPORARY, reason=f"{stage}_failed")
        finally:
            if client is not None:
                client.close()
        is_route = self._route is not None
        return Sent(handing=Handing.HANDED if is_route else Handing.ACCEPTED, reply=reply.code)

    def _client(self, host: Exchanger, plain: socket.socket) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=host.name,
            port=None,
            sock=plain,
            local_hostname=self._our_name,
            timeout=COMMAND_TIMEOUT_S,
            start_tls=False,
            use_tls=False,
        )

    async def _secure(self, client: aiosmtplib.SMTP, host: Exchanger) -> Sent | None:
        """Nothing once the connection is as secure as asked for; else the try's end."""
        if not client.supports_extension("starttls"):
            if self._needs_tls:
                return Sent(handing=Handing.TEMPORARY, reason="tls_missing")
            return None
        await client.starttls(server_hostname=host.name, tls_context=self._tls)
        await client.ehlo()
        return None

    async def _envelope(self, client: aiosmtplib.SMTP, to: MailAddress, return_path: str) -> None:
        utf8 = ["SMTPUTF8", "BODY=8BITMIME"] if to.needs_utf8 else []
        encoding = "utf-8" if to.needs_utf8 else "ascii"
        is_told = self._route is not None and client.supports_extension("dsn")
        ret = ["RET=HDRS"] if is_told else []  # RFC 3461 s4.3: the text need not come back
        await client.mail(return_path, options=[*utf8, *ret], encoding=encoding)
        await client.rcpt(to.text, options=_DSN_OPTIONS if is_told else [], encoding=encoding)


async def _quit(client: aiosmtplib.SMTP) -> None:
    """Takes leave; what a host says to that changes nothing."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(QUIT_TIMEOUT_S):
            await client.quit()


def _check_utf8(client: aiosmtplib.SMTP, to: MailAddress) -> Sent | None:
    if to.needs_utf8 and not client.supports_extension("smtputf8"):
        return Sent(handing=Handing.PERMANENT, reason="no_smtputf8")
    return None


async def _connected(host: Exchanger) -> socket.socket:
    """A socket to the very address that was looked at: no name is resolved again."""
    family = socket.AF_INET6 if ":" in host.address else socket.AF_INET
    plain = socket.socket(family, socket.SOCK_STREAM)
    plain.setblocking(False)  # noqa: FBT003 - the name says it
    try:
        await asyncio.get_running_loop().sock_connect(plain, (host.address, host.port))
    except BaseException:
        plain.close()
        raise
    return plain


def _refused(stage: str, code: int) -> Sent:
    """What a host's reply means: only of the envelope and the message does a no speak of us.

    A host that greets with a no, or refuses TLS, is broken or busy; another one may take it.
    """
    if stage in {"envelope", "data"} and _PERMANENT <= code <= 599:  # noqa: PLR2004 - 5yz
        return Sent(handing=Handing.PERMANENT, reason="refused", reply=code)
    is_code = 0 < code <= 599  # noqa: PLR2004 - highest
    return Sent(handing=Handing.TEMPORARY, reason=f"{stage}_refused", reply=code if is_code else 0)


def _context(*, is_verified: bool) -> ssl.SSLContext:
    """TLS with a proven other end where that is asked for.

    Elsewhere TLS against listeners alone: most exchangers' certificates prove nothing, and the
    alternative is no TLS at all (RFC 7435).
    """
    context = ssl.create_default_context()
    if not is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class DemoMail:
    """Mail of a demo: goes nowhere. Whatever is sent counts as handed over, which is no proof."""

    async def send(
        self,
        message: bytes,  # noqa: ARG002 - nothing is done with it
        *,
        to: MailAddress,  # noqa: ARG002 - same
        return_path: str,  # noqa: ARG002 - same
    ) -> Sent:
        """Always handed."""
        return Sent(handing=Handing.HANDED)


def return_path(local_part: str, mail_domain: str) -> str:
    """The address that bounces of a notice come to; InvalidInput `mail_address`."""
    found = mail_address.parse(f"{local_part}@{mail_domain}")
    if found.needs_utf8:
        raise InvalidInput("mail_address", "A return path is ASCII.")
    return found.text
