"""A ledger at a web address, asked as a stranger would: everything that comes back is hostile.

Every answer has a limit and a time; redirects, compressed answers and proxies of the environment
are refused or not used. What is fetched is checked by whoever asked for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import aiohttp

from proxy.errors import InvalidInput, NotFound, Refused, Unavailable
from proxy.vault import note, tiles, verifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.vault.tiles import Tile

ANSWER_WAIT_S: Final = 30.0  # a tile is 8 KiB
CONNECTIONS: Final = 16
_TRIES: Final = 3  # of a request that got no answer
_PROBLEM_OCTETS: Final = 4_096


class Remote:
    """One ledger, by the address below which its checkpoint lies."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def checkpoint(self, name: str = "checkpoint") -> str:
        """A signed note, not parsed; NotFound `remote_missing`."""
        return _decoded(await self._get(name, note.NOTE_LIMIT_OCTETS))

    async def key(self) -> str:
        """The verifier key that the ledger claims."""
        return _decoded(await self._get("vkey", verifier.KEY_LIMIT)).removesuffix("\n")

    async def witnesses(self) -> str:
        """The keys of witnesses that the ledger shows, one a line."""
        return _decoded(await self._get("witnesses", verifier.KEY_LIMIT * 64))

    async def tile(self, tile: Tile) -> bytes:
        """A tile's octets as they came; NotFound `remote_missing`."""
        return await self._get(tiles.path(tile), tile.octets + 1)

    async def cosign(self, cosigned: str) -> None:
        """Hand in a cosigned checkpoint; Refused `cosignature_refused` if it is not taken."""
        try:
            async with self._session.post(
                f"{self._url}/cosignatures",
                data=cosigned.encode(),
                headers={"Content-Type": "text/plain; charset=utf-8"},
                allow_redirects=False,
            ) as answer:
                await _limited(answer, _PROBLEM_OCTETS)
                if answer.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
                    sentence = f"The service did not take the cosignature (HTTP {answer.status})."
                    raise Refused("cosignature_refused", sentence)
        except (aiohttp.ClientError, OSError, TimeoutError):
            raise Unavailable("remote", f"{self._url} does not answer.") from None

    async def _get(self, path: str, limit_octets: int) -> bytes:
        for left in range(_TRIES - 1, -1, -1):
            try:
                return await self._once(path, limit_octets)
            except (aiohttp.ClientError, OSError, TimeoutError):
                if not left:
                    break
            await asyncio.sleep(0.2)
        raise Unavailable("remote", f"{self._url}/{path} does not answer.")

    async def _once(self, path: str, limit_octets: int) -> bytes:
        url = f"{self._url}/{path}"
        async with self._session.get(url, allow_redirects=False) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                raise NotFound("remote_missing", f"There is no {url}.")
            if answer.status != HTTPStatus.OK:
                raise Unavailable("remote", f"{url} answers with HTTP {answer.status}.")
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise Refused("remote_encoding", f"{url} comes compressed, which nobody asked for.")
            body = await _limited(answer, limit_octets)
        if len(body) > limit_octets:
            raise Refused("remote_too_long", f"{url} is longer than it can be.")
        return body


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Remote]:
    """The ledger at `url`, such as https://privacy.example/ledger; InvalidInput `url`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise InvalidInput("url", "Give the ledger's http or https address, without a query.")
    timeout = aiohttp.ClientTimeout(total=ANSWER_WAIT_S, connect=10)
    async with aiohttp.ClientSession(
        timeout=timeout,
        connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        headers={"Accept-Encoding": "identity", "User-Agent": "privacyproxy-ledger"},
        auto_decompress=False,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield Remote(session, url.rstrip("/"))


async def _limited(answer: aiohttp.ClientResponse, limit_octets: int) -> bytes:
    """The body, cut one octet after the limit."""
    body = bytearray()
    while len(body) <= limit_octets:
        part = await answer.content.read(limit_octets + 1 - len(body))
        if not part:
            break
        body += part
    return bytes(body)


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InvalidInput("note_malformed", "What came is no text.") from None
