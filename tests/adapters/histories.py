"""Histories of one name at a registrar, against a page of what it comes to.

The caller does what the port asks: it stores what it sees before it asks, and repeats an effect
until its answer is final before it asks for the next. All else is chance: what fails, who dies,
what registry, registrar and providers do meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from typing_extensions import override

from proxy.model.identifiers import Role
from proxy.model.registrar import Answer, Effect, Lock, Outcome, Reason, ShownContact
from registrar_adapters.reference import ReferenceAdapter
from tests.adapters import bench as on
from tests.adapters.bench import Killed, Sight, Trouble
from tests.adapters.reference_bench import ReferenceBench

if TYPE_CHECKING:
    from collections.abc import Awaitable

OTHERS: Final = ("clientRenewProhibited", "serverHold", "autoRenewPeriod", "serverUpdateProhibited")
OURS: Final = ("clientHold", *(lock.value for lock in Lock))
BARRED: Final = frozenset({"apply_mask", "restore", "hold", "unlock"})
UPDATE: Final = Lock.UPDATE.value
ROLES = st.frozensets(st.sampled_from(Role), min_size=1)
LOCKS = st.frozensets(st.sampled_from(Lock), min_size=1)
TROUBLES = st.lists(st.sampled_from([None, None, *Trouble]), max_size=3)


@dataclass(frozen=True, slots=True)
class Asked:
    """An effect with all that its repeats carry."""

    verb: str
    effect: Effect
    roles: frozenset[Role] = frozenset()
    locks: frozenset[Lock] = frozenset()
    before: frozenset[str] = frozenset()


@dataclass(slots=True)
class Page:
    """The oracle: what stands at the registrar once nothing is under way."""

    statuses: frozenset[str] = frozenset()
    contacts: dict[Role, ShownContact] = field(
        default_factory=lambda: dict.fromkeys(Role, on.PERSON)
    )

    def write(self, asked: Asked) -> None:
        """The effect stands."""
        locks = {lock.value for lock in asked.locks}
        match asked.verb:
            case "hold":
                self.statuses |= {"clientHold"}
            case "unhold":
                self.statuses -= {"clientHold"} - asked.before
            case "lock":
                self.statuses |= locks
            case "unlock":
                self.statuses -= locks - asked.before
            case "apply_mask":
                self.contacts.update(dict.fromkeys(asked.roles, on.MASK_SHOWN))
            case _:
                self.contacts.update(dict.fromkeys(asked.roles, on.PERSON))

    def sight(self) -> Sight:
        """What is to be seen."""
        return Sight(statuses=self.statuses or on.OK, contacts=self.contacts)


class Histories(RuleBasedStateMachine):
    """One name, one caller, and everybody else."""

    adapter: type[ReferenceAdapter] = ReferenceAdapter

    def __init__(self) -> None:
        super().__init__()
        self.bench = ReferenceBench(self.adapter)
        self.bench.plant(on.NONE)
        self.page = Page()
        self.open: Asked | None = None
        self.stood: list[Asked] = []
        self.applied: list[Asked] = []
        self.is_disputed = self.is_denied = False
        self.number = 0
        self.runner = asyncio.Runner()

    @override
    def teardown(self) -> None:
        """End the loop."""
        self.runner.close()

    def ask(self, asked: Asked, *, is_locked: bool) -> Answer | None:
        """One attempt by a new adapter; None where it died."""
        effect = replace(asked.effect, is_under_udrp_lock=is_locked)
        registrar = self.bench.registrar()
        match asked.verb:
            case "hold":
                call = registrar.hold(effect)
            case "unhold":
                call = registrar.unhold(effect, asked.before)
            case "lock":
                call = registrar.lock(effect, asked.locks)
            case "unlock":
                call = registrar.unlock(effect, asked.locks, asked.before)
            case "apply_mask":
                call = registrar.apply_mask(effect, asked.roles, on.MASK)
            case _:
                call = registrar.restore(effect, asked.roles, on.OLD)
        try:
            return self.runner.run(_caught(call))
        finally:
            self.bench.meet()

    @precondition(lambda self: self.open is None)
    @rule(
        verb=st.sampled_from(["hold", "unhold", "lock", "unlock", "apply_mask", "restore"]),
        roles=ROLES,
        locks=LOCKS,
        back=st.integers(0, 5),
    )
    def begin(self, verb: str, roles: frozenset[Role], locks: frozenset[Lock], back: int) -> None:
        """Look, store, and mean to ask; what is taken back is one of the last effects."""
        self.number += 1
        effect = on.effect(self.number, self.bench.sight().statuses)
        asked = Asked(verb, effect, roles, locks)
        undone = [one for one in self.stood if f"un{one.verb}" == verb]
        if undone:
            chosen = undone[-1 - back % len(undone)]
            asked = replace(asked, locks=chosen.locks, before=chosen.effect.seen)
        self.open, self.is_denied = asked, False

    @precondition(lambda self: self.open is not None)
    @rule(troubles=TROUBLES, is_locked=st.sampled_from([False, False, False, True]))
    def attempt(self, troubles: list[Trouble | None], *, is_locked: bool) -> None:
        """Ask, or ask again; what is answered is what stands."""
        asked, start = self.open, self.bench.sight()
        assert asked is not None
        statuses = start.statuses
        self.bench.meet(*troubles)
        answer = self.ask(asked, is_locked=is_locked)
        locked = is_locked or self.is_disputed
        if locked and asked.verb in BARRED:
            self.nothing_was_done(start)
        is_clear = not troubles and not locked and "serverUpdateProhibited" not in statuses
        if is_clear and "pendingUpdate" not in statuses and not self.is_denied:
            assert answer is not None
            assert on.stands(answer)
        if answer is not None and answer.is_final:
            self.close(asked, answer, locked=locked)

    def nothing_was_done(self, start: Sight) -> None:
        """No contact, no hold and no lock changed, but that the update lock may come back."""
        sight = self.bench.sight()
        assert sight.contacts == start.contacts
        apart = {UPDATE, "ok", "pendingUpdate"}
        assert sight.statuses - apart == start.statuses - apart
        assert start.statuses & {UPDATE} <= sight.statuses

    def close(self, asked: Asked, answer: Answer, *, locked: bool) -> None:
        """The effect is over: the page says what is to be seen."""
        self.open = None
        if on.stands(answer):
            self.page.write(asked)
            self.stood.append(asked)
            if answer.outcome is Outcome.APPLIED:  # of another, the registrar may know nothing
                self.applied.append(asked)
        else:
            assert answer.outcome is Outcome.REFUSED
            assert answer.declined is not None
            barred = "serverUpdateProhibited" in self.page.statuses
            excused = {
                Reason.LOCKED_UDRP: locked,
                Reason.PROHIBITED: barred,
                Reason.REJECTED: self.is_denied,
            }
            assert excused.get(answer.declined.reason, False), answer.declined.reason
            if barred:  # the registry's own lock came between the two steps: it can not be set
                self.page.statuses -= {UPDATE} - self.bench.sight().statuses
        assert self.bench.sight() == self.page.sight()

    @precondition(lambda self: self.open is None and self.applied)
    @rule(which=st.integers(0, 9))
    def repeat_late(self, which: int) -> None:
        """An effect that was applied is asked for once more: nothing comes of it but a lock."""
        asked = self.applied[which % len(self.applied)]
        answer = self.ask(asked, is_locked=False)
        assert answer is not None
        assert answer.outcome is not Outcome.APPLIED
        if self.bench.sight() != self.page.sight():
            self.page.statuses |= asked.effect.seen & {UPDATE}
        assert self.bench.sight() == self.page.sight()

    @rule(status=st.sampled_from(OTHERS))
    def others_change_what_is_theirs(self, status: str) -> None:
        """Statuses that no effect of ours is about come and go at any time."""
        self.turn(status)

    @precondition(lambda self: self.open is None)
    @rule(status=st.sampled_from(OURS))
    def others_change_what_we_change(self, status: str) -> None:
        """Holds and locks of the registrar's own come and go between our effects."""
        self.turn(status)

    def turn(self, status: str) -> None:
        """Set it, or take it off."""
        one = frozenset({status})
        if status in self.page.statuses:
            self.bench.touch(remove=one)
        else:
            self.bench.touch(add=one)
        self.page.statuses ^= one

    @rule()
    def a_provider_opens_or_ends_a_case(self) -> None:
        """The registrar learns of a UDRP case, or of its end."""
        self.is_disputed = not self.is_disputed
        self.bench.dispute(is_open=self.is_disputed)

    @precondition(lambda self: "pendingUpdate" in self.bench.sight().statuses)
    @rule(is_granted=st.booleans())
    def the_registry_finishes(self, *, is_granted: bool) -> None:
        """What was pending is done, or denied."""
        self.bench.finish(is_granted=is_granted)
        self.is_denied |= not is_granted

    @invariant()
    def nothing_else_is_touched(self) -> None:
        """At any moment the name differs from the page by the open effect alone."""
        sight, page = self.bench.sight(), self.page.sight()
        ours = {"ok", "pendingUpdate", *OURS} if self.open else set()
        assert sight.statuses - ours == page.statuses - ours
        roles = self.open.roles if self.open else set()
        assert all(sight.contacts[role] == page.contacts[role] for role in set(Role) - roles)


async def _caught(call: Awaitable[Answer]) -> Answer | None:
    """The answer, or None where the adapter died."""
    try:
        return await call
    except Killed:
        return None
