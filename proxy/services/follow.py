"""Follow the journal: bring published records and profiles to this host's snapshot.

Flow: pull what is stamped after our position, apply it with one fsync, again. Failure: while the
database is away nothing is written, so the snapshot's age grows and shows; edges keep answering.
Retry: every RETRY_S, for ever. Cursor: the position inside the snapshot, committed with the rows.
Idempotent: applying a page twice gives the same file. A history that is not ours (rules/following)
or a file that is missing or damaged means a rebuild beside the file in use. Secrets: the login of
the edge role, which may read published rows alone. Manual run: remove the snapshot directory while
the follower is stopped. Logs: rebuilds with their reason, the database coming and going.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import Unavailable
from proxy.rules import following
from proxy.rules.following import Step
from proxy.services.publish import pause, pause_or_wake
from proxy.store import published

if TYPE_CHECKING:
    from proxy.metrics import Registry
    from proxy.model.journal import JournalPage, JournalPosition
    from proxy.ports import SnapshotFile
    from proxy.store.pool import Access
    from proxy.store.published import Reading

POLL_S: Final = 0.25  # bounds the wait for a lost notification
HEARTBEAT: Final = timedelta(milliseconds=400)  # an idle snapshot's age is written this often
RETRY_S: Final = 0.5  # between attempts while the database is away
READER_CHECK_S: Final = 60.0  # slots of dead readers are freed this often (design s6)

_log = structlog.get_logger()


class Follower:
    """Keeps one snapshot as new as the journal."""

    def __init__(self, access: Access, file: SnapshotFile, metrics: Registry) -> None:
        """Read with the edge role's login, write to `file`, whose only writer this is."""
        self._access = access
        self._file = file
        self._applied = metrics.counter("journal_rows_applied")
        self._rebuilds = metrics.counter("snapshot_rebuilds")
        self._lag = metrics.gauge("journal_lag_rows")
        self._names = metrics.gauge("snapshot_names")
        self._is_connected = metrics.gauge("follower_connected")

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop, whatever the database does."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run(stopping))
            tasks.create_task(self._check_readers(stopping))

    async def _run(self, stopping: asyncio.Event) -> None:
        is_away = False
        while not stopping.is_set():
            try:
                async with published.reading(self._access) as journal:
                    if is_away:
                        _log.info("follower_resumes")
                    is_away = False
                    self._is_connected.value = 1.0
                    await self._follow(journal, stopping)
            except Unavailable as away:
                if not is_away:
                    _log.warning("follower_waits", reason=away.code)
                is_away = True
                await pause(stopping, RETRY_S)
            finally:
                self._is_connected.value = 0.0
                self._file.abandon_rebuild()

    async def _follow(self, journal: Reading, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            journal.woken.clear()
            mine = self._file.position()
            page = await journal.page(mine)
            step = following.next_step(mine, page.head if page is not None else None)
            if step is Step.WAIT or page is None:
                await pause_or_wake(journal.woken, POLL_S)
            elif step is not Step.RESUME:
                _log.warning("snapshot_rebuild_began", reason=step.value)
                await self._rebuild(journal)
            else:
                self._apply(page, mine)
                if page.is_last:
                    await pause_or_wake(journal.woken, POLL_S)

    def _apply(self, page: JournalPage, mine: JournalPosition | None) -> None:
        rows = len(page.records) + len(page.profiles)
        self._lag.value = float(page.head.next_pos - 1 - page.position.pos)
        as_of = self._file.as_of()
        is_due = as_of is None or page.head.current_at >= as_of + HEARTBEAT
        if not (rows or is_due or page.position != mine):
            return
        self._file.apply(
            page.records,
            page.profiles,
            page.position,
            page.head.current_at if page.is_last else None,
        )
        self._applied.value += rows
        self._names.value = float(self._file.entries())

    async def _rebuild(self, journal: Reading) -> None:
        """Fill a new generation from one moment of the database, catch up, and let readers move."""
        total = 0
        async with journal.whole() as whole:
            position = whole.position
            self._file.begin_rebuild(position, whole.current_at)
            async for profiles in whole.profiles():
                self._file.apply((), profiles, position, None)
            async for records in whole.records():
                total += len(records)
                self._file.apply(records, (), position, None)
            self._file.apply((), (), position, whole.current_at)
        while True:
            page = await journal.page(position)
            head = page.head if page is not None else None
            if page is None or following.next_step(position, head) is not Step.RESUME:
                self._file.abandon_rebuild()  # set back under our hands: from the start
                return
            as_of = page.head.current_at if page.is_last else None
            self._file.apply(page.records, page.profiles, page.position, as_of)
            position = page.position
            if page.is_last:
                break
        self._file.finish_rebuild()
        self._rebuilds.value += 1
        self._names.value = float(self._file.entries())
        _log.info("snapshot_rebuilt", total=total, epoch=position.epoch, position=position.pos)

    async def _check_readers(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            freed = self._file.check_readers()
            if freed:
                _log.info("reader_slots_freed", count=freed)
            await pause(stopping, READER_CHECK_S)
