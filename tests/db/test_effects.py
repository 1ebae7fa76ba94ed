"""What cases have registrars do, on a real database: done once, taken back, left to people."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import Conflict
from proxy.model.case import Overlay
from proxy.model.registrar_effect import CaseEffect, Change, EffectState
from proxy.services.casework import carry_effects
from proxy.store import effects
from registrar_adapters.reference_registrar import Fault
from tests.support import case_rows
from tests.support.clocked import MINUTE
from tests.support.effects import DOMAIN, HOLD, THEIRS, Bench, deactivating

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db


class Died(BaseException):
    """The worker is gone at this line."""


@pytest.fixture
async def bench(prepared: Database) -> Bench:
    """The bench, with a claim that waits for its registrar."""
    walk = deactivating()
    await case_rows.keep(prepared, walk)
    made = Bench(prepared, walk.case.id)
    made.clocks.to(walk.now + MINUTE)
    return made


async def test_a_hold_is_asked_for_once_and_the_case_goes_on(bench: Bench) -> None:
    """What was seen before is kept, the name is held, the case says so; then there is no more."""
    await bench.ask(Change.HOLD)
    assert await bench.carry() == 1
    assert bench.shown == THEIRS | {HOLD}
    (kept,) = await bench.kept()
    assert (kept.state, kept.seen, kept.tries) == (EffectState.DONE, THEIRS, 1)
    assert await bench.told() == ["effect_asked", "effect_done applied"]
    assert await bench.state() == "deactivated"
    assert await bench.carry() == 0
    assert bench.there.updates == 1


@pytest.mark.parametrize("theirs", [THEIRS, THEIRS | {HOLD}])
async def test_a_hold_is_taken_back_exactly(bench: Bench, theirs: frozenset[str]) -> None:
    """What stood before the hold stands after it, be it a hold of the registrar's own."""
    bench.there.names[DOMAIN].statuses = theirs
    await bench.ask(Change.HOLD)
    await bench.carry()
    assert HOLD in bench.shown
    bench.clocks.pass_(MINUTE)
    await bench.act(CaseEffect.UNHOLD)
    await bench.carry()
    assert bench.shown == theirs
    assert [state for _, state in await bench.states()] == ["done", "done"]


@pytest.mark.parametrize("line", ["see", "find", "let_go", "move"])
async def test_a_worker_that_dies_at_any_line_costs_a_repeat(
    bench: Bench, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the look is kept, after the deed, in the last transaction: it is done once."""
    await bench.ask(Change.HOLD)

    async def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(effects, line, die)
        with pytest.raises(Died):
            await bench.carry()
    assert await bench.carry() == 0  # the dead worker's lease
    bench.clocks.pass_(carry_effects.LEASE)
    assert await bench.carry() == 1
    assert bench.shown == THEIRS | {HOLD}
    assert bench.there.updates == 1
    assert (await bench.told())[0] == "effect_asked"
    assert [one.split()[0] for one in await bench.told()] == ["effect_asked", "effect_done"]
    assert await bench.state() == "deactivated"
    (kept,) = await bench.kept()
    assert kept.seen == THEIRS  # not what the dead worker had made of it


async def test_two_workers_never_speak_of_one_name_at_once(bench: Bench) -> None:
    """Whoever comes second finds nothing to do."""
    await bench.ask(Change.HOLD)
    counts = await asyncio.gather(*(bench.carry() for _ in range(4)))
    assert sum(counts) == 1
    assert bench.there.updates == 1


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.ANSWER_LOST, Fault.TOO_MANY])
async def test_no_answer_is_asked_for_again(bench: Bench, fault: Fault) -> None:
    """Whatever became of the command, the hold comes to stand, once."""
    bench.faults.append(fault)
    await bench.ask(Change.HOLD)
    assert await bench.carry() == 1
    assert await bench.state() == "deactivating"
    assert await bench.carry() == 0
    bench.clocks.pass_(2 * MINUTE)
    assert await bench.carry() == 1
    assert bench.shown == THEIRS | {HOLD}
    assert bench.there.updates == 1
    assert await bench.state() == "deactivated"


async def test_a_registrar_that_stays_away_is_told_to_people_once(bench: Bench) -> None:
    """The effect goes on being asked for; after some tries there is one task, not one a try."""
    bench.faults += [Fault.UNREACHABLE] * 20
    await bench.ask(Change.HOLD)
    for _ in range(12):
        assert await bench.carry() == 1
        bench.clocks.pass_(carry_effects.LONGEST_WAIT)
    assert await bench.told() == ["effect_asked", "task_opened"]
    bench.faults.clear()
    assert await bench.carry() == 1
    assert await bench.state() == "deactivated"


async def test_a_udrp_lock_that_came_meanwhile_stops_a_hold(bench: Bench) -> None:
    """People voted before the lock: at the moment of the deed it is looked at again."""
    await bench.ask(Change.HOLD)
    await bench.lay(Overlay.UDRP_LOCK)
    await bench.carry()
    assert bench.shown == THEIRS
    assert await bench.told() == ["effect_asked", "effect_refused locked_udrp", "task_opened"]
    assert await bench.state() == "deactivating"


async def test_a_registrars_own_word_on_a_dispute_stops_a_hold(bench: Bench) -> None:
    """Even where none of our cases knows of it."""
    await bench.ask(Change.HOLD)
    bench.there.dispute(DOMAIN, is_open=True)
    await bench.carry()
    assert bench.shown == THEIRS
    assert (await bench.told())[1] == "effect_refused locked_udrp"


async def test_a_hold_that_went_through_before_a_lock_is_shown_to_people(bench: Bench) -> None:
    """The answer was lost, then a lock came: the name is held, and somebody is told to free it."""
    bench.faults.append(Fault.ANSWER_LOST)
    await bench.ask(Change.HOLD)
    await bench.carry()
    await bench.lay(Overlay.UDRP_LOCK)
    bench.clocks.pass_(2 * MINUTE)
    await bench.carry()
    assert await bench.told() == ["effect_asked", "effect_done already", "task_opened"]
    await bench.act(CaseEffect.UNHOLD)
    await bench.carry()
    assert bench.shown == THEIRS  # the way back is open under a lock


async def test_without_an_adapter_people_do_it_and_say_so(bench: Bench) -> None:
    """A task; when somebody reports it done the case goes on. Twice is refused."""
    await bench.ask(Change.HOLD)
    await bench.carry(of=lambda _tenant: None)
    assert await bench.told() == ["effect_asked", "effect_refused by_hand", "task_opened"]
    assert await bench.states() == [("hold", "by_hand")]
    await bench.act(CaseEffect.REPORT)
    assert (await bench.told())[-1] == "effect_done by_hand"
    with pytest.raises(Conflict, match="effect_none"):
        await bench.act(CaseEffect.REPORT)


async def test_what_was_not_tried_yet_is_just_withdrawn(bench: Bench) -> None:
    """Nobody asked the registrar: there is nothing to take back."""
    await bench.ask(Change.HOLD)
    await bench.act(CaseEffect.WITHDRAW)
    assert await bench.carry() == 0
    assert await bench.states() == [("hold", "withdrawn")]
    assert bench.shown == THEIRS


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.ANSWER_LOST])
async def test_what_may_be_on_its_way_is_taken_back(bench: Bench, fault: Fault) -> None:
    """A hold of which nobody knows whether it stands is undone, not forgotten."""
    bench.faults.append(fault)
    await bench.ask(Change.HOLD)
    await bench.carry()
    await bench.act(CaseEffect.WITHDRAW)
    await bench.carry()
    assert bench.shown == THEIRS
    assert await bench.states() == [("hold", "withdrawn"), ("unhold", "done")]
    assert await bench.state() == "deactivating"  # an unhold is not the hold that was asked for


async def test_what_is_withdrawn_while_a_worker_speaks_of_it_is_undone_after(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The undoing waits for the worker's lease: it can not come before what it undoes."""
    await bench.ask(Change.HOLD)
    speaks, goes_on = asyncio.Event(), asyncio.Event()
    update = bench.there.update

    async def slow(*arguments: Any) -> Any:
        speaks.set()
        await goes_on.wait()
        return await update(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(bench.there, "update", slow)
        worker = asyncio.create_task(bench.carry())
        await speaks.wait()
        await bench.act(CaseEffect.WITHDRAW)
        assert await bench.carry() == 0
        goes_on.set()
        assert await worker == 2  # the hold, then at once what takes it back
    assert bench.shown == THEIRS
    assert await bench.states() == [("hold", "withdrawn"), ("unhold", "done")]


async def test_a_fault_of_ours_stops_no_other_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The effect waits and is asked for again."""
    await bench.ask(Change.HOLD)

    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(effects, "let_go", fail)
        assert await bench.carry() == 1
    assert await bench.carry() == 0
    bench.clocks.pass_(5 * MINUTE)
    assert await bench.carry() == 1
    assert await bench.state() == "deactivated"


async def test_what_a_registry_takes_time_for_is_waited_for(bench: Bench) -> None:
    """Pending is neither done nor refused; nothing is sent again meanwhile."""
    bench.faults.append(Fault.SLOW)
    await bench.ask(Change.HOLD)
    await bench.carry()
    bench.clocks.pass_(2 * MINUTE)
    assert await bench.carry() == 1
    assert await bench.told() == ["effect_asked"]
    bench.there.finish(DOMAIN, is_granted=True)
    bench.clocks.pass_(5 * MINUTE)
    assert await bench.carry() == 1
    assert (bench.shown, bench.there.updates) == (THEIRS | {HOLD}, 1)
    assert await bench.state() == "deactivated"
