"""Emergencies, casework s7.4, by the rules alone: call back, pair, an hour, a look afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.model.case import Outcome
from proxy.model.order import OrderKind
from tests.support import case_walks as walks
from tests.support.case_walks import (
    DORA,
    HANS,
    IDA,
    LENA,
    LUIS,
    MAX,
    OLGA,
    OTTO,
    PIA,
    VERA,
)
from tests.support.request_walks import (
    DANGER,
    called,
    danger,
    of_letter,
    reviewing,
    screened,
    urgent,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.case import Fact
    from tests.support.case_walks import Walk

CLOSING = {
    "done:review_emergency",
    "told:n9_disclosed,n12_gag_lifted",
    "over:process",
}


def released() -> Walk:
    """Data that was given in an emergency."""
    walk = urgent()
    return walk.sealed(walk.approved(OrderKind.DISCLOSE_URGENTLY))


def reviewed(verdict: str = "justified") -> Walk:
    """Data whose giving somebody uninvolved looked at."""
    walk = released()
    return walk.act(LUIS, "review_emergency", verdict=verdict, reasons=walk.evidence())


def test_an_emergency_is_given_reviewed_and_told() -> None:
    """Process follows or the requester is flagged; the registrant is told when danger is over."""
    walk = released()
    assert walk.case.outcome is Outcome.DISCLOSE_PRIVATE
    assert set(walk.refused(LENA, "close_urgent", reasons=walk.evidence()).lacking) == CLOSING
    walk.act(LUIS, "review_emergency", verdict="justified", reasons=walk.evidence())
    walk.act(LENA, "process_came", paper=walk.evidence("paper"))
    walk.act(PIA, "tell_delayed").act(LENA, "close_urgent", reasons=walk.evidence())
    assert walk.case.state == "closed"


@pytest.mark.parametrize("start", [reviewing, screened])
def test_danger_may_be_claimed_at_any_time(start: Callable[[], Walk]) -> None:
    """An ordinary request turns urgent."""
    walk = start()
    walk.act(IDA, "claim_emergency", danger="life", incident=walk.evidence("incident"))
    assert {"urgent_target", "urgent_outer"} <= walk.case.deadlines.keys()


def test_property_and_honour_are_no_emergency() -> None:
    """The kinds of danger are closed."""
    walk = walks.opened(of_letter("d")).assign()
    facts: dict[str, Fact] = {"danger": "property", "incident": walk.evidence()}
    assert walk.refused(IDA, "claim_emergency", **facts).code == "facts_wrong"


@pytest.mark.parametrize("change", [{"number_from": "request"}, {"taker": "vera"}])
def test_the_call_back_is_independent(change: dict[str, Fact]) -> None:
    """Invariant 42: a number from elsewhere, another person than who took the call."""
    walk = walks.opened(of_letter("d")).assign()
    walk.act(IDA, "claim_emergency", danger="life", incident=walk.evidence("incident"))
    facts = walks.proof(walk) | change
    assert walk.refused(VERA, "verify_requester", **facts).lacking == ("independent_callback",)


def test_who_took_the_emergency_down_does_not_call_back() -> None:
    """Whatever they say of who took the call."""
    walk = walks.opened(of_letter("d")).assign()
    walk.act(OTTO, "claim_emergency", danger="life", incident=walk.evidence("incident"))
    refusal = walk.refused(OTTO, "verify_requester", **walks.proof(walk))
    assert refusal.lacking == ("other_than:claim_emergency",)


def test_two_people_on_call_find_the_danger_with_the_same_fields() -> None:
    """The second is another one, and asks for exactly what the first found."""
    walk = called()
    facts = danger(walk)
    more: dict[str, Fact] = {"recipient": "authority"}
    assert walk.refused(OLGA, "propose_urgent", **facts, **more).lacking == (
        "here:find_emergency",
        "fields_as:find_emergency",
    )
    walk.act(OTTO, "find_emergency", **facts)
    assert walk.refused(OTTO, "propose_urgent", **facts, **more).lacking == (
        "other_than:find_emergency",
    )
    wider = facts | {"fields": walks.FIELDS}
    assert walk.refused(OLGA, "propose_urgent", **wider, **more).lacking == (
        "fields_as:find_emergency",
    )
    walk.act(OLGA, "propose_urgent", **facts, **more)
    assert {"alert_dpo", "alert_director"} <= {one.kind for one in walk.case.tasks.values()}
    assert "grant" in walk.case.deadlines


@pytest.mark.parametrize("lacking", sorted(DANGER))
def test_the_danger_is_imminent_and_the_fields_may_avert_it(lacking: str) -> None:
    """Both, or nothing is found."""
    walk = called()
    refusal = walk.refused(OTTO, "find_emergency", **danger(walk, **{lacking: False}))
    assert [one.partition(":")[0] for one in refusal.lacking] == ["flags"]


def test_the_hour_is_over_and_the_pair_asks_anew() -> None:
    """The timer opens a task; the order that waits is stopped before."""
    walk = urgent()
    order = walk.order(OrderKind.DISCLOSE_URGENTLY)
    walk.due("grant")
    assert (walk.case.state, walk.case.outcome) == ("urgent", None)
    assert walk.refused(OTTO, "ask_again", reasons=walk.evidence()).lacking == ("no_open_order",)
    walk.told("order_voided", order=order, reason="order_expired")
    walk.act(OTTO, "ask_again", reasons=walk.evidence())
    assert walk.case.state == "pair"


def test_no_danger_makes_it_an_ordinary_request() -> None:
    """From the call, the pair or the urgent order."""
    for start in (called, urgent):
        walk = start()
        walk.act(PIA, "find_no_emergency", reasons=walk.evidence())
        assert walk.case.state == "triage"
        assert walk.case.deadlines["urgent_outer"].is_ended


def test_an_ordinary_order_gives_nothing_urgently() -> None:
    """Votes for the one do nothing for the other."""
    walk = urgent()
    walk.sealed(walk.approved(OrderKind.DISCLOSE))
    assert (walk.case.state, walk.case.outcome) == ("urgent", None)


def test_the_reviewer_had_no_part_in_it() -> None:
    """And looks once: nobody asks around for a better word."""
    walk = released()
    facts: dict[str, Fact] = {"verdict": "justified", "reasons": walk.evidence()}
    walk.tell("noted", "lena", "legal", evidence=walk.evidence())
    assert walk.refused(LENA, "review_emergency", **facts).lacking == ("uninvolved",)
    walk.act(LUIS, "review_emergency", **facts)
    assert "not_done:review_emergency" in walk.refused(PIA, "review_emergency", **facts).lacking


def test_an_unjustified_emergency_is_a_breach_of_72_hours() -> None:
    """Reported, and the registrant told of it, before it is closed."""
    walk = reviewed("unjustified")
    assert "breach_report" in walk.case.deadlines
    walk.act(LENA, "process_came", paper=walk.evidence("paper")).act(PIA, "tell_delayed")
    assert set(walk.refused(LENA, "close_urgent", reasons=walk.evidence()).lacking) == {
        "settled:report_breach",
        "settled:tell_incident",
    }
    walk.act(PIA, "report_breach", verdict="reported", proof=walk.evidence("proof"))
    facts: dict[str, Fact] = {
        "fields": ("registrant.email",), "recipient": "authority", "reasons": walk.evidence(),
    }  # fmt: skip
    walk.act(PIA, "tell_incident", **facts).act(LENA, "close_urgent", reasons=walk.evidence())
    assert walk.case.state == "closed"


@pytest.mark.parametrize("verdict", ["justified", "with_faults"])
def test_any_other_look_starts_no_breach(verdict: str) -> None:
    """Only what was unjustified is one."""
    assert "breach_report" not in reviewed(verdict).case.deadlines


def test_a_requester_without_process_is_flagged() -> None:
    """Two business days, then counsel notes it; not before."""
    walk = reviewed()
    refusal = walk.refused(LENA, "flag_requester", reasons=walk.evidence())
    assert refusal.lacking == ("due:process",)
    walk.due("process").act(LENA, "flag_requester", reasons=walk.evidence())


def test_what_people_have_to_see_of_an_emergency() -> None:
    """The officer's alert and the director's conclusions are settled by each of them alone."""
    walk = reviewed()
    walk.act(PIA, "see_alert")
    assert "alert_director" in {one.kind for one in walk.case.tasks.values()}
    walk.act(MAX, "draw_consequences", reasons=walk.evidence())
    left = {one.kind for one in walk.case.tasks.values()}
    assert not left & {"alert_dpo", "alert_director", "draw_consequences"}


def test_the_receipt_of_an_authority_is_noted_once() -> None:
    """It moves nothing: process, look and notice are still to come."""
    walk = released()
    walk.told("package_receipted", package=walk.id(), evidence=walk.id())
    assert walk.case.state == "released_urgently"
    assert walk.case.deadlines["package"].is_ended
    assert "n10_receipt" in {one.template for one in walk.case.notices.values()}


def test_nobody_else_than_the_pair_finds_an_emergency() -> None:
    """Neither deciders nor counsel nor the handler."""
    walk = called()
    for actor in (DORA, LENA, HANS, PIA):
        assert walk.refused(actor, "find_emergency", **danger(walk)).code == "act_not_yours"
