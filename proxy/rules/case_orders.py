"""Whether an order of a case may be voted on and carried out, its votes apart. Pure; codes.

Looks at the case as its events and the vault's own memory tell it, not at what an order says of
it: what an order says has to be the same. Everything is looked at again at every step, so that
whatever changes in between makes the order void.
Source: vault.md, Order; casework s6.2, s6.5 and s8; invariants 2 to 6, 9 to 11, 29 to 43.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.model import names
from proxy.model.case import Basis, Overlay
from proxy.model.case_type import Need
from proxy.model.order import CaseSubject, Disclosure, OrderKind, Publication, Silence
from proxy.model.roster import StaffRole
from proxy.rules import approval_matrix
from proxy.rules.casework import assurances, standing
from proxy.rules.orders import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from proxy.model.case_state import Case
    from proxy.model.case_type import CaseType
    from proxy.model.order import Order
    from proxy.model.roster import Roster

DISCLOSURES: Final = frozenset({OrderKind.DISCLOSE, OrderKind.DISCLOSE_URGENTLY})
_AFTERWARDS: Final = frozenset({OrderKind.LIFT_HOLD, OrderKind.LIFT_GAG})
"""What outlives its case, and is lifted when that may be closed."""

_OWN_WORK: Final = (StaffRole.HANDLER, StaffRole.INVESTIGATOR, StaffRole.VERIFIER)

_OVER_ALL: Final = frozenset({OrderKind.LIFT_HOLD, OrderKind.GAG, OrderKind.LIFT_GAG})
"""What lies over every type of case; for an order of another kind an act of the type asks."""

# The indemnity path, by the names of its acts and its deadline (case_types/third_party_claim.toml).
FIND_BREACH: Final = "find_breach"
CONFIRM_BREACH: Final = "confirm_breach"
ASSURANCES: Final = "assurances"

CLAIM_EMERGENCY: Final = "claim_emergency"  # case_types/law_enforcement.toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A case as the vault knows it; gag, hold and veto by its own state.

    `events` has the place of every event by its hash in hex; `type` is None for a type that this
    vault does not know. `are_records_true`: whether every record that the order names is the newest
    version, with exactly those bytes.
    """

    case: Case
    events: Mapping[str, int]
    type: CaseType | None
    is_gagged: bool
    is_held: bool  # by this case
    is_vetoed: bool
    are_records_true: bool


def in_force(known: Known) -> tuple[Overlay, ...]:
    """What lies over a case: by its events, and gag and hold by the vault's state as well.

    Either word is enough: who writes events can not talk a gag or a hold away, and one that ended
    by its time lies there until somebody said so.
    """
    own = {Overlay.GAG: known.is_gagged, Overlay.HOLD: known.is_held}
    return tuple(sorted({*known.case.overlays, *(one for one, holds in own.items() if holds)}))


def barred(case: Case) -> frozenset[str]:
    """Who may not vote on orders of a case: it is their work, or they declared a conflict."""
    proposers = {one.actor for one in case.done.get("order_proposed", ())}
    workers = {who for role in _OWN_WORK for who in case.people.get(role, ())}
    return frozenset(workers | proposers | case.conflicted | standing.handlers(case)) - {""}


def fault(order: Order, known: Known, roster: Roster, now: datetime) -> str | None:
    """What is wrong with an order of a case at this moment, as a code; None if nothing."""
    subject = order.subject
    if not isinstance(subject, CaseSubject) or known.type is None:
        return "order_case_type"
    checks = (
        *_of_the_case(order, subject, known),
        *_of_its_type(order, subject, known.type),
        *_of_overlays(order, subject, known),
        *_of_its_papers(order, subject, known.case),
        *_of_its_deed(order, subject, known, roster),
        *_of_the_requester(order, subject, known.case, now),
        *_of_the_breach(order, subject, known.case),
    )
    return next((code for code, holds in checks if not holds), None)


def is_awaited(order: Order, known: Known) -> bool:
    """Whether the case stands where this order is carried out, where its type has such a place.

    The way there is what the registrant is promised: their notice, the time before the deed, a
    second look. An order that has its votes does not go past it.
    """
    about = f"{order.kind.value.replace(' ', '_')}=carried_out"
    acts = () if known.type is None else known.type.acts
    places = [one.when for one in acts if Need(guard="order", about=about) in one.needs]
    return not places or any(known.case.state in one for one in places)


def _of_the_case(order: Order, subject: CaseSubject, known: Known) -> Iterator[tuple[str, bool]]:
    """It is this case, as it stands, and of this name and registration."""
    case = known.case
    own = (case.id, case.type, case.tenant_id, case.registration_id, case.domain)
    said = (
        subject.case, subject.case_type, subject.tenant_id, subject.registration_id, subject.domain
    )  # fmt: skip
    yield "order_case", own == said
    yield "order_case", case.event_date.replace(microsecond=0) == subject.event_date
    yield "order_name", subject.unicode_name == (names.unicode_name(case.domain) or "")
    yield "order_case_closed", case.is_open or order.kind in _AFTERWARDS
    place = known.events.get(subject.event)
    yield "order_event_unknown", place is not None
    yield "order_event_passed", case.material_seq <= (place or 0)
    yield "order_person", order.proposer not in {"", OPERATOR}
    yield "order_handler", order.handler == case.handler


def _of_its_type(
    order: Order, subject: CaseSubject, case_type: CaseType
) -> Iterator[tuple[str, bool]]:
    """The type of the case knows such an outcome, on such a ground."""
    possible = _OVER_ALL | {one.order for one in case_type.acts}
    yield "order_basis", subject.basis in case_type.bases
    yield "order_outcome", order.kind in possible
    if order.kind in DISCLOSURES:
        is_urgent = order.kind is OrderKind.DISCLOSE_URGENTLY
        yield "order_basis", (subject.basis is Basis.EMERGENCY) == is_urgent


def _of_overlays(order: Order, subject: CaseSubject, known: Known) -> Iterator[tuple[str, bool]]:
    """The order says what lies over the case, and none of it stands against the order."""
    kind, over = order.kind, in_force(known)
    releases = approval_matrix.releases(kind)
    yield "order_overlays", subject.overlays == over
    yield "order_stay", not releases or Overlay.STAY not in over
    yield "order_minor", not releases or Overlay.MINOR not in over or _is_public(order, subject)
    yield "order_udrp_lock", kind is not OrderKind.DEACTIVATE or Overlay.UDRP_LOCK not in over
    # An override that nothing calls for would do without the officer's clearance.
    yield "order_no_veto", known.is_vetoed or not subject.overrides_veto
    yield "order_vetoed", not (releases and known.is_vetoed) or subject.overrides_veto
    yield "order_no_veto", releases or not subject.overrides_veto
    # One whose time is over binds nobody, and still lies over the case until people lift it.
    yield "order_gag_none", kind is not OrderKind.LIFT_GAG or Overlay.GAG in over
    yield "order_hold_none", kind is not OrderKind.LIFT_HOLD or known.is_held


def _is_public(order: Order, subject: CaseSubject) -> bool:
    """Whether an authority is behind a disclosure: a minor's data goes to nobody else."""
    by_process = order.kind is OrderKind.DISCLOSE and subject.basis is Basis.LEGAL_PROCESS
    return by_process or order.kind is OrderKind.DISCLOSE_URGENTLY


def _of_its_papers(order: Order, subject: CaseSubject, case: Case) -> Iterator[tuple[str, bool]]:
    """What the order rests on lies as evidence in this very case."""
    papers, deed = set(case.evidence.values()), subject.deed
    yield "order_reasons", subject.reasons in papers
    yield "order_instrument", not subject.instrument or subject.instrument in papers
    yield (
        "order_instrument",
        bool(subject.instrument)
        or (subject.basis is not Basis.LEGAL_PROCESS and order.kind is not OrderKind.GAG),
    )
    if isinstance(deed, Disclosure):
        recipient = deed.recipient
        yield "order_recipient", recipient.identity in papers
        yield (
            "order_recipient",
            not recipient.openpgp or recipient.certificate in {str(one) for one in case.evidence},
        )


def _of_its_deed(
    order: Order, subject: CaseSubject, known: Known, roster: Roster
) -> Iterator[tuple[str, bool]]:
    """Only fields that were asked for, that this type, this ground and this roster allow."""
    deed, rule, case_type = subject.deed, roster.rule(order.kind), known.type
    if rule is None or case_type is None:
        yield "order_kind_without_rule", False
        return
    if isinstance(deed, Silence):
        yield "order_gag_end", deed.until is None or deed.until > order.not_before
    if isinstance(deed, Disclosure | Publication):
        given = frozenset(deed.fields)
        givable = standing.givable(known.case, case_type, subject.basis)
        yield "order_fields", bool(given) and given <= givable
        yield "order_field_limit", given <= rule.fields
        yield "order_records", bool(deed.records) and known.are_records_true
    if order.kind in DISCLOSURES:
        releaser = roster.member(order.releaser)
        yield (
            "order_releaser", releaser is not None and StaffRole.RELEASER in releaser.roles
        )  # fmt: skip


def _of_the_requester(
    order: Order, subject: CaseSubject, case: Case, now: datetime
) -> Iterator[tuple[str, bool]]:
    """Nobody gets anything who is not proven to be who they say, now and at the order's end."""
    if order.kind in DISCLOSURES:
        yield "order_requester", standing.is_verified(case, now)
        yield (
            "order_requester",
            standing.is_verified(case, max(now, order.expires_at - timedelta(microseconds=1)))
            or subject.basis is Basis.EMERGENCY,
        )
    if order.kind is OrderKind.DISCLOSE_URGENTLY:
        yield "order_call_back", _is_called_back(case)


def _is_called_back(case: Case) -> bool:
    """Whether the newest proof is a call to a number from elsewhere than the request.

    Made by somebody else than who took it in (invariant 42).
    """
    proof = case.last("verify_requester")
    if proof is None or proof.facts.get("number_from") != "independent":
        return False
    claim = case.last(CLAIM_EMERGENCY)
    if claim is not None and (claim.seq > proof.seq or claim.actor == proof.actor):
        return False
    return proof.facts.get("taker") not in {None, "", proof.actor}


def _of_the_breach(order: Order, subject: CaseSubject, case: Case) -> Iterator[tuple[str, bool]]:
    """On the indemnity path: a breach that two found after the window was over (invariant 29)."""
    is_consequence = order.kind in DISCLOSURES or order.kind is OrderKind.DEACTIVATE
    if subject.basis is Basis.CONTRACT_BREACH and is_consequence:
        yield "order_assurances", not assurances.are_good(case)
        yield "order_breach", is_breach_confirmed(case)


def is_breach_confirmed(case: Case) -> bool:
    """Whether two people found a breach, both after the newest window for assurances was over."""
    found, confirmed = case.last(FIND_BREACH), case.last(CONFIRM_BREACH)
    window = case.deadlines.get(ASSURANCES)
    over = [
        one.seq
        for one in case.done.get("deadline_due", ())
        if window is not None
        and (one.facts.get("deadline"), one.facts.get("round")) == (ASSURANCES, window.round)
    ]
    if found is None or confirmed is None or window is None or not window.is_due or not over:
        return False
    if found.facts.get("verdict") != "breach":
        return False
    return over[0] < found.seq < confirmed.seq and found.actor != confirmed.actor
