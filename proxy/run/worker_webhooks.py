"""The worker's part in webhooks, composed: a pool of its own, its key, and the network."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import Unavailable
from proxy.outbound.webhooks import HttpHooks
from proxy.run import webhook_keys
from proxy.services.deliver_webhooks import Deliverer, Delivering
from proxy.services.publish import pause
from proxy.store import pool as pools

if TYPE_CHECKING:
    from proxy.hosting.process import Process
    from proxy.store.pool import Access

_CONNECTIONS: Final = 4  # held for single statements, never while an endpoint answers
_RETRY_S: Final = 1.0

_log = structlog.get_logger()


async def run(process: Process, access: Access) -> None:
    """Until the process is told to stop, whatever the database does."""
    key = webhook_keys.ensure(process.paths.key_dir, secrets.token_bytes)
    while not process.stopping.is_set():
        try:
            pool = await pools.open_pool(access, min_size=0, max_size=_CONNECTIONS)
        except Unavailable as away:
            _log.warning("webhooks_wait", reason=away.code)
            await pause(process.stopping, _RETRY_S)
            continue
        try:
            await _deliver(process, pool, key)
        finally:
            pool.terminate()


async def _deliver(process: Process, pool: pools.Pool, key: bytes) -> None:
    async with HttpHooks(process.settings.webhook_networks) as hooks:
        deliverer = Deliverer(
            Delivering(
                pool=pool,
                hooks=hooks,
                key=key,
                clock=process.clock,
                random=secrets.token_bytes,
                metrics=process.metrics,
            )
        )
        await deliverer.run(process.stopping)
        await asyncio.sleep(0)  # what was cancelled lets go of its connections
