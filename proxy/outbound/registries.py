"""Who sponsors a name, asked as strangers ask: RDAP, else WHOIS; and a token in its DNS.

Connects to hosts of the operator's file of registries alone, and only where they lie at public
addresses or in the networks of that file: neither a registry's DNS nor its redirects can have us
speak to anything else. Answers are bounded in size and time, never decompressed, and read for four
facts. WHOIS is spoken by hand: the package `whois` starts a program that follows referrals to
wherever an answer says, without bounds that we could set. Sources: RFC 9082 s3.1.3, RFC 7480 s5,
RFC 3912.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import socket
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

import aiohttp
import aiohttp.abc
import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT
from typing_extensions import override

from proxy.model.sponsor import NOT_ASKED, Missed, Seen
from proxy.outbound.addresses import is_public
from proxy.rules import looking
from proxy.wire import sponsor_answers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from proxy.model.identifiers import DomainName
    from proxy.model.sponsor import Registries, Registry

TIMEOUT_S: Final = 10.0  # of one look by one way, with all its redirects
DNS_TIMEOUT_S: Final = 5.0
RDAP_OCTETS: Final = 262_144  # a domain with all its contacts has some 20 kB
WHOIS_OCTETS: Final = 65_536
MOST_REDIRECTS: Final = 2

_OK: Final = 200
_NOT_FOUND: Final = 404
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HEADERS: Final = {
    "Accept": "application/rdap+json, application/json",
    "Accept-Encoding": "identity",  # nothing to unpack: what is small stays small
    "User-Agent": "privacyproxy",
}
_NO_ANSWER: Final = frozenset({"unreachable", "http_status", "too_long", "not_json", "redirected"})
"""Misses after which WHOIS is asked: RDAP said nothing of the name."""

_Origin = tuple[str, str | None, int | None]


class Lookups:
    """Asks the registries of the operator's file."""

    def __init__(self, registries: Registries) -> None:
        """Nothing is asked before the first look."""
        self._registries = registries
        bases = [one.rdap_base for one in registries.by_tld.values() if one.rdap_base is not None]
        self._origins = frozenset(_origin(base) for base in bases)
        servers = registries.nameservers
        self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(*one) for one in servers]
        self._resolver.lifetime = DNS_TIMEOUT_S

    async def look(self, domain: DomainName, marks: Sequence[str]) -> Seen | Missed:
        """What the name's registry says; raises nothing of the network's."""
        registry = self._registries.of(domain)
        found: Seen | Missed = Missed(reason=NOT_ASKED)
        if registry is not None and registry.rdap_base is not None:
            found = await self._rdap(f"{registry.rdap_base}domain/{domain}", domain, marks)
        is_answered = isinstance(found, Seen) or found.reason not in {*_NO_ANSWER, NOT_ASKED}
        if is_answered or registry is None or registry.whois_host is None:
            return found
        return await self._whois(registry, domain, marks)

    async def shows(self, domain: DomainName, token: str) -> bool | None:
        """Whether the token stands in the name's DNS; None where DNS does not answer."""
        try:
            answer = await self._resolver.resolve(f"{looking.challenge(domain)}.", "TXT")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return False
        except (dns.exception.DNSException, OSError):
            return None
        texts = [b"".join(one.strings) for one in answer if isinstance(one, TXT)]
        return any(hmac.compare_digest(one, token.encode()) for one in texts)

    async def _rdap(self, url: str, domain: DomainName, marks: Sequence[str]) -> Seen | Missed:
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(resolver=_Resolver(self), force_close=True),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    headers=_HEADERS,
                    auto_decompress=False,
                ) as session,
            ):
                for _ in range(MOST_REDIRECTS + 1):
                    got = await self._get(session, url)
                    if not isinstance(got, str):
                        break
                    url = got
                else:
                    return Missed(reason="redirected")
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return Missed(reason="unreachable")
        return got if isinstance(got, Missed) else sponsor_answers.parse_rdap(got, domain, marks)

    async def _get(self, session: aiohttp.ClientSession, url: str) -> bytes | str | Missed:
        """The body, the address to ask instead, or why there is neither."""
        if not self._may_ask(url):
            return Missed(reason="redirected")
        async with session.get(url, allow_redirects=False) as reply:
            if reply.status in _REDIRECTS:
                return urljoin(url, reply.headers.get("Location", ""))
            if reply.status == _NOT_FOUND:
                return Missed(reason="not_found")
            is_plain = reply.headers.get("Content-Encoding", "identity") == "identity"
            if reply.status != _OK or not is_plain:
                return Missed(reason="http_status")
            body = bytearray()
            async for part in reply.content.iter_any():
                body += part
                if len(body) > RDAP_OCTETS:
                    return Missed(reason="too_long")
            return bytes(body)

    async def _whois(
        self, registry: Registry, domain: DomainName, marks: Sequence[str]
    ) -> Seen | Missed:
        host, port = registry.whois_host or "", registry.whois_port
        body = bytearray()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                addresses = await self.addresses(host, port)
                reader, writer = await asyncio.open_connection(addresses[0], port)
                try:
                    writer.write(f"{domain}\r\n".encode())
                    while part := await reader.read(WHOIS_OCTETS):
                        body += part
                        if len(body) > WHOIS_OCTETS:
                            return Missed(reason="too_long")
                finally:
                    writer.transport.abort()
        except (OSError, TimeoutError):
            return Missed(reason="unreachable")
        return sponsor_answers.parse_whois(bytes(body), domain, marks)

    def _may_ask(self, url: str) -> bool:
        """Whether a URL is of a configured server, and its host no address that is refused."""
        try:
            origin = _origin(url)
        except ValueError:
            return False
        return origin in self._origins and self._is_fit_host(origin[1] or "")

    def _is_fit_host(self, host: str) -> bool:
        """A name is looked at when it is resolved; an address is its own answer."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return True
        return self._is_fit(host)

    def _is_fit(self, address: str) -> bool:
        at = ipaddress.ip_address(address)
        return is_public(address) or any(at in one for one in self._registries.networks)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Where a host is, as far as we may connect; OSError where nowhere."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        fit = [text for one in found if self._is_fit(text := str(one[4][0]))]
        if not fit:
            raise OSError(host)
        return list(dict.fromkeys(fit))


class _Resolver(aiohttp.abc.AbstractResolver):
    """Gives aiohttp no address that is refused, whatever DNS says at that moment."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups

    @override
    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[Any]:
        """Addresses that we may connect to; OSError where there are none."""
        return [
            aiohttp.abc.ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._lookups.addresses(host, port)
        ]

    @override
    async def close(self) -> None:
        """Nothing is held."""


def _origin(url: str) -> _Origin:
    """What a URL is asked at; ValueError where its port is no number."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
