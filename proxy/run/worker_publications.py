"""The worker's part in publications, composed."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from proxy.hosting.vault_calls import VaultCaller
from proxy.services import carry_publications
from proxy.services.carry_publications import Carrying
from proxy.store import pool as pools
from proxy.store import registrations

if TYPE_CHECKING:
    from proxy.hosting.process import Process
    from proxy.store.pool import Access

_CONNECTIONS: Final = 2


async def run(process: Process, access: Access) -> None:
    """Carry publications until told to stop."""
    pool = await pools.open_pool(
        access, min_size=0, max_size=_CONNECTIONS, session=registrations.SESSION
    )
    try:
        carrying = Carrying(
            pool=pool,
            ask=VaultCaller(
                process.paths.run_dir, process.role, data_dir=process.paths.data_dir
            ).ask,
            clock=process.clock,
            random=secrets.token_bytes,
            metrics=process.metrics,
        )
        await carry_publications.run(carrying, process.stopping)
    finally:
        pool.terminate()
