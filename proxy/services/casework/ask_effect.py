"""Have a registrar do something to a name because of a case: ask, withdraw, report as done by hand.

In the caller's transaction and under the case's lock: what is asked for stands together with the
act or the order that asks (promise 9). Nothing is sent here; `carry_effects` does that. Decides
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict
from proxy.model import identifiers
from proxy.model.case import ActorKind, Overlay
from proxy.model.registrar import EffectId
from proxy.model.registrar_effect import CaseEffect, Change, EffectState, KeptEffect
from proxy.rules.casework import folding
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.store import cases
from proxy.store import effects as store

if TYPE_CHECKING:
    from proxy.model.case import CaseFile
    from proxy.services.casework.office import Turn
    from proxy.store.pool import Connection

_SYSTEM: Final = ActorKind.SYSTEM.value
_OPEN: Final = frozenset({EffectState.ASKED, EffectState.BY_HAND})


async def ask(turn: Turn, file: CaseFile, change: Change) -> None:
    """It is asked for, durably, with an event."""
    effect = KeptEffect(
        id=EffectId(identifiers.uuid7(turn.now, turn.office.random(10))),
        case_id=file.id,
        tenant_id=file.tenant_id,
        registration_id=file.registration_id,
        domain=file.domain,
        change=change,
        state=EffectState.ASKED,
        seen=None,
        tries=0,
        asked_at=turn.now,
    )
    await store.add(turn.connection, effect)
    await _tell(turn, effect, "effect_asked", change=change.value)


async def is_barred(connection: Connection, effect: KeptEffect) -> bool:
    """Whether a UDRP lock forbids the effect now: the way back to a name that resolves is open."""
    return effect.change is not Change.UNHOLD and await is_locked(connection, effect)


async def is_locked(connection: Connection, effect: KeptEffect) -> bool:
    """Whether any open case of the registration says at this moment that a UDRP lock is on."""
    about = effect.tenant_id, effect.registration_id
    for file in await cases.open_of_registration(connection, *about):
        case = folding.fold(await cases.events(connection, file.id))
        if Overlay.UDRP_LOCK in case.overlays:
            return True
    return False


async def follow_act(turn: Turn, file: CaseFile, effect: CaseEffect) -> None:
    """What an act's table says of effects.

    Conflict `effect_none` where something is reported that was not asked for, `effect_locked_udrp`
    where it may not be done now.
    """
    match effect:
        case CaseEffect.UNHOLD:
            await ask(turn, file, Change.UNHOLD)
        case CaseEffect.RELEASE_PRIVACY:
            await ask(turn, file, Change.RELEASE_PRIVACY)
        case CaseEffect.WITHDRAW:
            await _withdraw(turn, file)
        case CaseEffect.REPORT:
            await _report(turn, file)


async def _withdraw(turn: Turn, file: CaseFile) -> None:
    for one in await store.of_case(turn.connection, file.id):
        if one.state not in _OPEN:
            continue
        await store.move(turn.connection, one.id, EffectState.WITHDRAWN, turn.now)
        await _tell(turn, one, "effect_withdrawn", change=one.change.value)
        # It may stand there already, or be on its way: the registrar is asked to take it back.
        if one.change is Change.HOLD and one.tries:
            await ask(turn, file, Change.UNHOLD)


async def _report(turn: Turn, file: CaseFile) -> None:
    waiting = [one for one in await store.of_case(turn.connection, file.id) if one.state in _OPEN]
    if not waiting:
        raise Conflict("effect_none", "The registrar was not asked for anything that is not done.")
    if any([await is_barred(turn.connection, one) for one in waiting]):
        raise Conflict(
            "effect_locked_udrp",
            "The name is under a UDRP lock: what was done is to be taken back.",
        )
    for one in waiting:
        await store.move(turn.connection, one.id, EffectState.DONE, turn.now)
        await _tell(turn, one, "effect_done", change=one.change.value, outcome="by_hand")


async def _tell(turn: Turn, effect: KeptEffect, act: str, **facts: str) -> None:
    event = NewEvent(
        actor=_SYSTEM, role=_SYSTEM, act=act, facts={"effect": str(effect.id), **facts}
    )
    await case_events.append(
        turn.connection, effect.case_id, [event], now=turn.now, random=turn.office.random
    )
