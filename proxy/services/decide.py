"""Orders from their proposal to their votes: receive, show, vote, object.

The document and the votes lie in the database and are checked each time against what the vault's
own state knows; an order of a case against the case as well, as the vault knows it. Every step is a
ledger entry. Source: vault.md, Order and Vote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from proxy.errors import Conflict, InvalidInput, Refused
from proxy.model.identifiers import TenantId
from proxy.model.order import CaseSubject, ChangeAgent, ChangeRegistrarKey, OrderState, Voter
from proxy.model.roster import Person, StaffRole
from proxy.rules import approval_matrix, approvals, case_orders, orders, reasons
from proxy.services import keep_roster, know_case
from proxy.store import approvals as store
from proxy.store.approvals import SignatureRow
from proxy.wire import documents, order_document, roster_document
from proxy.wire.frames import Signature

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.order import KeptOrder, Order, OrderId
    from proxy.model.roster import Roster
    from proxy.outer_ports import Orders
    from proxy.rules.case_orders import Known
    from proxy.services.keep_roster import InForce, Keeping
    from proxy.services.know_case import Knowing
    from proxy.store.pool import Connection


class About(TypedDict):
    """Of whom an entry tells."""

    subject: str
    tenant_id: TenantId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An order with everything an approver must see, and where it stands."""

    order: Order
    document: str
    kept: KeptOrder
    in_force: InForce
    voters: tuple[Voter, ...]
    votes: tuple[SignatureRow, ...]
    """The votes that hold, one a voter."""

    forged: int
    """Votes in the database that do not hold: an alarm."""

    lacking: tuple[str, ...]
    known: Known | None
    """Its case as the vault knows it; None for an order of no case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What decisions about orders need beside what rosters need."""

    keeping: Keeping
    book: Orders
    knowing: Knowing


async def submit(connection: Connection, deciding: Deciding, document: str) -> KeptOrder:
    """The order, open for votes, with the vault's nonce; Refused says why not.

    The same document again is no news, wherever its order stands.
    """
    order = order_document.parse(document)
    keeping, book = deciding.keeping, deciding.book
    sha256 = documents.digest(document)
    if not book.is_known(order.id):  # one that is known may have changed what it was checked by
        await _check_new(connection, deciding, order, sha256)
        # The entry first: no order is open that no leaf tells of.
        keeping.note(
            "order_received",
            {**facts(order, sha256), "kind": order.kind, "by": order.proposer},
            **about(order),
        )
    kept = book.receive(order, sha256, keeping.now)
    await store.add_order(connection, order.id, kept, document)
    return kept


async def _check_new(connection: Connection, deciding: Deciding, order: Order, sha256: str) -> None:
    keeping = deciding.keeping
    in_force = keep_roster.current(keeping)
    check(order, sha256, in_force, deciding, await _known(connection, deciding, order))
    untimely = orders.untimely(order, keeping.now)
    if untimely == "order_expired":
        raise refused(untimely)
    if orders.is_too_far(order, keeping.now):
        raise refused("order_window")


async def show(connection: Connection, deciding: Deciding, order_id: OrderId) -> Shown:
    """The order as it is, and where it stands."""
    keeping, book = deciding.keeping, deciding.book
    kept = book.find(order_id)
    document = await store.find_order(connection, order_id)
    if document is None:
        raise Refused("order_missing", "The order's document is not in the database any more.")
    if documents.digest(document) != kept.sha256:
        raise Refused("order_forged", "The database holds another document in the order's place.")
    order = order_document.parse(document)
    in_force = keep_roster.current(keeping)
    rows = await store.votes(connection, order_id)
    known = await _known(connection, deciding, order)
    barred = frozenset() if known is None else case_orders.barred(known.case)
    held = _held(keeping, in_force.roster, order, kept, rows=rows, barred=barred)
    voters = tuple(held.values())
    return Shown(
        order=order,
        document=document,
        kept=kept,
        in_force=in_force,
        voters=voters,
        votes=tuple(row for row in rows if row.person in held),
        forged=len(rows) - len(voters),
        lacking=approvals.lacking(in_force.roster, order, voters, barred),
        known=known,
    )


async def vote(
    connection: Connection, deciding: Deciding, order_id: OrderId, signature: Signature
) -> Shown:
    """The order with one more vote; Refused with the reason, and nothing has changed."""
    keeping = deciding.keeping
    shown = await show(connection, deciding, order_id)
    check_open(shown, deciding)
    roster, known = shown.in_force.roster, shown.known
    barred = frozenset() if known is None else case_orders.barred(known.case)
    reason = approvals.may_vote(roster, shown.order, signature.person, barred)
    if reason is not None:
        raise refused(reason)
    key = keep_roster.verify(keeping.signatures, roster, signature, message(keeping, shown.kept))
    # One vote a person, and the better one: a passkey's, played again by whoever serves pages,
    # takes no place of one from the person's own machine; the same once more is no news.
    earlier = {one.person: one for one in shown.voters}.get(Person(signature.person))
    if earlier is not None and (earlier.is_detached or not key.is_detached):
        return shown
    said = {**facts(shown.order, shown.kept.sha256), "person": signature.person}
    keeping.note("order_vote", said, **about(shown.order))
    await store.put_vote(
        connection,
        order_id,
        SignatureRow(
            person=signature.person,
            key=signature.key,
            signature=signature.signature,
            voted_at=keeping.now,
        ),
    )
    return await show(connection, deciding, order_id)


def object_to(deciding: Deciding, order_id: OrderId, signature: Signature) -> bool:
    """Stop an order by a member's no; whether it is a veto. Needs nothing of the database.

    A data protection officer's no to what gives a person's data away is a veto: it stays with the
    case. It does not stop an order that overrides it, which counsel and a director answer for.
    """
    keeping, book = deciding.keeping, deciding.book
    kept = book.find(order_id)
    if kept.state is not OrderState.OPEN:
        raise _over(kept)
    in_force = keep_roster.current(keeping)
    person = keep_roster.objector(keeping.signatures, in_force.roster, signature, kept.sha256)
    member = in_force.roster.member(person)
    is_officer = member is not None and StaffRole.DPO in member.roles
    if is_officer and kept.overrides_veto:
        raise refused("order_overrides_veto")
    is_veto = is_officer and kept.case is not None and approval_matrix.releases(kept.kind)
    said: dict[str, str | int | bool] = {
        "order": str(order_id), "sha256": kept.sha256, "person": person,
    }  # fmt: skip
    if kept.case is not None:
        said |= {"case": str(kept.case), "veto": is_veto}
    keeping.note(
        "order_stopped",
        said,
        subject=str(kept.case or ""),
        tenant_id=None if kept.tenant is None else TenantId(kept.tenant),
    )
    book.stop(order_id, is_veto=is_veto)
    return is_veto


def check(
    order: Order, sha256: str, in_force: InForce, deciding: Deciding, known: Known | None
) -> None:
    """Return when an order fits the roster in force and its case, agent or key; Refused if not."""
    now = deciding.keeping.now
    fault = orders.fault(order, in_force.roster, in_force.sha256)
    if fault is None and known is not None:
        fault = case_orders.fault(order, known, in_force.roster, now)
    if fault is None and isinstance(order.subject, ChangeRegistrarKey):
        fault = deciding.book.key_fault(order.subject)
    if fault is not None:
        raise refused(fault)
    if isinstance(order.subject, ChangeAgent):
        _check_agent(order, order.subject, sha256, in_force, now)


def _check_agent(
    order: Order, change: ChangeAgent, sha256: str, in_force: InForce, now: datetime
) -> None:
    """Return when what an order makes of an agent gives a sound roster; Refused if not."""
    replaces = roster_document.agent_digest(in_force.roster.agent(change.agent_id))
    fault = orders.agent_fault(order, change, in_force.roster, replaces)
    if fault is not None:
        raise refused(fault)
    made = orders.changed_roster(order, sha256, in_force.roster, now)
    try:
        is_sound = roster_document.parse(roster_document.render(made)) == made
    except InvalidInput:
        is_sound = False
    if not is_sound:  # too many agents, or too long: nobody could read it ever after
        raise refused("order_result")


def check_open(shown: Shown, deciding: Deciding) -> None:
    """Return when an order may still be voted on; Refused or Conflict with the reason."""
    if shown.kept.state is not OrderState.OPEN:
        raise _over(shown.kept)
    if orders.untimely(shown.order, deciding.keeping.now) == "order_expired":
        raise refused("order_expired")
    check(shown.order, shown.kept.sha256, shown.in_force, deciding, shown.known)


def message(keeping: Keeping, kept: KeptOrder) -> bytes:
    """What votes on an order sign."""
    return keeping.signatures.approval(bytes.fromhex(kept.sha256), kept.nonce)


def about(order: Order) -> About:
    """Of whom the entries of an order tell: of its case, or of a registrar."""
    subject = order.subject
    if isinstance(subject, CaseSubject):
        return {"subject": str(subject.case), "tenant_id": subject.tenant_id}
    if isinstance(subject, ChangeRegistrarKey):
        return {"subject": "", "tenant_id": subject.tenant_id}
    return {"subject": "", "tenant_id": None}


def facts(order: Order, sha256: str) -> dict[str, str | int | bool]:
    """What every entry of an order says."""
    found: dict[str, str | int | bool] = {"order": str(order.id), "sha256": sha256}
    subject = order.subject
    if isinstance(subject, CaseSubject):
        found |= {"kind": order.kind.value, "case": str(subject.case)}
        if subject.overrides_veto:
            found["overrides_veto"] = True
    if isinstance(subject, ChangeRegistrarKey):
        found |= {"kind": order.kind.value, "registrar": str(subject.tenant_id)}
    return found


async def _known(connection: Connection, deciding: Deciding, order: Order) -> Known | None:
    if not isinstance(order.subject, CaseSubject):
        return None
    return await know_case.known(connection, deciding.knowing, order.subject, deciding.keeping.now)


def refused(code: str) -> Refused:
    """The refusal of a code, with its sentence."""
    return Refused(code, reasons.SENTENCES.get(code, ""))


def _over(kept: KeptOrder) -> Conflict:
    code = "order_stopped" if kept.state is OrderState.STOPPED else "order_used"
    return Conflict(code, reasons.SENTENCES[code])


def _held(
    keeping: Keeping,
    roster: Roster,
    order: Order,
    kept: KeptOrder,
    *,
    rows: tuple[SignatureRow, ...],
    barred: frozenset[str],
) -> dict[str, Voter]:
    """Those of the stored votes that hold today, under the roster in force, by person."""
    found = {}
    wanted = message(keeping, kept)
    for row in rows:
        signature = Signature(person=row.person, key=row.key, signature=row.signature)
        try:
            key = keep_roster.verify(keeping.signatures, roster, signature, wanted)
        except (Refused, InvalidInput):
            continue
        if approvals.may_vote(roster, order, row.person, barred) is None:
            found[row.person] = Voter(person=Person(row.person), is_detached=key.is_detached)
    return found
