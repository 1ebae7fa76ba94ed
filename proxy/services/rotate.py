"""Move living records to the newest key epoch, while everything serves.

Flow: page through records under older epochs in key order; the vault re-wraps (or, after a
compromise, re-encrypts) them; write them back. Failure: a record that does not open is counted,
logged and left alone. Retry and cursor: a restart begins at the first record that has not moved.
Idempotency: a record moves only from the epoch it was read under. Crash between the database and
the vault's state: `settle_open_changes`, behind a lock that every write holds, compares the row
with both hashes; it runs before anything else after a start, a lost connection or a fault.
Secrets: opened nowhere but behind the Rewrapper. Manual run: `keys rotate`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import structlog

from proxy.model.sealed import Rewrapped
from proxy.store import sealed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.model.sealed import NotAdopted, RecordName, Rotation
    from proxy.ports import Rewrapper
    from proxy.store.pool import Pool

BATCH_RECORDS = 500
_SETTLE_RECORDS = 1000

_log = structlog.get_logger()


async def settle_open_changes(pool: Pool, rewrapper: Rewrapper) -> int:
    """Decide changes that a crash left between state and database; how many there were."""
    settled = 0
    while changes := rewrapper.unsettled(_SETTLE_RECORDS):
        async with pool.acquire() as connection, connection.transaction():
            # A write whose vault or connection died may still be under way in the server, or its
            # commit may be: it holds this lock, so what is read behind it is how it ended.
            await sealed.lock_changes(connection)
            rows = await sealed.find_records(connection, [name for name, _ in changes])
        found = {one.name: hashlib.sha256(one.record).digest() for one in rows}
        changed = [name for name, following in changes if found.get(name) == following]
        dropped = [name for name, following in changes if found.get(name) != following]
        rewrapper.settle(changed, dropped)
        settled += len(changes)
    return settled


async def rotate_batch(
    pool: Pool, rewrapper: Rewrapper, rotation: Rotation, after: RecordName | None
) -> tuple[Rotation, RecordName | None]:
    """One batch behind `after`: the rotation with its progress, and the place; None at the end."""
    async with pool.acquire() as connection:
        rows = await sealed.stale(connection, rotation.target_epoch, after, BATCH_RECORDS)
        if not rows:
            return rotation, None
        answers = rewrapper.rewrap(rows, rotation)
        moved = [one for one in answers if isinstance(one, Rewrapped)]
        async with connection.transaction():
            await sealed.lock_changes(connection)
            done = await sealed.rewrap(connection, moved)
        encrypted = [one.name for one in moved if one.record is not None]
        rewrapper.settle(
            [name for name in encrypted if name in done],
            [name for name in encrypted if name not in done],
        )
        unreadable = [one for one in answers if not isinstance(one, Rewrapped)]
        progressed = dataclasses.replace(
            rotation,
            done=rotation.done + len(done),
            unreadable=rotation.unreadable + len(unreadable),
        )
        rewrapper.note_progress(progressed)
        await sealed.note_rotation(connection, progressed, None)
    _alarm(unreadable)
    return progressed, rows[-1].name


async def finish(pool: Pool, rewrapper: Rewrapper, rotation: Rotation, now: datetime) -> None:
    """Close a rotation that has nothing left to move."""
    async with pool.acquire() as connection:
        await sealed.note_rotation(connection, rotation, now)
    rewrapper.note_progress(None)


async def resumed(pool: Pool, rotation: Rotation) -> Rotation:
    """A rotation after a restart: what is left is counted anew, unreadable ones found again."""
    async with pool.acquire() as connection:
        left = await sealed.count_stale(connection, rotation.target_epoch)
    total = max(rotation.total, left)
    return dataclasses.replace(rotation, total=total, done=total - left, unreadable=0)


def _alarm(unreadable: Sequence[NotAdopted | Rewrapped]) -> None:
    for one in unreadable:
        if not isinstance(one, Rewrapped):
            _log.error(
                "record_unreadable",
                tenant_id=str(one.name.tenant_id),
                registration_id=str(one.name.registration_id),
                record_class=one.name.record_class.value,
                record_version=one.name.version,
                reason=one.reason,
            )
