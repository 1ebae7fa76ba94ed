"""Requests of authorities, casework s8 (d), by the rules alone; emergencies stand apart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.model.case import Outcome, Overlay
from tests.support import case_walks as walks
from tests.support.case_walks import DAVE, DORA, HANS, IDA, LENA, PIA, REQUESTER, RITA, VERA
from tests.support.request_walks import (
    SOUND,
    admitted,
    by_order,
    given,
    of_letter,
    receipted,
    reviewing,
    screened,
    told,
    warrant,
)

if TYPE_CHECKING:
    from proxy.model.case import Fact
    from tests.support.case_walks import Walk


def authority(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a proposal to give what a warrant names."""
    return by_order(walk, recipient="authority", **changes)


def proposed() -> Walk:
    """A warrant that somebody proposed to follow."""
    walk = screened()
    return walk.act(DORA, "propose_disclosure", **authority(walk))


def preserved() -> Walk:
    """Data that is kept for an authority whom nobody has proven yet."""
    walk = walks.opened(of_letter("d")).assign()
    walk.act(IDA, "ask_preservation", paper=walk.evidence("paper"))
    until = (walk.now + timedelta(days=90)).isoformat()
    return walk.act(LENA, "preserve", until=until, reasons=walk.evidence())


# With process, and without ------------------------------------------------------------------------


def test_process_ends_in_a_package_and_a_registrant_who_knows() -> None:
    """Reviewed, screened, decided, voted on, told, given, receipted."""
    walk = receipted(given(told(proposed()))).act(HANS, "close_released")
    assert walk.case.outcome is Outcome.DISCLOSE_PRIVATE
    assert "n9_disclosed" in {one.template for one in walk.case.notices.values()}


@pytest.mark.parametrize("lacking", sorted(SOUND))
def test_an_instrument_is_sound_or_nothing_follows_from_it(lacking: str) -> None:
    """Authority, power over us, signature, no overbreadth: each found true."""
    walk = reviewing()
    refusal = walk.refused(LENA, "find_valid", **warrant(walk, **{lacking: False}))
    assert [one.partition(":")[0] for one in refusal.lacking] == ["flags"]


def test_only_what_the_instrument_names_is_given() -> None:
    """Though more was asked for."""
    walk = screened()
    refusal = walk.refused(DORA, "propose_disclosure", **authority(walk, fields=walks.FIELDS))
    assert refusal.lacking == ("fields_allowed",)


def test_nothing_without_process() -> None:
    """A refusal that offers to preserve and says how to send process."""
    walk = admitted("d")
    facts: dict[str, Fact] = {"primary": "no_legal_basis", "reasons": walk.evidence()}
    walk.act(LENA, "refuse_without_process", **facts)
    assert walk.case.outcome is Outcome.REFUSE
    assert "n7_process_wanted" in {one.template for one in walk.case.notices.values()}


def test_who_reviewed_is_no_decider_and_the_handler_neither() -> None:
    """Another person proposes than who handles it; the officer screens before."""
    walk = reviewing()
    walk.act(LENA, "find_valid", **warrant(walk))
    assert walk.refused(DORA, "propose_disclosure").code == "act_not_now"
    walk.act(PIA, "screen", verdict="concern", patterns=("speech",), reasons=walk.evidence())
    assert walk.refused(HANS, "propose_disclosure", **authority(walk)).code == "act_not_yours"


def test_we_may_object_to_an_instrument() -> None:
    """It is mended and found valid, or refused."""
    walk = reviewing()
    walk.act(LENA, "challenge", primary="privilege", reasons=walk.evidence())
    assert walk.case.state == "challenged"
    walk.act(LENA, "find_valid", **warrant(walk))
    assert walk.case.state == "screening"
    walk = reviewing()
    walk.act(LENA, "challenge", primary="fishing", reasons=walk.evidence())
    walk.act(DORA, "refuse", primary="fishing", reasons=walk.evidence())
    assert walk.case.state == "refused"


@pytest.mark.parametrize(
    ("act", "deadline"),
    [
        ("note_process", "authority_review"),
        ("note_eu_order", "eu_order"),
        ("note_eu_emergency", "eu_emergency"),
    ],
)
def test_clocks_of_orders_run_from_receipt(act: str, deadline: str) -> None:
    """Noted late or early, and once; in preservation as well."""
    walk = admitted("d")
    walk.act(LENA, act, paper=walk.evidence("paper"))
    assert deadline in walk.case.deadlines
    assert of_letter("d").deadlines[deadline].is_from_receipt
    assert walk.refused(LENA, act, paper=walk.evidence("paper")).lacking == (f"not_done:{act}",)
    walk = preserved()
    walk.act(LENA, act, paper=walk.evidence("paper"))
    assert deadline in walk.case.deadlines


# Preservation -------------------------------------------------------------------------------------


def test_preservation_holds_and_gives_nothing() -> None:
    """90 days under a hold, before anybody is proven."""
    walk = preserved()
    assert walk.case.outcome is Outcome.PRESERVED
    assert Overlay.HOLD in walk.case.overlays
    assert walk.case.deadlines["preserve"].is_ended
    assert walk.refused(LENA, "take_to_review", paper=walk.evidence()).lacking == ("verified",)


def test_preservation_is_renewed_once() -> None:
    """With a new paper, and no second time."""
    walk = preserved()
    for is_first in (True, False):
        facts: dict[str, Fact] = {"until": walk.now.isoformat(), "paper": walk.evidence("paper")}
        if is_first:
            walk.act(LENA, "renew_preservation", **facts)
        else:
            refusal = walk.refused(LENA, "renew_preservation", **facts)
            assert refusal.lacking == ("not_done:renew_preservation",)


def test_the_end_of_preservation_lifts_no_hold() -> None:
    """It opens a task; lifting takes an order of two. Closing needs the end."""
    walk = preserved()
    assert walk.refused(LENA, "close_preserved", reasons=walk.evidence()).lacking == (
        "over:preservation",
    )
    walk.due("preservation")
    assert Overlay.HOLD in walk.case.overlays
    assert "lift_hold" in {one.kind for one in walk.case.tasks.values()}
    walk.act(LENA, "close_preserved", reasons=walk.evidence())
    assert walk.case.state == "closed"
    # Still held, so counsel has to say for how long, though the case is over.
    assert [one.kind for one in walk.case.tasks.values()] == ["lift_hold"]
    walk.act(LENA, "keep_hold", reasons=walk.evidence())
    assert not walk.case.tasks


def test_process_may_follow_preservation() -> None:
    """The authority is proven meanwhile; then it is reviewed as any other."""
    walk = preserved()
    walk.act(VERA, "verify_requester", **walks.proof(walk))
    walk.act(LENA, "note_process", paper=walk.evidence("paper"))
    walk.act(LENA, "take_to_review", paper=walk.evidence("paper"))
    walk.act(LENA, "find_valid", **warrant(walk))
    assert walk.case.state == "screening"


# Asked not to tell: a delay, no gag ---------------------------------------------------------------


def delayed() -> Walk:
    """A proposal of which the registrant is told later: decider and officer agree."""
    walk = proposed()
    walk.act(DAVE, "delay_notice", reasons=walk.evidence())
    return walk.act(PIA, "confirm_delay", reasons=walk.evidence())


def test_a_delay_is_of_two_people_and_ends() -> None:
    """Given in silence, told when the delay is over; not closed before that."""
    walk = proposed()
    assert walk.refused(PIA, "confirm_delay", reasons=walk.evidence()).lacking == (
        "here:delay_notice",
    )
    walk = receipted(given(delayed()))
    assert "n9_disclosed" not in {one.template for one in walk.case.notices.values()}
    lacking = {"idle:voluntary_delay", "told:n9_disclosed,n12_gag_lifted"}
    assert set(walk.refused(HANS, "close_released").lacking) == lacking
    walk.due("voluntary_delay")
    assert "tell_delayed" in {one.kind for one in walk.case.tasks.values()}
    assert walk.refused(HANS, "close_released").lacking == ("told:n9_disclosed,n12_gag_lifted",)
    walk.act(HANS, "tell_delayed").act(HANS, "close_released")


def test_a_delay_that_ended_before_the_release_delays_nothing() -> None:
    """The registrant is told with the release then."""
    walk = delayed().due("voluntary_delay")
    given(walk)
    assert "n9_disclosed" in {one.template for one in walk.case.notices.values()}


def test_an_authority_withdraws() -> None:
    """Until people vote."""
    assert screened().act(REQUESTER, "withdraw").case.outcome is Outcome.WITHDRAWN


def test_two_business_days_from_the_end_of_the_window_to_the_release() -> None:
    """a15, in every type: votes, seal, link; late is the director's."""
    walk = told(proposed())
    assert "release" in walk.case.deadlines
    order = walk.approved()
    walk.act(RITA, "seal").sealed(order)
    assert walk.case.deadlines["release"].is_ended
    assert "release" in delayed().case.deadlines
