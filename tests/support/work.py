"""What a call has PostgreSQL do: a measure of its time class that no clock blurs."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asyncpg.connection import LoggedQuery

    from proxy.store.pool import Pool


class _Watched:
    """A driver's pool whose connections tell every statement, BEGIN and COMMIT among them."""

    def __init__(self, inner: Any, told: list[str]) -> None:
        self._inner = inner
        self._told = told

    async def acquire(self) -> Any:
        """A connection that is listened to."""
        connection = await self._inner.acquire()
        connection.add_query_logger(self._note)
        return connection

    async def release(self, connection: Any) -> None:
        """The connection goes back as it came, once everything of it was told."""
        await asyncio.sleep(0)  # the driver tells in the loop's next turn
        connection.remove_query_logger(self._note)
        await self._inner.release(connection)

    def _note(self, query: LoggedQuery) -> None:
        self._told.append(query.query)


@contextlib.asynccontextmanager
async def statements(pool: Pool) -> AsyncIterator[list[str]]:
    """The statements that users of `pool` run during the block, in order, without arguments."""
    told: list[str] = []
    inner: Any = pool._pool
    pool._pool = _Watched(inner, told)  # type: ignore[assignment] # does what Pool asks of it
    try:
        yield told
    finally:
        pool._pool = inner
