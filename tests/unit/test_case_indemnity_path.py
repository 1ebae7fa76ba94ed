"""The indemnity path of casework s8 (a), walked by the rules alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from proxy.model.case import Outcome, Overlay
from proxy.model.order import OrderKind
from proxy.rules.casework import assurances
from proxy.run import case_types
from tests.support import case_walks as walks
from tests.support.case_walks import (
    DAVE,
    DORA,
    HANS,
    HEDI,
    IDA,
    LENA,
    LUIS,
    PIA,
    REGISTRANT,
    REQUESTER,
    RITA,
    STEPPED_UP,
    VERA,
)

if TYPE_CHECKING:
    from proxy.model.case import Fact
    from proxy.model.case_type import CaseType
    from tests.support.case_walks import Walk

TEXT = "ab" * 32
TRIGGER = dict.fromkeys(
    ("threat", "involves_us", "from_anonymity", "plausible", "no_pretext"), True
)
CONFIRMED = dict.fromkeys(("delivered", "not_excusable", "credible"), True)
WEIGHED = dict.fromkeys(("necessary", "proportionate", "effective"), True)


@cache
def claim() -> CaseType:
    """The type."""
    return next(one for one in case_types.load().values() if one.letter == "a")


def demanded() -> Walk:
    """A claim whose demand is on its way."""
    walk = walks.admitted(walks.opened(claim()))
    walk.act(LENA, "find_trigger", **TRIGGER, reasons=walk.evidence())
    walk.act(PIA, "screen", verdict="clear", reasons=walk.evidence())
    return walk.act(HANS, "demand", text=TEXT, text_version=1, claim=walk.evidence())


def awaiting() -> Walk:
    """A claim whose demand arrived."""
    return demanded().deliver("n3_demand")


def sign(walk: Walk, **changes: Fact) -> Walk:
    """The registrant signs the indemnity."""
    facts: dict[str, Fact] = {
        "text": TEXT, "text_version": 1, "instrument": walk.evidence(), "signer": "registrant",
    }  # fmt: skip
    return walk.act(STEPPED_UP, "sign_indemnity", **(facts | changes))


def confirm(walk: Walk) -> Walk:
    """The registrant confirms contact."""
    return walk.act(
        REGISTRANT,
        "confirm_contact",
        statement=walk.evidence(),
        details="own",
        proof=walk.evidence(),
        channel="uploaded",
    )


def assess(walk: Walk, verdict: str = "valid", connection: str = "address_matched") -> Walk:
    """Staff find both assurances good, or not."""
    walk.act(LENA, "assess_indemnity", verdict="valid", reasons=walk.evidence())
    return walk.act(
        HANS, "assess_contact", verdict=verdict, connection=connection, reasons=walk.evidence()
    )


def judging() -> Walk:
    """A claim whose window went by."""
    return awaiting().due("assurances").act(LENA, "take_to_judgement")


def find(walk: Walk, verdict: str = "breach", objections: tuple[str, ...] = ()) -> Walk:
    """Counsel finds."""
    return walk.act(
        LENA,
        "find_breach",
        verdict=verdict,
        delivered=True,
        excusable=False,
        credible=True,
        reasons=walk.evidence(),
        objections=objections,
    )


def breached() -> Walk:
    """A claim in which two found a breach."""
    walk = find(judging())
    return walk.act(DORA, "confirm_breach", **CONFIRMED, reasons=walk.evidence())


def disclosure(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a proposal to disclose."""
    facts: dict[str, Fact] = {
        **WEIGHED, "fields": ("registrant.email",), "basis": "contract_breach",
        "recipient": "requester", "alternatives": ("relay",), "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


def deactivation(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a proposal to deactivate."""
    facts: dict[str, Fact] = {
        **WEIGHED, "verdict": "deactivation", "basis": "contract_breach", "mail_considered": True,
        "alternatives": ("relay",), "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


def proposed() -> Walk:
    """A claim whose registrant was told what is going to be given."""
    walk = breached()
    walk.act(DORA, "propose_disclosure", **disclosure(walk))
    return walk.act(HANS, "tell_registrant")


def test_both_assurances_end_it_without_any_deed() -> None:
    """A1 and A2, found good, leave the matter to the two of them."""
    walk = confirm(sign(awaiting())).act(HANS, "ask_complainant").due("complainant_check")
    assess(walk).act(HANS, "find_assurances_good")
    assert walk.case.outcome is Outcome.RESOLVED_DIRECT
    walk.due("monitor")
    assert walk.case.state == "closed"
    assert not walk.case.is_open


def test_a_breach_leads_to_a_package_and_its_receipt() -> None:
    """The other ending, with everything that people do on the way."""
    walk = proposed().due("pre_release")
    order = walk.approved()
    walk.act(RITA, "seal").sealed(order)
    assert walk.case.state == "released"
    assert walk.case.outcome is Outcome.DISCLOSE_PRIVATE
    walk.told("package_receipted", package=walk.id(), evidence=walk.evidence())
    walk.act(HANS, "close_released")
    assert walk.case.state == "closed"


def test_a_name_taken_out_can_be_put_back_by_fresh_people() -> None:
    """Deactivation is reversible, and those who decided it do not judge it again."""
    walk = breached()
    walk.act(DORA, "propose_deactivation", **deactivation(walk)).act(HANS, "tell_deactivation")
    walk.due("pre_release")
    order = walk.approved(OrderKind.DEACTIVATE)
    walk.act(RITA, "deactivate").carried_out(order).told("effect_done", effect="1", outcome="done")
    assert walk.case.outcome is Outcome.DEACTIVATE
    walk.act(REGISTRANT, "ask_reconsideration", reasons=walk.evidence())
    facts = {"verdict": "reverse", "reasons": walk.evidence()}
    assert "fresh_panel" in walk.refused(DORA, "judge_reconsideration", **facts).lacking
    assert "fresh_panel" in walk.refused(LENA, "judge_reconsideration", **facts).lacking
    walk.act(DAVE, "judge_reconsideration", **facts)
    assert walk.refused(DAVE, "confirm_reverse", reasons=walk.evidence()).lacking == (
        "other_than:judge_reconsideration",
    )
    walk.act(LUIS, "confirm_reverse", reasons=walk.evidence())
    assert walk.case.state == "restoring"
    walk.told("effect_done", effect="2", outcome="done")
    assert walk.case.state == "deciding"


def test_no_breach_before_the_window_is_over() -> None:
    """Invariant 29: the finding comes after the due instant."""
    walk = awaiting()
    assert walk.refused(LENA, "take_to_judgement").lacking == ("due:assurances",)
    assert walk.refused(LENA, "find_breach").code == "act_not_now"


def test_no_window_without_proof_of_delivery() -> None:
    """A demand that is only sent starts nothing; one that bounced goes by post."""
    walk = demanded()
    assert walk.case.state == "notifying"
    assert "assurances" not in walk.case.deadlines
    walk.bounce("n3_demand")
    assert "second_channel" in {one.kind for one in walk.case.tasks.values()}
    walk.act(HANS, "post_demand", proof=walk.evidence())
    late = {"proof": walk.evidence()}
    assert walk.refused(HEDI, "deem_arrived", **late).lacking == ("due:post_arrival",)
    walk.due("post_arrival")
    assert walk.case.state == "notifying"
    assert walk.refused(HANS, "deem_arrived", **late).lacking == ("other_than:post_demand",)
    walk.act(HEDI, "deem_arrived", **late)
    assert "assurances" in walk.case.deadlines


def test_a_bounce_is_seen_to_once() -> None:
    """The system does not answer the same bounce twice (invariant 45)."""
    walk = demanded().bounce("n3_demand")
    walk.told("notice_bounced", notice=walk._notice("n3_demand"), reason="again")
    walk.told("noted", evidence=walk.evidence())
    tasks = [one for one in walk.case.tasks.values() if one.kind == "second_channel"]
    assert len(walk.case.done["demand_bounced"]) == 2  # two events came
    assert len(tasks) == 2


def test_a_breach_takes_two_people() -> None:
    """Counsel finds, a decider who is somebody else confirms, the handler does neither."""
    both = walks.staff("lena", *LENA.roles, *DORA.roles)
    walk = find(judging())
    facts: dict[str, Fact] = {**CONFIRMED, "reasons": walk.evidence()}
    assert walk.refused(both, "confirm_breach", **facts).lacking == ("other_than:find_breach",)
    handler = walks.staff("hans", *DORA.roles)
    assert walk.refused(handler, "confirm_breach", **facts).lacking == ("not_handler",)
    walk.act(DORA, "confirm_breach", **facts)
    assert walk.case.state == "deciding"


def test_a_finding_of_no_breach_refuses_the_claim() -> None:
    """One primary reason stands in the refusal."""
    walk = find(judging(), "no_breach")
    facts: dict[str, Fact] = {"reasons": walk.evidence()}
    assert [one.pointer for one in walk.refused(DORA, "confirm_no_breach", **facts).faults] == [
        "/primary"
    ]
    assert (
        "finding:find_breach=breach"
        in walk.refused(DORA, "confirm_breach", **CONFIRMED, **facts).lacking
    )
    walk.act(DORA, "confirm_no_breach", primary="overridden", **facts)
    assert walk.case.outcome is Outcome.REFUSE
    assert walk.case.state == "refused"


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ({"text": "cd" * 32}, "right_text"),
        ({"text_version": 2}, "right_text"),
        ({"signer": "officer"}, "right_signer"),
        ({"signer": "guardian"}, "right_signer"),
    ],
)
def test_an_indemnity_needs_the_right_text_and_signer(
    change: dict[str, Fact], lacking: str
) -> None:
    """Invariant 31: another text, or a signer without authority, is no A1."""
    walk = awaiting()
    facts: dict[str, Fact] = {
        "text": TEXT, "text_version": 1, "instrument": walk.evidence(), "signer": "registrant",
    }  # fmt: skip
    assert walk.refused(STEPPED_UP, "sign_indemnity", **(facts | change)).lacking == (lacking,)
    assert walk.refused(REGISTRANT, "sign_indemnity", **facts).lacking == ("stepped_up",)
    assert walk.refused(REQUESTER, "sign_indemnity", **facts).code == "act_not_yours"
    assert walk.refused(HANS, "sign_indemnity", **facts).code == "act_not_yours"


def test_a_minor_signs_through_a_guardian() -> None:
    """Once the registrant may be a child, their own signature is none, even one given before."""
    walk = sign(awaiting())
    assert assurances.indemnity(walk.case) is assurances.Assurance.GIVEN
    walk.act(PIA, "flag_minor", reasons=walk.evidence())
    assert assurances.indemnity(walk.case) is assurances.Assurance.MISSING
    sign(walk, signer="guardian", authority=walk.evidence())
    assert assurances.indemnity(walk.case) is assurances.Assurance.GIVEN


def test_a_recorded_indemnity_of_nobody_is_none() -> None:
    """What the fold finds is judged again: an event that no rule allowed does not count."""
    walk = awaiting()
    facts: dict[str, Fact] = {"text": TEXT, "text_version": 1, "signer": "registrant"}
    walk.tell("sign_indemnity", "hans", "handler", **facts, session="step_up")
    assert assurances.indemnity(walk.case) is assurances.Assurance.MISSING
    walk.tell("sign_indemnity", "registrant", "registrant", **facts, session="link")
    assert assurances.indemnity(walk.case) is assurances.Assurance.MISSING
    walk.tell("sign_indemnity", "registrant", "registrant", **facts, session="step_up")
    assert assurances.indemnity(walk.case) is assurances.Assurance.GIVEN


def test_a_proof_of_contact_has_to_be_of_this_complainant() -> None:
    """Invariant 31: a proof that is connected with nobody is no A2."""
    walk = confirm(sign(awaiting()))
    facts: dict[str, Fact] = {"verdict": "valid", "connection": "none", "reasons": walk.evidence()}
    assert walk.refused(HANS, "assess_contact", **facts).lacking == ("proof_connected",)
    walk.act(HANS, "assess_contact", **(facts | {"verdict": "invalid"}))
    assert assurances.contact(walk.case) is assurances.Assurance.INVALID


def test_each_assurance_stands_for_itself() -> None:
    """One alone is not both, and neither counts before somebody found it good."""
    walk = sign(awaiting())
    assert not assurances.are_given(walk.case)
    confirm(walk)
    assert assurances.are_given(walk.case)
    assert not assurances.are_good(walk.case)
    assert assurances.are_good(assess(walk).case)


def test_what_waits_for_us_is_nobodys_breach() -> None:
    """An assurance that nobody looked at yet stands against a breach, though the window is over."""
    walk = sign(awaiting()).due("assurances").act(LENA, "take_to_judgement")
    facts: dict[str, Fact] = {
        "verdict": "breach", "delivered": True, "excusable": False, "credible": True,
        "reasons": walk.evidence(),
    }  # fmt: skip
    assert walk.refused(LENA, "find_breach", **facts).lacking == ("assurances_wanting",)
    walk.act(LENA, "assess_indemnity", verdict="valid", reasons=walk.evidence())
    walk.act(LENA, "find_breach", **facts)  # the other one never came


def test_a_rebuttal_opens_the_proof_again_and_is_no_default() -> None:
    """A denial by the complainant is looked at; it decides nothing."""
    walk = assess(confirm(sign(awaiting())).act(HANS, "ask_complainant"))
    walk.act(REQUESTER, "rebut_contact", reasons=walk.evidence())
    assert assurances.contact(walk.case) is assurances.Assurance.GIVEN
    assert walk.case.state == "checking"
    assert walk.refused(HANS, "find_assurances_good").lacking == ("assurances_good",)
    walk.act(
        LENA,
        "assess_contact",
        verdict="valid",
        connection="relayed",
        reasons=walk.evidence(),
    )
    walk.act(HANS, "find_assurances_good")
    assert walk.case.outcome is Outcome.RESOLVED_DIRECT


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
