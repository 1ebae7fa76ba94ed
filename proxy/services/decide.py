"""Orders from their proposal to their votes: receive, show, vote, object.

The document and the votes lie in the database and are checked each time against what the vault's
own state knows. Every step is a ledger entry. Source: vault.md, Order and Vote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import Conflict, InvalidInput, Refused
from proxy.model.order import OrderState, Voter
from proxy.model.roster import Person
from proxy.rules import approvals, orders, reasons
from proxy.services import keep_roster
from proxy.store import approvals as store
from proxy.store.approvals import SignatureRow
from proxy.wire import documents, order_document, roster_document
from proxy.wire.frames import Signature

if TYPE_CHECKING:
    from proxy.model.order import KeptOrder, Order, OrderId
    from proxy.model.roster import Roster
    from proxy.ports import Orders
    from proxy.services.keep_roster import InForce, Keeping
    from proxy.store.pool import Connection


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


async def submit(
    connection: Connection, keeping: Keeping, book: Orders, document: str
) -> KeptOrder:
    """The order, open for votes, with the vault's nonce; Refused says why not."""
    order = order_document.parse(document)
    in_force = keep_roster.current(keeping)
    check(order, documents.digest(document), in_force, keeping)
    untimely = orders.untimely(order, keeping.now)
    if untimely == "order_expired":
        raise refused(untimely)
    if order.expires_at - keeping.now > orders.LONGEST_LIFE:
        raise refused("order_window")
    sha256 = documents.digest(document)
    if not book.is_known(order.id):  # the entry first: no order is open that no leaf tells of
        facts = {"order": str(order.id), "kind": order.kind, "sha256": sha256}
        keeping.note("order_received", {**facts, "by": order.proposer})
    kept = book.receive(order.id, order.kind, sha256, order.expires_at, keeping.now)
    await store.add_order(connection, order.id, kept, document)
    return kept


async def show(connection: Connection, keeping: Keeping, book: Orders, order_id: OrderId) -> Shown:
    """The order as it is, and where it stands."""
    kept = book.find(order_id)
    document = await store.find_order(connection, order_id)
    if document is None:
        raise Refused("order_missing", "The order's document is not in the database any more.")
    if documents.digest(document) != kept.sha256:
        raise Refused("order_forged", "The database holds another document in the order's place.")
    order = order_document.parse(document)
    in_force = keep_roster.current(keeping)
    rows = await store.votes(connection, order_id)
    held = _held(keeping, in_force.roster, order, kept, rows)
    voters = tuple(held.values())
    return Shown(
        order=order,
        document=document,
        kept=kept,
        in_force=in_force,
        voters=voters,
        votes=tuple(row for row in rows if row.person in held),
        forged=len(rows) - len(voters),
        lacking=approvals.lacking(in_force.roster, order, voters),
    )


async def vote(
    connection: Connection,
    keeping: Keeping,
    book: Orders,
    order_id: OrderId,
    signature: Signature,
) -> Shown:
    """The order with one more vote; Refused with the reason, and nothing has changed."""
    shown = await show(connection, keeping, book, order_id)
    check_open(shown, keeping)
    roster = shown.in_force.roster
    barred = approvals.may_vote(roster, shown.order, signature.person)
    if barred is not None:
        raise refused(barred)
    key = keep_roster.verify(keeping.signatures, roster, signature, message(keeping, shown.kept))
    # One vote a person, and the better one: a passkey's, played again by whoever serves pages,
    # takes no place of one from the person's own machine; the same once more is no news.
    earlier = {one.person: one for one in shown.voters}.get(Person(signature.person))
    if earlier is not None and (earlier.is_detached or not key.is_detached):
        return shown
    keeping.note(
        "order_vote",
        {"order": str(order_id), "sha256": shown.kept.sha256, "person": signature.person},
    )
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
    return await show(connection, keeping, book, order_id)


def object_to(keeping: Keeping, book: Orders, order_id: OrderId, signature: Signature) -> None:
    """Stop an order by a member's no; needs nothing of the database."""
    kept = book.find(order_id)
    if kept.state is not OrderState.OPEN:
        raise _over(kept)
    in_force = keep_roster.current(keeping)
    person = keep_roster.objector(keeping.signatures, in_force.roster, signature, kept.sha256)
    keeping.note("order_stopped", {"order": str(order_id), "sha256": kept.sha256, "person": person})
    book.stop(order_id)


def check(order: Order, sha256: str, in_force: InForce, keeping: Keeping) -> None:
    """Return when an order fits the roster in force and makes a sound one; Refused if not."""
    present = in_force.roster.agent(order.subject.agent_id)
    fault = orders.fault(
        order,
        in_force.roster,
        in_force.sha256,
        replaces=roster_document.agent_digest(present),
    )
    if fault is not None:
        raise refused(fault)
    made = orders.changed_roster(order, sha256, in_force.roster, keeping.now)
    try:
        is_sound = roster_document.parse(roster_document.render(made)) == made
    except InvalidInput:
        is_sound = False
    if not is_sound:  # too many agents, or too long: nobody could read it ever after
        raise refused("order_result")


def check_open(shown: Shown, keeping: Keeping) -> None:
    """Return when an order may still be voted on; Refused or Conflict with the reason."""
    if shown.kept.state is not OrderState.OPEN:
        raise _over(shown.kept)
    if orders.untimely(shown.order, keeping.now) == "order_expired":
        raise refused("order_expired")
    check(shown.order, shown.kept.sha256, shown.in_force, keeping)


def message(keeping: Keeping, kept: KeptOrder) -> bytes:
    """What votes on an order sign."""
    return keeping.signatures.approval(bytes.fromhex(kept.sha256), kept.nonce)


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
    rows: tuple[SignatureRow, ...],
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
        if approvals.may_vote(roster, order, row.person) is None:
            found[row.person] = Voter(person=Person(row.person), is_detached=key.is_detached)
    return found
