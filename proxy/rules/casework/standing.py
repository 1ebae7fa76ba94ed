"""Where a case stands, as more than one rule asks: what is missing, proven, may be given. Pure.

Source: casework s6.3 and s8; invariants 9, 10 and 41.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.model.case import Basis, FieldClass, Overlay
from proxy.model.case_state import OPEN
from proxy.model.roster import StaffRole
from proxy.rules.casework import fields, folding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.case import Fact
    from proxy.model.case_state import Case
    from proxy.model.case_type import CaseType

# Acts that rules know by name; a table that has no such act does without.
DESIGNATE: Final = "designate_contact"
INSTRUMENT: Final = "find_valid"  # whose `fields` are those that an instrument names
OVERLAY_ENDS: Final = {f"end_of_{one.value}": one for one in Overlay}
"""Ceilings of deadlines that no fact says: when an overlay ends by its own time."""


def missing_items(case: Case, case_type: CaseType) -> tuple[str, ...]:
    """What a request still lacks, in the order of its table."""
    given = frozenset(case.items_given)
    return tuple(one.id for one in case_type.items if one.is_required and one.id not in given)


def is_verified(case: Case, now: datetime, level: int = 1) -> bool:
    """Whether the requester is proven now; a later doubt (`unverify_requester`) takes it back."""
    done, doubt = case.last("verify_requester"), case.last("unverify_requester")
    if done is None or (doubt is not None and doubt.seq > done.seq):
        return False
    try:
        until, found = folding.moment(done.facts["until"]), int(done.facts["level"])  # type: ignore[arg-type] # a list is a TypeError
    except (KeyError, ValueError, TypeError):
        return False
    return now < until and found >= level


def handlers(case: Case) -> frozenset[str]:
    """Whoever handles the case, ever handled it, or acted as its handler.

    Handing it over does not make another person's work of it, in whatever role it was done.
    """
    given = {str(one.facts.get("person")) for one in case.done.get("handler_assigned", ())}
    acted = case.people.get(StaffRole.HANDLER, frozenset())
    return frozenset({*given, *acted, case.handler}) - {""}


def basis_of(facts: Mapping[str, Fact], case_type: CaseType) -> Basis | None:
    """The ground of a decision: as said, or the only one of its type."""
    if "basis" in facts:
        named = str(facts["basis"])
        return next((one for one in case_type.bases if one.value == named), None)
    return next(iter(case_type.bases)) if len(case_type.bases) == 1 else None


def givable(case: Case, case_type: CaseType, basis: Basis) -> frozenset[str]:
    """The fields that may be given in a case: asked for, and permitted on the ground.

    On legal process only what the newest valid instrument names; a contact whom the registrant
    named may be given instead of what was asked for, and alone where somebody may come to harm.
    """
    if basis not in case_type.bases:
        return frozenset()
    permitted = fields.permitted(case_type.may_disclose, basis)
    asked = frozenset(case.fields_asked)
    if basis is Basis.LEGAL_PROCESS:
        found = case.last(INSTRUMENT)
        named = () if found is None else found.facts.get("fields", ())
        return permitted & asked & frozenset(named if isinstance(named, tuple) else ())
    if case.last(DESIGNATE) is None:
        return permitted & asked
    if Overlay.SAFETY in case.overlays and basis is not Basis.EMERGENCY:
        return permitted & designated()  # somebody may come to harm, and a lawyer is there for them
    return permitted & (asked | designated())


def received_at(case: Case) -> datetime:
    """When the request came in, by the word of who took it; never later than it was opened."""
    opened = case.last(OPEN)
    said = None if opened is None else opened.facts.get("received_at")
    return case.opened_at if said is None else min(folding.moment(said), case.opened_at)


def newest_moment(case: Case, name: str, facts: Mapping[str, Fact]) -> datetime | None:
    """The moment that a fact of that name says: of the act just done, or the newest one before."""
    if name in facts:
        return folding.moment(facts[name])
    said = [
        (one.seq, one.facts[name])
        for several in case.done.values()
        for one in several
        if name in one.facts
    ]
    return folding.moment(max(said)[1]) if said else None


def ceiling(case: Case, name: str, facts: Mapping[str, Fact], now: datetime) -> datetime | None:
    """The moment that a deadline does not outlast: a fact's newest, or when an overlay ends.

    An overlay that ended bounds nothing any more.
    """
    overlay = OVERLAY_ENDS.get(name)
    if overlay is None:
        return newest_moment(case, name, facts)
    found = case.overlays.get(overlay)
    return None if found is None or found.until is None or found.until <= now else found.until


def designated() -> frozenset[str]:
    """Fields of a designated contact."""
    one = FieldClass.DESIGNATED_CONTACT
    return frozenset(name for name, found in fields.FIELD_CLASSES.items() if found is one)
