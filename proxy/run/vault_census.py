"""What the vault answers the escrow process about who there is: numbers, and yes or no.

The state alone is asked, never the database: so that a row which is not there shows. Nothing is
opened, nothing is spent and nothing noted; it is answered while the ledger disagrees as well.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from proxy.model.identifiers import TenantId
from proxy.vault import deposits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.run.vault_rounds import Rooms
    from proxy.vault.grants import Caller
    from proxy.wire import frames
    from proxy.wire.frames import Answer


class Counting:
    """Answers the escrow process."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def count_people(
        self, _caller: Caller, request: frames.CountPeople
    ) -> AsyncIterator[Answer]:
        """How many registrations of the tenant have a living person."""
        census = self._rooms.open_walls().state.census
        tenant_id = TenantId(deposits.parse_run(request.tenant))
        # A second for a million: beside the loop, which answers others meanwhile.
        yield {"done": True, "people": await asyncio.to_thread(census.count, tenant_id)}

    async def are_erased(self, _caller: Caller, request: frames.AreErased) -> AsyncIterator[Answer]:
        """For each registration, in order, whether its person was erased."""
        census = self._rooms.open_walls().state.census
        tenant_id = TenantId(deposits.parse_run(request.tenant))
        asked = deposits.parse_registrations(request.registrations)
        yield {"done": True, "erased": census.are_erased(tenant_id, asked)}
