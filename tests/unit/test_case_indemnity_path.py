"""The indemnity path of casework s8 (a) by the rules alone: demand, window, assurances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.model.case import Outcome
from proxy.model.order import OrderKind
from proxy.rules.casework import assurances, deciding
from tests.support import case_walks as walks
from tests.support.case_walks import (
    DAVE,
    DORA,
    HANS,
    HEDI,
    LENA,
    LUIS,
    PIA,
    REGISTRANT,
    REQUESTER,
    RITA,
    STEPPED_UP,
)
from tests.support.claim_walks import (
    CONFIRMED,
    TEXT,
    assess,
    awaiting,
    breached,
    confirm,
    deactivation,
    demanded,
    find,
    judging,
    proposed,
    sign,
)

if TYPE_CHECKING:
    from proxy.model.case import Actor, Fact
    from proxy.rules.casework.deciding import NotYet
    from tests.support.case_walks import Walk


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
    walk.act(RITA, "deactivate").carried_out(order)
    walk.told("effect_asked", effect="1", change="hold")
    walk.told("effect_done", effect="0", change="unhold", outcome="applied")  # another's, late
    assert walk.case.state == "deactivating"
    walk.told("effect_done", effect="1", change="hold", outcome="applied")
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
    walk.told("effect_asked", effect="2", change="unhold")
    walk.told("effect_done", effect="2", change="unhold", outcome="applied")
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


def test_a_registrant_is_told_of_their_windows_and_of_what_takes_a_step_up() -> None:
    """The end of the window stands there until it is over, whatever they have done meanwhile."""
    walk = awaiting()
    by_link = [one.act.id for one in _not_yet(walk, REGISTRANT) if one.needs == ("stepped_up",)]
    assert by_link == ["sign_indemnity", "release_privacy", "designate_contact", "surrender"]
    assert _windows(walk, REGISTRANT) == _windows(walk, STEPPED_UP) == {"intent", "assurances"}
    walk.act(REGISTRANT, "ask_time", reasons=walk.evidence())
    assert "assurances" in _windows(walk, REGISTRANT)


def test_who_can_not_find_a_breach_yet_is_told_why() -> None:
    """A proof that nobody looked at stands in the way; it is named, and so is the act."""
    walk = confirm(awaiting()).due("assurances").act(LENA, "take_to_judgement")
    lacking = {one.act.id: one.sentences for one in _not_yet(walk, LENA)}
    assert lacking["find_breach"]
    assert all("{" not in one for sentences in lacking.values() for one in sentences)
    walk.act(HANS, "assess_contact", verdict="invalid", connection="none", reasons=walk.evidence())
    assert "find_breach" not in {one.act.id for one in _not_yet(walk, LENA)}


def _not_yet(walk: Walk, actor: Actor) -> tuple[NotYet, ...]:
    return deciding.not_yet(walk.case, walk.type, actor, walk.now)


def _windows(walk: Walk, actor: Actor) -> frozenset[str]:
    return deciding.windows(walk.case, walk.type, actor, walk.now)


def test_no_task_stays_open_that_was_done() -> None:
    """Once the registrant was told, and the votes were used, nobody is asked for them any more."""
    walk = proposed()
    assert "tell_registrant" not in _tasks(walk)
    assert "approve" in _tasks(walk)
    walk.due("pre_release").approved()
    walk.act(RITA, "seal")
    assert "approve" not in _tasks(walk)


def _tasks(walk: Walk) -> set[str]:
    return {one.kind for one in walk.case.tasks.values()}
