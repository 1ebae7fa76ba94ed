"""Files that stream in: how many at once, how long, how slowly. Their reader decides the rest.

Each upload holds a connection of the pool and a transaction until its last octet, so that a file is
kept whole or not at all; who sends slowly must not keep others out.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput, RateLimited

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp import web

AT_ONCE: Final = 3
IDLE_S: Final = 10.0
WHOLE_S: Final = 120.0


class Gate:
    """Lets few uploads in at a time."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = at_once

    @contextlib.contextmanager
    def enter(self) -> Iterator[None]:
        """One upload; RateLimited `uploads_busy` when there are enough."""
        if not self._free:
            raise RateLimited("uploads_busy", retry_after_s=int(IDLE_S))
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


async def chunks(
    request: web.Request, *, idle_s: float = IDLE_S, whole_s: float = WHOLE_S
) -> AsyncIterator[bytes]:
    """The body as it comes; InvalidInput `request_timeout` for one that comes too slowly."""
    ends_at = asyncio.get_running_loop().time() + whole_s
    while True:
        left_s = ends_at - asyncio.get_running_loop().time()
        if left_s <= 0:  # asked here too: a timeout fires only where somebody waits
            raise _too_slow()
        try:
            async with asyncio.timeout(min(idle_s, left_s)):
                chunk = await request.content.readany()
        except TimeoutError:
            raise _too_slow() from None
        if not chunk:
            return
        yield chunk


def _too_slow() -> InvalidInput:
    return InvalidInput("request_timeout", "The file came too slowly.")
