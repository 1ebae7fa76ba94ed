"""Propose an order of a case: write its document out of the case, and hand it in to be voted on.

What an order must name is taken from where it is known: the case from its chain, what lies over it
and the record from the vault, the roster from the vault. Who proposes decides nothing, and has no
vote on it. The vault looks at all of it again. Source: vault.md, Order; casework s6.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.errors import InvalidInput, Refused
from proxy.model import names
from proxy.model.case import EvidenceId
from proxy.model.evidence import CERTIFICATE_KIND
from proxy.model.order import (
    CaseSubject,
    Disclosure,
    Order,
    OrderId,
    OrderKind,
    Publication,
    Recipient,
    Silence,
)
from proxy.model.roster import Person, StaffRole
from proxy.rules import reasons, use_terms
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import act, assign
from proxy.store import case_orders
from proxy.wire import documents, order_document

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import Actor, Basis, CaseId
    from proxy.model.case_state import Case
    from proxy.outer_ports import CasePapers, DescribedCase
    from proxy.services.casework.office import Turn

_MAY: Final = frozenset({StaffRole.HANDLER, StaffRole.DECIDER, StaffRole.LEGAL})
# At night there may be nobody but the pair, who vote, and who sends the package.
_MAY_URGENTLY: Final = _MAY | {StaffRole.ON_CALL, StaffRole.RELEASER}
_DISCLOSES: Final = frozenset({OrderKind.DISCLOSE, OrderKind.DISCLOSE_URGENTLY})
_USUAL: Final = timedelta(hours=72)  # casework s11: approval life
_URGENT: Final = timedelta(minutes=60)
_FURTHEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class To:
    """Who gets a package; who they are and their certificate ("": none) are evidence, by id."""

    name: str = field(repr=False)
    organization: str = field(repr=False)
    identity: str
    openpgp: str
    certificate: str
    delete_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What somebody wants people to vote on. `reasons` and `instrument` are evidence by id."""

    kind: OrderKind
    basis: Basis
    reason: str = field(repr=False)  # a line that approvers read
    reasons: str
    instrument: str
    fields: tuple[str, ...]
    releaser: str
    not_before: datetime
    to: To | None
    until: datetime | None  # of a gag
    overrides_veto: bool


async def propose(
    turn: Turn, papers: CasePapers, case_id: CaseId, actor: Actor, proposal: Proposal
) -> tuple[OrderId, str]:
    """The order's id and digest; Refused and InvalidInput say what is wrong, here or at the vault.

    A crash after the vault took it leaves an order that the case does not know of: nobody is asked
    to vote on it, and it expires.
    """
    is_urgent = proposal.kind is OrderKind.DISCLOSE_URGENTLY
    role = assign.check_role(actor, _MAY_URGENTLY if is_urgent else _MAY)
    async with turn.connection.transaction():
        held = await act.hold(turn, case_id)
        if actor.person in held.case.conflicted:
            raise Refused("case_conflict", "Somebody with a conflict of interest keeps away.")
        described = await papers.describe(case_id)
        if described.event != held.case.head.hex():
            raise Refused("case_behind", "The vault has not seen the newest event yet: try again.")
        order = await _order(turn, papers, held.case, described, actor, proposal)
        document = order_document.render(order)
        order_document.parse(document)  # what the vault would refuse is told before it is asked
        await papers.submit(document)
        sha256 = documents.digest(document)
        event = NewEvent(
            actor=actor.person,
            role=role.value,
            act="order_proposed",
            facts={"order": str(order.id), "kind": order.kind.value, "sha256": sha256},
        )
        await case_events.append(
            turn.connection, case_id, [event], now=turn.now, random=turn.office.random
        )
        await case_orders.add(turn.connection, order.id, case_id, order.kind, turn.now)
        await act.follow(turn, case_id)
    return order.id, sha256


async def _order(  # noqa: PLR0917 - one document out of everything that is known
    turn: Turn,
    papers: CasePapers,
    case: Case,
    described: DescribedCase,
    actor: Actor,
    proposal: Proposal,
) -> Order:
    roster, roster_sha256 = await papers.roster()
    not_before = max(proposal.not_before, turn.now).replace(microsecond=0)
    if not_before - turn.now > _FURTHEST:  # the vault allows less; here it keeps the sums possible
        raise Refused("order_window", reasons.SENTENCES["order_window"])
    life = _URGENT if proposal.kind is OrderKind.DISCLOSE_URGENTLY else _USUAL
    return Order(
        deployment=roster.deployment,
        id=OrderId(UUID(bytes=turn.office.random(16))),
        kind=proposal.kind,
        roster_version=roster.version,
        roster=roster_sha256,
        proposer=Person(actor.person),
        handler=Person(case.handler),
        releaser=Person(proposal.releaser),
        reason=proposal.reason,
        not_before=not_before,
        expires_at=not_before + life,
        subject=CaseSubject(
            case=case.id,
            case_type=case.type,
            event=described.event,
            tenant_id=case.tenant_id,
            registration_id=case.registration_id,
            domain=case.domain,
            unicode_name=names.unicode_name(case.domain) or "",
            event_date=case.event_date.replace(microsecond=0),
            basis=proposal.basis,
            instrument=_digest(case, proposal.instrument) if proposal.instrument else "",
            reasons=_digest(case, proposal.reasons),
            overlays=tuple(sorted({*case.overlays, *described.overlays})),
            overrides_veto=proposal.overrides_veto,
            deed=_deed(case, described, proposal),
        ),
    )


def _deed(
    case: Case, described: DescribedCase, proposal: Proposal
) -> Disclosure | Publication | Silence | None:
    if proposal.kind is OrderKind.GAG:
        return Silence(until=proposal.until)
    if proposal.kind is OrderKind.PUBLISH:
        return Publication(fields=tuple(sorted(proposal.fields)), records=described.records)
    if proposal.kind not in _DISCLOSES:
        return None
    to = proposal.to
    if to is None:
        raise InvalidInput("order_recipient", "A disclosure needs somebody who gets it: `to`.")
    return Disclosure(
        fields=tuple(sorted(proposal.fields)),
        records=described.records,
        recipient=Recipient(
            name=to.name,
            organization=to.organization,
            identity=_digest(case, to.identity),
            openpgp=to.openpgp.replace(" ", "").upper(),
            certificate=_certificate(case, to.certificate),
        ),
        terms=use_terms.NEWEST,
        delete_by=to.delete_by,
    )


def _certificate(case: Case, evidence: str) -> str:
    """The certificate's id, if it is one; InvalidInput `order_certificate`.

    The vault would refuse any other file, but only after people have voted.
    """
    kinds = {
        one.facts.get("evidence"): one.facts.get("kind")
        for one in case.done.get("evidence_added", ())
    }
    if evidence and kinds.get(evidence) != CERTIFICATE_KIND:
        raise InvalidInput(
            "order_certificate",
            f"`to.certificate` is the id of evidence of the kind {CERTIFICATE_KIND}.",
        )
    return evidence


def _digest(case: Case, evidence: str) -> str:
    """The SHA-256 of a file of the case, by its id; InvalidInput `evidence_unknown`."""
    try:
        found = case.evidence.get(EvidenceId(UUID(evidence)))
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput("evidence_unknown", "The case has no evidence by this id.")
    return found
