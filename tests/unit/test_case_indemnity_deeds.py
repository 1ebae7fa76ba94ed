"""What the indemnity path ends in, by the rules alone: deeds, objections, stays, overlays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.model.case import Outcome, Overlay
from proxy.model.order import OrderKind
from tests.support import case_walks as walks
from tests.support.case_walks import (
    DAVE,
    DORA,
    HANS,
    IDA,
    LENA,
    LUIS,
    PIA,
    REGISTRANT,
    RITA,
    STEPPED_UP,
    VERA,
)
from tests.support.claim_walks import (
    CONFIRMED,
    TEXT,
    TRIGGER,
    assess,
    awaiting,
    breached,
    claim,
    confirm,
    deactivation,
    disclosure,
    find,
    judging,
    proposed,
    sign,
)

if TYPE_CHECKING:
    from proxy.model.case import Fact


def test_good_assurances_make_breach_disclosure_and_deactivation_unreachable() -> None:
    """Invariant 30: from there no act of anybody leads to a deed of ours."""
    walk = assess(confirm(sign(awaiting()))).due("assurances").act(LENA, "take_to_judgement")
    facts: dict[str, Fact] = {
        "verdict": "breach", "delivered": True, "excusable": False, "credible": True,
        "reasons": walk.evidence(),
    }  # fmt: skip
    assert walk.refused(LENA, "find_breach", **facts).lacking == ("assurances_wanting",)
    walk.act(HANS, "find_assurances_good")
    for act in ("propose_disclosure", "propose_deactivation", "find_breach", "confirm_breach"):
        assert walk.refused(DORA, act).code in {"act_not_now", "act_not_yours"}


def test_a_breach_that_was_found_falls_with_assurances_that_are_good_after_all() -> None:
    """Even behind a finding nothing is proposed once both are good."""
    walk = breached()
    walk.tell(
        "sign_indemnity", "registrant", "registrant",
        text=TEXT, text_version=1, signer="registrant", session="step_up",
    )  # fmt: skip
    walk.tell("confirm_contact", "registrant", "registrant", proof=walk.evidence())
    walk.tell("assess_indemnity", "lena", "legal", verdict="valid")
    walk.tell("assess_contact", "lena", "legal", verdict="valid", connection="relayed")
    refusal = walk.refused(DORA, "propose_disclosure", **disclosure(walk))
    assert refusal.lacking == ("assurances_not_good",)
    refusal = walk.refused(DORA, "propose_deactivation", **deactivation(walk))
    assert refusal.lacking == ("assurances_not_good",)


def test_a_decision_names_every_objection() -> None:
    """Invariant 32: what the registrant said is answered, or nothing is decided."""
    walk = awaiting()
    said = walk.evidence()
    walk.act(REGISTRANT, "object", reasons=said).due("assurances").act(LENA, "take_to_judgement")
    facts: dict[str, Fact] = {
        "verdict": "breach", "delivered": True, "excusable": False, "credible": True,
        "reasons": walk.evidence(),
    }  # fmt: skip
    assert walk.refused(LENA, "find_breach", **facts).lacking == ("objections_considered",)
    walk.act(LENA, "find_breach", **facts, objections=(said,))


def test_an_objection_counts_until_the_release() -> None:
    """What comes after the proposal sends it back to whoever decides."""
    walk = proposed().due("pre_release")
    material = walk.case.material_seq
    walk.act(REGISTRANT, "object", reasons=walk.evidence())
    assert walk.case.material_seq > material
    walk.approved()
    assert walk.refused(RITA, "seal").lacking == ("considered:propose_disclosure",)


def test_nothing_is_sealed_before_the_registrants_time_is_over() -> None:
    """a14: three business days at the least lie between the notice and the release."""
    walk = proposed()
    walk.approved()
    assert walk.refused(RITA, "seal").lacking == ("due:pre_release",)


def test_reconsideration_stays_the_release() -> None:
    """a16: asked for before the release, nothing goes out until a fresh panel decided."""
    walk = proposed()
    walk.approved()
    walk.act(REGISTRANT, "ask_reconsideration", reasons=walk.evidence())
    assert walk.refused(RITA, "seal").code == "act_not_now"
    facts = {"verdict": "uphold", "reasons": walk.evidence()}
    assert walk.refused(DORA, "judge_reconsideration", **facts).lacking == ("fresh_panel",)
    walk.act(DAVE, "judge_reconsideration", **facts)
    walk.act(LUIS, "confirm_uphold", reasons=walk.evidence())
    assert walk.case.state == "ready"


def test_votes_for_one_deed_do_nothing_for_the_other() -> None:
    """Invariant 33: deactivation and disclosure have proposals and orders of their own."""
    walk = proposed().due("pre_release")
    walk.approved(OrderKind.DEACTIVATE)
    assert walk.refused(RITA, "seal").lacking == ("order:disclose=approved",)
    walk = breached()
    walk.act(DORA, "propose_deactivation", **deactivation(walk)).act(HANS, "tell_deactivation")
    walk.due("pre_release").approved()
    assert walk.refused(RITA, "deactivate").lacking == ("order:deactivate=approved",)


@pytest.mark.parametrize("wanted", [("tech.email",), ("registrant.card",), ()])
def test_only_what_was_asked_is_given(wanted: tuple[str, ...]) -> None:
    """Invariant 9: fields are a part of what was asked for."""
    walk = breached()
    refusal = walk.refused(DORA, "propose_disclosure", **disclosure(walk, fields=wanted))
    assert "fields_allowed" in refusal.lacking


def test_a_designated_contact_may_be_given_instead() -> None:
    """Only once the registrant named one."""
    walk = breached()
    facts = disclosure(walk, fields=("designated.email", "designated.name"))
    assert walk.refused(DORA, "propose_disclosure", **facts).lacking == ("fields_allowed",)
    walk.act(STEPPED_UP, "designate_contact", contact=walk.evidence())
    walk.act(DORA, "propose_disclosure", **facts)


def test_no_private_disclosure_of_a_child() -> None:
    """Invariant 39: a flag closes both the proposal and the release."""
    walk = breached()
    walk.act(PIA, "flag_minor", reasons=walk.evidence())
    refusal = walk.refused(DORA, "propose_disclosure", **disclosure(walk))
    assert refusal.lacking == ("minor_safe",)
    walk = proposed().due("pre_release")
    walk.act(PIA, "flag_minor", reasons=walk.evidence()).approved()
    assert walk.refused(RITA, "seal").lacking == ("minor_safe",)


def test_a_stay_holds_everything_until_the_court_decides() -> None:
    """Invariant 40."""
    walk = proposed().due("pre_release")
    walk.act(LENA, "stay", proof=walk.evidence())
    order = walk.approved()
    assert walk.refused(RITA, "seal").lacking == ("overlay_absent:stay",)
    walk.act(LENA, "lift_stay", ruling=walk.evidence(), verdict="upheld")
    walk.tell("order_voided", order=order, reason="case_moved")
    walk.approved()
    walk.act(RITA, "seal")


def test_a_name_under_a_udrp_lock_keeps_resolving() -> None:
    """Invariant 34: neither proposed nor carried out."""
    walk = breached()
    walk.act(LENA, "note_udrp_lock", proof=walk.evidence())
    refusal = walk.refused(DORA, "propose_deactivation", **deactivation(walk))
    assert refusal.lacking == ("overlay_absent:udrp_lock",)


def test_an_unverified_requester_gets_nothing() -> None:
    """Invariant 41: the proof runs out, or is doubted."""
    walk = proposed().due("pre_release")
    walk.approved()
    walk.act(PIA, "unverify_requester", reasons=walk.evidence())
    assert walk.refused(RITA, "seal").lacking == ("verified",)
    walk.act(VERA, "verify_requester", **walks.proof(walk, days=0))
    assert walk.refused(RITA, "seal").lacking == ("verified",)
    walk.act(VERA, "verify_requester", **walks.proof(walk))
    walk.approved()
    walk.act(RITA, "seal")


def test_who_takes_the_call_does_not_call_back() -> None:
    """Invariant 42, and the number comes from elsewhere than the request."""
    walk = walks.opened(claim()).act(IDA, "acknowledge").assign()
    walk.act(HANS, "find_complete")
    for change in ({"taker": "vera"}, {"number_from": "request"}):
        facts = walks.proof(walk) | change
        assert walk.refused(VERA, "verify_requester", **facts).lacking == ("independent_callback",)


def test_a_gag_withholds_what_goes_to_the_registrant() -> None:
    """Invariant 35: notices to the registrant are named and not sent."""
    walk = judging()
    walk.told("overlay_set", overlay="gag", until="", evidence="")
    find(walk).act(DORA, "confirm_breach", **CONFIRMED, reasons=walk.evidence())
    assert walk.withheld == ["n8_breach"]
    assert "gag_review" in walk.case.deadlines
    walk.told("overlay_cleared", overlay="gag")
    assert [one.kind for one in walk.case.tasks.values()].count("late_notice") == 1
    walk.told("noted", evidence=walk.evidence())
    assert [one.kind for one in walk.case.tasks.values()].count("late_notice") == 1
    walk.act(LENA, "tell_late")
    assert walk.refused(LENA, "tell_late").lacking == ("news:note_gag_lifted",)


def test_who_declared_a_conflict_does_nothing() -> None:
    """Invariant 3, whatever their roles."""
    walk = find(judging())
    walk.tell("conflict_declared", "dora", "decider", person="dora")
    facts: dict[str, Fact] = {**CONFIRMED, "reasons": walk.evidence()}
    assert walk.refused(DORA, "confirm_breach", **facts).code == "actor_conflicted"
    assert walk.options(DORA) == frozenset()


def test_the_hold_lies_from_the_trigger_on() -> None:
    """a6: what is found to be a trigger is held the same day."""
    walk = walks.admitted(walks.opened(claim()))
    assert Overlay.HOLD not in walk.case.overlays
    walk.act(LENA, "find_trigger", **TRIGGER, reasons=walk.evidence())
    assert Overlay.HOLD in walk.case.overlays


def test_a_trigger_has_all_three_elements() -> None:
    """K17: one of them missing, and there is no demand."""
    walk = walks.admitted(walks.opened(claim()))
    facts: dict[str, Fact] = {**TRIGGER, "involves_us": False, "reasons": walk.evidence()}
    refusal = walk.refused(LENA, "find_trigger", **facts)
    assert [one.partition(":")[0] for one in refusal.lacking] == ["flags"]


def test_an_incomplete_claim_is_told_what_is_missing_and_lapses() -> None:
    """a3: one precise list, ten days, then silence ends it; for sixty days it can come back."""
    walk = walks.opened(claim(), items=("threat", "claim")).assign()
    refusal = walk.refused(HANS, "find_complete")
    assert refusal.lacking == ("items_complete",)
    assert refusal.detail.startswith("The request lacks: aimed_at_us, anonymity, authority,")
    walk.act(HANS, "ask_missing").due("complete")
    lapsed = walk.case
    assert (lapsed.outcome, lapsed.is_open) == (Outcome.LAPSED, False)
    back = walk.act(HANS, "reopen", paper=walk.evidence()).case
    assert (back.outcome, back.is_open) == (None, True)
