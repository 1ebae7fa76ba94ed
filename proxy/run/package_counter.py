"""Where the web role's pages get packages from: services.release_package, a transaction each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.services import release_package
from proxy.store import packages as store

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from proxy.model.case import CaseId
    from proxy.ports import Clock
    from proxy.services.release_package import Collected
    from proxy.store.packages import PackageRow
    from proxy.store.pool import Pool


class PackageCounter:
    """Implements apps.packages.Counter."""

    def __init__(self, pool: Pool, clock: Clock, random: Callable[[int], bytes]) -> None:
        self._pool = pool
        self._clock = clock
        self._random = random

    async def find(self, package_id: UUID) -> PackageRow:
        """A package; NotFound `package_unknown`."""
        async with self._pool.acquire() as connection:
            return await store.find(connection, package_id)

    async def collect(self, package_id: UUID, case_id: CaseId, terms: str) -> Collected:
        """Its ciphertext, once, when that is committed; as release_package.collect refuses."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await release_package.collect(
                connection,
                package_id,
                case_id,
                terms=terms,
                now=self._clock.now(),
                random=self._random,
            )
