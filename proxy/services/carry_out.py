"""Do what an order says, once its votes allow it.

Flow: everything is checked again from the start; an entry of intent; the document of the result;
then one step of the vault's state uses the order up and lets the result take place. A crash before
that step leaves the order open, after it nothing is left to do. Another kind of order is another
deed here. Source: vault.md, Order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.rules import orders, reasons, succession
from proxy.rules.succession import NotEntitled
from proxy.services import decide, keep_roster
from proxy.wire import roster_document

if TYPE_CHECKING:
    from proxy.model.order import OrderId
    from proxy.model.roster import Waiting
    from proxy.ports import Orders
    from proxy.services.decide import Shown
    from proxy.services.keep_roster import Keeping
    from proxy.store.pool import Connection


async def carry_out(
    connection: Connection, keeping: Keeping, book: Orders, order_id: OrderId
) -> Waiting:
    """The roster that waits by this order; Refused says what the order lacks."""
    shown = await decide.show(connection, keeping, book, order_id)
    decide.check_open(shown, keeping)
    untimely = orders.untimely(shown.order, keeping.now)
    if untimely is not None:
        raise decide.refused(untimely)
    if shown.lacking:
        lacks = "; ".join(reasons.LACKS[one] for one in shown.lacking)
        raise Refused(shown.lacking[0], f"The order is not approved: {lacks}.")
    keeping.note(
        "order_intended",
        {
            "order": str(order_id),
            "sha256": shown.kept.sha256,
            "approvers": len(shown.voters),
        },
    )
    return await _change_agent(connection, keeping, book, shown)


async def _change_agent(
    connection: Connection, keeping: Keeping, book: Orders, shown: Shown
) -> Waiting:
    """An escrow agent's key or host: the next roster, which waits as any other does."""
    before, order = shown.in_force, shown.order
    after = orders.changed_roster(order, shown.kept.sha256, before.roster, keeping.now)
    voters = frozenset(one.person for one in shown.voters)
    entitled = succession.by_order(before.roster, before.sha256, after, voters)
    if isinstance(entitled, NotEntitled):
        raise decide.refused(entitled.code)
    evidence = {
        "order": shown.document,
        "nonce": shown.kept.nonce.hex(),
        "votes": [
            {"person": one.person, "key": one.key, "signature": one.signature}
            for one in shown.votes
        ],
    }
    document = roster_document.render(after)
    waiting = keep_roster.wait(after.version, document, evidence, entitled, keeping.now)
    await keep_roster.announce(connection, keeping, waiting, evidence)
    book.carry_out(order.id, waiting, follows=before.sha256)
    keeping.note("order_carried_out", {"order": str(order.id), "sha256": shown.kept.sha256})
    return waiting
