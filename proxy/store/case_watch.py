"""Events that the vault has not looked at yet. Believes and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from proxy.store import pool, queries
from proxy.store.cases import event_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.case import CaseId, Event
    from proxy.store.pool import Connection

QUERIES = queries.load("case_watch")
_FIRST = (UUID(int=0), 0)


async def unseen(
    connection: Connection, after: tuple[CaseId, int] | None, limit: int
) -> tuple[Event, ...]:
    """Events that are not marked, behind one, in order of case and number."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["unseen"], *(after or _FIRST), limit)
    return tuple(event_of(row) for row in rows)


async def mark_seen(connection: Connection, places: Sequence[tuple[CaseId, int]]) -> None:
    """Mark events; a mark can not be taken back."""
    if not places:
        return
    with pool.translated():
        await connection.execute(
            QUERIES["mark_seen"], [one for one, _ in places], [seq for _, seq in places]
        )
