"""Rows that have a registrar take a name out, forged in the database: the vault is asked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from proxy.errors import NotFound
from proxy.model.identifiers import DomainName
from proxy.model.order import OrderKind, OrderState
from proxy.model.registrar import EffectId
from proxy.model.registrar_effect import Change, EffectState, KeptEffect
from proxy.services.casework import carry_effects, confirm_order
from proxy.store import pool
from proxy.vault.grants import Caller
from proxy.wire import frames, order_document
from tests.support import case_rows
from tests.support import case_sites as sites
from tests.support import vault as vaults
from tests.support.clocked import MINUTE
from tests.support.effects import THEIRS, Bench, deactivating

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.order import Order, OrderId
    from tests.support.case_sites import Site
    from tests.support.database import Database

pytestmark = pytest.mark.db


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a vault says of an order."""

    order: Order
    state: OrderState
    is_enough: bool


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """A vault, its roster, a registration and a case of it."""
    async with sites.site(tmp_path, database) as made:
        yield made


def effect_of(site: Site) -> KeptEffect:
    """A row that asks for the name to be taken out."""
    return KeptEffect(
        id=EffectId(uuid4()),
        case_id=site.chain.case_id,
        tenant_id=site.chain.tenant_id,
        registration_id=site.chain.registration_id,
        domain=site.chain.domain,
        change=Change.HOLD,
        state=EffectState.ASKED,
        seen=None,
        tries=1,
        asked_at=vaults.START,
    )


async def is_ordered(site: Site, effect: KeptEffect) -> bool:
    """What the worker finds, asking over its own caller's grants."""

    async def watch(order_id: OrderId) -> Seen:
        found = await site.office.ask(frames.ShowOrder(order=str(order_id)), Caller.WORKER)
        return Seen(
            order=order_document.parse(found["document"]),
            state=OrderState(found["state"]),
            is_enough=not found["lacking"],
        )

    async with pool.connected(site.service.database.access("worker")) as connection:
        return await confirm_order.is_ordered(watch, connection, effect)


async def tell_of(site: Site, order: Order, effect: KeptEffect) -> None:
    """The events that an order and its effect leave in a case."""
    system = ("system", "system")
    await site.tell("order_carried_out", system, order=str(order.id), kind=order.kind.value)
    await site.tell("effect_asked", system, effect=str(effect.id), change="hold")


async def test_a_hold_rests_on_an_order_of_the_vaults(site: Site) -> None:
    """Carried out, of this case and name, once: another hold wants other votes."""
    order = await site.approved(OrderKind.DEACTIVATE)
    effect, again = effect_of(site), effect_of(site)
    await site.carry_out(order)
    assert not await is_ordered(site, effect)
    await tell_of(site, order, effect)
    assert await is_ordered(site, effect)
    await tell_of(site, order, again)
    assert not await is_ordered(site, again)
    assert await is_ordered(site, effect)


@pytest.mark.parametrize(
    "change",
    [
        {"id": EffectId(uuid4())},
        {"domain": DomainName("other.example")},
        {"registration_id": uuid4()},
        {"tenant_id": uuid4()},
        {"case_id": uuid4()},
    ],
)
async def test_a_row_for_another_name_has_no_order(site: Site, change: dict[str, object]) -> None:
    """An order that is true takes out nothing but its own name."""
    order = await site.approved(OrderKind.DEACTIVATE)
    effect = effect_of(site)
    await site.carry_out(order)
    await tell_of(site, order, effect)
    assert not await is_ordered(site, dataclasses.replace(effect, **change))  # type: ignore[arg-type] # a field each


@pytest.mark.parametrize("kind", [OrderKind.DEACTIVATE, OrderKind.GAG])
async def test_events_that_web_invents_are_no_order(site: Site, kind: OrderKind) -> None:
    """An order that was only approved, that is of another kind, that nobody knows, or none."""
    effect = effect_of(site)
    order = await site.approved(kind)
    if kind is OrderKind.GAG:
        await site.carry_out(order)
    await tell_of(site, order, effect)
    await site.tell("order_carried_out", order=str(uuid4()), kind="deactivate")
    await site.tell("order_carried_out", order="x", kind="deactivate")
    assert not await is_ordered(site, effect)


async def test_a_case_that_was_changed_has_no_orders(site: Site) -> None:
    """The vault refuses to speak of an order whose case's rows disagree with its memory."""
    order = await site.approved(OrderKind.DEACTIVATE)
    effect = effect_of(site)
    await site.carry_out(order)
    await tell_of(site, order, effect)
    await site.watch().catch_up()
    await site.service.administrate("ALTER TABLE case_event DISABLE TRIGGER case_event_append_only")
    await site.service.administrate("UPDATE case_event SET actor = 'ben' WHERE seq = 2")
    assert not await is_ordered(site, effect)


async def test_a_forged_row_asks_no_registrar(prepared: Database) -> None:
    """A row put in by hand becomes a task of counsel's; the name keeps resolving."""
    walk = deactivating()
    await case_rows.keep(prepared, walk)
    bench = Bench(prepared, walk.case.id)
    bench.clocks.to(walk.now + MINUTE)

    async def watch(order_id: OrderId) -> Seen:
        raise NotFound("order_unknown", str(order_id))

    async def ask_vault(connection: pool.Connection, effect: KeptEffect) -> bool:
        return await confirm_order.is_ordered(watch, connection, effect)

    async with pool.connected(prepared.superuser()) as connection:
        await connection.execute(
            """INSERT INTO registrar_effect
                 (id, case_id, tenant_id, registration_id, domain, change, asked_at, next_try)
               SELECT gen_random_uuid(), id, tenant_id, registration_id, domain, 'hold', $1, $1
               FROM case_file""", bench.clocks.now(),
        )  # fmt: skip
    assert await bench.carry(is_ordered=ask_vault) == 1
    assert bench.shown == THEIRS
    assert bench.there.updates == 0
    assert await bench.states() == [("hold", "by_hand")]
    async with pool.connected(prepared.superuser()) as connection:
        rows = await connection.fetch("SELECT kind FROM case_task WHERE done_at IS NULL")
    assert carry_effects.UNORDERED.kind in {row["kind"] for row in rows}
