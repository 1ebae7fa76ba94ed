"""Expire packages that nobody fetched: link and ciphertext die after fourteen days.

Flow: each minute the packages whose time is over, the oldest first; each in a transaction of its
own with its case's event. Failure: what was not reached is over still. Retry: the next round.
Cursor: none, the state of a package is the list. Idempotent: a package expires once. Any number of
workers: a package's row is held by one. Determinism: in the order of their ends. Secrets: none; it
destroys ciphertext and releases nothing. Manual run: restart a worker. Logs: codes alone.
Source: casework s7.2, s7.6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import Unavailable
from proxy.services import release_package
from proxy.services.publish import pause
from proxy.store import pool

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from proxy.metrics import Registry
    from proxy.ports import Clock
    from proxy.services.release_package import Follow
    from proxy.store.pool import Access

INTERVAL_S: Final = 60.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """What the rounds need; `follow` has a case go on."""

    clock: Clock
    random: Callable[[int], bytes] = field(repr=False)
    metrics: Registry
    follow: Follow


async def run(access: Access, expiring: Expiring, stopping: asyncio.Event) -> None:
    """Expire what is over once an interval until told to stop, whatever the database does."""
    clock, metrics = expiring.clock, expiring.metrics
    expired = metrics.counter("worker_packages_expired_total")
    while not stopping.is_set():
        try:
            async with pool.connected(access) as connection:
                done = await release_package.expire(
                    connection, now=clock.now(), random=expiring.random, follow=expiring.follow
                )
            expired.value += done
        except Unavailable as away:
            _log.warning("package_expiry_waits", reason=away.code)
        await pause(stopping, INTERVAL_S)
