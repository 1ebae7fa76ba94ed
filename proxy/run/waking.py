"""Wakes the sequencer after commits: from a connection of its own, at most once per 5 ms.

A NOTIFY inside a writing transaction would halve commits a second (design s6). The sequencer polls
too, so a wake-up that gets lost costs milliseconds and nothing else.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from proxy.errors import ProxyError
from proxy.store import pool as pools
from proxy.store import queries

if TYPE_CHECKING:
    from proxy.store.pool import Access

PAUSE_S: Final = 0.005
_RETRY_S: Final = 1.0
_WAKE: Final = queries.load("published")["wake"]


class Waker:
    """`wake` costs nothing; `run` does the sending."""

    def __init__(self, access: Access) -> None:
        """`access` is the API's own login."""
        self._access = access
        self._wanted = asyncio.Event()

    def wake(self) -> None:
        """Ask for a wake-up soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Sends wake-ups for ever."""
        while True:
            try:
                async with pools.connected(self._access) as connection:
                    while True:
                        await self._wanted.wait()
                        self._wanted.clear()
                        with pools.translated():
                            await connection.execute(_WAKE)
                        await asyncio.sleep(PAUSE_S)
            except (ProxyError, OSError):
                await asyncio.sleep(_RETRY_S)
