"""Beats of the parts that people reach us by, and the outages that lie between them, as rows.

The roles beat twice a minute; whoever beats after a longer silence writes the outage down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.model.deadline import Outage
from proxy.rules import downtime
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.store.pool import Connection

QUERIES: Final = queries.load("outages")
MOST: Final = 10_000  # outages looked at together; as many would be a month of nothing else


async def beat(connection: Connection, what: str, now: datetime) -> None:
    """Note that `web` or `relay` is up at `now`, and that it was not since its last beat."""
    with pool.translated():
        await connection.execute(QUERIES["beat"], what, now, downtime.LONGEST_SILENCE)


async def beats(connection: Connection) -> Mapping[str, datetime]:
    """When each part was last heard of; one that never beat is not there."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["beats"])
    return {row["what"]: row["last_at"] for row in rows}


async def between(connection: Connection, after: datetime, before: datetime) -> tuple[Outage, ...]:
    """Outages that reach into a time, in order; those that go on are not among them."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["between"], after, before, MOST)
    return tuple(Outage(started_at=row["started_at"], ended_at=row["ended_at"]) for row in rows)
