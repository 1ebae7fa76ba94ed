"""Registries on loopback: an RDAP server, a port 43 server, and a zone served with dnspython."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from aiohttp import web
from aiohttp.test_utils import TestServer
from typing_extensions import override

from proxy.wire import registries_document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.sponsor import Registries


def rdap(domain: str, iana_id: object = 9999, **changes: Any) -> dict[str, Any]:
    """An RDAP answer; the registrant's field carries a mark."""
    return {
        "objectClassName": "domain",
        "handle": "D4417921-EXAMPLE",
        "ldhName": domain.upper(),
        "events": [{"eventAction": "registration", "eventDate": "2021-06-01T08:00:00Z"}],
        "entities": [
            {
                "objectClassName": "entity",
                "roles": ["registrar"],
                "publicIds": [{"type": "IANA Registrar ID", "identifier": str(iana_id)}],
            },
            {"objectClassName": "entity", "roles": ["registrant"], "handle": "Zqmark Person"},
        ],
        **changes,
    }


def whois(domain: str, iana_id: object = 9999) -> str:
    """A WHOIS answer in ICANN's layout."""
    return (
        f"   Domain Name: {domain.upper()}\r\n   Registry Domain ID: D4417921-EXAMPLE\r\n"
        "   Creation Date: 2021-06-01T08:00:00Z\r\n"
        f"   Registrar IANA ID: {iana_id}\r\n   Registrant Name: Zqmark Person\r\n"
    )


@dataclass(slots=True)
class Peer:
    """What the servers answer, and what they were asked."""

    rdap: dict[str, Any] = field(default_factory=dict)  # by name: a body, bytes, or a Response
    whois: dict[str, str] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)  # by name below the zone
    asked: list[tuple[str, str]] = field(default_factory=list)
    slow_s: float = 0.0
    rdap_port: int = 0
    whois_port: int = 0
    dns_port: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What RDAP gives."""
        name = request.match_info["name"]
        self.asked.append(("rdap", name))
        await asyncio.sleep(self.slow_s)
        found = self.rdap.get(name)
        if found is None:
            return web.Response(status=404)
        if callable(found):
            made: web.StreamResponse = found()
            return made
        return web.Response(
            body=found if isinstance(found, bytes) else json.dumps(found).encode(),
            content_type="application/rdap+json",
        )

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What port 43 gives."""
        name = (await reader.readline()).decode().strip()
        self.asked.append(("whois", name))
        writer.write(self.whois.get(name, "No match.\r\n").encode())
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()

    def registries(self, extra: str = "", *, networks: str = '["127.0.0.0/8"]') -> Registries:
        """The operator's file: `example` with both servers, `dns` with neither."""
        text = (
            f'networks = {networks}\nnameservers = ["127.0.0.1:{self.dns_port}"]\n{extra}\n'
            f'[registries.example]\nrdap = "http://127.0.0.1:{self.rdap_port}/"\n'
            f'whois = "127.0.0.1:{self.whois_port}"\nlooks_per_minute = 600\n[registries.zone]\n'
        )
        return registries_document.parse(text, None)


class _Zone(asyncio.DatagramProtocol):
    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._transport: asyncio.DatagramTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name
        plain = name.to_text(omit_final_dot=True)
        self._peer.asked.append(("dns", plain))
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        texts = self._peer.texts.get(plain)
        if texts is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        else:
            quoted = [json.dumps(one) for one in texts]
            reply.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", quoted))
        assert self._transport is not None
        self._transport.sendto(reply.to_wire(), addr)


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Peer]:
    """The three servers for the length of the block."""
    peer = Peer()
    application = web.Application()
    application.router.add_get("/domain/{name}", peer.answer)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Zone(peer), local_addr=("127.0.0.1", 0)
    )
    port43 = await asyncio.start_server(peer.speak, "127.0.0.1", 0)
    async with TestServer(application) as server:
        peer.rdap_port = server.port or 0
        peer.whois_port = port43.sockets[0].getsockname()[1]
        peer.dns_port = transport.get_extra_info("sockname")[1]
        try:
            yield peer
        finally:
            port43.close()
            transport.close()
