"""End again what a restored copy of the database has brought back after its persons were erased.

Who is erased stands in the vault's own state, whatever rows came back: the vault marks them as it
starts (services/shred, replay). What is published of them may hold a name that was to be forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from proxy.errors import ProxyError, Unavailable
from proxy.model import identifiers
from proxy.services import contended, speak
from proxy.store import pool, retention, speakers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.store.pool import Connection
    from proxy.store.retention import Erased

_log = structlog.get_logger()


async def end_erased(connection: Connection, random: Callable[[int], bytes], now: datetime) -> int:
    """How many registrations were ended, retention.ERASED_ROWS at most.

    Each is a transaction of its own, under its name's lock: a claim may come to speak. One that
    others change all the time, or that can not be ended, is left for the next round.
    """
    ended = 0
    for one in await retention.erased(connection):
        try:
            await _end(connection, one, random, now)
        except Unavailable:
            raise  # of all alike
        except ProxyError as fault:
            _log.warning("erased_not_ended", reason=fault.code)
        except pool.BrokenConstraint as bug:
            _log.error("erased_not_ended", constraint=str(bug))
        else:
            ended += 1
    return ended


async def _end(
    connection: Connection, one: Erased, random: Callable[[int], bytes], now: datetime
) -> None:
    async def attempt() -> None:
        async with connection.transaction():
            await speakers.lock(connection, [one.domain])
            await retention.end_erased(connection, one, now, identifiers.uuid7(now, random(10)))
            await speak.settle(connection, one.domain, random, now)

    await contended.settled(attempt)
