"""End a registration: a tombstone, or an ending that stays published until we are seen gone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from proxy.model import identifiers
from proxy.model.identifiers import State
from proxy.rules import identity
from proxy.services import contended, speak
from proxy.store import idempotency, registrations, speakers
from proxy.store.registrations import LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.identifiers import DomainName, EndReason
    from proxy.model.registration import Registration
    from proxy.rules.identity import Precondition
    from proxy.services.plan_registration import Desk
    from proxy.store.pool import Pool
    from proxy.store.registrations import Answer, Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One DELETE."""

    domain: DomainName
    reason: EndReason
    precondition: Precondition
    remember: Callable[[Kept], Answer | None]


async def end(pool: Pool, desk: Desk, request: Request) -> Kept:
    """The registration after its end; raises NotFound, or Conflict of a failed precondition."""
    return await contended.settled(lambda: _attempt(pool, desk, request))


async def _attempt(pool: Pool, desk: Desk, request: Request) -> Kept:
    async with pool.acquire() as connection, connection.transaction():
        # Taken whoever else holds the name, so that how long an end takes tells nobody.
        await speakers.lock(connection, [request.domain])
        kept = await contended.expected(connection, desk, request.domain, request.precondition)
        present = kept.registration
        state = identity.ended_state(present, request.reason)
        if state is present.state and request.reason is present.end_reason:
            ended = kept
            answer = request.remember(ended)
            if answer is not None:
                await idempotency.keep(connection, desk.tenant.id, answer, desk.now)
            return ended
        ended = _after(kept, state, request.reason, desk)
        await registrations.end(
            connection,
            present,
            state=state,
            reason=request.reason,
            entry=_entry(desk, ended.registration),
            answer=request.remember(ended),
            now=desk.now,
        )
        await speak.settle(connection, request.domain, desk.random, desk.now)
    return ended


def _after(kept: Kept, state: State, reason: EndReason, desk: Desk) -> Kept:
    is_ended = state is State.ENDED
    present = kept.registration
    return replace(
        kept,
        registration=replace(
            present,
            revision=present.revision + 1,
            state=state,
            ended_at=desk.now if is_ended else None,
            end_reason=reason,
        ),
        lapses_at=None,
        value=None if is_ended else kept.value,
    )


def _entry(desk: Desk, ended: Registration) -> LedgerEntry:
    return LedgerEntry(
        id=identifiers.uuid7(desk.now, desk.random(10)),
        subject=str(ended.id),
        kind="registration_ended",
        facts={
            "registration": str(ended.id),
            "revision": ended.revision,
            "state": ended.state.value,
            "reason": None if ended.end_reason is None else ended.end_reason.value,
        },
    )
