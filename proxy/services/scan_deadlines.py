"""Scan deadlines: whatever is due of a case is done once, and what it came to is written down.

Flow: some times a minute, look at both clocks (rules.clock_guard), then batches until nothing is
due: hold the cases of what is due longest, read their deadlines as they stand, lengthen windows by
our own outages, write events, tasks and reminders, move each deadline to its next action. Failure:
a batch is one transaction; what it did not reach is due still. A case that can not be acted on is
rolled back to where it stood, told as an alarm and left for some minutes; the others go on. Retry:
the next round. Cursor: none, what is due is the list. Idempotent: an action stands with its
deadline and round among those that are done (the key is case, deadline, round, action), in the
transaction of what it did. Any number of workers: a case is held by one, the others leave it.
Determinism: in the order of due moments; of several late actions of one deadline the last.
Secrets: none. What is done by the timer is in the case type's table; a decision is not (casework
s7.3). Manual run: restart a worker. Logs: counts, ids, codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from proxy import logs
from proxy.errors import ProxyError, Unavailable
from proxy.rules import clock_guard, downtime
from proxy.rules.clock_guard import Belief
from proxy.services import fire_deadlines, follow_calendars
from proxy.services.publish import pause
from proxy.store import deadlines, outages, pool

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from proxy.metrics import Registry
    from proxy.model.case import CaseId
    from proxy.ports import Clock
    from proxy.rules.clock_guard import Watch
    from proxy.services.fire_deadlines import Doing
    from proxy.store.pool import Access, Connection

INTERVAL_S: Final = 5.0  # between rounds; the shortest deadline is of hours
BATCH: Final = 500  # deadlines looked at together: some hundred milliseconds of held cases
RETRY_S: Final = 300.0  # how long a case that could not be acted on is left

_log = structlog.get_logger()


class Scanner:
    """Scans for as long as it runs. One for a process; any number of processes."""

    def __init__(
        self,
        clock: Clock,
        steady_s: Callable[[], float],
        doing: Doing,
        metrics: Registry,
    ) -> None:
        """Use the clock on the wall and one that only runs on, such as time.monotonic."""
        self._clock = clock
        self._steady_s = steady_s
        self._doing = doing
        self._watch: Watch | None = None
        self._left: dict[CaseId, float] = {}
        self._fired = metrics.counter("deadline_actions")
        self._faults = metrics.counter("deadline_faults")
        self._distrusts = metrics.counter("deadline_clock_distrusted")

    async def run(self, access: Access, stopping: asyncio.Event) -> None:
        """Until told to stop, whatever the database does."""
        while not stopping.is_set():
            try:
                async with pool.connected(access) as connection:
                    while not stopping.is_set():
                        await self.round(connection)
                        await pause(stopping, INTERVAL_S)
            except Unavailable as away:
                _log.warning("deadlines_wait", reason=away.code)
                await pause(stopping, INTERVAL_S)

    async def round(self, connection: Connection) -> int:
        """How many actions were taken: all that are due, unless the clock is not believed."""
        now = self._believed()
        if now is None:
            return 0
        steady_s = self._steady_s()
        self._left = {one: until for one, until in self._left.items() if until > steady_s}
        total = 0
        while True:
            found = await self._batch(connection, now)
            if found is None:
                break
            total += found
        await self._follow_calendars(connection, now)
        if total:
            self._fired.value += total
            _log.info("deadlines_acted_on", count=total)
        return total

    def _believed(self) -> datetime | None:
        """The present moment, None while the clock is not believed."""
        now = self._clock.now()
        before = self._watch
        self._watch = clock_guard.look(before, now, self._steady_s())
        belief = self._watch.belief
        if belief is Belief.GOOD:
            return now
        if before is None or before.belief is not belief:
            self._distrusts.value += 1
            _log.error("clock_not_believed", state=belief.value)
        return None

    async def _batch(self, connection: Connection, now: datetime) -> int | None:
        """How many actions of a batch of cases were taken; None when nothing is due."""
        async with connection.transaction():
            beats = await outages.beats(connection)
            until = downtime.seen_until(beats, now)
            held = await deadlines.take_due(connection, now, until, tuple(self._left), BATCH)
            if not held:
                return None
            moment = fire_deadlines.Moment(now=now, windows_until=until, beats=beats)
            if (done := await self._tried(connection, held, moment)) is not None:
                return done
            counts = [await self._tried(connection, [one], moment) or 0 for one in held]
            return sum(counts)

    async def _tried(
        self, connection: Connection, held: Sequence[CaseId], moment: fire_deadlines.Moment
    ) -> int | None:
        """How many actions were taken, all or none; None when one of several failed."""
        try:
            async with connection.transaction():
                return await self._doing.fire(connection, held, moment)
        except Exception as error:
            if is_away(error):
                raise
            if len(held) == 1:
                self._leave(held[0], error)
            return None

    def _leave(self, case_id: CaseId, error: Exception) -> None:
        self._faults.value += 1
        self._left[case_id] = self._steady_s() + RETRY_S
        _log.error(
            "deadline_not_acted_on",
            case_id=str(case_id),
            code=error.code if isinstance(error, ProxyError) else "bug",
            error=type(error).__name__,
            places=logs.places(error),
        )

    async def _follow_calendars(self, connection: Connection, now: datetime) -> None:
        """A page of deadlines that shall follow a newer calendar, if any."""
        try:
            while await follow_calendars.follow(connection, self._doing.keeping, now):
                pass
        except Exception as error:
            if is_away(error):
                raise
            self._faults.value += 1
            _log.error(
                "calendar_not_followed", error=type(error).__name__, places=logs.places(error)
            )


def is_away(error: Exception) -> bool:
    """Whether the database is away, and with it every case; the vault or a mail host is one's."""
    return isinstance(error, Unavailable) and error.code == "database"
