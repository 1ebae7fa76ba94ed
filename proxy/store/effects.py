"""What cases have registrars do, as rows. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import NotFound
from proxy.model.case import CaseId
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.model.registrar import EffectId
from proxy.model.registrar_effect import Change, EffectState, KeptEffect
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from proxy.store.pool import Connection, Record

QUERIES = queries.load("effects")
MOST = 200  # effects of one case


async def add(connection: Connection, effect: KeptEffect) -> None:
    """Keep an effect that is asked for."""
    with pool.translated():
        await connection.execute(
            QUERIES["add"],
            effect.id,
            effect.case_id,
            effect.tenant_id,
            effect.registration_id,
            effect.domain,
            effect.change.value,
            effect.asked_at,
        )


async def of_case(connection: Connection, case_id: CaseId) -> tuple[KeptEffect, ...]:
    """A case's effects, newest first, held until the caller's transaction ends."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["of_case"], case_id, MOST)
    return tuple(_effect(row) for row in rows)


async def earlier(connection: Connection, effect: KeptEffect) -> tuple[KeptEffect, ...]:
    """What any case asked for of the same registration before `effect`, oldest first."""
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["earlier"], effect.id, effect.domain, effect.registration_id, MOST
        )
    return tuple(_effect(row) for row in reversed(rows))


async def take(connection: Connection, now: datetime, leased_until: datetime) -> KeptEffect | None:
    """An effect to ask for, the caller's alone until `leased_until`; None when none waits."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["take"], now, leased_until)
    return None if row is None else _effect(row)


async def find(connection: Connection, effect_id: EffectId) -> KeptEffect:
    """An effect, held until the caller's transaction ends; NotFound `effect_unknown`."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find"], effect_id)
    if row is None:
        raise NotFound("effect_unknown", "There is no effect by this id.")
    return _effect(row)


async def see(connection: Connection, effect_id: EffectId, seen: AbstractSet[str] | None) -> None:
    """Keep what stood before the effect was first asked for; None: look anew."""
    with pool.translated():
        await connection.execute(QUERIES["see"], effect_id, None if seen is None else sorted(seen))


async def wait(connection: Connection, effect_id: EffectId, next_try: datetime) -> None:
    """Ask again later."""
    with pool.translated():
        await connection.execute(QUERIES["wait"], effect_id, next_try)


async def move(
    connection: Connection, effect_id: EffectId, state: EffectState, now: datetime
) -> None:
    """Keep where it stands now."""
    is_over = state in {EffectState.DONE, EffectState.WITHDRAWN}
    with pool.translated():
        await connection.execute(QUERIES["move"], effect_id, state.value, now if is_over else None)


async def let_go(connection: Connection, effect_id: EffectId) -> None:
    """End the caller's lease."""
    with pool.translated():
        await connection.execute(QUERIES["let_go"], effect_id)


def _effect(row: Record) -> KeptEffect:
    return KeptEffect(
        id=EffectId(row["id"]),
        case_id=CaseId(row["case_id"]),
        tenant_id=TenantId(row["tenant_id"]),
        registration_id=RegistrationId(row["registration_id"]),
        domain=DomainName(row["domain"]),
        change=Change(row["change"]),
        state=EffectState(row["state"]),
        seen=None if row["seen"] is None else frozenset(row["seen"]),
        tries=row["tries"],
        asked_at=row["asked_at"],
    )
