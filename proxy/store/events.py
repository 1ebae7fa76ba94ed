"""Events of registrations as registrars read them; SQL in events.sql, written by triggers.

One page is one statement, so that its events and the journal's head are of one moment: whatever
is stamped later has a higher position than the cursor that the page gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from proxy.errors import Unavailable
from proxy.model.event import Event, EventData, EventPage
from proxy.model.identifiers import DomainName, RegistrationId
from proxy.model.journal import JournalPosition
from proxy.store import pool, published, queries

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import ResellerId, TenantId
    from proxy.store.pool import Connection, Record

QUERIES: Final = queries.load("events")
FORGET_ROWS: Final = 5_000  # as in events.sql
FROM_THE_START: Final = JournalPosition(epoch=0, pos=0)
"""The cursor of who has none."""

_decode: Final = msgspec.json.Decoder(EventData).decode


async def page(
    connection: Connection,
    tenant_id: TenantId,
    after: JournalPosition,
    *,
    reseller: ResellerId | None,
    limit: int,
) -> EventPage:
    """What comes after `after`; raises Unavailable where no sequencer has ever run."""
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["page"], tenant_id, after.epoch, after.pos, reseller, limit
        )
    if not rows:
        raise Unavailable("journal", "Nothing is stamped yet: a worker has to run; try again.")
    found = tuple(event_of(row) for row in rows if row["pos"] is not None)
    return EventPage(
        head=published.head_of(rows[0]),
        horizon=rows[0]["horizon"],
        events=found,
        is_last=len(found) < limit,
    )


async def forget(connection: Connection, happened_before: datetime) -> int:
    """How many events were deleted; their positions are remembered as forgotten."""
    with pool.translated():
        return int(await connection.fetchval(QUERIES["forget"], happened_before))


def event_of(row: Record) -> Event:
    """The event that a row holds."""
    return Event(
        id=row["id"],
        kind=row["kind"],
        registration_id=RegistrationId(row["registration_id"]),
        domain=DomainName(row["domain"]),
        data=_decode(row["body"]),
        at=row["at"],
        pos=row["pos"],
    )
