"""How many people, and which, stand behind each kind of order at the least: one table. Pure.

A roster may ask for more, never for less; whatever a roster says, the floor counts. Who clears an
order (the data protection officer) is a person beside those who approve it.
Source: casework s6.2, invariants 1, 38 and 39; vault.md, Roster and orders, where it is stricter.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.model.case import Overlay
from proxy.model.order import CaseSubject, Disclosure, OrderKind
from proxy.model.roster import StaffRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from proxy.model.order import Order
    from proxy.model.roster import Rule

FLOOR: Final = 2
"""People behind any order or roster, at the least: no setting and no roster lowers it."""

SAFE_FLOOR: Final = 3  # where somebody may come to harm (casework invariant 38)


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What an order of one kind needs at the least.

    `each` are roles of different people among those who approve; `clears` roles of people beside
    them, whose vote is not one of the approvals. `all_detached`: a vote through a web page does
    not count. `longest` is how long such an order may hold, `ahead` how far off its end may lie
    when it is submitted: a vote lives no longer.
    """

    approvals: int = FLOOR
    each: tuple[StaffRole, ...] = ()
    clears: tuple[StaffRole, ...] = ()
    all_detached: bool = False
    longest: timedelta = timedelta(hours=72)  # casework s11: approval life
    ahead: timedelta = timedelta(days=7)
    releases: bool = False
    """Whether a person's data leaves by it: a veto, a stay and a minor stand against that."""


MATRIX: Final[Mapping[OrderKind, Floor]] = {
    OrderKind.CHANGE_AGENT: Floor(longest=timedelta(days=7)),
    # Whoever has the key reads the persons behind a registrar's names: as many stand behind it as
    # behind a disclosure, and none of them through a web page.
    OrderKind.REGISTRAR_KEY: Floor(
        each=(StaffRole.DECIDER, StaffRole.LEGAL), clears=(StaffRole.DPO,), all_detached=True
    ),
    OrderKind.DISCLOSE: Floor(
        each=(StaffRole.DECIDER, StaffRole.LEGAL), clears=(StaffRole.DPO,), releases=True
    ),
    # The on-call pair, on machines of their own, within the hour; nobody can do it alone.
    OrderKind.DISCLOSE_URGENTLY: Floor(
        each=(StaffRole.ON_CALL, StaffRole.ON_CALL),
        all_detached=True,
        longest=timedelta(minutes=60),
        ahead=timedelta(minutes=60),
        releases=True,
    ),
    OrderKind.PUBLISH: Floor(
        approvals=3,
        each=(StaffRole.DIRECTOR, StaffRole.LEGAL),
        clears=(StaffRole.DPO,),
        releases=True,
    ),
    OrderKind.RELEASE_PRIVACY: Floor(releases=True),
    OrderKind.DEACTIVATE: Floor(),
    OrderKind.LIFT_HOLD: Floor(each=(StaffRole.LEGAL,)),
    OrderKind.GAG: Floor(each=(StaffRole.LEGAL,)),
    OrderKind.LIFT_GAG: Floor(each=(StaffRole.LEGAL,)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What one order needs: so many who approve, among them one of `each`, and who clears it."""

    approvals: int
    each: tuple[StaffRole, ...]
    clears: tuple[StaffRole, ...]
    all_detached: bool

    @property
    def people(self) -> int:
        """How many different people that is."""
        return self.approvals + len(self.clears)


def by_rule(rule: Rule) -> Needed:
    """What a roster's rule and the floor ask of an order that nothing lies over."""
    floor = MATRIX[rule.kind]
    each = joined(rule.each, floor.each)
    return Needed(
        approvals=max(FLOOR, floor.approvals, rule.approvals, len(each)),
        each=each,
        clears=floor.clears,
        all_detached=floor.all_detached,
    )


def by_order(rule: Rule, order: Order) -> Needed:
    """What this order needs, whatever lies over its case.

    One more where somebody may come to harm, and one more for a package under a pass-phrase. Who
    overrides a veto has counsel and a director behind it, in the place of the officer's clearance.
    A minor's data leave in an emergency with counsel and the officer beside the pair.
    """
    found, subject = by_rule(rule), order.subject
    if not isinstance(subject, CaseSubject):
        return found
    approvals, each, clears = found.approvals, found.each, found.clears
    if subject.overrides_veto:
        each, clears = joined(each, (StaffRole.DIRECTOR, StaffRole.LEGAL)), ()
    if Overlay.MINOR in subject.overlays and MATRIX[order.kind].releases:
        each = joined(each, (StaffRole.LEGAL,))
        clears = clears if subject.overrides_veto else joined(clears, (StaffRole.DPO,))
    approvals = max(approvals, len(each))
    if Overlay.SAFETY in subject.overlays:
        approvals = max(SAFE_FLOOR, approvals + 1)
    if is_under_passphrase(order):
        approvals += 1
    return Needed(approvals=approvals, each=each, clears=clears, all_detached=found.all_detached)


def is_under_passphrase(order: Order) -> bool:
    """Whether a package goes under a pass-phrase, its recipient having no key."""
    subject = order.subject
    return (
        isinstance(subject, CaseSubject)
        and isinstance(subject.deed, Disclosure)
        and not subject.deed.recipient.openpgp
    )


def releases(kind: OrderKind) -> bool:
    """Whether a person's data leaves by orders of a kind."""
    return MATRIX[kind].releases


def is_below(rule: Rule) -> bool:
    """Whether a roster's rule says less than the table: such a roster is refused."""
    floor = MATRIX[rule.kind]  # a rule names a role once; the table may want it twice
    return rule.approvals < floor.approvals or not set(floor.each) <= set(rule.each)


def joined(one: Iterable[StaffRole], other: Iterable[StaffRole]) -> tuple[StaffRole, ...]:
    """Roles of either, as often as the one that has them more often."""
    return tuple(sorted((Counter(one) | Counter(other)).elements()))
