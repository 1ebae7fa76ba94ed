"""Posts one message to one endpoint over HTTP. What comes back is a code of ours, never a text.

An endpoint's address is somebody else's to choose, so its name is resolved here, and only public
addresses are spoken to, at the moment of connecting: a name that changes its address in between
gains nothing. Redirects are not followed. Answers are not read beyond their status. Networks that
an operator names are allowed as well, and only there may an endpoint do without TLS.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from proxy.model.webhook import Taken, Tried
from proxy.outbound.addresses import is_public
from proxy.rules import webhook_retries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from proxy.setting_values import Network

TIMEOUT_S: Final = 15.0  # of one try, from the name to the status
CONNECT_TIMEOUT_S: Final = 5.0
LOOKUPS: Final = 64
"""Names looked up at once, in threads of our own: a name whose servers are slow delays no other."""

_AGENT: Final = "privacyproxy-webhooks"


class _ForbiddenAddress(OSError):
    """The name leads to an address that is not spoken to."""


class _Resolver(AbstractResolver):
    """Gives the addresses of a name that may be spoken to; raises where there is none."""

    def __init__(
        self, networks: Sequence[Network], threads: ThreadPoolExecutor, *, only_there: bool
    ) -> None:
        self._networks = tuple(networks)
        self._threads = threads
        self._only_there = only_there

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily | int = 0
    ) -> list[ResolveResult]:
        """The addresses of `host`."""
        look = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look)
        allowed = [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, address in found
            if self.allows(str(address[0]))
        ]
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
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="webhook-dns")
        self._resolvers = {
            "https": _Resolver(networks, self._threads, only_there=False),
            "http": _Resolver(networks, self._threads, only_there=True),
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
        self._threads.shutdown(wait=False, cancel_futures=True)

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
