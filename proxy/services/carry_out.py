"""Do what an order says, once its votes allow it.

Flow: everything is checked again from the start; an entry of intent, once an order; the document of
the result, or the package; then one step of the vault's state uses the order up, with the entry
that says so and what the order changes in the state itself. A crash before that step leaves the
order open and nothing released, after it nothing is left to do; a repetition finds what is there.
What others do afterwards, a registrar's system or the public record, they do because the vault
says that the order counts as carried out. Another kind of order is another deed here.
Source: vault.md, Order; casework s7.5, invariants 8 and 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from proxy.errors import Refused, Unavailable
from proxy.model.order import ChangeAgent, ChangeRegistrarKey, OrderKind
from proxy.rules import case_orders, orders, reasons, succession
from proxy.rules.succession import NotEntitled
from proxy.services import decide, keep_roster
from proxy.wire import roster_document

if TYPE_CHECKING:
    from proxy.model.order import BuiltPackage, OrderId
    from proxy.services.decide import Deciding, Shown
    from proxy.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut:
    """What came of an order. `package` is there for a disclosure alone."""

    kind: OrderKind
    package: BuiltPackage | None = None


async def carry_out(connection: Connection, deciding: Deciding, order_id: OrderId) -> CarriedOut:
    """What came of it; Refused says what the order lacks, Conflict that it is over."""
    keeping = deciding.keeping
    shown = await decide.show(connection, deciding, order_id)
    decide.check_open(shown, deciding)
    untimely = orders.untimely(shown.order, keeping.now)
    if untimely is not None:
        raise decide.refused(untimely)
    if shown.lacking:
        lacks = "; ".join(reasons.LACKS[one] for one in shown.lacking)
        raise Refused(shown.lacking[0], f"The order is not approved: {lacks}.")
    if shown.known is not None and not case_orders.is_awaited(shown.order, shown.known):
        raise decide.refused("order_not_awaited")
    keeping.be_seen()  # nothing is done that no leaf could tell of
    said = {**decide.facts(shown.order, shown.kept.sha256), "approvers": len(shown.voters)}
    entry = keeping.entry("order_intended", said, **decide.about(shown.order))
    deciding.book.intend(order_id, entry)
    if isinstance(shown.order.subject, ChangeAgent):
        return await _change_agent(connection, deciding, shown)
    if isinstance(shown.order.subject, ChangeRegistrarKey):
        return _change_key(deciding, shown)
    return await _of_case(connection, deciding, shown)


async def _of_case(connection: Connection, deciding: Deciding, shown: Shown) -> CarriedOut:
    """An order of a case: a package, or a word in the vault's state by which others act."""
    order, keeping = shown.order, deciding.keeping
    built = None
    if order.kind in case_orders.DISCLOSURES:
        packager = deciding.knowing.packager
        if packager is None:
            raise Unavailable("packages_unavailable", "This vault makes no packages.")
        async with connection.transaction():
            built = await packager.build(
                connection,
                order,
                shown.kept.sha256,
                approvers=len(shown.voters),
                now=keeping.now,
            )
    said = decide.facts(order, shown.kept.sha256)
    if built is not None:
        said |= {"package": str(built.id), "package_sha256": built.sha256, "copy": built.copy}
    entry = keeping.entry("order_carried_out", said, **decide.about(order))
    deciding.book.carry_out(order, entry)
    return CarriedOut(kind=order.kind, package=built)


def _change_key(deciding: Deciding, shown: Shown) -> CarriedOut:
    """A registrar's key, which waits as a roster does: whoever is a member may revoke it."""
    order, keeping = shown.order, deciding.keeping
    entry = keeping.entry(
        "order_carried_out", decide.facts(order, shown.kept.sha256), **decide.about(order)
    )
    delay = timedelta(seconds=shown.in_force.roster.delay_s)
    deciding.book.carry_out(order, entry, holds_from=keeping.now + delay)
    return CarriedOut(kind=order.kind)


async def _change_agent(connection: Connection, deciding: Deciding, shown: Shown) -> CarriedOut:
    """An escrow agent's key or host: the next roster, which waits as any other does."""
    before, order, keeping = shown.in_force, shown.order, deciding.keeping
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
    entry = keeping.entry("order_carried_out", decide.facts(order, shown.kept.sha256))
    deciding.book.carry_out(order, entry, waiting=waiting, follows=before.sha256)
    return CarriedOut(kind=order.kind)
