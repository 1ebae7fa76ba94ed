"""Whether an order's votes are enough. Pure.

One person counts once, and never for an order that is theirs; roles that an order needs must be
filled by different people; two people at the least, whatever a roster says, and at least one of
them on a machine of their own. Source: vault.md, Roster and orders; casework invariants 1 to 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from proxy.model.order import Order, Voter
    from proxy.model.roster import Person, Roster, Rule, StaffRole

FLOOR = 2
"""People behind any order or roster, at the least: no setting and no roster lowers it."""


def excluded(order: Order) -> frozenset[Person]:
    """Who may not vote on an order, because it is their own work."""
    return frozenset({order.proposer, order.handler, order.releaser})


def may_vote(roster: Roster, order: Order, person: str) -> str | None:
    """Why `person` may not vote on `order`, as a code; None when they may."""
    member, rule = roster.member(person), roster.rule(order.kind)
    if member is None:
        return "vote_stranger"
    if rule is None:
        return "order_kind_without_rule"
    if member.person in excluded(order):
        return "vote_own_order"
    if not member.roles & rule.voters:
        return "vote_role"
    return None


def lacking(roster: Roster, order: Order, voters: Iterable[Voter]) -> tuple[str, ...]:
    """What the votes still lack, as codes; empty when they are enough."""
    rule = roster.rule(order.kind)
    if rule is None:
        return ("order_kind_without_rule",)
    counted = {one.person: one for one in voters if may_vote(roster, order, one.person) is None}
    detached = {one.person for one in voters if one.is_detached} & counted.keys()
    roles = {one.person: one.roles for one in roster.members if one.person in counted}
    found: list[str] = []
    if len(counted) < needed(rule):
        found.append("approvals_lacking")
    if not is_filled(rule.each, roles):
        found.append("role_lacking")
    if not detached:
        found.append("detached_lacking")
    return tuple(found)


def needed(rule: Rule) -> int:
    """How many people an order needs: the rule's number, never below the floor."""
    return max(FLOOR, rule.approvals)


def is_filled(each: Sequence[StaffRole], roles: Mapping[Person, frozenset[StaffRole]]) -> bool:
    """Whether every role of `each` can be given to a different person who has it.

    A matching of roles and people by augmenting paths (Kuhn): few steps however many people.
    """
    filled: dict[Person, int] = {}

    def fill(place: int, tried: set[Person]) -> bool:
        for person, held in roles.items():
            if each[place] in held and person not in tried:
                tried.add(person)
                if person not in filled or fill(filled[person], tried):
                    filled[person] = place
                    return True
        return False

    return all(fill(place, set()) for place in range(len(each)))


def is_workable(roster: Roster, rule: Rule) -> bool:
    """Whether the members could ever satisfy a rule, for an order that is nobody's own."""
    able = {one.person: one.roles for one in roster.members if one.roles & rule.voters}
    has_detached = any(
        key.is_detached for one in roster.members if one.person in able for key in one.keys
    )
    return len(able) >= needed(rule) and is_filled(rule.each, able) and has_detached
