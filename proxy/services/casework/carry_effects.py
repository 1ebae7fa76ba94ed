"""Ask registrars for what cases want done, until it is done or people have to do it.

Flow: take one effect (a lease, committed) → look, and keep what stood before → ask → in one
transaction: the answer, its event, a task where people are needed, and what follows in the case.
Failure: no answer is no answer: the same effect is asked for again, later and later; a crash
between any two lines costs a repeat, which the adapter's rules make harmless. Cursor: effects that
are asked for, by when. Idempotent: by the effect's id and by what stands. Under a UDRP lock of our
own cases the adapter refuses, at this moment, whatever held when people voted. Secrets: none, and
no contact: a change that needs one is for people. Manual run: restart a worker. Logs: ids, codes.
Source: vault.md, Order; casework s8 (a13, a16), invariant 30.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from proxy import logs
from proxy.errors import ProxyError, Unavailable
from proxy.model.case import ActorKind
from proxy.model.case_type import NewTask
from proxy.model.registrar import HOLD, Answer, Declined, Effect, Outcome, Reason
from proxy.model.registrar_effect import Change, EffectState
from proxy.rules.casework import holds
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import act, ask_effect, carry
from proxy.services.casework.office import Turn
from proxy.services.publish import pause
from proxy.store import effects as store
from proxy.store import pool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.model.identifiers import TenantId
    from proxy.model.registrar_effect import KeptEffect
    from proxy.ports import Clock, Registrar
    from proxy.services.casework.office import Office
    from proxy.store.pool import Access, Connection

INTERVAL_S: Final = 5.0
LEASE: Final = timedelta(minutes=5)
ANSWER_S: Final = 60.0  # far below the lease: when it ends nobody speaks of the effect any more
FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(hours=1)
HELP_AFTER: Final = 8  # tries, about half an hour: then somebody is told, and it goes on
BY_HAND: Final = NewTask(kind="act_at_registrar", role="handler")
STOPPED: Final = NewTask(kind="stopped_by_udrp_lock", role="legal")  # nobody acts: people decide
UNORDERED: Final = NewTask(kind="hold_without_order", role="legal")  # somebody forged a row
NO_ORDER: Final = "order_lacking"
LOCK_CAME: Final = NewTask(kind="held_under_udrp_lock", role="legal")
_SYSTEM: Final = ActorKind.SYSTEM.value

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrars:
    """Who is asked: `of` gives a tenant's registrar, or None where people do it by hand.

    `is_ordered`: whether the vault knows of an order behind a hold; no row is believed for it.
    """

    office: Office
    clock: Clock
    of: Callable[[TenantId], Registrar | None]
    is_ordered: Callable[[Connection, KeptEffect], Awaitable[bool]]


async def run(access: Access, there: Registrars, stopping: asyncio.Event) -> None:
    """Ask for what is due until told to stop, whatever the database does."""
    while not stopping.is_set():
        try:
            async with pool.connected(access) as connection:
                while await carry_one(connection, there):
                    pass
        except Unavailable as away:
            _log.warning("effects_wait", reason=away.code)
        await pause(stopping, INTERVAL_S)


async def carry_one(connection: Connection, there: Registrars) -> bool:
    """Whether there was an effect to ask for."""
    now = there.clock.now()
    effect = await store.take(connection, now, now + LEASE)
    if effect is None:
        return False
    try:
        is_due = effect.change is not Change.HOLD or await there.is_ordered(connection, effect)
        answer = await _ask(connection, there, effect) if is_due else None
        async with connection.transaction():
            turn = Turn(office=there.office, connection=connection, now=there.clock.now())
            await _conclude(turn, effect, answer, is_due=is_due)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - other names go on; this one is asked for again
        code = error.code if isinstance(error, ProxyError) else type(error).__name__
        _log.error(
            "effect_failed", case_id=str(effect.case_id), error=code, places=logs.places(error)
        )
        await store.wait(connection, effect.id, there.clock.now() + _delay(effect, None))
    return True


async def _ask(connection: Connection, there: Registrars, effect: KeptEffect) -> Answer | None:
    """The registrar's answer; None where there is no adapter to ask."""
    registrar = there.of(effect.tenant_id)
    if registrar is None or effect.change is Change.RELEASE_PRIVACY:
        return None
    try:
        async with asyncio.timeout(ANSWER_S):
            return await _speak(connection, registrar, effect)
    except TimeoutError:
        return _declined(effect, Declined(reason=Reason.UNREACHABLE))


async def _speak(connection: Connection, registrar: Registrar, effect: KeptEffect) -> Answer | None:
    seen = effect.seen
    if seen is None:
        observed = await registrar.read(effect.domain)
        if isinstance(observed, Declined):
            return _declined(effect, observed)
        seen = observed.statuses
        await store.see(connection, effect.id, seen)
    asked = Effect(
        id=effect.id,
        domain=effect.domain,
        seen=seen,
        is_under_udrp_lock=await ask_effect.is_locked(connection, effect),
    )
    if effect.change is Change.HOLD:
        return await registrar.hold(asked)
    return await _take_back(connection, registrar, asked, effect)


async def _take_back(
    connection: Connection, registrar: Registrar, asked: Effect, effect: KeptEffect
) -> Answer | None:
    """The answer; None where the hold that stands is another case's, or not known to be ours."""
    behind = holds.behind(await store.earlier(connection, effect), effect)
    if behind.before is not None and not behind.is_shared:
        return await registrar.unhold(asked, behind.before)
    observed = await registrar.read(effect.domain)
    if isinstance(observed, Declined):
        return _declined(effect, observed)
    if HOLD in observed.statuses:
        return None
    return Answer(effect_id=effect.id, outcome=Outcome.ALREADY)


async def _conclude(turn: Turn, effect: KeptEffect, answer: Answer | None, *, is_due: bool) -> None:
    """What the answer means for the effect, and for the case."""
    held = await act.hold(turn, effect.case_id)
    now = await store.find(turn.connection, effect.id)
    await store.let_go(turn.connection, effect.id)
    if now.state is not EffectState.ASKED:
        return  # withdrawn or reported meanwhile; the unhold that may follow waited for this
    if not is_due:
        _log.error("effect_without_order", case_id=str(effect.case_id))
        await _by_hand(turn, held, effect, NO_ORDER)
    elif answer is None:
        barred = await ask_effect.is_barred(turn.connection, effect)
        await _by_hand(turn, held, effect, Reason.LOCKED_UDRP.value if barred else "by_hand")
    elif answer.outcome in {Outcome.APPLIED, Outcome.ALREADY}:
        await _done(turn, held, effect, answer)
    elif answer.declined is not None and answer.is_final:
        if answer.declined.reason is Reason.STALE:
            await store.see(turn.connection, effect.id, None)
            await store.wait(turn.connection, effect.id, turn.now + FIRST_WAIT)
            return
        await _by_hand(turn, held, effect, answer.declined.reason.value)
    else:
        await _again(turn, held, effect, answer)


async def _done(turn: Turn, held: carry.Held, effect: KeptEffect, answer: Answer) -> None:
    await store.move(turn.connection, effect.id, EffectState.DONE, turn.now)
    await _tell(turn, effect, "effect_done", outcome=answer.outcome.value)
    if await ask_effect.is_barred(turn.connection, effect):
        await _open(turn, held, LOCK_CAME)  # it went through before the lock: people take it back
    await act.follow(turn, effect.case_id)


async def _by_hand(turn: Turn, held: carry.Held, effect: KeptEffect, reason: str) -> None:
    await store.move(turn.connection, effect.id, EffectState.BY_HAND, turn.now)
    await _tell(turn, effect, "effect_refused", reason=reason)
    tasks = {Reason.LOCKED_UDRP.value: STOPPED, NO_ORDER: UNORDERED}
    await _open(turn, held, tasks.get(reason, BY_HAND))


async def _again(turn: Turn, held: carry.Held, effect: KeptEffect, answer: Answer) -> None:
    wait = _delay(effect, answer.declined)
    await store.wait(turn.connection, effect.id, turn.now + wait)
    reason = answer.declined.reason.value if answer.declined else answer.outcome.value
    _log.warning("effect_waits", case_id=str(effect.case_id), reason=reason, count=effect.tries)
    if effect.tries == HELP_AFTER:
        await _open(turn, held, BY_HAND)


async def _open(turn: Turn, held: carry.Held, task: NewTask) -> None:
    events = await carry.open_tasks(turn, held, [task], carry.SYSTEM)
    await case_events.append(
        turn.connection, held.file.id, events, now=turn.now, random=turn.office.random
    )


async def _tell(turn: Turn, effect: KeptEffect, what: str, **facts: str) -> None:
    told = {"effect": str(effect.id), "change": effect.change.value, **facts}
    event = NewEvent(actor=_SYSTEM, role=_SYSTEM, act=what, facts=told)
    await case_events.append(
        turn.connection, effect.case_id, [event], now=turn.now, random=turn.office.random
    )


def _delay(effect: KeptEffect, declined: Declined | None) -> timedelta:
    """Until the next try: twice as long each time, or as long as the other side asks for."""
    asked = timedelta(seconds=(declined.retry_after_s or 0) if declined else 0)
    own = timedelta(seconds=FIRST_WAIT.total_seconds() * (1 << min(effect.tries, 12)))
    return max(min(own, LONGEST_WAIT), min(asked, timedelta(days=1)))


def _declined(effect: KeptEffect, declined: Declined) -> Answer:
    return Answer(effect_id=effect.id, outcome=Outcome.REFUSED, declined=declined)
