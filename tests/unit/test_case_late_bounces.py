"""Hosts take mail that they return later: a window that began so stops, and begins anew."""

from __future__ import annotations

import pytest

from tests.support.case_walks import HANS, HEDI, LENA, REGISTRANT
from tests.support.claim_walks import awaiting, demanded
from tests.support.request_walks import answering, objecting


def test_a_demand_that_comes_back_stops_the_window() -> None:
    """What was taken and returned was not delivered: it goes by post, and time begins with that."""
    walk = awaiting()
    walk.bounce("n3_demand")
    assert walk.case.state == "notifying"
    assert "second_channel" in {one.kind for one in walk.case.tasks.values()}
    for name in ("assurances", "intent", "last_call"):
        assert walk.case.deadlines[name].is_ended
    walk.act(HANS, "post_demand", proof=walk.evidence()).due("post_arrival")
    walk.act(HEDI, "deem_arrived", proof=walk.evidence())
    assert walk.case.state == "awaiting"
    assert not walk.case.deadlines["assurances"].is_ended
    assert walk.case.deadlines["assurances"].round == 2


def test_a_mailbox_that_is_dead_does_not_stop_the_window_twice() -> None:
    """Behind a letter that counts as arrived, further bounces of whatever notice change nothing."""
    walk = awaiting().bounce("n3_demand")
    walk.act(HANS, "post_demand", proof=walk.evidence()).due("post_arrival")
    walk.act(HEDI, "deem_arrived", proof=walk.evidence())
    due = walk.case.deadlines["assurances"].due_at
    walk.bounce("n3_window")
    walk.bounce("n3_demand_post")
    assert (walk.case.state, walk.case.deadlines["assurances"].due_at) == ("awaiting", due)


def test_who_answered_was_reached() -> None:
    """A registrant who wrote back knows of the demand, whatever a host says of it afterwards."""
    walk = awaiting()
    walk.act(REGISTRANT, "express_intent", way="object")
    walk.bounce("n3_demand")
    assert walk.case.state == "awaiting"
    assert not walk.case.deadlines["assurances"].is_ended


def test_a_link_that_is_followed_proves_what_a_host_denied() -> None:
    """Returned first, read later: the newer word counts, and the window begins."""
    walk = demanded().bounce("n3_demand")
    assert walk.case.state == "notifying"
    walk.deliver("n3_demand", "acknowledged")
    assert walk.case.state == "awaiting"


def test_no_breach_where_the_demand_came_back() -> None:
    """Invariant 29: a window that ran on mail which came back later grounds no finding."""
    walk = awaiting().due("assurances")
    if walk.case.state != "judging":
        walk.act(LENA, "take_to_judgement")
    assert "find_breach" in walk.options(LENA)
    walk.bounce("n3_demand")
    assert walk.case.state == "notifying"
    assert "find_breach" not in walk.options(LENA)


@pytest.mark.parametrize(
    ("letter", "template", "window", "state"),
    [("b", "n3_notice", "answer", "awaiting"), ("e", "n3_order_notice", "quash", "objecting")],
)
def test_other_windows_stop_as_well(letter: str, template: str, window: str, state: str) -> None:
    """A rights-holder's request, and an order, wait for the second channel."""
    walk = answering() if letter == "b" else objecting()
    assert walk.case.state == state
    walk.bounce(template)
    assert walk.case.state == "notifying"
    assert walk.case.deadlines[window].is_ended
    walk.act(HANS, "post_notice", proof=walk.evidence()).due("post_arrival")
    walk.act(HEDI, "deem_arrived", proof=walk.evidence())
    assert (walk.case.state, walk.case.deadlines[window].round) == (state, 2)
