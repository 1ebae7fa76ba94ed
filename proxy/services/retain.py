"""Retain no longer than promised: lapse reservations; forget answers, operations, letters, events.

Flow: once an interval, each task in bounded steps until nothing is due; what a restored copy has
brought back of the erased comes first. Failure: a step is one transaction; what it did not reach is
due again, and a task that fails keeps no other from its work. Retry: the next interval. Cursor:
none, due rows are the list. Idempotent, and safe with any number of workers: rows that another one
holds are skipped. Determinism: oldest first. Secrets: none; nothing is opened, and persons are not
erased here: the vault does that for what is ended (rules/erasure). Holds win. Manual run: restart a
worker. Logs: counts.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import ProxyError, Unavailable
from proxy.model.identifiers import uuid7
from proxy.rules import retention as rules
from proxy.services import end_erased
from proxy.services.publish import pause
from proxy.store import events, pool, retention

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from proxy.metrics import Registry
    from proxy.ports import Clock
    from proxy.store.pool import Access, Connection

INTERVAL_S: Final = 60.0  # reservations lapse by the day; a minute late is on time

_log = structlog.get_logger()


async def run(
    access: Access,
    clock: Clock,
    random: Callable[[int], bytes],
    metrics: Registry,
    stopping: asyncio.Event,
) -> None:
    """Tidy once an interval until told to stop, whatever the database does."""
    while not stopping.is_set():
        try:
            async with pool.connected(access) as connection:
                await tidy(connection, clock.now(), random, metrics)
        except ProxyError as away:
            _log.warning("retention_waits", reason=away.code)
        except pool.BrokenConstraint as bug:
            _log.error("retention_broken", constraint=str(bug))
        await pause(stopping, INTERVAL_S)


async def tidy(
    connection: Connection, now: datetime, random: Callable[[int], bytes], metrics: Registry
) -> None:
    """Do everything that is due at `now`; Unavailable where the database goes away."""
    due = rules.cutoffs(now)

    async def lapse() -> int:
        ids = [uuid7(now, random(10)) for _ in range(retention.LAPSE_ROWS)]
        return await retention.lapse(connection, due=due.reservations, now=now, entry_ids=ids)

    forget_answers = functools.partial(
        retention.forget_answers,
        connection,
        finished_before=due.finished_answers,
        unfinished_before=due.unfinished_answers,
    )
    forget_operations = functools.partial(
        retention.forget_operations, connection, finished_before=due.operations
    )
    forget_letters = functools.partial(
        retention.forget_letters, connection, queued_before=due.letters
    )
    forget_events = functools.partial(events.forget, connection, happened_before=due.events)
    end = functools.partial(end_erased.end_erased, connection, random, now)
    for task, step, most in (
        ("erased_ended", end, retention.ERASED_ROWS),
        ("reservations_lapsed", lapse, retention.LAPSE_ROWS),
        ("answers_forgotten", forget_answers, retention.ANSWER_ROWS),
        ("operations_forgotten", forget_operations, retention.OPERATION_ROWS),
        ("letters_forgotten", forget_letters, retention.LETTER_ROWS),
        ("events_forgotten", forget_events, events.FORGET_ROWS),
    ):
        try:
            await _finish(task, step, most, metrics)
        except Unavailable:
            raise  # of all tasks alike
        except ProxyError as fault:
            metrics.counter("retention_failed_total", task=task).value += 1
            _log.error("retention_failed", task=task, reason=fault.code)
        except pool.BrokenConstraint as bug:
            metrics.counter("retention_failed_total", task=task).value += 1
            _log.error("retention_failed", task=task, constraint=str(bug))


async def _finish(
    task: str, step: Callable[[], Awaitable[int]], most: int, metrics: Registry
) -> None:
    """Step after step until one finds less than it may do."""
    total = 0
    try:
        while (done := await step()) >= most:
            total += done
        total += done
    finally:
        if total:
            metrics.counter(task).value += total
            _log.info("retention_done", task=task, count=total)
