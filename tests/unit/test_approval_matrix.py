"""How many people, and which, each kind of order takes: the table, and what lies over a case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from proxy.model.case import Overlay
from proxy.model.order import OrderKind, Voter
from proxy.model.roster import Person, StaffRole
from proxy.rules import approval_matrix, approvals, succession
from proxy.run import drafting
from tests.support import case_orders as support
from tests.support import papers
from tests.support.case_orders import Chain

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.model.roster import Roster

ROSTER = papers.roster(**support.FACTS)
DISCLOSE, URGENT, PUBLISH = (
    OrderKind.DISCLOSE, OrderKind.DISCLOSE_URGENTLY, OrderKind.PUBLISH,
)  # fmt: skip
SAFE, MINOR = (Overlay.SAFETY,), (Overlay.MINOR,)


def lacking(
    kind: OrderKind, names: str, roster: Roster = ROSTER, barred: frozenset[str] = frozenset(),
    **changes: Any,
) -> set[str]:  # fmt: skip
    """What these people's votes lack; a name with a star votes through a web page."""
    order = Chain().open().order(roster, kind, **changes)
    voters = [
        Voter(person=Person(one.removesuffix("*")), is_detached=not one.endswith("*"))
        for one in names.split()
    ]
    return set(approvals.lacking(roster, order, voters, barred))


def under_passphrase(kind: OrderKind) -> dict[str, Any]:
    """A recipient without a key."""
    return {"deed": support.deed(kind, recipient=support.recipient(openpgp="", certificate=""))}


@pytest.mark.parametrize(
    ("kind", "names", "changes", "lacks"),
    [
        (DISCLOSE, "anna ben chris", {}, set()),
        (DISCLOSE, "anna* ben* chris", {}, set()),
        (DISCLOSE, "anna* ben* chris*", {}, {"detached_lacking"}),
        (DISCLOSE, "anna ben", {}, {"approvals_lacking", "clearance_lacking"}),
        (DISCLOSE, "anna chris", {}, {"approvals_lacking", "role_lacking"}),
        (DISCLOSE, "ben dora chris", {}, {"role_lacking"}),
        (DISCLOSE, "anna ben dora", {}, {"clearance_lacking"}),
        (DISCLOSE, "anna ben chris", {"overlays": SAFE}, {"approvals_lacking"}),
        (DISCLOSE, "anna ben chris dora", {"overlays": SAFE}, set()),
        (DISCLOSE, "anna ben chris", under_passphrase(DISCLOSE), {"approvals_lacking"}),
        (DISCLOSE, "anna ben chris dora", under_passphrase(DISCLOSE), set()),
        (DISCLOSE, "anna ben chris dora", {"overlays": SAFE, **under_passphrase(DISCLOSE)},
         {"approvals_lacking"}),
        (DISCLOSE, "anna ben dora", {"overrides_veto": True}, set()),
        (DISCLOSE, "anna ben chris", {"overrides_veto": True},
         {"approvals_lacking", "role_lacking"}),
        (DISCLOSE, "anna dora chris", {"overrides_veto": True},
         {"approvals_lacking", "role_lacking"}),
        (DISCLOSE, "anna ben fay", {"overrides_veto": True}, {"role_lacking"}),
        (URGENT, "ben fay", {}, set()),
        (URGENT, "ben fay*", {}, {"approvals_lacking", "role_lacking"}),
        (URGENT, "ben", {}, {"approvals_lacking", "role_lacking"}),
        (URGENT, "ben anna dora", {}, {"role_lacking"}),
        (URGENT, "ben fay", {"overlays": SAFE}, {"approvals_lacking"}),
        (URGENT, "ben fay dora", {"overlays": SAFE}, set()),
        (URGENT, "ben fay dora", under_passphrase(URGENT), set()),
        (URGENT, "ben fay", {"overlays": MINOR},
         {"approvals_lacking", "role_lacking", "clearance_lacking"}),
        (URGENT, "ben fay anna chris", {"overlays": MINOR}, set()),
        (PUBLISH, "anna dora ben chris", {}, set()),
        (PUBLISH, "anna dora chris", {}, {"approvals_lacking"}),
        (PUBLISH, "anna ben fay chris", {}, {"role_lacking"}),
        (OrderKind.RELEASE_PRIVACY, "ben dora", {}, set()),
        (OrderKind.RELEASE_PRIVACY, "ben", {}, {"approvals_lacking"}),
        (OrderKind.DEACTIVATE, "ben dora", {}, set()),
        (OrderKind.DEACTIVATE, "ben chris", {}, {"approvals_lacking"}),
        (OrderKind.DEACTIVATE, "ben dora", {"overlays": SAFE}, {"approvals_lacking"}),
        (OrderKind.GAG, "anna ben", {}, set()),
        (OrderKind.GAG, "ben dora", {}, {"role_lacking"}),
        (OrderKind.LIFT_GAG, "ben dora", {}, {"role_lacking"}),
        (OrderKind.LIFT_HOLD, "ben dora", {}, {"role_lacking"}),
        (OrderKind.LIFT_HOLD, "anna dora", {}, set()),
    ],
)  # fmt: skip
def test_the_matrix(kind: OrderKind, names: str, changes: dict[str, Any], lacks: set[str]) -> None:
    """Each row: these votes for such an order lack exactly this."""
    assert lacking(kind, names, **changes) == lacks


def test_nobody_is_two_of_those_an_order_needs() -> None:
    """A lawyer who is the officer as well clears, or approves: not both, and counts once."""
    both = papers.member(support.CHRIS, roles={StaffRole.DPO, StaffRole.LEGAL})
    members = (*(one for one in support.MEMBERS if one.person not in {"chris", "anna"}), both)
    roster = papers.roster(members=members, rules=support.RULES)
    assert lacking(DISCLOSE, "chris ben dora", roster) == {"approvals_lacking"}
    assert lacking(DISCLOSE, "chris chris* ben", roster) >= {"approvals_lacking"}


def test_who_worked_on_a_case_counts_for_nothing() -> None:
    """Handler, proposer and releaser of the order; whoever the case bars."""
    assert lacking(DISCLOSE, "anna ben chris", barred=frozenset({"ben"})) >= {"approvals_lacking"}
    assert lacking(DISCLOSE, "anna gus chris") >= {"approvals_lacking"}  # the handler
    assert lacking(DISCLOSE, "emil ben chris") >= {"approvals_lacking"}  # the releaser
    assert lacking(DISCLOSE, "anna ben chris", proposer=Person("ben")) >= {"approvals_lacking"}


@pytest.mark.parametrize("kind", list(OrderKind))
def test_the_floor_counts_whatever_a_roster_says(kind: OrderKind) -> None:
    """A rule of nobody and nothing, in a roster that was never checked, lowers nothing."""
    rules = tuple(replace(one, approvals=0, each=()) for one in support.RULES)
    roster = papers.roster(members=support.MEMBERS, rules=rules)
    rule, floor = roster.rule(kind), approval_matrix.MATRIX[kind]
    assert rule is not None
    assert approvals.needed(rule) == max(2, floor.approvals) + len(floor.clears)
    assert approval_matrix.by_rule(rule).each == tuple(sorted(floor.each))


@pytest.mark.parametrize("kind", [one for one in OrderKind if approval_matrix.MATRIX[one].each])
def test_a_roster_below_the_matrix_is_refused(kind: OrderKind) -> None:
    """One role or one person less than the table has."""
    floor = approval_matrix.MATRIX[kind]
    weak: list[dict[str, Any]] = [{"each": floor.each[1:]}] if len(set(floor.each)) > 1 else []
    weak += [{"each": ()}]
    weak += [{"approvals": floor.approvals - 1}] if floor.approvals > approvals.FLOOR else []
    for change in weak:
        rules = tuple(replace(one, **change) if one.kind is kind else one for one in support.RULES)
        roster = papers.roster(members=support.MEMBERS, rules=rules)
        assert succession.unsound(roster) == "roster_below_matrix"


def test_a_roster_may_ask_for_more() -> None:
    """Three for a deactivation, a director among them."""
    more = {"approvals": 3, "each": (StaffRole.DIRECTOR,)}
    rules = tuple(
        replace(one, **more) if one.kind is OrderKind.DEACTIVATE else one  # type: ignore[arg-type] # the test names fields
        for one in support.RULES
    )
    roster = papers.roster(members=support.MEMBERS, rules=rules)
    assert succession.unsound(roster) is None
    assert lacking(OrderKind.DEACTIVATE, "ben fay", roster) == {
        "approvals_lacking", "role_lacking",
    }  # fmt: skip
    assert lacking(OrderKind.DEACTIVATE, "ben fay dora", roster) == set()


@pytest.mark.parametrize(
    ("gone", "kind"),
    [("chris", DISCLOSE), ("fay", URGENT), ("dora", PUBLISH)],
)
def test_a_rule_that_nobody_could_satisfy_is_refused(gone: str, kind: OrderKind) -> None:
    """No officer, no pair, no director."""
    members = tuple(one for one in support.MEMBERS if one.person != gone)
    roster = papers.roster(members=members, rules=support.RULES)
    rule = roster.rule(kind)
    assert rule is not None
    assert not approvals.is_workable(roster, rule)
    assert succession.unsound(roster) == "roster_unworkable"


def test_the_example_of_a_team_is_a_sound_roster(tmp_path: Path) -> None:
    """What `roster example` prints has a rule for every kind, and people who could follow it."""
    for name in ("anna", "ben", "chris", "dora", "emil", "safe-one", "safe-two", "safe-three"):
        key = papers.hand(name).key
        (tmp_path / f"{name}.pub").write_text(getattr(key, "line", ""))
    file = tmp_path / "team.toml"
    file.write_text(drafting.EXAMPLE)
    made = drafting.first(file, "0f" * 16, papers.MADE_AT, is_demo=False)
    assert {one.kind for one in made.rules} == set(OrderKind)
    assert succession.unsound(made) is None
