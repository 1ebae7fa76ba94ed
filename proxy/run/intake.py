"""The newest intake key, read again and again: what every process that seals works with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import ProxyError
from proxy.store import tenants

if TYPE_CHECKING:
    from proxy.model.sealed import IntakeKey
    from proxy.ports import Clock
    from proxy.store.pool import Pool

POLL_S: Final = 2.0
"""Seconds between looks at the newest intake key; keys are renewed daily and overlap by hours."""

_log = structlog.get_logger()


class Intake:
    """The newest intake key, as last read."""

    def __init__(self, clock: Clock, pool: Pool) -> None:
        self._clock = clock
        self._pool = pool
        self._key: IntakeKey | None = None
        self._found = asyncio.Event()

    def current(self) -> IntakeKey | None:
        """The key, or None before the vault has published one."""
        return self._key

    async def first(self) -> None:
        """Returns once there is a key: until then nothing could be sealed."""
        await self._found.wait()

    async def watch(self) -> None:
        """Reads the newest key for ever; keeps the last one while the database is away."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    key = await tenants.newest_intake_key(connection, self._clock.now())
            except (ProxyError, OSError) as error:
                _log.warning("intake_key_unread", error=type(error).__name__)
            else:
                if key is not None:
                    self._key = key
                    self._found.set()
            await asyncio.sleep(POLL_S if self._found.is_set() else 0.1)
