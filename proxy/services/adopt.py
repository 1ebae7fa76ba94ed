"""Adopt what intake hosts sealed.

Flow: read waiting records, oldest submission first; the vault checks and re-wraps them; write them
back in one transaction. Failure: a record that can not be adopted is marked with a reason, logged
by its registration's id, and does not stop others; only the operator has it tried again. Retry:
anything else that goes wrong leaves the batch waiting. Cursor: none, what waits is the work.
Idempotency: the vault accepts the same record again. Secrets: bytes pass through, opened nowhere
but behind the Adopter. Manual run: `keys retry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from proxy.model.sealed import Adopted, NotAdopted
from proxy.store import sealed

if TYPE_CHECKING:
    from proxy.ports import Adopter
    from proxy.store.pool import Pool

BATCH_RECORDS = 500  # about 60 ms of work; what a crash repeats, and how long others wait

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedCount:
    """What one batch did."""

    adopted: int
    failed: int
    is_full: bool  # more may be waiting


async def adopt(pool: Pool, adopter: Adopter, *, limit: int = BATCH_RECORDS) -> AdoptedCount:
    """Adopt up to `limit` waiting records; raises Unavailable when the database is away."""
    async with pool.acquire() as connection:
        batches, orphans, count = await sealed.pending(connection, limit)
        if not count:
            return AdoptedCount(adopted=0, failed=0, is_full=False)
        answers = adopter.adopt(batches)
        adopted = [one for one in answers if isinstance(one, Adopted)]
        failed = [one for one in answers if isinstance(one, NotAdopted)]
        failed += [NotAdopted(name=name, reason="submission_missing") for name in orphans]
        async with connection.transaction():
            if adopted:
                await sealed.adopt(connection, adopted)
                await sealed.drop_submissions(connection, [one.submission for one in batches])
            if failed:
                await sealed.mark_failed(connection, failed)
    for one in failed:
        _log.error(
            "adoption_failed",
            tenant_id=str(one.name.tenant_id),
            registration_id=str(one.name.registration_id),
            record_class=one.name.record_class.value,
            record_version=one.name.version,
            reason=one.reason,
        )
    return AdoptedCount(adopted=len(adopted), failed=len(failed), is_full=count == limit)
