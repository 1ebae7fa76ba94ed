"""Random lives of deadlines on a real database.

Whatever people, outages, crashes and clocks do: each action happens once, the end never early and
never lost, and no window ends right behind an outage that it was not lengthened for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from proxy.errors import NotFound, Refused
from proxy.model.deadline import Extension, Outage, PauseReason, Plan, Roll, Unit
from proxy.rules import clock
from proxy.store import deadlines, outages, pool
from tests.support import clocked
from tests.support.clocked import BY, DAY, PLAN, START, THEIRS, Heard, TwoClocks, new_deadline
from tests.support.crash import crashing
from tests.support.deadlines import CALENDAR, terms

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from datetime import datetime

    from proxy.model.case import CaseId
    from proxy.model.deadline import KeptDeadline, Terms
    from proxy.services.keep_deadlines import Keeper
    from proxy.store.pool import Connection
    from tests.support.database import Database

_T = TypeVar("_T")
pytestmark = pytest.mark.db
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
CLARIFICATION = PauseReason.CLARIFICATION
PAUSES: Mapping[str, Any] = {"pauses": frozenset({CLARIFICATION}), "pause_days": 30}
KINDS: Mapping[str, Terms] = {
    "window": terms(9, Unit.CALENDAR_DAYS, THEIRS, roll=Roll.NEXT, **PAUSES),
    "duty": terms(5, Unit.BUSINESS_DAYS, **PAUSES),
    "hours": terms(72, Unit.HOURS, THEIRS, **PAUSES),
    "month": terms(1, Unit.MONTHS, THEIRS, roll=Roll.NEXT),
    "urgent": terms(24, Unit.HOURS),
}
# Not shrunk: on a database that takes longer than a test may, and the steps are printed anyway.
BOUNDS = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
names = st.sampled_from(sorted(KINDS))
hours = st.integers(1, 200)


class Lives(RuleBasedStateMachine):
    """Two cases whose deadlines people change while time passes and workers scan and die."""

    hands: Mapping[str, Connection]  # by role; one more worker
    patch: pytest.MonkeyPatch
    runner: asyncio.Runner

    @initialize()
    def begin(self) -> None:
        """An empty database, a worker, and parts of ours that are up."""
        self.clocks, self.heard = TwoClocks(), Heard()
        self.scanner = clocked.scanner(self.clocks, self.heard)
        self.ends: dict[tuple[CaseId, str, int], datetime] = {}
        self.credited: set[tuple[CaseId, str, int]] = set()
        self.is_scanned = False
        self.cases = self.run(self._begin())

    def run(self, work: Coroutine[object, object, _T]) -> _T:
        """The result of work on the loop of this test."""
        return self.runner.run(work)

    async def _begin(self) -> list[CaseId]:
        await clocked.forget(self.hands["administrator"])
        await self._beat()
        return [await clocked.new_case(self.hands["administrator"]) for _ in range(2)]

    async def _changed(
        self, change: Callable[[Keeper, Connection], Coroutine[object, object, object]]
    ) -> None:
        """A change by people that the rules may refuse; a refused one leaves nothing."""
        self.is_scanned = False
        with contextlib.suppress(Refused, NotFound):
            await self._try(change)

    async def _try(
        self, change: Callable[[Keeper, Connection], Coroutine[object, object, object]]
    ) -> None:
        async with self.hands["web"].transaction():
            await change(clocked.keeper(), self.hands["web"])

    @rule(number=st.integers(0, 1), name=names, plan=st.sampled_from([PLAN, Plan()]))
    def set(self, number: int, name: str, plan: Plan) -> None:
        """A deadline begins, or begins anew."""
        new = new_deadline(KINDS[name], name, plan=plan, started_at=self.clocks.wall)
        case_id, now = self.cases[number], self.clocks.wall
        self.run(self._changed(lambda keeper, at: keeper.set(at, case_id, new, BY, now)))

    @rule(number=st.integers(0, 1), name=names, length=hours)
    def stop(self, number: int, name: str, length: int) -> None:
        """A deadline stands still."""
        case_id, now = self.cases[number], self.clocks.wall
        until = now + length * HOUR
        about: dict[str, Any] = {"reason": CLARIFICATION, "ends_by": until, "by": BY, "now": now}
        self.run(self._changed(lambda keeper, at: keeper.pause(at, case_id, name, **about)))

    @rule(number=st.integers(0, 1), name=names)
    def go_on(self, number: int, name: str) -> None:
        """It runs on: a pause that is shorter than it might have been lets the end come nearer."""
        case_id, now = self.cases[number], self.clocks.wall
        about: dict[str, Any] = {"reason": CLARIFICATION, "by": BY, "now": now}
        self.run(self._changed(lambda keeper, at: keeper.resume(at, case_id, name, **about)))
        self.ends = {key: end for key, end in self.ends.items() if key[:2] != (case_id, name)}

    @rule(number=st.integers(0, 1), name=names, amount=st.integers(1, 5))
    def lengthen(self, number: int, name: str, amount: int) -> None:
        """It is extended."""
        case_id, now = self.cases[number], self.clocks.wall
        more = Extension(reason="asked", by="wren", amount=amount, decided_at=now, noticed_at=now)
        about: dict[str, Any] = {"extension": more, "most": 10, "by": BY, "now": now}
        self.run(self._changed(lambda keeper, at: keeper.extend(at, case_id, name, **about)))

    @rule(number=st.integers(0, 1), name=names)
    def answer(self, number: int, name: str) -> None:
        """What it waited for comes."""
        case_id, now = self.cases[number], self.clocks.wall
        self.run(self._changed(lambda keeper, at: keeper.end(at, case_id, {name}, BY, now)))

    @rule(length=hours)
    def pass_(self, length: int) -> None:
        """Time passes, and all of ours is up."""
        self.clocks.pass_(length * HOUR)
        self.is_scanned = False
        self.run(self._beat())

    @rule(is_scanned=st.booleans())
    def come_to_the_next(self, is_scanned: bool) -> None:
        """Time passes until something is due."""
        coming = [one.next.at for one in self.run(self._kept()) if one.next]
        if coming:
            self.clocks.to(max(self.clocks.wall, min(coming)))
            self.run(self._beat())
            self.is_scanned = False
        if is_scanned:
            self.scan()

    @rule(
        before=st.integers(0, 30), length=st.integers(1, 60), what=st.sampled_from(["web", "relay"])
    )
    def fail_near_an_end(self, before: int, length: int, what: str) -> None:
        """A part of ours is down while a window ends, or in the day before; then a worker looks."""
        ends = [
            one.due_at
            for one in self.run(self._kept())
            if one.next and one.deadline.terms.direction is THEIRS
        ]
        if ends:
            self.clocks.to(max(self.clocks.wall, min(ends) - before * HOUR))
            self.run(self._beat())
        self.fail(length, what)
        self.scan()

    @rule(length=st.integers(1, 60), what=st.sampled_from(["web", "relay"]))
    def fail(self, length: int, what: str) -> None:
        """A part of ours is down for hours."""
        self.clocks.pass_(length * HOUR)
        self.is_scanned = False
        self.run(self._beat(what))

    async def _beat(self, back: str = "") -> None:
        if back:  # its beat ends a silence; the other was never silent
            await outages.beat(self.hands[back], back, self.clocks.wall)
        await self.hands["administrator"].execute(
            "INSERT INTO beat SELECT what, $1 FROM unnest(ARRAY['web', 'relay']) AS what"
            " ON CONFLICT (what) DO UPDATE SET last_at = EXCLUDED.last_at",
            self.clocks.wall,
        )

    @rule()
    def scan(self) -> None:
        """The worker looks."""
        self.run(self.scanner.round(self.hands["worker"]))
        self.is_scanned = True

    @rule()
    def scan_twice(self) -> None:
        """Two workers look at once."""
        other = clocked.scanner(self.clocks, self.heard)

        async def both() -> None:
            await asyncio.gather(
                self.scanner.round(self.hands["worker"]), other.round(self.hands["worker beside"])
            )

        self.run(both())
        self.scan()

    @rule(place=st.integers(1, 14))
    def die(self, place: int) -> None:
        """The worker dies in the middle, and another starts."""
        writes = ((deadlines, "take_due"), (deadlines, "move"), (Heard, "act"), (Heard, "remind"))
        with crashing(self.patch, place, writes):
            self.run(self.scanner.round(self.hands["worker"]))
        self.scanner = clocked.scanner(self.clocks, self.heard)
        self.is_scanned = False

    @rule(jump=st.sampled_from([-300, -5, 7, 400]))
    def jump(self, jump: int) -> None:
        """The clock is set wrong by hours, and right again before it is believed."""
        self.scan()
        before = self.run(self._events())
        self.clocks.wall += jump * HOUR
        assert self.run(self.scanner.round(self.hands["worker"])) == 0
        self.clocks.pass_(timedelta(minutes=4))
        assert self.run(self.scanner.round(self.hands["worker"])) == 0
        assert self.run(self._events()) == before
        self.clocks.wall -= jump * HOUR
        self.run(self._beat())
        self.is_scanned = False

    async def _events(self) -> int:
        found = await self.hands["administrator"].fetchval("SELECT count(*) FROM case_event")
        return int(found)

    async def _acts(self, case_id: CaseId) -> list[tuple[str, dict[str, Any]]]:
        rows = await self.hands["administrator"].fetch(
            "SELECT act, facts::text AS facts FROM case_event WHERE case_id = $1 ORDER BY seq",
            case_id,
        )
        return [(row["act"], json.loads(row["facts"])) for row in rows]

    async def _lapses(self) -> int:
        found = await self.hands["administrator"].fetchval(
            "SELECT count(*) FROM heard WHERE what = 'lapse'"
        )
        return int(found)

    async def _kept(self) -> list[KeptDeadline]:
        return [
            one
            for case_id in self.cases
            for one in await deadlines.of_case(self.hands["operator"], case_id)
        ]

    async def _down(self) -> tuple[Outage, ...]:
        return await outages.between(self.hands["operator"], START - DAY, self.clocks.wall)

    @invariant()
    def nothing_is_lost_early_or_repeated(self) -> None:
        """Rows, events, tasks, reminders and acts say the same."""
        kept, down = self.run(self._kept()), self.run(self._down())
        for one in kept:
            self._check_row(one)
            key = (one.case_id, one.name, one.round)
            is_window = one.deadline.terms.direction is THEIRS
            if one.is_due and is_window and key not in self.credited:
                assert is_credited(one, down)
                self.credited.add(key)
        for case_id in self.cases:
            self._check_events(
                self.run(self._acts(case_id)),
                {(one.name, one.round): one for one in kept if one.case_id == case_id},
            )
        ends = sum(one.is_due and bool(one.plan.at_end) for one in kept)
        assert self.run(self._lapses()) == ends

    def _check_row(self, one: KeptDeadline) -> None:
        key, now = (one.case_id, one.name, one.round), self.clocks.wall
        assert one.due_at == clock.due(one.deadline, CALENDAR, one.history)
        assert one.due_at >= self.ends.get(key, one.due_at)
        self.ends[key] = one.due_at
        is_window = one.deadline.terms.direction is THEIRS
        assert is_window or not any(isinstance(change, Outage) for change in one.history)
        assert not one.is_due or one.due_at <= now
        if self.is_scanned and one.ended_at is None and not one.is_due:
            assert one.next is not None
            assert one.next.at > now
            assert one.due_at > now

    def _check_events(
        self,
        acts: list[tuple[str, dict[str, Any]]],
        rows: Mapping[tuple[str, int], KeptDeadline],
    ) -> None:
        about = [(act, facts["deadline"], facts["round"], facts) for act, facts in acts
                 if "deadline" in facts]  # fmt: skip
        taken = Counter(
            (name, number, facts.get("action", act))
            for act, name, number, facts in about
            if act in {"deadline_due", "deadline_reminded"}
        )
        assert set(taken.values()) <= {1}
        due = {(name, number) for act, name, number, _ in about if act == "deadline_due"}
        assert due == {key for key, one in rows.items() if one.is_due}
        assert all(facts["late_by_s"] >= 0 for act, *_, facts in about if act == "deadline_due")
        tasks = sum(act == "task_opened" and facts["kind"] == "look" for act, _, _, facts in about)
        assert tasks == sum(bool(rows[key].plan.escalates) for key in due)


def is_credited(kept: KeptDeadline, down: Sequence[Outage]) -> bool:
    """Whether each quarter hour of its last day in which we were down has lengthened a window."""
    at = max(kept.deadline.started_at, kept.due_at - DAY) + QUARTER
    while at < kept.due_at:
        if any(one.started_at <= at < one.ended_at for one in down) and not any(
            isinstance(one, Outage) and one.started_at <= at < one.ended_at for one in kept.history
        ):
            return False
        at += QUARTER
    return True


async def opened(database: Database, stack: contextlib.AsyncExitStack) -> Mapping[str, Connection]:
    """A connection of each role."""
    access = {name: database.access(name) for name in ("web", "relay", "worker", "operator")}
    access |= {"administrator": database.superuser(), "worker beside": access["worker"]}
    return {
        name: await stack.enter_async_context(pool.connected(one)) for name, one in access.items()
    }


def test_whatever_happens_each_action_happens_once(
    prepared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People, outages, two workers, crashes and a clock that jumps, in any order."""
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        Lives.hands = runner.run(opened(prepared, stack))
        Lives.patch, Lives.runner = monkeypatch, runner
        try:
            run_state_machine_as_test(Lives, settings=BOUNDS)
        finally:
            runner.run(stack.aclose())
