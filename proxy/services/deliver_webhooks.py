"""Deliver events to registrars' endpoints: each name's in order, until taken or given up.

Flow: lease the webhooks with something to do, one task each → rounds: letters that are due, then a
page of events; names side by side, the events of one name one after the other → write what came of
it as one statement, go on until nothing is left, end the lease. Failure: an endpoint that is away
keeps its place and is asked later and later; an event that is refused becomes a letter, and what
follows under its name waits behind it; after the last try it is a dead letter, and they go on.
Cursor: a position in the feed of events. Idempotent: a crash between answer and commit sends again
under the same id. Isolation: no connection to the database is held while an endpoint answers, and
each has a task of its own, so that a slow one delays nobody else. Any number of workers may run.
Secrets: derived from the worker's key; no person is in an event. Manual run: restart a worker, or
`privacyproxy webhook replay`. Logs: ids and codes, never a URL.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from proxy import logs
from proxy.errors import Unavailable
from proxy.model.identifiers import uuid7
from proxy.model.journal import JournalPosition
from proxy.model.webhook import Taken
from proxy.rules import following, webhook_rounds
from proxy.rules.following import Step
from proxy.services.publish import pause
from proxy.store import events
from proxy.store import webhooks as store
from proxy.wire import webhook_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from uuid import UUID

    from proxy.metrics import Registry
    from proxy.model.event import Event, EventPage
    from proxy.model.webhook import Round, Tried, Webhook, WebhookId
    from proxy.outer_ports import Hooks
    from proxy.ports import Clock
    from proxy.rules.webhook_rounds import Plan
    from proxy.store.pool import Connection, Pool

INTERVAL_S: Final = 0.5
LEASE: Final = timedelta(seconds=60)  # after a crash nobody sends for that long at the most
PAGE: Final = 200  # events of a round: what a crash sends again at the most
SIDE_BY_SIDE: Final = 16  # names of one endpoint at a time
MOST_LETTERS: Final = 10_000
"""Letters of one endpoint; one that refuses more is taken for broken, and keeps its place."""
MOST_WEBHOOKS: Final = 64  # taken in one statement; the next one takes more
ROUND_S: Final = 40.0  # below the lease: when it ends, nobody speaks for the webhook any more

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """What deliveries need."""

    pool: Pool
    hooks: Hooks
    key: bytes
    clock: Clock
    random: Callable[[int], bytes]
    metrics: Registry


class Deliverer:
    """Takes webhooks with something to do, and works on each by itself."""

    def __init__(self, parts: Delivering) -> None:
        """Use `parts`; nothing runs yet."""
        self._parts = parts
        self._running: dict[WebhookId, asyncio.Task[None]] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop, whatever the database and the endpoints do."""
        try:
            while not stopping.is_set():
                try:
                    await self.take()
                except Unavailable as away:
                    _log.warning("webhooks_wait", reason=away.code)
                await pause(stopping, INTERVAL_S)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def take(self) -> int:
        """Begin with webhooks that nobody works on; how many they are."""
        now = self._parts.clock.now()
        lease = uuid7(now, self._parts.random(10))
        async with self._parts.pool.acquire() as connection:
            found = await store.take(connection, now, now + LEASE, lease, MOST_WEBHOOKS)
        for one in found:
            task = asyncio.create_task(self._work(one, lease))
            self._running[one.id] = task
            task.add_done_callback(functools.partial(self._forget, one.id))
        return len(found)

    def _forget(self, webhook_id: WebhookId, _: asyncio.Task[None]) -> None:
        self._running.pop(webhook_id, None)

    async def settle(self) -> None:
        """Return when all that was begun has ended."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _work(self, one: Webhook, lease: UUID) -> None:
        try:
            await _Delivery(self._parts, one, lease).run()
        except Unavailable as away:
            _log.warning("webhook_waits", webhook_id=str(one.id), reason=away.code)
        except Exception as error:  # noqa: BLE001 - a bug met with one endpoint stops no other
            self._parts.metrics.counter("webhook_bugs_total").value += 1
            _log.error(
                "webhook_bug",
                webhook_id=str(one.id),
                error=type(error).__name__,
                places=logs.places(error),
            )
            return  # the lease ends by itself: not at once, so that a bug is no endless loop
        except asyncio.CancelledError:
            await self._release(one, lease)
            raise
        await self._release(one, lease)

    async def _release(self, one: Webhook, lease: UUID) -> None:
        with contextlib.suppress(Unavailable):
            async with self._parts.pool.acquire() as connection:
                await store.release(connection, one.id, lease)


class _Delivery:
    """One webhook under one lease."""

    def __init__(self, parts: Delivering, one: Webhook, lease: UUID) -> None:
        self._parts = parts
        self._one = one
        self._lease = lease

    async def run(self) -> None:
        """Rounds until nothing is due, the endpoint is away, or somebody else has it."""
        while True:
            made = await self._look()
            came = await _Sender(self._parts, self._one).send(made.chains)
            done = webhook_rounds.settle(self._one, made, came, self._parts.clock.now())
            self._count(done, came)
            async with self._parts.pool.acquire() as connection:
                is_ours = await store.settle(
                    connection, self._one.id, self._lease, self._parts.clock.now() + LEASE, done
                )
            if not is_ours or done.reason or not came:
                return
            self._one = replace(self._one, position=done.position, failing_since=done.failing_since)

    async def _look(self) -> Plan:
        """What is to be sent now."""
        one, now = self._one, self._parts.clock.now()
        async with self._parts.pool.acquire() as connection:
            letters = await store.due_letters(connection, one.id, now, PAGE)
            page = await self._page(connection)
            names = sorted({event.domain for event in page.events})
            living, waiting = await store.waiting_names(connection, one.id, names)
        if living >= MOST_LETTERS:
            return webhook_rounds.plan(letters, (), waiting, end=self._one.position)
        return webhook_rounds.plan(letters, page.events, waiting, end=page.position)

    async def _page(self, connection: Connection) -> EventPage:
        """Events after the webhook's place; after all that is forgotten where that is no more."""
        while True:
            one = self._one
            page = await events.page(
                connection, one.tenant_id, one.position, reseller=one.reseller, limit=PAGE
            )
            is_of_here = following.next_step(one.position, page.head) is Step.RESUME
            if is_of_here and one.position.pos >= page.horizon:
                return page
            _log.warning("webhook_starts_anew", webhook_id=str(one.id))
            start = JournalPosition(epoch=page.head.epoch, pos=page.horizon)
            self._one = replace(one, position=start)

    def _count(self, done: Round, came: Mapping[int, Tried]) -> None:
        for tried in came.values():
            self._parts.metrics.counter(f"webhook_{tried.taken.value}_total").value += 1
        for letter in done.letters:
            if letter.dead_at is not None and not letter.is_delivered:
                self._parts.metrics.counter("webhook_dead_letters_total").value += 1
                _log.warning(
                    "webhook_letter_dead",
                    webhook_id=str(self._one.id),
                    event_id=str(letter.event_id),
                    reason=letter.reason,
                )
        if done.reason:
            _log.warning("webhook_away", webhook_id=str(self._one.id), reason=done.reason)


class _Sender:
    """Sends chains of events side by side until all are through or the endpoint is away."""

    def __init__(self, parts: Delivering, one: Webhook) -> None:
        self._parts = parts
        self._one = one
        self._came: dict[int, Tried] = {}
        self._is_over = False

    async def send(self, chains: Sequence[Sequence[Event]]) -> dict[int, Tried]:
        """How each try ended, by the event's position."""
        left = iter(chains)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ROUND_S), asyncio.TaskGroup() as tasks:
                for _ in range(min(SIDE_BY_SIDE, len(chains))):
                    tasks.create_task(self._follow(left))
        return self._came

    async def _follow(self, left: Iterator[Sequence[Event]]) -> None:
        for chain in left:
            for event in chain:
                if self._is_over:
                    return
                tried = await self._try(event)
                self._came[event.pos] = tried
                if tried.taken in {Taken.AWAY, Taken.GONE}:
                    self._is_over = True
                if tried.taken is not Taken.DELIVERED:
                    break

    async def _try(self, event: Event) -> Tried:
        one, now = self._one, self._parts.clock.now()
        versions = [one.secret_version]
        if one.former_until is not None and now < one.former_until:
            versions.append(one.secret_version - 1)
        secrets = [webhook_message.secret(self._parts.key, one.id, each) for each in versions]
        body = webhook_message.body(event)
        headers = webhook_message.headers(event, body, secrets, now)
        return await self._parts.hooks.post(one.url, headers, body)
