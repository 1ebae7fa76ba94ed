"""Two tenants that hold one name, a registry on loopback, and a worker that asks it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from proxy.metrics import Registry
from proxy.outbound.registries import Lookups
from proxy.services import find_sponsors
from proxy.services.find_sponsors import Finding
from proxy.store import pool as pools
from proxy.store import registrations
from proxy.wire import registries_document
from tests.support import registry
from tests.support.api import body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.sponsor import Missed, Registries, Seen
    from tests.support.api import Api
    from tests.support.registry import Peer

NAME = "kaveri.example"
PATH = f"/v1/registrations/{NAME}"
MINE, THEIRS, NOBODYS = 9999, 7777, 1234


@dataclass(slots=True)
class World:
    """Two tenants with accreditations of their own, a worker, and a registry."""

    api: Api
    other: Api
    peer: Peer
    finding: Finding
    after: str = ""

    async def round(self, *, later: timedelta = timedelta(0)) -> None:
        """The worker's next round, after a while."""
        self.api.service.vault.clock.moment += later
        self.after = await find_sponsors.round_of(self.finding, self.after)

    def says(self, iana_id: int, **changes: Any) -> None:
        """What the registry says of the name from now on."""
        self.peer.rdap[NAME] = registry.rdap(NAME, iana_id, **changes)

    async def states(self) -> tuple[str, str]:
        """State, and reason of its end, of each tenant's newest registration."""
        found = []
        for one in (self.api, self.other):
            rows = await self.api.rows(
                "SELECT state, end_reason FROM registration WHERE tenant_id = $1 AND domain = $2"
                " ORDER BY enrolled_at DESC, id DESC LIMIT 1",
                *(one.tenant, NAME),
            )
            found.append(rows[0]["end_reason"] or rows[0]["state"] if rows else "none")
        return found[0], found[1]

    async def shown(self) -> list[object]:
        """Whose record the journal shows."""
        rows = await self.api.rows(
            "SELECT tenant_id FROM published WHERE value IS NOT NULL AND domain = $1", NAME
        )
        return [row["tenant_id"] for row in rows]


@contextlib.asynccontextmanager
async def finding_with(api: Api, registries: Registries) -> AsyncIterator[Finding]:
    """A worker with its own login."""
    access = api.service.database.access("worker")
    pool = await pools.open_pool(access, max_size=4, session=registrations.SESSION)
    try:
        yield Finding(
            pool=pool,
            sponsors=Lookups(registries),
            budgets=registries_document.budgets(registries),
            clock=api.service.vault.clock,
            random=secrets.token_bytes,
            metrics=Registry(),
        )
    finally:
        pool.terminate()


@contextlib.asynccontextmanager
async def held_twice(api: Api) -> AsyncIterator[World]:
    """Both tenants hold the name: the first speaks, the second claims."""
    other = await api.other_tenant()
    await api.rows(
        "UPDATE accreditation SET iana_id = $1 WHERE tenant_id = $2", THEIRS, other.tenant
    )
    async with registry.serving() as peer, finding_with(api, peer.registries()) as finding:
        await api.put(body())
        await other.put(body())
        yield World(api, other, peer, finding)


async def told(api: Api) -> dict[str, Any]:
    """What status tells an account of its standing."""
    found: dict[str, Any] = (await api.call("GET", f"{PATH}/status")).json["speaker"]
    return found


class Slow:
    """A registry under `slow` never answers; the others at once."""

    def __init__(self, inner: Lookups) -> None:
        self.inner = inner
        self.asked: list[str] = []

    async def look(self, domain: Any, marks: Any) -> Seen | Missed:
        """As the registry does."""
        self.asked.append(domain)
        if domain.endswith(".slow"):
            await asyncio.sleep(3600)
        return await self.inner.look(domain, marks)

    async def shows(self, domain: Any, token: str) -> bool | None:
        """As DNS does."""
        return await self.inner.shows(domain, token)
