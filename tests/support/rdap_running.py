"""A running RDAP server over an invented world, and a raw client that reads its answers."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import tempfile
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxy.apps.rdap import Bounds, RdapServer
from proxy.apps.throttle import KEY_OCTETS, Table, Throttle
from proxy.metrics import Registry
from proxy.model.identifiers import Mode, Role
from tests.support.rdap_samples import (
    AS_OF,
    GRANTED,
    OTHER_TENANT,
    Held,
    make_profile,
    make_record,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator
    from datetime import datetime

    from proxy.rules.throttling import Limit

Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One answer, taken apart."""

    status: int
    fields: dict[str, str]  # lower-case names
    head: bytes
    body: bytes  # decoded from gzip

    @property
    def tree(self) -> Any:
        """The body as JSON; an empty one is an empty object."""
        return json.loads(self.body or b"{}")


class FixedClock:
    """Always the same moment."""

    def now(self) -> datetime:
        """That moment."""
        return AS_OF


def world() -> Held:
    """Records of two tenants in all modes and layouts."""
    offers = make_profile(
        tenant=OTHER_TENANT,
        name="offers",
        hosts=("offers.registrar.example",),
        addresses=("127.0.0.9",),
        offered=("entity", "nameserver"),
        base_url="https://offers.registrar.example/",
    )
    based = make_profile(name="based", hosts=(), base_url="https://based.example/r/")
    roles = make_profile(name="roles", hosts=(), roles=tuple(Role))
    return Held(
        make_record("proxied.example"),
        make_record("private.example", mode=Mode.PRIVACY),
        make_record("redacted.example", mode=Mode.REDACTED),
        make_record("ungranted.example", mode=Mode.PUBLISHED),
        make_record("published.example", mode=Mode.PUBLISHED, published=GRANTED),
        make_record("no-ids.example", with_ids=False),
        make_record("laden.de", accreditation="none"),
        make_record("versteckt.de", mode=Mode.REDACTED),
        make_record("xn--mnchen-3ya.example"),
        make_record("based.example", profile="based"),
        make_record("roles.example", profile="roles", mode=Mode.REDACTED),
        make_record("offered.example", profile="offers", tenant=OTHER_TENANT),
        profiles=(make_profile(), offers, based, roles),
    )


@contextlib.asynccontextmanager
async def running(
    held: Held,
    *,
    limit: Limit | None = None,
    bounds: Bounds | None = None,
    trusted: tuple[str, ...] = (),
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    servers: list[RdapServer] | None = None,
    metrics: Registry | None = None,
) -> AsyncIterator[Address]:
    """The address of a server over `held`; it is drained at the end."""
    listener = socket.create_server((host, 0))
    with tempfile.TemporaryDirectory() as scratch:
        table = Table(Path(scratch) / "throttle", b"k" * KEY_OCTETS)
        server = RdapServer(
            finder=held,
            throttle=Throttle(table, "rdap", limit),
            bounds=bounds
            or Bounds(
                connections=64, connections_per_client=64, read_timeout_s=30, idle_timeout_s=30
            ),
            metrics=metrics or Registry(),
            clock=FixedClock(),
            new_reference=lambda: "r",
            base_url="http://127.0.0.1:4380/",
            trusted_proxies=tuple(ip_network(network) for network in trusted),
            limit_text="120 in 60 seconds",
        )
        if servers is not None:
            servers.append(server)
        await server.start([listener], tls)
        try:
            yield listener.getsockname()[:2]
        finally:
            await server.drain(0)
            listener.close()
            table.close()


async def exchange(
    address: Address, octets: bytes, *, tls: ssl.SSLContext | None = None
) -> list[Received]:
    """All answers to `octets`, read until the server closes."""
    reader, writer = await asyncio.open_connection(*address, ssl=tls)
    writer.write(octets)
    stream = await reader.read()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return parse(stream, is_head=octets.startswith(b"HEAD"))


def parse(stream: bytes, *, is_head: bool = False) -> list[Received]:
    """The answers that stand in `stream`, one after another."""
    found: list[Received] = []
    while stream:
        head, _, stream = stream.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        fields = {
            name.lower(): value.strip()
            for name, _, value in (field.partition(":") for field in lines)
        }
        octets = 0 if is_head else int(fields.get("content-length", "0"))
        body, stream = stream[:octets], stream[octets:]
        assert len(body) == octets, "the server closed inside an answer"
        if fields.get("content-encoding") == "gzip" and body:
            body = gzip.decompress(body)
        found.append(Received(status=int(line.split()[1]), fields=fields, head=head, body=body))
    return found


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """The body of the next answer on a connection that stays open."""
    head = await reader.readuntil(b"\r\n\r\n")
    (answer,) = parse(head.replace(b"Content-Length", b"X-Length"))
    return await reader.readexactly(int(answer.fields.get("x-length", "0")))


async def one_by_one(address: Address, requests: list[bytes]) -> list[Received]:
    """The answers to requests each sent after the answer before, on one connection."""
    reader, writer = await asyncio.open_connection(*address)
    stream: list[bytes] = []
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        (answer,) = parse(head.replace(b"Content-Length", b"X-Length"))
        stream.append(head + await reader.readexactly(int(answer.fields.get("x-length", "0"))))
    writer.close()
    return [answer for octets in stream for answer in parse(octets)]
