"""Random lives of cases by the rules alone: whatever people, parties, mails and timers do.

Anybody does anything that they may, with facts that are plausible; notices arrive or come back;
orders are voted on, carried out or voided; periods run out. The oracle reads the chain of events
and nothing else: it is a page of plain Python that knows no table and no guard.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.model.case import ActorKind
from proxy.model.case_type import FactKind
from proxy.model.order import OrderKind
from proxy.rules.casework import deciding, folding
from proxy.rules.casework.deciding import Allowed
from proxy.run import case_types
from tests.support import case_walks as walks
from tests.support import claim_walks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from proxy.model.case import Event, Fact
    from proxy.model.case_type import Act, CaseType, FactType
    from tests.support.case_walks import Walk

_T = TypeVar("_T")
STEPS = 60
TYPES = sorted(case_types.load().values(), key=lambda one: one.letter)


def admitted(case_type: CaseType) -> Walk:
    """A case whose requester is proven."""
    return walks.admitted(walks.opened(case_type))


def sealing() -> Walk:
    """A claim on which a disclosure was voted; the vault is asked."""
    walk = claim_walks.proposed().due("pre_release")
    walk.approved(OrderKind.DISCLOSE)
    return walk.act(walks.RITA, "seal")


def deactivating() -> Walk:
    """A claim on which a deactivation was voted; the registrar is asked."""
    walk = claim_walks.breached()
    walk.act(walks.DORA, "propose_deactivation", **claim_walks.deactivation(walk))
    walk.act(walks.HANS, "tell_deactivation").due("pre_release")
    walk.approved(OrderKind.DEACTIVATE)
    return walk.act(walks.RITA, "deactivate")


STARTS: tuple[Callable[[], Walk], ...] = (
    *(partial(walks.opened, one) for one in TYPES),
    *(partial(admitted, one) for one in TYPES),
    claim_walks.awaiting,
    claim_walks.judging,
    claim_walks.breached,
    claim_walks.proposed,
    sealing,
    deactivating,
)
DISCLOSES = {"disclose", "disclose in emergency"}
DEEDS = {
    "disclose_private": {"disclose", "disclose in emergency"},
    "disclose_to_tribunal": {"disclose", "disclose in emergency"},
    "deactivate": {"deactivate"},
    "temp_hold": {"deactivate"},
    "publish": {"publish"},
}
JUDGED = {"find_breach", "confirm_breach", "propose_disclosure", "propose_deactivation"}


@dataclass(slots=True)
class Chance:
    """Choices out of one number, each as likely as another; the same number, the same life."""

    seed: int
    _drawn: int = 0

    def below(self, end: int) -> int:
        """A number below an end."""
        self._drawn += 1
        told = hashlib.sha256(f"{self.seed} {self._drawn}".encode()).digest()
        return int.from_bytes(told[:8]) % end

    def one_of(self, several: Sequence[_T]) -> _T:
        """One of several."""
        return several[self.below(len(several))]


@dataclass(slots=True)
class Life:
    """A case, and what happens to it."""

    walk: Walk
    chance: Chance
    orders: list[str] = field(default_factory=list)

    def step(self) -> None:
        """Something happens, or nothing."""
        moves = (
            *(self.somebody_acts,) * 6,
            *(self.time_passes,) * 2,
            self.a_mail_host_reports,
            self.an_order_is_voted_on,
            self.an_order_is_carried_out,
            self.a_package_or_effect_follows,
            self.an_order_is_voided,
        )
        self.chance.one_of(moves)()

    def somebody_acts(self) -> None:
        """One of all the things that somebody may do now; seldom one that ends it all."""
        walk, chance = self.walk, self.chance
        ends = {*walk.type.ends, "refused"} if chance.below(150) else set()
        may = [
            (actor, act)
            for actor in walks.EVERYBODY
            for act in deciding.options(walk.case, walk.type, actor, walk.now)
            if act.to not in ends and not (ends and (act.sets or act.clears))
        ]
        onward = [one for one in may if one[1].to not in {"", walk.case.state}]
        if not may:
            return
        chosen = onward if onward and chance.below(4) else may
        least = min(len(walk.case.done.get(act.id, ())) for _, act in chosen)  # news first
        actor, act = chance.one_of(
            [one for one in chosen if len(walk.case.done.get(one[1].id, ())) == least]
        )
        facts = self.facts(act)
        before = walk.case
        if isinstance(walk.decide(actor, act.id, **facts), Allowed):
            walk.act(actor, act.id, **facts)
        else:
            assert before.state == walk.case.state

    def facts(self, act: Act) -> dict[str, Fact]:
        """Plausible ones."""
        return {
            one.name: self.fact(one)
            for one in act.facts
            if one.is_required or one.kind is FactKind.EVIDENCES
        }

    def fact(self, one: FactType) -> Fact:
        """A plausible value."""
        values: dict[FactKind, Callable[[], Fact]] = {
            FactKind.CODE: lambda: self.chance.one_of(one.choices),
            FactKind.CODES: lambda: one.choices[:1],
            FactKind.FLAG: lambda: self.chance.below(20) > 0,
            FactKind.NUMBER: lambda: 1,
            FactKind.MOMENT: (self.walk.now + timedelta(days=300)).isoformat,
            FactKind.EVIDENCE: partial(self.walk.evidence, one.name),
            FactKind.EVIDENCES: lambda: tuple(
                str(event.facts["reasons"]) for event in self.walk.events if event.act == "object"
            ),
            FactKind.FIELDS: lambda: walks.FIELDS[: 1 + self.chance.below(2)],
            FactKind.PERSON: lambda: "ida",
            FactKind.DIGEST: lambda: claim_walks.TEXT,
        }
        return values[one.kind]()

    def time_passes(self) -> None:
        """The period that ends first falls due, and the timer does what its table says."""
        before = self.walk.case
        running = [
            (one.due_at, name)
            for name, one in before.deadlines.items()
            if not one.is_ended and not one.is_due
        ]
        if running:
            self.walk.due(min(running)[1])
            now = self.walk.case
            assert now.outcome == before.outcome or str(now.outcome) not in DEEDS

    def a_mail_host_reports(self) -> None:
        """The newest notice of a kind arrived, or came back."""
        newest = {one.template: one for one in self.walk.case.notices.values()}
        waiting = sorted(
            name
            for name, one in newest.items()
            if one.delivered_at is None and one.bounced_at is None
        )
        if waiting:
            report = self.walk.deliver if self.chance.below(4) else self.walk.bounce
            report(self.chance.one_of(waiting))

    def an_order_is_voted_on(self) -> None:
        """Of the kind that an act asked for last, if none is open."""
        asked = [
            one.order
            for event in self.walk.events
            for one in self.walk.type.named(event.act)[:1]
            if one.order is not None
        ]
        is_open = any(
            one.state in {"proposed", "approved"} for one in self.walk.case.orders.values()
        )
        if asked and not is_open and self.walk.case.is_open:
            self.orders.append(self.walk.approved(asked[-1]))

    def an_order_is_carried_out(self) -> None:
        """Where the case waits for it, and nothing that matters came since."""
        for id_, standing in self.walk.case.orders.items():
            if standing.state != "approved" or standing.seq < self.walk.case.material_seq:
                continue
            kind, state = standing.kind.value, self.walk.case.state
            if kind in DISCLOSES and state in {"sealing", "urgent"}:
                self.walk.sealed(str(id_))
            elif kind == "deactivate" and state == "deactivating":
                self.walk.carried_out(str(id_))
                effect = self.walk.id()
                self.walk.told("effect_asked", effect=effect, change="hold")
                self.walk.told("effect_done", effect=effect, change="hold", outcome="applied")
            return

    def a_package_or_effect_follows(self) -> None:
        """A receipt comes, or the registrar is done."""
        if self.walk.case.state in {"released", "released_urgently"}:
            self.walk.told("package_receipted", package=self.walk.id(), evidence=self.walk.id())
        elif self.walk.case.state == "restoring":
            effect = self.walk.id()
            self.walk.told("effect_asked", effect=effect, change="unhold")
            self.walk.told("effect_done", effect=effect, change="unhold", outcome="applied")

    def an_order_is_voided(self) -> None:
        """An objection, or its time; a change that matters voids it too."""
        for id_, standing in self.walk.case.orders.items():
            is_passed = standing.seq < self.walk.case.material_seq
            if standing.state in {"proposed", "approved"} and (
                is_passed or not self.chance.below(6)
            ):
                self.walk.told("order_voided", order=str(id_), reason="objection")
                return


# The oracle


def deeds_rest_on_orders(walk: Walk) -> None:
    """Whatever a case comes to that touches somebody: an order of that kind was carried out."""
    kinds: dict[str, str] = {}
    done: set[str] = set()
    for event in walk.events:
        if event.act == "order_proposed":
            kinds[str(event.facts["order"])] = str(event.facts["kind"])
        if event.act == "order_carried_out":
            done.add(kinds[str(event.facts["order"])])
        wanted = DEEDS.get(str(event.facts.get("outcome", "")))
        assert wanted is None or wanted & done, event.act


def a_breach_is_of_two_after_the_window(walk: Walk) -> None:
    """On the indemnity path: proven arrival, the whole window, two people, then a proposal."""
    arrived = due = False
    found = confirmed = ""
    for event in _claim(walk):
        match event.act:
            case "notice_delivered" | "deem_arrived":
                arrived = True
            case "deadline_due" if event.facts["deadline"] == "assurances":
                due = True
            case "find_breach":
                assert arrived
                assert due
                found = event.actor
            case "confirm_breach":
                assert found not in {"", event.actor}
                confirmed = event.actor
            case "propose_disclosure" | "propose_deactivation":
                assert confirmed
            case _:
                pass


def good_assurances_end_it(walk: Walk) -> None:
    """Once both were found valid nobody proposes a deed any more, until one of them falls."""
    verdicts = {"assess_indemnity": "", "assess_contact": ""}
    for event in _claim(walk):
        if event.act in verdicts:
            verdicts[event.act] = str(event.facts["verdict"])
        if event.act == "rebut_contact":
            verdicts["assess_contact"] = ""
        if event.act in {"propose_disclosure", "propose_deactivation"}:
            assert set(verdicts.values()) != {"valid"}


def overlays_bar_what_they_bar(walk: Walk) -> None:
    """A stay seals nothing, a lock keeps a name, a child is given to nobody privately."""
    lies: set[str] = set()
    for event in walk.events:
        names = {"stay": "lift_stay", "note_udrp_lock": "note_udrp_unlock",
                 "flag_minor": "lift_minor"}  # fmt: skip
        lies |= {event.act} & names.keys()
        lies -= {name for name, end in names.items() if end == event.act}
        if "stay" in lies:
            assert event.act not in {"seal", "deactivate", "propose_disclosure"}
        if "note_udrp_lock" in lies:
            assert event.act not in {"deactivate", "propose_deactivation"}
        if "flag_minor" in lies and walk.type.letter in {"a", "b"}:
            assert event.act not in {"seal", "propose_disclosure"}


def who_handles_does_not_decide(walk: Walk) -> None:
    """The handler at that moment takes no decision, and whoever found does not confirm."""
    handler = ""
    last: dict[str, str] = {}
    for event in walk.events:
        if event.act == "handler_assigned":
            handler = str(event.facts["person"])
        if event.act in JUDGED:
            assert event.actor != handler
        if event.act.startswith("confirm_") and event.role != ActorKind.REGISTRANT:
            for what in ("find_", "judge_"):
                found = last.get(event.act.replace("confirm_", what))
                assert found is None or found != event.actor
        last[event.act] = event.actor


def the_chain_folds_to_the_case(walk: Walk) -> None:
    """Nothing but its events makes a case."""
    assert folding.fold(walk.events) == walk.case


def _claim(walk: Walk) -> Sequence[Event]:
    """The events of a case on the indemnity path; none of others."""
    return walk.events if walk.type.id == "third_party_claim" else ()


ORACLE = (
    deeds_rest_on_orders,
    a_breach_is_of_two_after_the_window,
    good_assurances_end_it,
    overlays_bar_what_they_bar,
    who_handles_does_not_decide,
    the_chain_folds_to_the_case,
)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**64), start=st.sampled_from(STARTS))
def test_whatever_happens(seed: int, start: Callable[[], Walk]) -> None:
    """After any life the chain holds what must hold at each of its steps."""
    life = live(seed, start)
    for look in ORACLE:
        look(life.walk)


def live(seed: int, start: Callable[[], Walk]) -> Life:
    """A whole life."""
    life = Life(start(), Chance(seed))
    if not life.walk.case.handler:
        life.walk.assign(walks.HANS)
    for _ in range(STEPS):
        life.step()
    return life


def test_lives_come_to_deeds() -> None:
    """What the oracle says of deeds is said of some: both kinds are done in lives like those."""
    outcomes: set[str] = set()
    for seed in range(24):
        walk = live(seed, sealing if seed % 2 else deactivating).walk
        outcomes |= {str(one.facts["outcome"]) for one in walk.events if "outcome" in one.facts}
    assert outcomes >= {"disclose_private", "deactivate"}


def test_whatever_happens_deeds_are_peoples() -> None:
    """Ten years of timers over cases that nobody touches: they lapse, close or wait; no deed."""
    for case_type in TYPES:
        walk = walks.opened(case_type)
        for _ in range(200):
            running = [
                (one.due_at, name) for name, one in walk.case.deadlines.items()
                if not one.is_ended and not one.is_due
            ]  # fmt: skip
            if not running or walk.now > walks.START + timedelta(days=3653):
                break
            walk.due(min(running)[1])
        assert walk.case.outcome is None or walk.case.outcome == "lapsed"
        assert not walk.case.orders
