"""Requests of rights holders, casework s8 (b), by the rules alone: every way through them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.model.case import Outcome
from tests.support import case_walks as walks
from tests.support.case_walks import (
    DAVE,
    DORA,
    HANS,
    HEDI,
    LENA,
    REGISTRANT,
    REQUESTER,
    STEPPED_UP,
)
from tests.support.request_walks import (
    EMAIL,
    STANDING,
    WEIGHED,
    admitted,
    answering,
    given,
    noticed,
    receipted,
    told,
    weighed,
    weighing,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.case import Actor, Fact
    from tests.support.case_walks import Walk


def test_a_request_that_weighs_more_ends_in_a_package() -> None:
    """Told, silent, weighed, voted on, given, receipted, closed."""
    walk = weighing()
    walk.act(DORA, "propose_disclosure", **weighed(walk))
    walk = receipted(given(told(walk))).act(HANS, "close_released")
    assert (walk.case.state, walk.case.outcome) == ("closed", Outcome.DISCLOSE_PRIVATE)
    assert walk.case.fields_asked == walks.FIELDS  # less was given: partial, derived


@pytest.mark.parametrize("lacking", sorted(STANDING))
def test_standing_necessity_and_good_faith_are_found_before_anybody_is_told(lacking: str) -> None:
    """One of them missing, and the registrant is not even written to."""
    walk = admitted("b")
    facts: dict[str, Fact] = {
        **STANDING, lacking: False, "kind": "mark", "fields": EMAIL, "reasons": walk.evidence(),
    }  # fmt: skip
    assert [one.partition(":")[0] for one in walk.refused(LENA, "admit", **facts).lacking] == [
        "flags"
    ]
    assert walk.refused(HANS, "notify", claim=walk.evidence()).lacking == ("here:admit",)


def test_only_fields_that_were_asked_are_admitted() -> None:
    """What nobody asked for is not looked into."""
    walk = admitted("b")
    facts: dict[str, Fact] = {
        **STANDING, "kind": "mark", "fields": ("tech.email",), "reasons": walk.evidence(),
    }  # fmt: skip
    assert walk.refused(LENA, "admit", **facts).lacking == ("fields_asked",)


def test_the_registrant_is_told_in_days() -> None:
    """One business day after admission, five days after completeness at the outside."""
    walk = admitted("b")
    assert "notify_outer" in walk.case.deadlines
    walk = noticed()
    assert walk.case.deadlines["notify"].is_ended
    assert walk.case.deadlines["notify_outer"].is_ended
    assert "answer" not in walk.case.deadlines  # the window waits for proof of arrival


def test_the_window_runs_from_proven_arrival() -> None:
    """Sent is not arrived: no window, no decision."""
    walk = noticed()
    assert walk.refused(DORA, "take_to_decision").code == "act_not_now"
    walk.deliver("n3_notice")
    assert walk.case.state == "awaiting"
    assert walk.refused(DORA, "take_to_decision").lacking == ("due:answer",)


def test_a_notice_that_came_back_goes_by_post() -> None:
    """The second channel is a task; another person sees the proof and the days pass."""
    walk = noticed().bounce("n3_notice")
    assert "second_channel" in {one.kind for one in walk.case.tasks.values()}
    walk.act(HANS, "post_notice", proof=walk.evidence("proof"))
    facts: dict[str, Fact] = {"proof": walk.evidence("proof")}
    assert walk.refused(HEDI, "deem_arrived", **facts).lacking == ("due:post_arrival",)
    walk.due("post_arrival")
    assert walk.refused(HANS, "deem_arrived", **facts).lacking == ("other_than:post_notice",)
    walk.act(HEDI, "deem_arrived", **facts)
    assert walk.case.state == "awaiting"


def test_silence_is_neither_consent_nor_guilt() -> None:
    """The end of the window opens a task and two days; nobody is disclosed by it."""
    walk = answering().due("answer")
    assert (walk.case.state, walk.case.outcome) == ("awaiting", None)
    assert "decide_lapsed" in walk.case.deadlines
    assert "decide" in {one.kind for one in walk.case.tasks.values()}


@pytest.mark.parametrize("actor", [REGISTRANT, HANS])
def test_an_objection_goes_to_the_decision_and_is_answered_there(actor: Actor) -> None:
    """Five days after it; whether by link or by post that the handler takes down."""
    walk = answering()
    said = walk.evidence()
    walk.act(actor, "object", reasons=said)
    assert walk.case.state == "deciding"
    assert "decide_answered" in walk.case.deadlines
    facts = weighed(walk)
    refusal = walk.refused(DORA, "propose_disclosure", **facts)
    assert refusal.lacking == ("objections_considered",)
    walk.act(DORA, "propose_disclosure", **facts, objections=(said,))
    assert "read_objection" not in {one.kind for one in walk.case.tasks.values()}


def test_a_registrant_may_agree() -> None:
    """To fields that were asked for, by a second proof of who they are."""
    walk = answering()
    assert walk.refused(REGISTRANT, "agree", fields=EMAIL).lacking == ("stepped_up",)
    assert walk.refused(STEPPED_UP, "agree", fields=("tech.email",)).lacking == ("fields_asked",)
    walk.act(STEPPED_UP, "agree", fields=EMAIL)
    assert walk.case.state == "deciding"  # still a decision of people


@pytest.mark.parametrize("lacking", sorted(WEIGHED))
def test_a_proposal_is_necessary_proportionate_and_the_last_resort(lacking: str) -> None:
    """Each found true, or nothing is proposed."""
    walk = weighing()
    refusal = walk.refused(DORA, "propose_disclosure", **weighed(walk, **{lacking: False}))
    assert [one.partition(":")[0] for one in refusal.lacking] == ["flags"]


@pytest.mark.parametrize(
    "changes", [{"basis": "legal_process"}, {"fields": ()}, {"fields": ("tech.email",)}]
)
def test_no_other_ground_and_no_other_fields(changes: dict[str, Fact]) -> None:
    """Legitimate interest alone, in what was asked for."""
    walk = weighing()
    walk.refused(DORA, "propose_disclosure", **weighed(walk, **changes))


def test_a_refusal_is_looked_at_again_by_others() -> None:
    """Asked for in ten days; a fresh panel reverses it, and it starts with counsel again."""
    walk = weighing()
    facts: dict[str, Fact] = {"primary": "overridden", "reasons": walk.evidence()}
    walk.act(DORA, "refuse", **facts)
    assert (walk.case.state, walk.case.outcome) == ("refused", Outcome.REFUSE)
    walk.act(REQUESTER, "ask_reconsideration", reasons=walk.evidence())
    facts = {"verdict": "reverse", "reasons": walk.evidence()}
    assert walk.refused(DORA, "judge_reconsideration", **facts).lacking == ("fresh_panel",)
    walk.act(DAVE, "judge_reconsideration", **facts)
    refusal = walk.refused(DAVE, "confirm_reverse", reasons=walk.evidence())
    assert refusal.lacking == ("other_than:judge_reconsideration",)
    walk.act(walks.LUIS, "confirm_reverse", reasons=walk.evidence())
    assert walk.case.state == "triage"
    assert "triage" in {one.kind for one in walk.case.tasks.values()}


def test_a_refusal_that_nobody_questions_is_closed() -> None:
    """Ten days go by."""
    walk = weighing()
    walk.act(DORA, "refuse", primary="safety", reasons=walk.evidence()).due("reconsider")
    assert (walk.case.state, walk.case.outcome) == ("closed", Outcome.REFUSE)


@pytest.mark.parametrize("state", [lambda: admitted("b"), weighing])
def test_a_message_may_be_passed_on_instead(state: Callable[[], Walk]) -> None:
    """Forwarding ends it: the published contact is the way."""
    walk = state()
    walk.act(LENA, "forward_only", reasons=walk.evidence())
    assert walk.case.outcome is Outcome.FORWARD_ONLY


def test_own_release_ends_it_as_the_registrant_said() -> None:
    """D: the service is switched off by their proven word and the registrar's act."""
    walk = answering()
    assert walk.refused(REGISTRANT, "release_privacy").lacking == ("stepped_up",)
    walk.act(STEPPED_UP, "release_privacy")
    effect = walk.id()
    walk.told("effect_asked", effect=effect, change="release_privacy")
    assert walk.case.state == "releasing_privacy"
    walk.told("effect_done", effect=effect, change="release_privacy", outcome="applied")
    assert walk.case.outcome is Outcome.RELEASE_PRIVACY


def test_own_release_can_be_taken_back() -> None:
    """Until it is done; the request is looked at anew then, window and all."""
    walk = answering().act(STEPPED_UP, "release_privacy").act(REGISTRANT, "take_back_release")
    assert walk.case.state == "triage"


def test_a_lawful_access_seeker_gets_a_reply_in_72_hours() -> None:
    """By a reasoned interim answer, or by the decision."""
    walk = answering()
    walk.act(LENA, "note_access_seeker", law="nis2", reasons=walk.evidence())
    due = (walk.now + timedelta(days=3)).isoformat()
    walk.act(DORA, "reply_interim", reasons=walk.evidence(), due=due)
    assert walk.case.deadlines["reply"].is_ended
    walk = weighing()
    walk.act(LENA, "note_access_seeker", law="india", reasons=walk.evidence())
    walk.act(DORA, "refuse", primary="no_necessity", reasons=walk.evidence())
    assert walk.case.deadlines["reply"].is_ended


def test_an_exceptional_delay_is_explained() -> None:
    """With a new date, to the requester; it decides nothing."""
    walk = weighing()
    due = (walk.now + timedelta(days=3)).isoformat()
    walk.act(DORA, "tell_delay", reasons=walk.evidence(), due=due)
    assert "n6_delay" in {one.template for one in walk.case.notices.values()}


def test_a_requester_withdraws_but_not_from_under_an_order() -> None:
    """Until people vote; then the order is stopped first."""
    walk = weighing().act(REQUESTER, "withdraw")
    assert walk.case.outcome is Outcome.WITHDRAWN
    walk = weighing()
    walk.order()
    assert walk.refused(REQUESTER, "withdraw").lacking == ("no_open_order",)
