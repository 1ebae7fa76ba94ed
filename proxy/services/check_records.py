"""Count records that can not be read, for the operator's `doctor`. Gives numbers only.

Flow: page through records (or take a sample), have the vault open each and forget it, count
reasons. Failure: an unreadable record is a count, never an error. Cursor: none, a check starts
anew. Secrets: opened and dropped behind the Examiner. Manual run: `doctor`, `doctor --all`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from proxy.store import sealed

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.ports import Examiner
    from proxy.store.pool import Pool

BATCH_RECORDS = 500
SAMPLE_RECORDS = 200
_SHARES_PERCENT = (0.1, 2.0, 100.0)  # tried in turn until the sample is large enough
MISSING = "record_missing"


async def draw(pool: Pool) -> tuple[SealedRecord, ...]:
    """Some records from places of the table that chance picks."""
    rows: tuple[SealedRecord, ...] = ()
    async with pool.acquire() as connection:
        for percent in _SHARES_PERCENT:
            rows = await sealed.sample(connection, percent, SAMPLE_RECORDS)
            if len(rows) == SAMPLE_RECORDS:
                break
    return rows


async def check_all(
    pool: Pool, examiner: Examiner, turn: asyncio.Lock
) -> AsyncIterator[tuple[int, Counter[str]]]:
    """After every batch how many records were looked at, and the faults so far by reason.

    `turn` keeps adoption and shredding from changing rows and state between the two looks.
    Records that the vault anchored and the table lacks count as `record_missing`.
    """
    looked, faults, after = 0, Counter[str](), None
    while True:
        async with turn, pool.acquire() as connection:
            rows = await sealed.page(connection, after, BATCH_RECORDS)
            is_last = len(rows) < BATCH_RECORDS
            faults.update(one for one in examiner.examine(rows) if one is not None)
            names: list[RecordName] = [one.name for one in rows]
            faults[MISSING] += examiner.missing(names, after, is_last=is_last)
        looked += len(rows)
        yield looked, +faults
        if is_last:
            return
        after = names[-1]
