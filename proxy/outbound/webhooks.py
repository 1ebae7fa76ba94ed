"""Posts one message to one endpoint over HTTP. What comes back is a code of ours, never a text.

An endpoint's address is somebody else's to choose, so its name is resolved here, and only public
addresses are spoken to, at the moment of connecting: a name that changes its address in between
gains nothing. Redirects are not followed. Answers are not read beyond their status. Networks that
an operator names are allowed as well, and only there may an endpoint do without TLS.
"""

from __future__ import annotations

import ipaddress
import ssl
from typing import TYPE_CHECKING, Final, Self, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from typing_extensions import override

from proxy.model.webhook import Taken, Tried
from proxy.outbound.addresses import is_public
from proxy.rules import webhook_retries

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from proxy.setting_values import Network

TIMEOUT_S: Final = 15.0  # of one try, from the name to the status
CONNECT_TIMEOUT_S: Final = 5.0
_AGENT: Final = "privacyproxy-webhooks"


class _ForbiddenAddress(OSError):
    """The name leads to an address that is not spoken to."""


class _Resolver(AbstractResolver):
    """Gives the addresses of a name that may be spoken to; raises where there is none."""

    def __init__(self, networks: Sequence[Network], *, only_there: bool) -> None:
        self._networks = tuple(networks)
        self._only_there = only_there
        self._system = ThreadedResolver()

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily | int = 0
    ) -> list[ResolveResult]:
        """The addresses of `host`."""
        asked = cast("socket.AddressFamily", family)  # the base class also takes its number
        found = await self._system.resolve(host, port, asked)
        allowed = [one for one in found if self.allows(one["host"])]
        if not allowed:
            raise _ForbiddenAddress
        return allowed

    @override
    async def close(self) -> None:
        """Nothing to close."""

    def allows(self, text: str) -> bool:
        """Whether an address may be spoken to."""
        address = ipaddress.ip_address(text.partition("%")[0])
        is_named = any(address in one for one in self._networks if one.version == address.version)
        return is_named or (not self._only_there and is_public(str(address)))


class HttpHooks:
    """Webhooks over HTTP. Use as a context: it holds connections open between messages."""

    def __init__(self, networks: Sequence[Network], tls: ssl.SSLContext | None = None) -> None:
        """`networks` that are not public and allowed; `tls` replaces the system's authorities."""
        self._resolvers = {
            "https": _Resolver(networks, only_there=False),
            "http": _Resolver(networks, only_there=True),
        }
        self._tls = tls or ssl.create_default_context()
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        """Open what holds connections."""
        for scheme, resolver in self._resolvers.items():
            connector = aiohttp.TCPConnector(
                resolver=resolver, ssl=self._tls, limit=0, limit_per_host=32, ttl_dns_cache=10
            )
            self._sessions[scheme] = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S),
                headers={"User-Agent": _AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them."""
        for one in self._sessions.values():
            await one.close()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Tried:
        """What came of one try; raises nothing of the network's."""
        parts = urlsplit(url)
        if not self._may_be_literal(parts.scheme, parts.hostname or ""):
            return Tried(taken=Taken.AWAY, reason="address_forbidden")
        try:
            async with self._sessions[parts.scheme].post(
                url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return webhook_retries.outcome(answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Tried(taken=Taken.AWAY, reason=_code(error))

    def _may_be_literal(self, scheme: str, host: str) -> bool:
        """An address instead of a name is not resolved, thus checked here."""
        try:
            return self._resolvers[scheme].allows(host)
        except ValueError:
            return True  # a name


def _code(error: BaseException) -> str:
    """A code for what went wrong."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, _ForbiddenAddress):
            return "address_forbidden"
        seen = seen.__cause__ or seen.__context__
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            return code
    return "connection"


_CODES: Final[tuple[tuple[tuple[type[BaseException], ...], str], ...]] = (
    ((aiohttp.InvalidURL,), "url"),
    ((TimeoutError,), "timeout"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "tls"),
    ((aiohttp.ClientConnectorDNSError,), "dns"),
    ((aiohttp.ClientConnectorError,), "connect"),
    ((aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError), "broken_off"),
)
