"""Enrol or replace registrations: read, decide, seal, write by one statement, answer.

Flow: one read, a pure decision, one guarded write; whatever changed in between is found by the
write, and the whole is done again. PUTs of one tenant that arrive while others are being written
are written together, under one submission and one commit: measured, that is three times as many a
second at 32 connections, and a PUT that comes alone never waits. Each has its own decision, ledger
entry and remembered answer; one that is refused does not touch the others.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict, ProxyError, Refused
from proxy.model import identifiers
from proxy.services import contended, plan_registration, speak
from proxy.store import idempotency, registrations
from proxy.store.registrations import LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from proxy.model.enrolment import Enrolment
    from proxy.model.identifiers import DomainName, TenantId
    from proxy.rules.identity import Precondition
    from proxy.services.plan_registration import Desk, Planned
    from proxy.store.pool import Connection, Pool
    from proxy.store.registrations import Answer, Found

TOGETHER: Final = 32
"""PUTs written by one statement at most: bounds what a conflict has to do again."""

WRITERS: Final = 2
"""Writes of one tenant under way: one is decided and sealed while another is made durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One PUT."""

    desk: Desk
    enrolment: Enrolment
    precondition: Precondition
    remember: Callable[[Planned], Answer | None]
    """The answer to keep with the write, when the caller gave an Idempotency-Key."""

    @property
    def domain(self) -> DomainName:
        """The name it is about."""
        return self.enrolment.declared.domain


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: Request
    done: asyncio.Future[Planned]


@dataclass(slots=True)
class _Queue:
    waiting: list[_Waiting] = field(default_factory=list)
    writers: set[asyncio.Task[None]] = field(default_factory=set)


class Registrar:
    """Writes what it is given, together what arrives together."""

    def __init__(self, pool: Pool) -> None:
        """`pool` gives connections of the API's login."""
        self._pool = pool
        self._queues: dict[TenantId, _Queue] = {}

    async def register(self, request: Request) -> Planned:
        """The registration as it is durable now; raises the ProxyError of a refusal."""
        queue = self._queues.setdefault(request.desk.tenant.id, _Queue())
        done: asyncio.Future[Planned] = asyncio.get_running_loop().create_future()
        queue.waiting.append(_Waiting(request, done))
        if len(queue.writers) < WRITERS:
            task = asyncio.create_task(self._drain(queue))
            queue.writers.add(task)
            task.add_done_callback(queue.writers.discard)
        return await done

    async def _drain(self, queue: _Queue) -> None:
        while queue.waiting:
            batch = _take(queue.waiting)
            try:
                await self._write(batch)
            except Exception as error:  # noqa: BLE001 - every waiting request is told, none hangs
                for one in batch:
                    _tell_error(one, error)

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        if len(batch) > 1:
            try:
                await self._together(batch)
            except (Conflict, Refused) as refusal:
                # A quota that all together would pass may have room for some of them.
                if refusal.code not in {"changed_meanwhile", registrations.QUOTA_EXCEEDED}:
                    raise
            else:
                return
        for one in batch:
            if not one.done.done():
                try:
                    _tell(one, await register(self._pool, one.request))
                except ProxyError as refusal:
                    _tell_error(one, refusal)

    async def _together(self, batch: Sequence[_Waiting]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            planned, refused = await speak.locked(
                connection,
                lambda: _decide(connection, batch),
                lambda decided: contested(plan for _, plan in decided[0]),
            )
            await commit(connection, [(one.request, plan) for one, plan in planned])
        for one, reason in refused:
            _tell_error(one, reason)
        for one, plan in planned:
            _tell(one, plan)


async def register(pool: Pool, request: Request) -> Planned:
    """One registration by itself, as it is durable now; raises the ProxyError of a refusal."""

    async def attempt() -> Planned:
        async with pool.acquire() as connection:

            async def decide() -> tuple[Request, Planned]:
                tenant_id = request.desk.tenant.id
                found = await registrations.find(connection, tenant_id, [request.domain])
                return request, _plan(request, found[request.domain])

            return await write(connection, decide)

    return await contended.settled(attempt)


async def write(
    connection: Connection, decide: Callable[[], Awaitable[tuple[Request, Planned]]]
) -> Planned:
    """What `decide` gives, written; under the name's lock where others may come to speak for it.

    Without need there is none: what is common stays one read and one write.
    """
    decided = await decide()
    if not decided[1].contends:
        await commit(connection, [decided])
        return decided[1]
    async with connection.transaction():
        decided = await speak.locked(connection, decide, lambda one: contested([one[1]]))
        await commit(connection, [decided])
    return decided[1]


def contested(planned: Iterable[Planned]) -> frozenset[DomainName]:
    """The names whose locks are needed."""
    return frozenset(one.registration.declared.domain for one in planned if one.contends)


async def _decide(
    connection: Connection, batch: Sequence[_Waiting]
) -> tuple[list[tuple[_Waiting, Planned]], list[tuple[_Waiting, ProxyError]]]:
    names = sorted(one.request.domain for one in batch)
    refused: list[tuple[_Waiting, ProxyError]] = []
    planned: list[tuple[_Waiting, Planned]] = []
    found = await registrations.find(connection, batch[0].request.desk.tenant.id, names)
    for one in sorted(batch, key=lambda each: each.request.domain):
        try:
            planned.append((one, _plan(one.request, found[one.request.domain])))
        except ProxyError as refusal:
            refused.append((one, refusal))
    return planned, refused


def _take(waiting: list[_Waiting]) -> list[_Waiting]:
    """The next requests in order of arrival, no two of one name."""
    taken: dict[DomainName, _Waiting] = {}
    left = []
    for one in waiting:
        if len(taken) < TOGETHER and one.request.domain not in taken:
            taken[one.request.domain] = one
        else:
            left.append(one)
    waiting[:] = left
    return list(taken.values())


def _tell(one: _Waiting, planned: Planned) -> None:
    if not one.done.done():  # its caller may have gone
        one.done.set_result(planned)


def _tell_error(one: _Waiting, error: Exception) -> None:
    if not one.done.done():
        one.done.set_exception(error)


def _plan(request: Request, found: Found) -> Planned:
    return plan_registration.plan(
        request.desk, request.enrolment, found, request.precondition, is_import=False
    )


async def commit(connection: Connection, batch: Sequence[tuple[Request, Planned]]) -> None:
    """Writes what changes, and remembers the answers of what does not."""
    changed = []
    for request, planned in batch:
        answer = request.remember(planned)
        if planned.row is not None:
            changed.append((request, planned, planned.row, answer))
        elif answer is not None:
            tenant_id = request.desk.tenant.id
            await idempotency.keep(connection, tenant_id, answer, request.desk.now)
    if not changed:
        return
    desk = changed[0][0].desk
    to_seal = [plan.to_seal for _, plan, _, _ in changed if plan.to_seal is not None]
    await registrations.write(
        connection,
        desk.tenant.id,
        [row for _, _, row, _ in changed],
        sealed=desk.sealer.seal(to_seal) if to_seal else None,
        entries=[_entry(desk, plan) for _, plan, _, _ in changed],
        answers=[answer for _, _, _, answer in changed if answer is not None],
        now=desk.now,
    )
    await speak.follow(connection, [plan for _, plan, _, _ in changed], desk)


def _entry(desk: Desk, planned: Planned) -> LedgerEntry:
    one = planned.registration
    return LedgerEntry(
        id=identifiers.uuid7(desk.now, desk.random(10)),
        subject=str(one.id),
        kind="registration_enrolled" if planned.is_new else "registration_replaced",
        facts={
            "registration": str(one.id),
            "revision": one.revision,
            "state": one.state.value,
            "mode": one.declared.mode.value,
            "published": planned.record is not None,
        }
        | ({"confirmed": one.declared.confirmed} if one.declared.confirmed else {}),
    )
