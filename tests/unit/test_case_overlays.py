"""What lies over a case, and what goes on when it is over: the same in cases of every type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from proxy.model.case import Actor, ActorKind, Overlay
from proxy.model.case_type import ANY_STATE
from proxy.model.roster import StaffRole
from proxy.rules.casework.deciding import Allowed
from proxy.run import case_types
from tests.support import case_walks as walks
from tests.support import claim_walks, request_walks
from tests.support.case_walks import (
    DORA,
    HANS,
    IDA,
    LENA,
    LUIS,
    MAX,
    PIA,
    REGISTRANT,
    REQUESTER,
    RITA,
    STEPPED_UP,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.case import Fact
    from proxy.model.case_type import Act, CaseType
    from tests.support.case_walks import Walk

TYPES = sorted(case_types.load().values(), key=lambda one: one.letter)
NAMES = [one.id for one in TYPES]


@pytest.fixture(params=TYPES, ids=NAMES)
def walk(request: pytest.FixtureRequest) -> Walk:
    """A case of each type whose requester is proven."""
    case_type: CaseType = request.param
    return walks.admitted(walks.opened(case_type))


def gagged(walk: Walk) -> Walk:
    """The registrant may not be told, by an order of two."""
    return walk.told("overlay_set", overlay="gag", until="", evidence="")


def kinds(walk: Walk) -> list[str]:
    """Kinds of the tasks that are open."""
    return sorted(one.kind for one in walk.case.tasks.values())


# Set and lifted by whom ---------------------------------------------------------------------------

FLAGS: tuple[tuple[Overlay, str, Actor, dict[str, Fact]], ...] = (
    (Overlay.HOLD, "place_hold", LENA, {}),
    (Overlay.SAFETY, "flag_safety", PIA, {"kind": "journalist"}),
    (Overlay.MINOR, "flag_minor", HANS, {}),
    (Overlay.STAY, "stay", LENA, {}),
    (Overlay.UDRP_LOCK, "note_udrp_lock", IDA, {}),
)


@pytest.mark.parametrize(("overlay", "act", "actor", "more"), FLAGS, ids=[one[1] for one in FLAGS])
def test_people_of_staff_lay_it_over_a_case(
    walk: Walk, overlay: Overlay, act: str, actor: Actor, more: dict[str, Fact]
) -> None:
    """Not a party, not a timer; and it lies there whatever the state becomes."""
    names = {one.name for one in walk.type.named(act)[0].facts if one.is_required}
    facts = {name: walk.evidence(name) for name in names - more.keys()} | more
    for party in (REGISTRANT, STEPPED_UP, REQUESTER, walks.TIMER):
        assert walk.refused(party, act, **facts).code == "act_not_yours"
    walk.act(actor, act, **facts)
    assert overlay in walk.case.overlays


def test_a_safety_flag_is_lifted_by_another_officer(walk: Walk) -> None:
    """Never by who set it, and by no timer."""
    paul = walks.staff("paul", *PIA.roles)
    walk.act(PIA, "flag_safety", kind="stalking", reasons=walk.evidence())
    refusal = walk.refused(PIA, "lift_safety", reasons=walk.evidence())
    assert refusal.lacking == ("other_than:flag_safety",)
    walk.act(paul, "lift_safety", reasons=walk.evidence())
    assert Overlay.SAFETY not in walk.case.overlays


def test_a_childs_flag_is_lifted_by_counsel_with_proof(walk: Walk) -> None:
    """Another person than who set it."""
    walk.act(LENA, "flag_minor", reasons=walk.evidence())
    assert "look_into_age" in kinds(walk)
    facts: dict[str, Fact] = {"proof": walk.evidence(), "reasons": walk.evidence()}
    assert walk.refused(LENA, "lift_minor", **facts).lacking == ("other_than:flag_minor",)
    walk.act(LUIS, "lift_minor", **facts)
    assert "look_into_age" not in kinds(walk)


def test_what_is_said_of_danger_is_looked_at_by_the_officer(walk: Walk) -> None:
    """A task; a flag, or the finding that none is called for, settles it."""
    walk.act(REGISTRANT, "claim_danger", reasons=walk.evidence())
    assert "screen_danger" in kinds(walk)
    walk.act(PIA, "find_no_danger", reasons=walk.evidence())
    assert "screen_danger" not in kinds(walk)


def test_no_act_of_any_table_ends_a_hold_or_a_gag() -> None:
    """They are lifted by orders of two people, told by the system."""
    for case_type in TYPES:
        for act in case_type.acts:
            assert not {Overlay.HOLD, Overlay.GAG} & act.clears
            assert Overlay.GAG not in act.sets


def test_overlays_are_material(walk: Walk) -> None:
    """Votes that were given before something lay over the case are void; a hold voids none."""
    before = walk.case.material_seq
    walk.act(LENA, "place_hold", reasons=walk.evidence())
    assert walk.case.material_seq == before
    for act, facts in (("stay", {"proof"}), ("note_udrp_lock", {"proof"}),
                       ("flag_minor", {"reasons"})):  # fmt: skip
        before = walk.case.material_seq
        walk.act(LENA, act, **{name: walk.evidence(name) for name in facts})
        assert walk.case.material_seq > before


# Gag ----------------------------------------------------------------------------------------------


def test_nothing_reaches_a_registrant_under_a_gag() -> None:
    """Invariant 35: of every type, whatever is done, notices to the registrant stay here."""
    for case_type in TYPES:
        walk = gagged(walks.opened(case_type))
        assert "gag_review" in walk.case.deadlines
        for act in case_type.acts:
            bare = replace(act, needs=(), facts=(), to="")
            walk.type = replace(case_type, acts=(bare,))
            for state in act.when - {ANY_STATE} or {case_type.first}:
                walk.case = replace(walk.case, state=state)
                found = walk.decide(actor_of(act), act.id)
                assert isinstance(found, Allowed)
                assert {one.to for one in found.sends} <= {"requester"}
                assert [one for one in act.sends if one not in found.sends] == [*found.withheld]


def actor_of(act: Act) -> Actor:
    """Somebody who may do it."""
    one = min(act.by)
    if one in set(ActorKind):
        return Actor(kind=ActorKind(one))
    return walks.staff("otto", StaffRole(one))


def test_a_gag_is_reviewed_again_and_again(walk: Walk) -> None:
    """Counsel's word starts the next period; the timer opens a task and nothing else."""
    gagged(walk).due("gag_review")
    assert kinds(walk).count("check_gag") == 1
    walk.act(LENA, "review_gag", verdict="holds", reasons=walk.evidence())
    assert "check_gag" not in kinds(walk)
    assert not walk.case.deadlines["gag_review"].is_due


def test_a_gag_outlives_its_case(walk: Walk) -> None:
    """The case is over and its review runs on; when it is lifted the registrant is told still."""
    gagged(walk).act(LENA, "redirect", whom="court", reasons=walk.evidence())
    assert walk.case.state == "closed"
    assert not walk.case.deadlines["gag_review"].is_ended
    walk.due("gag_review")
    assert "check_gag" in kinds(walk)
    walk.told("overlay_cleared", overlay="gag")
    assert kinds(walk) == ["late_notice"]
    walk.due("late_notice")
    assert "late_notice_late" in kinds(walk)
    walk.act(LENA, "tell_late")
    assert kinds(walk) == ["late_notice_late"]
    walk.act(MAX, "see_late", reasons=walk.evidence())
    assert not kinds(walk)


def test_a_late_notice_outlives_its_case(walk: Walk) -> None:
    """Lifted while the case ran: its end takes neither the task nor the five days away."""
    gagged(walk).told("overlay_cleared", overlay="gag")
    walk.act(LENA, "redirect", whom="court", reasons=walk.evidence())
    assert kinds(walk) == ["late_notice"]
    assert not walk.case.deadlines["late_notice"].is_ended
    walk.act(LENA, "tell_late")
    assert [one.template for one in walk.case.notices.values()][-1] == "n12_gag_lifted"


@pytest.mark.parametrize(
    ("start", "close"),
    [
        (claim_walks.proposed, "close_released"),
        (lambda: proposed(request_walks.weighing, request_walks.weighed), "close_released"),
        (lambda: proposed(request_walks.ordered, request_walks.by_order), "close_released"),
    ],
    ids=["a", "b", "e"],
)
def test_what_was_given_under_a_gag_is_not_closed_untold(
    start: Callable[[], Walk], close: str
) -> None:
    """Lifted or not, the registrant knows before the case is over."""
    walk = gagged(start())
    if walk.case.state == "pre_release":
        walk.due("pre_release")
    walk = request_walks.receipted(request_walks.given(walk))
    assert walk.withheld[-1] == "n9_disclosed"
    told = "told:n9_disclosed,n12_gag_lifted"
    assert walk.refused(HANS, close).lacking == ("overlay_absent:gag", told)
    walk.told("overlay_cleared", overlay="gag")
    assert walk.refused(HANS, close).lacking == (told,)
    walk.act(LENA, "tell_late").act(HANS, close)


def proposed(start: Callable[[], Walk], facts: Callable[[Walk], dict[str, Fact]]) -> Walk:
    """A case in which a disclosure was proposed and the registrant told."""
    walk = start()
    walk.act(DORA, "propose_disclosure", **facts(walk))
    return walk.act(HANS, "tell_registrant")


# Holds, safety ------------------------------------------------------------------------------------


def test_a_hold_that_is_left_when_a_case_is_over_is_counsels_task(walk: Walk) -> None:
    """Once, and settled by counsel's word or by the order that lifts it."""
    walk.act(LENA, "place_hold", reasons=walk.evidence())
    walk.act(LENA, "redirect", whom="court", reasons=walk.evidence())
    assert kinds(walk) == ["lift_hold"]
    walk.act(LENA, "keep_hold", reasons=walk.evidence())
    walk.told("noted", evidence=walk.evidence())
    assert not kinds(walk)


def test_a_case_without_a_hold_leaves_nothing(walk: Walk) -> None:
    """No task, no period."""
    walk.act(LENA, "redirect", whom="court", reasons=walk.evidence())
    assert not kinds(walk)
    assert all(one.is_ended or one.is_due for one in walk.case.deadlines.values())


def test_in_danger_a_lawyer_who_was_named_is_given_alone() -> None:
    """Invariant 38: the designated contact goes before the person, if there is one."""
    walk = claim_walks.breached()
    walk.act(PIA, "flag_safety", kind="abuse_survivor", reasons=walk.evidence())
    facts = claim_walks.disclosure(walk)
    assert isinstance(walk.decide(DORA, "propose_disclosure", **facts), Allowed)
    walk.act(STEPPED_UP, "designate_contact", contact=walk.evidence())
    refusal = walk.refused(DORA, "propose_disclosure", **facts)
    assert refusal.lacking == ("fields_allowed",)
    facts["fields"] = ("designated.email",)
    walk.act(DORA, "propose_disclosure", **facts)


def test_a_screen_that_flags_has_set_the_flag() -> None:
    """A word in a form protects nobody: the overlay does."""
    walk = walks.admitted(walks.opened(claim_walks.claim()))
    walk.act(LENA, "find_trigger", **claim_walks.TRIGGER, reasons=walk.evidence())
    facts: dict[str, Fact] = {"verdict": "flagged", "reasons": walk.evidence()}
    assert walk.refused(PIA, "screen", **facts).lacking == ("flagged_as_said",)
    walk.act(PIA, "flag_safety", kind="journalist", reasons=walk.evidence())
    walk.act(PIA, "screen", **facts)


def ruled(verdict: str) -> Walk:
    """A claim whose proposal a court ruled on."""
    walk = claim_walks.proposed().due("pre_release")
    walk.act(LENA, "stay", proof=walk.evidence())
    return walk.act(LENA, "lift_stay", ruling=walk.evidence(), verdict=verdict)


@pytest.mark.parametrize("verdict", ["quashed", "narrowed"])
def test_a_ruling_stands_against_what_was_proposed_before_it(verdict: str) -> None:
    """On the indemnity path as well: votes given anew do not help."""
    walk = ruled(verdict)
    walk.approved()
    assert walk.refused(RITA, "seal").lacking == ("court_allows",)


def test_what_was_narrowed_is_proposed_anew() -> None:
    """And what was quashed is not."""
    for verdict, is_possible in (("quashed", False), ("narrowed", True)):
        walk = ruled(verdict)
        walk.act(DORA, "abandon_proposal", reasons=walk.evidence())
        facts = claim_walks.disclosure(walk)
        found = walk.decide(DORA, "propose_disclosure", **facts)
        assert isinstance(found, Allowed) is is_possible


# Tasks --------------------------------------------------------------------------------------------


def test_what_is_near_or_late_is_seen_by_whom_it_concerns(walk: Walk) -> None:
    """Such tasks end with a look, and move no vote."""
    walk.tell("task_opened", "timer", "timer", task=walk.id(), kind="deadline_near", role="handler")
    walk.tell("task_opened", "timer", "timer", task=walk.id(), kind="verify_late", role="director")
    before = walk.case.material_seq
    walk.act(HANS, "see_near").act(MAX, "see_late", reasons=walk.evidence())
    assert not {"deadline_near", "verify_late"} & set(kinds(walk))
    assert walk.case.material_seq == before


def test_every_task_that_a_timer_gives_a_director_can_be_seen() -> None:
    """Or is settled by an act of its own."""
    for case_type in TYPES:
        settled = {kind for act in case_type.acts for kind in act.done}
        opened = {
            task.partition(":")[0]
            for one in case_type.deadlines.values()
            for task in one.plan.escalates
        } | {task.kind for act in case_type.acts for task in act.tasks}
        assert opened <= settled, case_type.id
