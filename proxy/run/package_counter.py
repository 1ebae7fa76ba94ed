"""Where the web role's pages get packages from: services.release_package, a transaction each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.model.case import ActorKind
from proxy.services import keep_evidence, release_package
from proxy.services.casework import act
from proxy.services.casework.office import Turn
from proxy.services.keep_evidence import Offered
from proxy.store import packages as store

if TYPE_CHECKING:
    from uuid import UUID

    from proxy.model.case import CaseId
    from proxy.ports import Clock
    from proxy.services.casework.office import Office
    from proxy.services.keep_evidence import Desk
    from proxy.services.release_package import Collected
    from proxy.store.packages import PackageRow
    from proxy.store.pool import Pool

_REQUESTER: Final = ActorKind.REQUESTER.value
RECEIPT_KIND: Final = "requester_receipt"


class PackageCounter:
    """Implements apps.packages.Counter."""

    def __init__(self, pool: Pool, clock: Clock, office: Office, files: Desk) -> None:
        self._pool = pool
        self._clock = clock
        self._office = office
        self._files = files

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
                random=self._office.random,
            )

    async def receipt(self, package_id: UUID, case_id: CaseId, text: str) -> None:
        """The receipt is evidence, and the case goes on; as release_package.receipt refuses."""
        now = self._clock.now()
        offered = Offered(
            case_id=case_id,
            kind=RECEIPT_KIND,
            media_type="text/plain",
            actor=_REQUESTER,
            role=_REQUESTER,
        )
        async with self._pool.acquire() as connection, connection.transaction():
            made = await keep_evidence.add_text(connection, self._files, offered, text, now=now)
            await release_package.receipt(
                connection, package_id, case_id, made.id, now=now, random=self._office.random
            )
            await act.follow(Turn(office=self._office, connection=connection, now=now), case_id)
