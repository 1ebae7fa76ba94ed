"""Whether an order may be voted on and carried out, its votes apart. Pure; faults are codes.

Source: vault.md, Order; casework invariants 4 and 5.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from proxy.model.order import OF_NO_CASE, ChangeAgent, ChangeRegistrarKey, OrderKind
from proxy.model.roster import Person
from proxy.rules.approval_matrix import MATRIX

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.order import Order
    from proxy.model.roster import Roster

LONGEST_LIFE = MATRIX[OrderKind.CHANGE_AGENT].longest  # from its first to its last moment
USUAL_LIFE = timedelta(hours=72)  # casework, default limits: approval life
AGENT_FIELDS = frozenset({"openpgp", "host", "port", "host_key", "deposits_per_day", "registrars"})
NEW_AGENT_FIELDS = AGENT_FIELDS - {"registrars"}  # what every agent has; the rest may be absent
OPERATOR = "operator"  # proposes orders from the command line; no person, so it never votes


def fault(order: Order, roster: Roster, roster_sha256: str) -> str | None:
    """What is wrong with any order under the roster in force, whatever the time; None if nothing.

    What it is about is looked at by `agent_fault`, or by rules.case_orders.
    """
    people = {one.person for one in roster.members}
    if order.deployment != roster.deployment:
        return "order_deployment"
    if (order.roster, order.roster_version) != (roster_sha256, roster.version):
        return "order_roster"
    if roster.rule(order.kind) is None:
        return "order_kind_without_rule"
    if OPERATOR in {order.handler, order.releaser} or not _named(order) <= people:
        return "order_person"
    if not timedelta() < order.expires_at - order.not_before <= MATRIX[order.kind].longest:
        return "order_window"
    return None


def _named(order: Order) -> set[Person]:
    """Who has to be a member. Who handles or proposes in a case may have no key and no vote."""
    if order.kind in OF_NO_CASE:
        return {order.proposer, order.handler, order.releaser} - {Person(""), Person(OPERATOR)}
    return {order.releaser} - {Person("")}


def is_too_far(order: Order, now: datetime) -> bool:
    """Whether an order would live on for longer than votes do."""
    return order.expires_at - now > MATRIX[order.kind].ahead


def agent_fault(order: Order, change: ChangeAgent, roster: Roster, replaces: str) -> str | None:
    """What is wrong with what an order would make of an agent; None if nothing.

    `replaces` is the digest of what stands in the place of what the order would put there.
    """
    rule = roster.rule(order.kind)
    changes = changed_fields(change, roster)
    if rule is None:
        return "order_kind_without_rule"
    if change.replaces != replaces:
        return "order_agent_changed"
    if not changes:
        return "order_changes_nothing"
    return None if changes <= rule.fields else "order_field_limit"


def key_fault(change: ChangeRegistrarKey, newest: str, wanted: str) -> str | None:
    """What is wrong with what an order would make of a registrar's key; None if nothing.

    `newest` is the digest of the newest key there is, `wanted` that of the one it shall have.
    """
    if change.replaces != newest:
        return "order_key_changed"
    return "order_changes_nothing" if wanted == newest else None


def untimely(order: Order, now: datetime) -> str | None:
    """Why an order can not be carried out at this moment; None when it can."""
    if now >= order.expires_at:
        return "order_expired"
    return "order_early" if now < order.not_before else None


def changed_fields(change: ChangeAgent, roster: Roster) -> frozenset[str]:
    """The fields of an agent that an order changes; all that it has for one that comes or goes.

    An agent that names no registrars does without that field: rules that were signed before there
    was one allow as much as they did.
    """
    before, after = roster.agent(change.agent_id), change.agent
    if before is None or after is None:
        one = before or after
        if one is None:
            return frozenset()
        return AGENT_FIELDS if one.registrars else NEW_AGENT_FIELDS
    return frozenset(name for name in AGENT_FIELDS if getattr(before, name) != getattr(after, name))


def changed_roster(order: Order, order_sha256: str, roster: Roster, now: datetime) -> Roster:
    """The successor that an order of an agent makes: other agents, nothing else."""
    change = order.subject
    if not isinstance(change, ChangeAgent):
        raise TypeError(order.kind)  # a bug: other orders make no roster
    kept = tuple(one for one in roster.agents if one.id != change.agent_id)
    added = () if change.agent is None else (change.agent,)
    return replace(
        roster,
        version=roster.version + 1,
        previous=order.roster,
        made_at=max(now.replace(microsecond=0), roster.made_at),
        agents=tuple(sorted((*kept, *added), key=lambda one: one.id)),
        order=order_sha256,
    )
