"""Whether a roster may follow another, after what delay, and whether an objection stops it. Pure.

The signers are those whose signatures were found valid; a subject is a member whose entry changes.
Three routes lead to a successor: two members other than its subjects, two keepers of recovery
keys, or an order (which changes escrow agents and nothing else).
Source: vault.md, Roster and orders.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from proxy.rules import approval_matrix, approvals

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey
    from proxy.model.roster import Person, Roster

DELAY_FLOOR_S = 172_800  # 48 h: time for every member to see an announcement and say no
RECOVERY_DELAY_FLOOR_S = 604_800  # 7 days: recovery replaces people who may be away
DELAY_CEILING_S = 2_592_000  # 30 days: later nobody would remember
DEMO_DELAY_FLOOR_S = 1


class Route(StrEnum):
    """What entitles a roster."""

    GENESIS = "genesis"
    MEMBERS = "members"
    RECOVERY = "recovery"
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitled:
    """It may follow, by a route, and takes effect after a delay unless somebody objects.

    `signers` are the people who entitled it by a key of the roster in force: a signature by a key
    that only the new roster knows is its owner's claim to have it, and nobody's consent.
    """

    route: Route
    delay_s: int
    signers: frozenset[Person]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEntitled:
    """It may not; the code says why."""

    code: str


def genesis(roster: Roster, signed_keys: frozenset[str], *, is_demo: bool) -> str | None:
    """Why a first roster is refused, as a code; None when it may be the first.

    Every first member, and every keeper of a recovery key, signs with every key that can sign a
    file: so that nobody is enrolled with a key they do not have.
    """
    if roster.version != 1 or roster.previous or roster.order:
        return "roster_not_genesis"
    if roster.is_demo and not is_demo:
        return "roster_demo"
    fault = unsound(roster)
    if fault is not None:
        return fault
    return None if _detached(roster) <= signed_keys else "roster_possession"


def unsound(roster: Roster) -> str | None:
    """What is wrong with a roster by itself, as a code."""
    floor_s = DEMO_DELAY_FLOOR_S if roster.is_demo else DELAY_FLOOR_S
    recovery_floor_s = DEMO_DELAY_FLOOR_S if roster.is_demo else RECOVERY_DELAY_FLOOR_S
    able = [one for one in roster.members if any(key.is_detached for key in one.keys)]
    people = [one.person for one in roster.people]
    keys = [key.id for one in roster.people for key in one.keys]
    numbers = (roster.approvals, *(rule.approvals for rule in roster.rules))
    recovery = range(approvals.FLOOR, len(roster.holders) + 1)
    checks = (
        ("roster_delay", floor_s <= roster.delay_s <= DELAY_CEILING_S),
        ("roster_delay", recovery_floor_s <= roster.recovery_delay_s <= DELAY_CEILING_S),
        ("roster_too_small", len(able) >= approvals.FLOOR),
        ("roster_person_twice", len(set(people)) == len(people)),
        ("roster_key_shared", len(set(keys)) == len(keys)),
        ("roster_floor", min(numbers) >= approvals.FLOOR),
        ("roster_below_matrix", not any(map(approval_matrix.is_below, roster.rules))),
        ("roster_unworkable", roster.approvals <= len(able)),
        ("roster_unworkable", all(approvals.is_workable(roster, one) for one in roster.rules)),
        ("roster_recovery", not roster.holders or roster.recovery_approvals in recovery),
    )
    return next((code for code, holds in checks if not holds), None)


def successor(
    current: Roster, current_sha256: str, new: Roster, signed: frozenset[tuple[Person, str]]
) -> Entitled | NotEntitled:
    """Whether `new` may follow `current`; `signed` holds person and key id of valid signatures."""
    fault = _misfit(current, current_sha256, new) or unsound(new)
    if fault is None and new.agents != current.agents:
        fault = "roster_agents"  # an escrow agent is changed by an order, never on the side
    if fault is None and new.order:
        fault = "roster_order"
    if fault is None and not added_keys(current, new) <= {key for _, key in signed}:
        fault = "roster_possession"
    if fault is not None:
        return NotEntitled(code=fault)
    signers = {person for person, key in signed if key in _ids(current.keys_of(person))}
    members = {one.person for one in current.members} & signers
    if len(members - subjects(current, new)) >= max(approvals.FLOOR, current.approvals):
        return Entitled(route=Route.MEMBERS, delay_s=current.delay_s, signers=frozenset(signers))
    holders = {one.person for one in current.holders} & signers
    if len(holders) >= max(approvals.FLOOR, current.recovery_approvals):
        delay_s = current.recovery_delay_s
        return Entitled(route=Route.RECOVERY, delay_s=delay_s, signers=frozenset(signers))
    return NotEntitled(code="roster_signatures")


def by_order(
    current: Roster, current_sha256: str, new: Roster, voters: frozenset[Person]
) -> Entitled | NotEntitled:
    """Whether `new` is `current` with other agents and nothing else, as an order may make it."""
    fault = _misfit(current, current_sha256, new) or unsound(new)
    rebuilt = replace(
        current,
        version=new.version,
        previous=new.previous,
        made_at=new.made_at,
        agents=new.agents,
        order=new.order,
    )
    if fault is None and (new != rebuilt or not new.order):
        fault = "roster_order"
    if fault is not None:
        return NotEntitled(code=fault)
    return Entitled(route=Route.ORDER, delay_s=current.delay_s, signers=voters)


def is_stopped(
    current: Roster,
    new: Roster,
    route: Route,
    signers: frozenset[Person],
    objectors: frozenset[Person],
) -> bool:
    """Whether the objections of members of `current` stop a roster that waits.

    One objection is enough, with two exceptions, so that no single member can hold the roster for
    ever: a subject is outvoted when every other member signed, and recovery keys, which are for
    the day when most are gone, give way to two members only.
    """
    members = {one.person for one in current.members}
    against = objectors & members
    if route is Route.RECOVERY:
        return len(against) >= approvals.FLOOR
    concerned = subjects(current, new)
    if against - concerned:
        return True
    return any(not members - {one} <= signers for one in against)


def subjects(current: Roster, new: Roster) -> frozenset[Person]:
    """The members whose entry changes: they come, go, or get other roles or keys."""
    before = {one.person: one for one in current.members}
    after = {one.person: one for one in new.members}
    return frozenset(
        person for person in before.keys() | after.keys() if before.get(person) != after.get(person)
    )


def added_keys(current: Roster, new: Roster) -> frozenset[str]:
    """The ids of newly enrolled keys that can sign a file, and so must sign the new roster."""
    return _detached(new) - _detached(current)


def _misfit(current: Roster, current_sha256: str, new: Roster) -> str | None:
    if new.deployment != current.deployment:
        return "roster_deployment"
    if new.version != current.version + 1:
        return "roster_version"
    if new.previous != current_sha256:
        return "roster_previous"
    if new.is_demo != current.is_demo:
        return "roster_demo"
    return "roster_time" if new.made_at < current.made_at else None


def _detached(roster: Roster) -> frozenset[str]:
    return frozenset(key.id for one in roster.people for key in one.keys if key.is_detached)


def _ids(keys: tuple[ApprovalKey, ...]) -> frozenset[str]:
    return frozenset(key.id for key in keys)
