"""Which hosts take mail for a domain, and at which addresses: the one place that asks DNS.

Addresses of private networks and of this machine are never given: a stranger's DNS shall not have
us speak to our own. Source: RFC 5321 s5.1 (MX, implicit MX), RFC 7505 (null MX), RFC 6890.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import dns.asyncresolver
import dns.exception
import dns.resolver

from proxy.model.notice import Handing, Sent
from proxy.outbound.addresses import is_public

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dns.rdtypes.ANY.MX import MX

MOST_HOSTS: Final = 5  # tried for one message
MOST_ADDRESSES: Final = 2  # of one host
RESOLVE_TIMEOUT_S: Final = 20.0
_NOT_THERE: Final = (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN)
_AWAY: Final = (dns.exception.DNSException, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanger:
    """A host by name, and one of its addresses. Its certificate has the name."""

    name: str
    address: str
    port: int = 25


class Exchangers:
    """Finds the exchangers of a domain with the system's resolvers, or with those given."""

    def __init__(self, nameservers: Sequence[str] | None = None, port: int = 53) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=nameservers is None)
        if nameservers is not None:
            self._resolver.nameservers = list(nameservers)
            self._resolver.port = port
        self._resolver.lifetime = RESOLVE_TIMEOUT_S

    async def find(self, domain: str) -> tuple[Exchanger, ...] | Sent:
        """The exchangers in the order of trying; else why there are none, as the try's end."""
        try:
            hosts = await self._hosts(domain)
        except dns.resolver.NXDOMAIN:
            return Sent(handing=Handing.PERMANENT, reason="no_such_domain")
        except _AWAY:
            return Sent(handing=Handing.TEMPORARY, reason="dns")
        if not hosts:
            return Sent(handing=Handing.PERMANENT, reason="null_mx")
        found: list[Exchanger] = []
        is_private = is_away = False
        for host in hosts[:MOST_HOSTS]:
            try:
                addresses = await self._addresses(host)
            except _AWAY:
                is_away = True
                continue
            public = [one for one in addresses if is_public(one)]
            is_private |= len(public) < len(addresses)
            found += [Exchanger(name=host, address=one) for one in public[:MOST_ADDRESSES]]
        if found:
            return tuple(found)
        if is_private and not is_away:
            return Sent(handing=Handing.PERMANENT, reason="private_exchanger")
        return Sent(handing=Handing.TEMPORARY, reason="no_exchanger")

    async def _hosts(self, domain: str) -> list[str]:
        """Names in order of preference; the domain itself without an MX; none with a null MX."""
        try:
            answer = await self._resolver.resolve(f"{domain}.", "MX")
        except dns.resolver.NoAnswer:
            return [domain]
        records: list[MX] = sorted(answer, key=lambda one: (one.preference, one.exchange))
        names = [one.exchange.to_text(omit_final_dot=True) for one in records]
        return [name for name in names if name not in {"", ".", "@"}]

    async def _addresses(self, host: str) -> list[str]:
        found: list[str] = []
        for kind in ("A", "AAAA"):
            try:
                answer = await self._resolver.resolve(f"{host}.", kind)
            except _NOT_THERE:
                continue
            found += [one.address for one in answer]
        return found


async def of_route(host: str, port: int) -> tuple[Exchanger, ...] | Sent:
    """The one host that the operator has all our mail go through, wherever it is."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    except OSError:
        return Sent(handing=Handing.TEMPORARY, reason="route_unknown")
    addresses = dict.fromkeys(str(one[4][0]) for one in found)
    return tuple(Exchanger(name=host, address=one, port=port) for one in addresses)
