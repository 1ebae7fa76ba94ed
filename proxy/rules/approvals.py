"""Whether an order's votes are enough. Pure.

One person counts once, and never for an order that is theirs; roles that an order needs must be
filled by different people; two people at the least, whatever a roster says, and at least one of
them on a machine of their own. What each kind needs at the least is rules.approval_matrix.
Source: vault.md, Roster and orders; casework invariants 1 to 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.rules import approval_matrix
from proxy.rules.approval_matrix import MATRIX, Needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from proxy.model.order import Order, Voter
    from proxy.model.roster import Person, Roster, Rule, StaffRole

    Slots = Sequence[AbstractSet[StaffRole]]

FLOOR = approval_matrix.FLOOR
"""People behind any order or roster, at the least: no setting and no roster lowers it."""


def excluded(order: Order) -> frozenset[Person]:
    """Who may not vote on an order, because it is their own work."""
    return frozenset({order.proposer, order.handler, order.releaser})


def may_vote(
    roster: Roster, order: Order, person: str, barred: AbstractSet[str] = frozenset()
) -> str | None:
    """Why `person` may not vote on `order`, as a code; None when they may.

    `barred` are people whose work the order's case is, or who declared a conflict.
    """
    member, rule = roster.member(person), roster.rule(order.kind)
    if member is None:
        return "vote_stranger"
    if rule is None:
        return "order_kind_without_rule"
    if member.person in excluded(order):
        return "vote_own_order"
    if member.person in barred:
        return "vote_own_case"
    needed_here = approval_matrix.by_order(rule, order)
    if not member.roles & (rule.voters | {*needed_here.each, *needed_here.clears}):
        return "vote_role"
    return None


def lacking(
    roster: Roster,
    order: Order,
    voters: Iterable[Voter],
    barred: AbstractSet[str] = frozenset(),
) -> tuple[str, ...]:
    """What the votes still lack, as codes; empty when they are enough."""
    rule = roster.rule(order.kind)
    if rule is None:
        return ("order_kind_without_rule",)
    wanted = approval_matrix.by_order(rule, order)
    counted = _counted(roster, order, voters, barred)
    roles = {one.person: one.roles for one in roster.members if one.person in counted}
    each, clears = _slots(wanted.each), _slots(wanted.clears)
    found: list[str] = []
    if len(counted) < wanted.people:
        found.append("approvals_lacking")
    if not is_matched(each, roles):
        found.append("role_lacking")
    if not is_matched(clears, roles):
        found.append("clearance_lacking")
    if not found and not is_matched(_all_slots(rule, wanted), roles):
        found.append("approvals_lacking")  # somebody would have to be two of them
    if not any(counted.values()):
        found.append("detached_lacking")
    return tuple(found)


def _counted(
    roster: Roster, order: Order, voters: Iterable[Voter], barred: AbstractSet[str]
) -> Mapping[Person, bool]:
    """Whose votes count, and whether one of theirs comes from their own machine."""
    found: dict[Person, bool] = {}
    for one in voters:
        is_fit = one.is_detached or not MATRIX[order.kind].all_detached
        if is_fit and may_vote(roster, order, one.person, barred) is None:
            found[one.person] = one.is_detached or found.get(one.person, False)
    return found


def needed(rule: Rule) -> int:
    """How many people an order needs that nothing lies over, who clears it among them."""
    return approval_matrix.by_rule(rule).people


def is_matched(slots: Slots, roles: Mapping[Person, frozenset[StaffRole]]) -> bool:
    """Whether every slot can be given to a different person who has one of its roles.

    A matching of slots and people by augmenting paths (Kuhn): few steps however many people.
    """
    filled: dict[Person, int] = {}

    def fill(place: int, tried: set[Person]) -> bool:
        for person, held in roles.items():
            if held & slots[place] and person not in tried:
                tried.add(person)
                if person not in filled or fill(filled[person], tried):
                    filled[person] = place
                    return True
        return False

    return all(fill(place, set()) for place in range(len(slots)))


def is_workable(roster: Roster, rule: Rule) -> bool:
    """Whether the members could ever satisfy a rule, for an order that is nobody's own."""
    wanted = approval_matrix.by_rule(rule)
    eligible = rule.voters | {*wanted.each, *wanted.clears}
    able = {
        one.person: one.roles
        for one in roster.members
        if one.roles & eligible
        and (not wanted.all_detached or any(key.is_detached for key in one.keys))
    }
    has_detached = any(
        key.is_detached for one in roster.members if one.person in able for key in one.keys
    )
    return is_matched(_all_slots(rule, wanted), able) and has_detached


def _slots(roles: Sequence[StaffRole]) -> Slots:
    return [frozenset({one}) for one in roles]


def _all_slots(rule: Rule, wanted: Needed) -> Slots:
    """Everybody an order needs: of named roles, who clears it, and the rest of any voting role.

    Who is there to clear orders of a kind, or to stop them, does not approve them.
    """
    others = rule.voters - {*MATRIX[rule.kind].clears}
    rest = wanted.approvals - len(wanted.each)
    return [*_slots(wanted.each), *_slots(wanted.clears), *(others for _ in range(rest))]
