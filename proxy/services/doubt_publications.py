"""Take off what publications show, in a database that turned out to be a restored copy.

Registrants may have said no since the copy was made, registrars taken back, vaults forgotten: the
vault's own state knows it, and these rows do not. So nothing of a grant is shown until the vault
was asked again (services/carry_publications); what still holds is back with its answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.services import unpublish
from proxy.store import publications

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.store.pool import Connection


async def doubt(connection: Connection, random: Callable[[int], bytes], now: datetime) -> int:
    """How many publications wait for the vault's word now; in the caller's transaction."""
    shown = await publications.shown(connection)
    for which in shown:
        declared = await publications.hold(connection, which.tenant_id, which.registration_id)
        if declared is not None and await publications.doubt(connection, which, now):
            await unpublish.strip(connection, declared, which, random=random, now=now)
    return len(shown)
