"""Note deliveries: tell cases what became of their notices, once.

Flow: one notice a transaction: its case's events, what follows from them, the second channel's
task where none is open yet, and that it was told, together or not at all. Failure: what fails is
left for the next round, and others go on. Retry: the next round. Cursor: untold rows are the list.
Idempotent: a notice is told delivered at most once and bounced at most once, however often hosts
repeat themselves. Determinism: by id. Secrets: none. Manual run: restart a worker. Logs: ids,
codes. Source: casework s8 (a), invariants 29 and 45.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import structlog

from proxy import logs
from proxy.errors import ProxyError, Unavailable
from proxy.model import identifiers
from proxy.model.case import ActorKind
from proxy.model.notice import Party
from proxy.model.roster import StaffRole
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.publish import pause
from proxy.store import cases, pool
from proxy.store import notices as store

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from proxy.metrics import Registry
    from proxy.model.case import CaseId
    from proxy.model.notice import NoticeResult
    from proxy.ports import Clock
    from proxy.store.pool import Access, Connection

INTERVAL_S: Final = 5.0  # windows are days; a task for the second channel is not in a hurry either
MOST: Final = 1_000  # notices of one round
SECOND_CHANNEL: Final = "second_channel"
_SYSTEM: Final = ActorKind.SYSTEM.value

_log = structlog.get_logger()


OnNews: TypeAlias = "Callable[[Connection, CaseId, NoticeResult, datetime], Awaitable[None]]"
"""What follows from a proven delivery, or from a bounce, in the same transaction. Called once a
notice for each: `is_delivered` and `is_bounced` say of which it is news."""


async def run(
    access: Access,
    clock: Clock,
    random: Callable[[int], bytes],
    metrics: Registry,
    stopping: asyncio.Event,
    *,
    on_news: OnNews,
) -> None:
    """Tell what is untold once an interval until told to stop, whatever the database does."""
    while not stopping.is_set():
        try:
            async with pool.connected(access) as connection:
                await tell_all(connection, clock.now(), random, metrics, on_news=on_news)
        except Unavailable as away:
            _log.warning("deliveries_wait", reason=away.code)
        await pause(stopping, INTERVAL_S)


async def tell_all(
    connection: Connection,
    now: datetime,
    random: Callable[[int], bytes],
    metrics: Registry,
    *,
    on_news: OnNews,
) -> int:
    """How many notices were told to their cases; one that fails is passed over."""
    after, told = store.FIRST, 0
    for _ in range(MOST):
        found: NoticeResult | None = None
        try:
            async with connection.transaction():
                found = await store.take_untold(connection, after)
                if found is None:
                    return told
                await _tell(connection, found, now, random, on_news)
            told += 1
            metrics.counter("notices_told_total").value += 1
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - other cases go on; it is tried every round
            code = error.code if isinstance(error, ProxyError) else type(error).__name__
            notice_id = "" if found is None else str(found.id)
            _log.error(
                "notice_not_told", notice_id=notice_id, error=code, places=logs.places(error)
            )
            metrics.counter("notices_not_told_total").value += 1
            if found is None:
                return told
        after = found.id
    return told


async def _tell(
    connection: Connection,
    found: NoticeResult,
    now: datetime,
    random: Callable[[int], bytes],
    on_news: OnNews,
) -> None:
    events: list[NewEvent] = []
    if found.is_delivered and found.proof is not None:
        events.append(_event("notice_delivered", notice=str(found.id), how=found.proof.value))
    if found.is_bounced:
        events.append(
            _event("notice_bounced", notice=str(found.id), reason=found.reason or "bounced")
        )
    await case_events.append(connection, found.case_id, events, now=now, random=random)
    await store.tell(connection, found, now)
    if events:
        await on_news(connection, found.case_id, found, now)
    if found.is_bounced and found.to is Party.REGISTRANT:
        await _open_second_channel(connection, found, now, random)


async def _open_second_channel(
    connection: Connection,
    found: NoticeResult,
    now: datetime,
    random: Callable[[int], bytes],
) -> None:
    """A task for somebody to reach the registrant another way, unless one is open."""
    several = await cases.tasks_of(connection, found.case_id)
    if any(one.kind == SECOND_CHANNEL and one.done_at is None for one in several):
        return
    task = _second_channel(found, now, random)
    event = _event("task_opened", task=str(task.id), kind=task.kind, role=task.role)
    await case_events.append(connection, found.case_id, [event], now=now, random=random)
    await cases.add_tasks(connection, [task], now)


def _event(act: str, **facts: str) -> NewEvent:
    return NewEvent(actor=_SYSTEM, role=_SYSTEM, act=act, facts=facts)


def _second_channel(
    found: NoticeResult, now: datetime, random: Callable[[int], bytes]
) -> cases.TaskRow:
    return cases.TaskRow(
        id=identifiers.uuid7(now, random(10)),
        case_id=found.case_id,
        kind=SECOND_CHANNEL,
        role=StaffRole.HANDLER.value,
        opened_at=now,
        due_at=None,
    )
