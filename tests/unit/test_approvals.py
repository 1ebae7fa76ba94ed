"""When an order's votes are enough."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxy.model.order import Voter
from proxy.model.roster import Person, Roster, StaffRole
from proxy.rules import approvals
from tests.support import papers
from tests.support.papers import AGENT_RULE, ANNA, BEN, CHRIS

ROSTER = papers.roster()
ORDER = papers.order(ROSTER, papers.MADE_AT)


def voter(person: str, *, detached: bool = True) -> Voter:
    """A valid vote."""
    return Voter(person=Person(person), is_detached=detached)


def lacking(*voters: Voter, roster: Roster = ROSTER, **order: object) -> tuple[str, ...]:
    """What these votes lack."""
    return approvals.lacking(
        roster,
        replace(ORDER, **order),  # type: ignore[arg-type] # fields of an order
        voters,
    )


def ruled(**rule: object) -> Roster:
    """The roster with another rule."""
    return replace(ROSTER, rules=(replace(AGENT_RULE, **rule),))  # type: ignore[arg-type] # same


def test_two_people_are_enough() -> None:
    """Two voters of the right roles approve."""
    assert lacking(voter("anna"), voter("ben")) == ()


def test_one_person_counts_once() -> None:
    """Two votes of one person, by whatever keys, are one."""
    assert lacking(voter("anna"), voter("anna", detached=False)) == ("approvals_lacking",)


@pytest.mark.parametrize("approvals_wanted", [0, 1])
def test_the_floor_is_two_whatever_a_rule_says(approvals_wanted: int) -> None:
    """A rule of one approval, or none, still needs two people."""
    roster = ruled(approvals=approvals_wanted)
    assert lacking(voter("anna"), roster=roster) == ("approvals_lacking",)
    assert lacking(roster=roster) == ("approvals_lacking", "detached_lacking")


def test_a_rule_may_ask_for_three() -> None:
    """A higher number holds."""
    roster = ruled(approvals=3)
    assert lacking(voter("anna"), voter("ben"), roster=roster) == ("approvals_lacking",)
    assert lacking(voter("anna"), voter("ben"), voter("chris"), roster=roster) == ()


@pytest.mark.parametrize("place", ["proposer", "handler", "releaser"])
def test_nobody_votes_on_their_own_order(place: str) -> None:
    """Proposer, handler and releaser count for nothing, and are told so."""
    own: dict[str, Any] = {place: Person("anna")}
    assert lacking(voter("anna"), voter("ben"), **own) == ("approvals_lacking",)
    order = replace(ORDER, **own)
    assert approvals.may_vote(ROSTER, order, "anna") == "vote_own_order"


def test_at_least_one_vote_is_detached() -> None:
    """Passkeys alone do not do: a compromised web page could have had them signed."""
    votes = voter("anna", detached=False), voter("ben", detached=False)
    assert lacking(*votes) == ("detached_lacking",)
    assert lacking(votes[0], voter("ben")) == ()


def test_strangers_and_other_roles_count_for_nothing() -> None:
    """Only members whose role the rule names."""
    roster = ruled(voters=frozenset({StaffRole.LEGAL, StaffRole.DPO}))
    assert lacking(voter("mallory"), voter("ben"), voter("anna"), roster=roster) == (
        "approvals_lacking",
    )
    assert approvals.may_vote(roster, ORDER, "mallory") == "vote_stranger"
    assert approvals.may_vote(roster, ORDER, "ben") == "vote_role"
    assert approvals.may_vote(replace(ROSTER, rules=()), ORDER, "ben") == "order_kind_without_rule"


def test_needed_roles_are_filled_by_different_people() -> None:
    """One person of two roles fills one of them."""
    roster = replace(
        ruled(each=(StaffRole.LEGAL, StaffRole.DPO)),
        members=(
            papers.member(ANNA, roles={StaffRole.DECIDER, StaffRole.LEGAL, StaffRole.DPO}),
            papers.member(BEN, roles={StaffRole.DECIDER}),
            papers.member(CHRIS, roles={StaffRole.DECIDER, StaffRole.LEGAL}),
        ),
    )
    assert lacking(voter("anna"), voter("ben"), roster=roster) == ("role_lacking",)
    # chris can be legal only, so anna must be the one who clears for data protection
    assert lacking(voter("anna"), voter("chris"), roster=roster) == ()


def test_a_rule_that_nobody_can_satisfy_is_found() -> None:
    """Workable means: enough voters, the needed roles, and one key on a machine of its own."""
    assert approvals.is_workable(ROSTER, AGENT_RULE)
    assert not approvals.is_workable(ROSTER, replace(AGENT_RULE, approvals=4))
    assert not approvals.is_workable(ROSTER, replace(AGENT_RULE, each=(StaffRole.ABUSE,)))
    passkeys = replace(
        ROSTER,
        members=tuple(papers.member(papers.passkey_hand(one)) for one in papers.ROLES),
    )
    assert not approvals.is_workable(passkeys, AGENT_RULE)
