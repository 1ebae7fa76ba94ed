"""One call of the registrar API: sent with the key, tried again where safe, read to its end.

A call is tried again where no answer came, where the service is away (502, 503, 504) and where it
asks to wait (429), a bounded number of times. Writes carry an Idempotency-Key that stays the same,
so that they happen once however often they are sent. Nothing is logged; neither the key nor a body
is in a repr or an error. Redirects are not followed: the key is for one host alone.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

import aiohttp
from yarl import URL

from proxy.client import refusals
from proxy.errors import Conflict, InvalidInput, ProxyError, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
    from pathlib import Path

ANSWER_LIMIT_OCTETS: Final = 64 << 20  # a page of 1,000 names; bounds memory against a stranger
CONNECT_S: Final = 10.0
STREAM_STALL_S: Final = 600.0
"""Seconds for the answer to a file: its last lines become durable first."""

_FIRST_BACKOFF_S: Final = 0.2  # doubled from one try to the next
_AWAY: Final = frozenset({502, 503, 504})
_CHUNK_OCTETS: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the service is, which key is shown to it, and how long a caller is patient."""

    url: str
    key: str = field(repr=False)
    answer_wait_s: float = 30.0
    """Seconds for a whole answer, of one try."""

    tries: int = 5
    """The most times that one call is sent."""

    longest_wait_s: float = 30.0
    """Seconds to wait between two tries; where the service asks for more its no is raised."""

    def __post_init__(self) -> None:
        """Refuse what can be no address and no key."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise InvalidInput("api_url", "The API's address is an http or https URL.")
        if parts.username is not None or parts.password is not None:
            raise InvalidInput("api_url", "The API's address holds no user and no password.")
        if not self.key or not self.key.isascii() or not self.key.isprintable() or " " in self.key:
            raise InvalidInput("api_key", "The API key is one word of ASCII.")

    @classmethod
    def from_file(cls, url: str, key_file: Path) -> Access:
        """Access with the key that stands alone in a file."""
        return cls(url=url, key=read_key(key_file))


def read_key(path: Path) -> str:
    """The API key in a file; InvalidInput `api_key_file`."""
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("api_key_file", f"{path} can not be read as an API key.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, without the key."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of success."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class Caller:
    """Sends calls over one session; `sleep` waits between tries."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        access: Access,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._access = access
        self._sleep = sleep

    async def call(self, call: Call) -> Reply:
        """The answer; raises the service's no as a ProxyError, Unavailable where none comes."""
        is_lost = False  # an earlier try may be under way yet
        for left in reversed(range(self._access.tries)):
            reply = await self._try(call)
            if reply is not None and reply.status < HTTPStatus.MULTIPLE_CHOICES:
                return reply
            error: ProxyError = Unavailable("api", "The service does not answer.")
            if reply is not None:
                error = refusals.parse(reply.status, reply.headers, reply.content)
            wait_s = self._wait_s(reply, error, left=left, is_lost=is_lost)
            if wait_s is None:
                raise error
            is_lost = is_lost or reply is None
            await self._sleep(wait_s)
        raise Unavailable("api", "The service was not asked.")

    async def stream(self, call: Call, parts: AsyncIterable[bytes]) -> Reply:
        """The answer to a body that is sent as it comes, once: only its sender can begin anew."""
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_S, sock_read=STREAM_STALL_S
        )
        reply = await self._try(call, parts, timeout)
        if reply is None:
            raise Unavailable("api", "The service does not answer.")
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusals.parse(reply.status, reply.headers, reply.content)
        return reply

    async def _try(
        self,
        call: Call,
        parts: AsyncIterable[bytes] | None = None,
        timeout: aiohttp.ClientTimeout | None = None,  # noqa: ASYNC109 - aiohttp's own, of four kinds
    ) -> Reply | None:
        """What is answered, whatever it says; None where nothing is."""
        asked = f"?{urlencode(call.query)}" if call.query else ""
        try:
            async with self._session.request(
                call.method,
                URL(self._access.url.rstrip("/") + call.path + asked, encoded=True),
                data=call.body if parts is None else parts,
                headers={**call.headers, "Authorization": f"Bearer {self._access.key}"},
                allow_redirects=False,
                timeout=timeout
                or aiohttp.ClientTimeout(total=self._access.answer_wait_s, sock_connect=CONNECT_S),
            ) as answer:
                content = await _limited(answer)
                return Reply(status=answer.status, headers=answer.headers, content=content)
        except (aiohttp.ClientError, OSError):
            return None

    def _wait_s(
        self, reply: Reply | None, error: ProxyError, *, left: int, is_lost: bool
    ) -> float | None:
        """Seconds until the next try; None where there is none."""
        if not left:
            return None
        backoff_s = _FIRST_BACKOFF_S * 2.0 ** (self._access.tries - 1 - left)
        backoff_s = min(backoff_s, self._access.longest_wait_s) * (1 + secrets.randbelow(100) / 200)
        if reply is None or (is_lost and _is_under_way(error)):
            return backoff_s
        if reply.status != HTTPStatus.TOO_MANY_REQUESTS and reply.status not in _AWAY:
            return None
        asked_s = refusals.retry_after_s(reply.headers)
        if asked_s is None:
            return backoff_s
        return float(asked_s) if asked_s <= self._access.longest_wait_s else None


def _is_under_way(error: ProxyError) -> bool:
    """Whether it is our own former try, whose answer was lost, that the service works on."""
    return isinstance(error, Conflict) and error.code == "in_flight"


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for part in answer.content.iter_chunked(_CHUNK_OCTETS):
        content += part
        if len(content) > ANSWER_LIMIT_OCTETS:
            raise Unavailable("answer", "The service's answer is too large.")
    return bytes(content)
