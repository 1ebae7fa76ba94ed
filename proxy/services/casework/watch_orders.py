"""Follow orders of cases: what the vault says of them becomes events, and what follows is done.

Flow: one order a transaction: ask the vault, write what is news, let the case go on. Failure: what
fails is looked at again later; others go on. Cursor: orders that are not over, by when they are due
for a look. Idempotent: an event is written when an order moves, in the transaction that moves it.
Secrets: none. The worker asks; it can neither vote nor carry out what lacks a vote. Manual run:
restart a worker. Logs: ids, codes. Source: vault.md, Order; casework s6.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from proxy import logs
from proxy.errors import NotFound, ProxyError, Unavailable
from proxy.model.case import ActorKind, Overlay
from proxy.model.order import CaseSubject, OrderKind, OrderState, Silence
from proxy.model.registrar_effect import Change
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import act, ask_effect
from proxy.services.casework.office import Turn
from proxy.services.keep_deadlines import moment_text
from proxy.services.publish import pause
from proxy.store import case_orders as store
from proxy.store import cases, packages, pool

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime

    from proxy.model.case import Fact
    from proxy.model.order import Order
    from proxy.outer_ports import OrderWatch, SeenOrder
    from proxy.ports import Clock
    from proxy.services.casework.office import Office
    from proxy.store.case_orders import CaseOrder
    from proxy.store.pool import Access, Connection

INTERVAL_S: Final = 5.0
LOOK_AGAIN: Final = timedelta(seconds=10)  # votes come by the hour
AFTER_FAULT: Final = timedelta(minutes=1)
_SYSTEM: Final = ActorKind.SYSTEM.value
_DISCLOSES: Final = frozenset({OrderKind.DISCLOSE, OrderKind.DISCLOSE_URGENTLY})
_EFFECTS: Final = {
    OrderKind.DEACTIVATE: Change.HOLD,
    OrderKind.RELEASE_PRIVACY: Change.RELEASE_PRIVACY,
}
_OVERLAYS: Final = {
    OrderKind.GAG: ("overlay_set", Overlay.GAG),
    OrderKind.LIFT_GAG: ("overlay_cleared", Overlay.GAG),
    OrderKind.LIFT_HOLD: ("overlay_cleared", Overlay.HOLD),
}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """What following orders needs: the office, and the vault's word."""

    office: Office
    clock: Clock
    ask: OrderWatch


async def run(access: Access, watching: Watching, stopping: asyncio.Event) -> None:
    """Look at what is due until told to stop, whatever the database and the vault do."""
    while not stopping.is_set():
        try:
            async with pool.connected(access) as connection:
                while await look(connection, watching):
                    pass
        except Unavailable as away:
            _log.warning("orders_wait", reason=away.code)
        await pause(stopping, INTERVAL_S)


async def look(connection: Connection, watching: Watching) -> bool:
    """Whether there was an order to look at."""
    now = watching.clock.now()
    async with connection.transaction():
        found = await store.take(connection, now)
        if found is None:
            return False
        try:
            async with connection.transaction():
                turn = Turn(office=watching.office, connection=connection, now=now)
                await _look(turn, found, watching)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - other orders go on; this one is looked at later
            code = error.code if isinstance(error, ProxyError) else type(error).__name__
            _log.error(
                "order_not_followed",
                case_id=str(found.case_id),
                error=code,
                places=logs.places(error),
            )
            await store.move(connection, found.id, found.state, now + AFTER_FAULT)
    return True


async def _look(turn: Turn, found: CaseOrder, watching: Watching) -> None:
    seen = await watching.ask(found.id)
    case = (await act.hold(turn, found.case_id)).case
    proposed = case.orders.get(found.id)
    is_passed = proposed is not None and proposed.seq < case.material_seq
    state, reason = _standing(seen, turn.now, is_passed=is_passed)
    if state == found.state:
        await store.move(turn.connection, found.id, found.state, turn.now + LOOK_AGAIN)
        return
    await moved(turn, found, state, reason)
    if state == "carried_out":
        await _after(turn, found, seen.order)
    await act.follow(turn, found.case_id)


async def _after(turn: Turn, found: CaseOrder, order: Order) -> None:
    """What an order that was carried out means for the case, and for the name."""
    file = await cases.find(turn.connection, found.case_id)
    change = _EFFECTS.get(found.kind)
    if change is not None:
        await ask_effect.ask(turn, file, change)
    if found.kind in _DISCLOSES:
        await _sealed(turn, found)
    overlay = _OVERLAYS.get(found.kind)
    if overlay is None:
        return
    what, name = overlay
    facts = {"overlay": name.value}
    if found.kind is OrderKind.GAG:
        facts |= {"until": _until(order), "evidence": ""}
    event = NewEvent(actor=_SYSTEM, role=_SYSTEM, act=what, facts=facts)
    await case_events.append(
        turn.connection, found.case_id, [event], now=turn.now, random=turn.office.random
    )
    if found.kind is OrderKind.LIFT_HOLD:
        await cases.lift_hold(turn.connection, file, turn.now)


async def _sealed(turn: Turn, found: CaseOrder) -> None:
    """Name the package that the vault built, so that it can be released."""
    package = await packages.find_of_order(turn.connection, found.id)
    if package is None:
        raise NotFound("package_unknown", "The vault's package is not there yet.")
    facts: dict[str, Fact] = {
        "order": str(found.id),
        "package": str(package.id),
        "sha256": package.sha256,
        "fields": package.fields,
        "copy": package.copy_id,
    }
    event = NewEvent(actor=_SYSTEM, role=_SYSTEM, act="package_sealed", facts=facts)
    await case_events.append(
        turn.connection, found.case_id, [event], now=turn.now, random=turn.office.random
    )


def _until(order: Order) -> str:
    deed = order.subject.deed if isinstance(order.subject, CaseSubject) else None
    until = deed.until if isinstance(deed, Silence) else None
    return "" if until is None else moment_text(until)


async def moved(turn: Turn, found: CaseOrder, state: str, reason: str = "") -> None:
    """The order stands elsewhere: row and event; what is over is looked at no more."""
    facts = {"order": str(found.id), "kind": found.kind.value}
    if reason:
        facts["reason"] = reason
    event = NewEvent(actor=_SYSTEM, role=_SYSTEM, act=f"order_{state}", facts=facts)
    await case_events.append(
        turn.connection, found.case_id, [event], now=turn.now, random=turn.office.random
    )
    is_over = state in {"voided", "carried_out"}
    await store.move(turn.connection, found.id, state, None if is_over else turn.now + LOOK_AGAIN)


def _standing(seen: SeenOrder, now: datetime, *, is_passed: bool) -> tuple[str, str]:
    """What an event says of an order that stands so at the vault, and why."""
    if seen.state is OrderState.CARRIED_OUT:
        return "carried_out", ""
    if seen.state is OrderState.STOPPED:
        return "voided", "objection"
    if is_passed:  # the vault refuses it by now: the case has changed
        return "voided", "case_moved"
    if now >= seen.order.expires_at:
        return "voided", "expired"
    return ("approved", "") if seen.is_enough else ("proposed", "")
