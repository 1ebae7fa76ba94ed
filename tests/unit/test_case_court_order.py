"""Orders of courts and subpoenas, casework s8 (e), by the rules alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.model.case import Outcome, Overlay
from proxy.model.order import OrderKind
from tests.support import case_walks as walks
from tests.support.case_walks import (
    DORA,
    HANS,
    LENA,
    LUIS,
    PIA,
    REGISTRANT,
    REQUESTER,
    RITA,
)
from tests.support.request_walks import (
    BINDING,
    EMAIL,
    admitted,
    bound,
    by_order,
    given,
    objecting,
    ordered,
    out,
    receipted,
    told,
    valid,
)

if TYPE_CHECKING:
    from proxy.model.case import Fact
    from tests.support.case_walks import Walk

PROPOSE = {"propose_disclosure": by_order, "propose_deactivation": out}


def proposed() -> Walk:
    """A court's order that somebody proposed to follow."""
    walk = ordered()
    return walk.act(DORA, "propose_disclosure", **by_order(walk))


def deactivated(walk: Walk) -> Walk:
    """A name that a registrar took out, as a court ordered."""
    walk.act(DORA, "propose_deactivation", **out(walk)).act(HANS, "tell_deactivation")
    order = walk.due("pre_release").approved(OrderKind.DEACTIVATE)
    walk.act(RITA, "deactivate").carried_out(order)
    effect = walk.id()
    walk.told("effect_asked", effect=effect, change="hold")
    return walk.told("effect_done", effect=effect, change="hold", outcome="applied")


def test_a_binding_order_is_followed_once_the_registrant_could_go_to_court() -> None:
    """Found valid at the court itself, told, the window, decision, two approvals, receipt."""
    walk = receipted(given(told(proposed()))).act(HANS, "close_released")
    assert walk.case.outcome is Outcome.DISCLOSE_PRIVATE


@pytest.mark.parametrize("lacking", sorted(BINDING))
def test_an_instrument_binds_us_or_nothing_follows_from_it(lacking: str) -> None:
    """The court exists, has power over us, served it, was asked itself; it is signed."""
    walk = admitted("e")
    refusal = walk.refused(LENA, "find_valid", **bound(walk, **{lacking: False}))
    assert [one.partition(":")[0] for one in refusal.lacking] == ["flags"]


@pytest.mark.parametrize(
    ("more", "is_valid"),
    [
        ({}, False),
        ({"notice_complete": True}, False),
        ({"notice_complete": True, "role_covered": False}, False),
        ({"notice_complete": True, "role_covered": True}, True),
    ],
)
def test_a_clerks_subpoena_rests_on_a_whole_notice_and_on_our_role(
    more: dict[str, Fact], *, is_valid: bool
) -> None:
    """512(h): without them it binds nobody like us."""
    walk = admitted("e")
    facts = bound(walk, instrument="dmca_512h", **more)
    if is_valid:
        walk.act(LENA, "find_valid", **facts)
    else:
        refusal = walk.refused(LENA, "find_valid", **facts)
        assert [one.partition(":")[0] for one in refusal.lacking] == ["flags_when"]


def test_everything_is_held_from_the_finding_on() -> None:
    """And only what the instrument names may be given."""
    walk = ordered()
    assert Overlay.HOLD in walk.case.overlays
    refusal = walk.refused(DORA, "propose_disclosure", **by_order(walk, fields=walks.FIELDS))
    assert refusal.lacking == ("fields_allowed",)


def test_the_window_is_bound_by_the_courts_date() -> None:
    """Never past it, and to three business days before it where that is later than 14 days."""
    quash = valid().type.deadlines["quash"]
    assert (quash.ceiling, quash.floor_days) == ("return_date", 3)
    assert valid().type.deadlines["comply"].ceiling == "return_date"


def test_a_defective_instrument_is_objected_to() -> None:
    """A foreign court for one; it is mended or refused."""
    walk = admitted("e")
    walk.act(LENA, "challenge", primary="wrong_jurisdiction", reasons=walk.evidence())
    walk.act(LENA, "find_valid", **bound(walk))
    walk = admitted("e")
    walk.act(LENA, "challenge", primary="instrument_defective", reasons=walk.evidence())
    walk.act(DORA, "refuse", primary="instrument_defective", reasons=walk.evidence())
    walk.due("reconsider")
    assert walk.case.outcome is Outcome.REFUSE


def test_under_a_gag_nobody_is_told_and_the_case_goes_on() -> None:
    """With a gag alone: without one the registrant is told."""
    walk = valid()
    assert walk.refused(LUIS, "proceed_gagged", reasons=walk.evidence()).lacking == (
        "overlay_present:gag",
    )
    walk.told("overlay_set", overlay="gag", until="", evidence="")
    assert walk.refused(HANS, "notify").lacking == ("overlay_absent:gag",)
    walk.act(LUIS, "proceed_gagged", reasons=walk.evidence())
    assert walk.case.state == "deciding"
    walk.act(DORA, "propose_disclosure", **by_order(walk))
    walk.act(LENA, "skip_notice", reasons=walk.evidence())
    given(walk)
    assert walk.withheld == ["n9_disclosed"]


# To court -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("proposal", sorted(PROPOSE))
def test_a_motion_that_was_filed_is_looked_into_before_anything(proposal: str) -> None:
    """It is a stay, or counsel asked the court and no motion waits there."""
    walk = ordered()
    walk.act(REGISTRANT, "file_motion", docket=walk.evidence("docket"))
    facts = PROPOSE[proposal](walk)
    assert walk.refused(DORA, proposal, **facts).lacking == ("settled:look_into_motion",)
    walk.act(LENA, "find_no_motion", proof=walk.evidence(), reasons=walk.evidence())
    walk.act(DORA, proposal, **facts)


def test_a_motion_voids_votes() -> None:
    """Whatever was voted on before it came is voted on again."""
    walk = told(proposed())
    material = walk.case.material_seq
    walk.act(REGISTRANT, "file_motion", docket=walk.evidence("docket"))
    assert walk.case.material_seq > material


@pytest.mark.parametrize("proposal", sorted(PROPOSE))
def test_what_a_court_quashed_is_over(proposal: str) -> None:
    """No proposal any more; it is refused."""
    walk = ordered()
    walk.act(LENA, "stay", proof=walk.evidence())
    facts = PROPOSE[proposal](walk)
    assert walk.refused(DORA, proposal, **facts).lacking == ("overlay_absent:stay",)
    walk.act(LENA, "lift_stay", ruling=walk.evidence(), verdict="quashed")
    assert walk.refused(DORA, proposal, **facts).lacking == ("court_allows",)
    walk.act(DORA, "refuse", primary="instrument_defective", reasons=walk.evidence())


def test_what_a_court_narrowed_is_found_and_proposed_anew() -> None:
    """The old finding and the old proposal are worth nothing after the ruling."""
    walk = told(proposed())
    walk.act(LENA, "stay", proof=walk.evidence())
    walk.act(LENA, "lift_stay", ruling=walk.evidence(), verdict="narrowed")
    walk.approved()
    assert walk.refused(RITA, "seal").lacking == ("court_allows",)
    walk = ordered(fields=walks.FIELDS)
    walk.act(LENA, "stay", proof=walk.evidence())
    walk.act(LENA, "lift_stay", ruling=walk.evidence(), verdict="narrowed")
    assert walk.refused(DORA, "propose_disclosure", **by_order(walk)).lacking == ("court_allows",)
    walk.act(LENA, "find_valid", **bound(walk, fields=("registrant.name",)))
    assert walk.refused(DORA, "propose_disclosure", **by_order(walk)).lacking == ("fields_allowed",)
    walk.act(DORA, "propose_disclosure", **by_order(walk, fields=("registrant.name",)))
    told(walk)
    walk.approved()
    walk.act(RITA, "seal")


@pytest.mark.parametrize("verdict", ["upheld", "withdrawn"])
def test_what_a_court_upheld_goes_on(verdict: str) -> None:
    """By the order's own words, with votes given anew."""
    walk = told(proposed())
    walk.act(LENA, "stay", proof=walk.evidence())
    walk.act(LENA, "lift_stay", ruling=walk.evidence(), verdict=verdict)
    walk.approved()
    walk.act(RITA, "seal")


def test_nothing_is_found_anew_that_no_court_narrowed() -> None:
    """The second finding is for the ruling alone."""
    walk = ordered()
    assert walk.refused(LENA, "find_valid", **bound(walk)).lacking == (
        "finding:lift_stay=narrowed",
    )


# The court's date ---------------------------------------------------------------------------------


def test_a_binding_date_shortens_our_windows_and_no_approval() -> None:
    """By counsel, never under a stay or while a motion waits; votes stay as many."""
    walk = objecting()
    facts: dict[str, Fact] = {
        "return_date": (walk.now + timedelta(days=2)).isoformat(), "reasons": walk.evidence(),
    }  # fmt: skip
    walk.act(REGISTRANT, "file_motion", docket=walk.evidence("docket"))
    refusal = walk.refused(LUIS, "shorten_window", **facts)
    assert refusal.lacking == ("settled:look_into_motion",)
    walk.act(LENA, "find_no_motion", proof=walk.evidence(), reasons=walk.evidence())
    walk.act(LUIS, "shorten_window", **facts)
    assert "comply" in walk.case.deadlines
    walk.act(DORA, "propose_disclosure", **by_order(walk))
    walk.act(LUIS, "shorten_notice", **facts)
    assert walk.case.state == "ready"
    assert "n8_shortened" in {one.template for one in walk.case.notices.values()}
    assert walk.refused(RITA, "seal").lacking == ("order:disclose=approved",)


# Taken out of the DNS, and both -------------------------------------------------------------------


def test_a_court_may_order_a_name_out() -> None:
    """Its order, two approvals, the registrar; it can be put back."""
    walk = ordered()
    refusal = walk.refused(DORA, "propose_deactivation", **out(walk, ordered_by_court=False))
    assert [one.partition(":")[0] for one in refusal.lacking] == ["flags"]
    walk = deactivated(walk)
    assert (walk.case.state, walk.case.outcome) == ("deactivated", Outcome.DEACTIVATE)


@pytest.mark.parametrize("way", ["receipted", "expired", "abandoned"])
def test_a_name_that_is_out_comes_back_to_people_whatever_was_given(way: str) -> None:
    """Both: after the disclosure the name is looked at again; nothing closes over it."""
    walk = deactivated(ordered())
    walk.act(DORA, "propose_disclosure", **by_order(walk))
    if way == "abandoned":
        walk.act(DORA, "abandon_proposal", reasons=walk.evidence())
    else:
        walk = given(told(walk))
        package = walk.id()
        act = "package_receipted" if way == "receipted" else "package_expired"
        walk.told(act, package=package, evidence=walk.id())
    assert walk.case.state == "deactivated"
    assert not walk.case.deadlines["deactivation_check"].is_ended
    assert not walk.case.deadlines["reconsider"].is_ended
    assert "close_released" not in walk.options(HANS)
    assert "restore" in walk.options(DORA)
    walk.act(REGISTRANT, "ask_reconsideration", reasons=walk.evidence())


def test_a_name_that_was_put_back_stays_with_the_decision() -> None:
    """The newest of what the registrar did counts."""
    walk = deactivated(ordered())
    walk.act(DORA, "restore", reasons=walk.evidence())
    effect = walk.id()
    walk.told("effect_asked", effect=effect, change="unhold")
    walk.told("effect_done", effect=effect, change="unhold", outcome="applied")
    assert walk.case.state == "deciding"


# Overlays of this type ----------------------------------------------------------------------------


def test_sealing_is_asked_for_where_somebody_may_come_to_harm() -> None:
    """Under the safety flag; and three people decide, which the matrix has."""
    walk = ordered()
    walk.act(PIA, "flag_safety", kind="stalking", reasons=walk.evidence())
    refusal = walk.refused(DORA, "propose_disclosure", **by_order(walk))
    assert refusal.lacking == ("flags_under:safety,sealing_asked",)
    walk.act(DORA, "propose_disclosure", **by_order(walk, sealing_asked=True))


def test_a_court_is_given_what_it_names_of_a_child_too() -> None:
    """No private party stands behind it by itself: the flag bars private disclosure alone."""
    walk = ordered()
    walk.act(PIA, "flag_minor", reasons=walk.evidence())
    walk.act(DORA, "propose_disclosure", **by_order(walk))


def test_an_instrument_is_withdrawn() -> None:
    """By who brought it."""
    assert objecting().act(REQUESTER, "withdraw").case.outcome is Outcome.WITHDRAWN


def test_only_fields_that_were_asked_are_named() -> None:
    """An instrument that names others was not handed in so."""
    walk = admitted("e")
    refusal = walk.refused(LENA, "find_valid", **bound(walk, fields=(*EMAIL, "tech.email")))
    assert refusal.lacking == ("fields_asked",)
