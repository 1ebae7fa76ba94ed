"""Effects where somebody else acts too: locks and people, other cases, a registrar, a kill."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Conflict
from proxy.model.case import Overlay
from proxy.model.registrar_effect import CaseEffect, Change
from proxy.services.casework import carry_effects
from registrar_adapters.reference_registrar import Fault
from tests.support import case_rows
from tests.support.clocked import MINUTE
from tests.support.effects import DOMAIN, HOLD, THEIRS, Bench, deactivating

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db
ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "support" / "effects_child.py"


@pytest.fixture
async def bench(prepared: Database) -> Bench:
    """The bench, with a claim that waits for its registrar."""
    return await kept(prepared)


async def kept(database: Database, twin_of: Bench | None = None) -> Bench:
    """A bench; a twin is another case about the same name at the same registrar."""
    walk = deactivating()
    if twin_of is not None:
        walk = case_rows.twin(walk)
    await case_rows.keep(database, walk)
    made = Bench(database, walk.case.id)
    if twin_of is not None:
        made.there, made.clocks = twin_of.there, twin_of.clocks
    else:
        made.clocks.to(walk.now + MINUTE)
    return made


async def test_people_are_not_sent_to_a_registrar_under_a_lock(bench: Bench) -> None:
    """Without an adapter too the lock is looked at when the deed is due: legal is told."""
    await bench.ask(Change.HOLD)
    await bench.lay(Overlay.UDRP_LOCK)
    await bench.carry(of=lambda _tenant: None)
    assert await bench.told() == ["effect_asked", "effect_refused locked_udrp", "task_opened"]
    assert await bench.tasks() == [carry_effects.STOPPED.kind]


async def test_privacy_is_not_released_under_a_lock(bench: Bench) -> None:
    """What changes a publication waits for people who know of the lock."""
    await bench.ask(Change.RELEASE_PRIVACY)
    await bench.lay(Overlay.UDRP_LOCK)
    await bench.carry()
    assert await bench.tasks() == [carry_effects.STOPPED.kind]


async def test_nobody_reports_a_hold_under_a_lock(bench: Bench) -> None:
    """No name counts as deactivated while a UDRP lock is on; what was done is taken back."""
    await bench.ask(Change.HOLD)
    await bench.carry(of=lambda _tenant: None)
    await bench.lay(Overlay.UDRP_LOCK)
    with pytest.raises(Conflict, match="effect_locked_udrp"):
        await bench.act(CaseEffect.REPORT)
    assert await bench.states() == [("hold", "by_hand")]
    await bench.act(CaseEffect.WITHDRAW)
    await bench.carry(of=lambda _tenant: None)
    await bench.act(CaseEffect.REPORT)
    assert await bench.states() == [("hold", "withdrawn"), ("unhold", "done")]


async def test_a_lock_of_another_case_counts(prepared: Database, bench: Bench) -> None:
    """It is the name that is locked, whichever case says so."""
    other = await kept(prepared, bench)
    await other.lay(Overlay.UDRP_LOCK)
    await bench.ask(Change.HOLD)
    await bench.carry()
    assert bench.shown == THEIRS
    assert (await bench.told())[1] == "effect_refused locked_udrp"


@pytest.mark.parametrize("has_own", [True, False])
async def test_a_hold_that_was_never_sent_takes_nothing_back(bench: Bench, has_own: bool) -> None:
    """The registrar's own hold is not ours to lift: somebody looks. Without one all is well."""
    bench.there.names[DOMAIN].statuses = theirs = THEIRS | ({HOLD} if has_own else set())
    bench.failing = "info"
    bench.faults.append(Fault.UNREACHABLE)
    await bench.ask(Change.HOLD)
    await bench.carry()
    await bench.act(CaseEffect.WITHDRAW)
    await bench.carry()
    assert bench.shown == theirs
    ended = "by_hand" if has_own else "done"
    assert await bench.states() == [("hold", "withdrawn"), ("unhold", ended)]


@pytest.mark.parametrize("first", [0, 1])
async def test_a_name_that_two_cases_hold_is_freed_with_the_second(
    prepared: Database, bench: Bench, first: int
) -> None:
    """Whichever goes first undoes nothing of the other's; the other leaves nothing of either."""
    both = [bench, await kept(prepared, bench)]
    for one in both:
        await one.ask(Change.HOLD)
        await one.carry()
        bench.clocks.pass_(MINUTE)
    await both[first].act(CaseEffect.UNHOLD)
    await bench.carry()
    assert bench.shown == THEIRS | {HOLD}
    assert await both[first].states() == [("hold", "done"), ("unhold", "by_hand")]
    assert await both[first].state() != "deciding"
    await both[1 - first].act(CaseEffect.UNHOLD)
    await bench.carry()
    assert bench.shown == THEIRS
    assert await both[1 - first].states() == [("hold", "done"), ("unhold", "done")]


@pytest.mark.parametrize("line", ["see", "find", "move"])
async def test_a_killed_worker_costs_a_repeat(bench: Bench, line: str) -> None:
    """Kill -9 of a real process: before what it saw is kept, after the deed, in its last writes."""
    await bench.ask(Change.HOLD)
    bench.there.names[DOMAIN].statuses = await killed_at(line, bench)
    assert (HOLD in bench.shown) == (line != "see")
    assert await bench.carry() == 0  # the dead worker's lease
    bench.clocks.pass_(carry_effects.LEASE)
    assert await bench.carry() == 1
    assert bench.shown == THEIRS | {HOLD}
    (effect,) = await bench.kept()
    assert effect.seen == THEIRS
    assert bench.there.updates == (1 if line == "see" else 0)
    assert await bench.state() == "deactivated"
    assert [one.split()[0] for one in await bench.told()] == ["effect_asked", "effect_done"]


async def killed_at(line: str, bench: Bench) -> frozenset[str]:
    """What a worker that was killed there left standing at the registrar."""
    access = bench.database.access("worker")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        line,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    login = {name: getattr(access, name) for name in ("host", "port", "user", "password")}
    given = {**login, "database": access.database, "case": str(bench.case_id)}
    given["now"] = bench.clocks.now().isoformat()
    child.stdin.write(json.dumps(given).encode() + b"\n")
    await child.stdin.drain()
    said = await child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    child.stdin.close()
    return frozenset(json.loads(said))
