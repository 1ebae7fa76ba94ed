"""Find out what a database comes to while the vault's state is lost. Reads only.

Flow: erasures, then adopted records, then the ledger's leaves, then orders, each in pages handed
to the Surveyor. Failure: a record that does not open is a count; leaves that do not come to the
newest checkpoint are Refused `anchor_ledger`. Cursor: none, a survey starts anew. Determinism: the
same rows give the same roots. Secrets: opened and dropped behind the Surveyor. Manual run:
`anchor propose`. Logs: nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from proxy.errors import Refused
from proxy.model.order import KeptOrder, OrderKind, OrderState
from proxy.rules import reasons
from proxy.store import approvals, erasure, ledger, public_ledger, sealed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.anchor import Certified
    from proxy.model.order import OrderId
    from proxy.model.sealed import RecordName
    from proxy.ports import Surveyor
    from proxy.store.approvals import OrderRow
    from proxy.store.pool import Pool

PAGE: Final = 500  # rows at a time; a page of records opens in some 20 ms
LEAVES: Final = 5000  # leaves at a time: some 10 ms of hashing
_KINDS: Final = frozenset(OrderKind)


@dataclass(slots=True)
class Seen:
    """How far a survey is, and why records are left out, by reason."""

    erasures: int = 0
    records: int = 0
    leaves: int = 0
    faults: Counter[str] = field(default_factory=Counter)


async def survey(pool: Pool, surveyor: Surveyor) -> AsyncIterator[Seen]:
    """After every page how far it is; when it ends the surveyor has seen everything."""
    seen = Seen()
    for part in (_erasures, _records, _leaves):
        async for one in part(pool, surveyor, seen):
            yield one
    await _orders(pool, surveyor)


async def _erasures(pool: Pool, surveyor: Surveyor, seen: Seen) -> AsyncIterator[Seen]:
    after: Certified | None = None
    while True:
        async with pool.acquire() as connection:
            rows = await erasure.certified(connection, after, PAGE)
        surveyor.erase(rows)
        seen.erasures += len(rows)
        yield seen
        if len(rows) < PAGE:
            return
        after = rows[-1]


async def _records(pool: Pool, surveyor: Surveyor, seen: Seen) -> AsyncIterator[Seen]:
    after: RecordName | None = None
    while True:
        async with pool.acquire() as connection:
            rows = await sealed.page(connection, after, PAGE)
        seen.faults.update(one for one in surveyor.take(rows) if one is not None)
        seen.records += len(rows)
        yield seen
        if len(rows) < PAGE:
            return
        after = rows[-1].name


async def _leaves(pool: Pool, surveyor: Surveyor, seen: Seen) -> AsyncIterator[Seen]:
    while True:
        async with pool.acquire() as connection:
            found = await public_ledger.leaves(connection, seen.leaves, LEAVES)
        if found is None:
            raise Refused("anchor_ledger", reasons.SENTENCES["anchor_ledger"])
        surveyor.take_leaves(found)
        seen.leaves += len(found)
        yield seen
        if len(found) < LEAVES:
            break
    async with pool.acquire() as connection:
        surveyor.end_leaves(*await ledger.edge(connection))


async def _orders(pool: Pool, surveyor: Surveyor) -> None:
    after: OrderId | None = None
    while True:
        async with pool.acquire() as connection:
            rows = await approvals.orders_behind(connection, after, PAGE)
        surveyor.stop([(one.id, _stopped(one)) for one in rows if one.kind in _KINDS])
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def _stopped(row: OrderRow) -> KeptOrder:
    return KeptOrder(
        sha256=row.sha256,
        nonce=row.nonce,
        kind=OrderKind(row.kind),
        state=OrderState.STOPPED,
        received_at=row.received_at,
        expires_at=row.expires_at,
    )
