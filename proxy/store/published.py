"""The journal in PostgreSQL: stamped by one sequencer, read by any number of followers.

`published` is a state table: one row per name with its latest value. A writer sets `pos` to NULL
in its own transaction; the sequencer gives committed rows the next positions; a follower reads
`pos > mine` in order. Must not decode values or know the snapshot. Why nothing is lost:

* Only rows are stamped that the sequencer's own snapshot shows, thus committed ones. A writer that
  is slow to commit has no position yet, so it can not appear behind a follower that has passed.
* One writer of positions: whoever holds the advisory lock, on the very connection that stamps. If
  that connection dies, so does its statement; there is no moment with two. Stamp and `next_pos`
  commit together, so positions become visible in their order: who sees one sees all before it.
* A row re-marked NULL while a follower pages has a newer value, and gets a higher position than
  any follower has: the older value is skipped, the newer one follows. The same holds for a value
  overwritten between two pages, and at a page's edge: a page ends at a position, and whatever is
  stamped later is beyond it. A follower sees every name's last value, not every value in between.
* A writer that waits for the sequencer's row lock writes after it (READ COMMITTED looks again),
  sets NULL anew and is stamped in the next round. A row that a writer holds is skipped, not
  waited for, and found again in the next round by its NULL.
* A rebuild reads names in one snapshot and then follows from the position that this snapshot
  shows; what changes meanwhile is stamped beyond it.
* The driver's loss of a NOTIFY costs time alone: both ends poll as well.

The alternatives lose or stall: a plain sequence lost 780 of 7,970 racing changes, a horizon of
transaction ids waits for the oldest writer of the whole cluster and breaks on dump and restore.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import UUID

from proxy.errors import Unavailable
from proxy.model.identifiers import DomainName, ProfileId, TenantId
from proxy.model.journal import (
    JournalHead,
    JournalPage,
    JournalPosition,
    ProfileChange,
    RecordChange,
)
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from datetime import datetime

    from proxy.store.pool import Access, Connection, Record

QUERIES: Final = queries.load("published")
WAITING_CHANNEL: Final = "published_waiting"
"""Writers notify it after their commit, at most once per 5 ms: changes wait for a stamp."""

STAMPED_CHANNEL: Final = "published_stamped"
"""The sequencer notifies it in its own commit: followers have something to read."""

LEAD_KEY: Final = 0x70705F73  # "pp_s": names the sequencer's advisory lock
PAGE_ROWS: Final = 2_000  # as in published.sql: about 0.7 MB, 20 ms to apply
STAMP_NAMES: Final = 2_000  # as in published.sql: about 40 ms of row locks at the most
STAMP_PROFILES: Final = 500
STAMP_EVENTS: Final = 2_000
NAMES_ROWS: Final = 5_000
PROFILE_ROWS: Final = 500
_LEAST_TENANT: Final = TenantId(UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """What one round did."""

    profiles: int
    names: int
    events: int
    last_name: str  # go on after it; empty: begin anew

    @property
    def rows(self) -> int:
        """Changes stamped."""
        return self.profiles + self.names + self.events


Restored: TypeAlias = "Callable[[Connection, datetime], Awaitable[object]]"
"""What is done in a restored copy before anybody sees it."""


class Lead:
    """The sequencer's connection. The lead lasts as long as it does."""

    def __init__(self, connection: Connection, woken: asyncio.Event) -> None:
        """Use `connection`, which no one else uses; `woken` is set when changes wait."""
        self._connection = connection
        self.woken = woken
        self.epoch = 0
        self.next_pos = 0

    async def take(self) -> bool:
        """Whether the lead is ours now; False while another worker has it."""
        with pool.translated():
            return bool(await self._connection.fetchval(QUERIES["take_lead"], LEAD_KEY))

    async def begin_epoch(
        self,
        now: datetime,
        entry_id: UUID,
        restored: Restored | None = None,
        *,
        is_set_back: bool = False,
    ) -> bool:
        """Begin an epoch; whether the database turned out to be a restored copy.

        Then, or where the caller saw that it was set back, `restored` has its say in the same
        transaction, before anybody sees a row of the epoch. Raises Unavailable on a standby.
        """
        now_us = int(now.timestamp() * 1_000_000)
        with pool.translated():
            async with self._connection.transaction():
                row = await self._connection.fetchrow(QUERIES["begin_epoch"], now, now_us, entry_id)
                is_doubtful = row is not None and (is_set_back or row["is_restored"])
                if restored is not None and is_doubtful:
                    await restored(self._connection, now)
        if row is None:
            raise Unavailable("database", "This PostgreSQL is a standby.")
        self.epoch, self.next_pos = row["epoch"], row["next_pos"]
        return bool(row["is_restored"])

    async def stamp(self, after: str, now: datetime, note_before: datetime) -> Stamped | None:
        """Stamp one round of what waits; None when our epoch is no longer the newest.

        That happens when somebody put an older copy of the tables under us: begin an epoch.
        """
        with pool.translated():
            row = await self._connection.fetchrow(
                QUERIES["stamp"], self.epoch, self.next_pos, after, now, note_before
            )
        if row is None or not row["ours"]:
            return None
        self.next_pos += row["profiles"] + row["names"] + row["events"]
        is_full = row["names"] == STAMP_NAMES
        return Stamped(
            profiles=row["profiles"],
            names=row["names"],
            events=row["events"],
            last_name=row["last_name"] if is_full else "",
        )


class Reading:
    """A follower's connection."""

    def __init__(self, connection: Connection, woken: asyncio.Event) -> None:
        """Use `connection`, which no one else uses; `woken` is set when something was stamped."""
        self._connection = connection
        self.woken = woken

    async def page(self, mine: JournalPosition | None) -> JournalPage | None:
        """What comes after `mine`; None when no sequencer has ever run on this database."""
        epoch, pos = (mine.epoch, mine.pos) if mine is not None else (0, 2**62)
        with pool.translated():
            rows = await self._connection.fetch(QUERIES["page"], epoch, pos)
        return _page(rows, pos) if rows else None

    @contextlib.asynccontextmanager
    async def whole(self) -> AsyncIterator[Whole]:
        """Everything published, of one moment."""
        with pool.translated():
            async with self._connection.transaction(isolation="repeatable_read", readonly=True):
                yield Whole(self._connection, await self.page(None))


class Whole:
    """Everything published as one snapshot shows it, for a rebuild."""

    def __init__(self, connection: Connection, page: JournalPage | None) -> None:
        """Read in the transaction that `connection` is in."""
        if page is None:
            raise Unavailable("journal", "No sequencer has run on this database yet.")
        self._connection = connection
        self.position = page.position
        self.current_at = page.head.current_at

    async def profiles(self) -> AsyncIterator[tuple[ProfileChange, ...]]:
        """Every profile, some at a time."""
        after: tuple[TenantId, str] = (_LEAST_TENANT, "")
        while True:
            rows = await self._connection.fetch(QUERIES["profiles_after"], *after)
            if rows:
                yield tuple(_profile(row["tenant_id"], row["id"], row["body"]) for row in rows)
                after = (rows[-1]["tenant_id"], rows[-1]["id"])
            if len(rows) < PROFILE_ROWS:
                return

    async def records(self) -> AsyncIterator[tuple[RecordChange, ...]]:
        """Every name in byte order, some at a time."""
        after = ""
        while True:
            rows = await self._connection.fetch(QUERIES["names_after"], after)
            if rows:
                yield tuple(_record(row["domain"], row["value"]) for row in rows)
                after = rows[-1]["domain"]
            if len(rows) < NAMES_ROWS:
                return


@contextlib.asynccontextmanager
async def leading(access: Access) -> AsyncIterator[Lead]:
    """The sequencer's connection for the length of the block; raises Unavailable."""
    async with _listening(access, WAITING_CHANNEL) as (connection, woken):
        yield Lead(connection, woken)


@contextlib.asynccontextmanager
async def reading(access: Access) -> AsyncIterator[Reading]:
    """A follower's connection for the length of the block; raises Unavailable."""
    async with _listening(access, STAMPED_CHANNEL) as (connection, woken):
        yield Reading(connection, woken)


async def wake(connection: Connection) -> None:
    """Tell the sequencer that changes were committed; outside the transaction that made them."""
    with pool.translated():
        await connection.execute(QUERIES["wake"])


@contextlib.asynccontextmanager
async def _listening(
    access: Access, channel: str
) -> AsyncIterator[tuple[Connection, asyncio.Event]]:
    woken = asyncio.Event()
    connection = await pool.connect(access)
    try:
        # A closed connection wakes too: whoever waits then meets Unavailable at once.
        connection.add_termination_listener(lambda _connection: woken.set())
        with pool.translated():
            await connection.execute(QUERIES["plan_by_index"])
            await connection.add_listener(channel, lambda *_given: woken.set())
        yield connection, woken
    finally:
        connection.terminate()  # at once; the server ends the session and frees its lock


def head_of(row: Record) -> JournalHead:
    """The journal's head, as a page of it or of what it stamps holds it in each row."""
    return JournalHead(
        epoch=row["epoch"],
        next_pos=row["next_pos"],
        current_at=row["current_at"],
        knows_epoch=row["knows_epoch"],
        is_same_cluster=row["is_same_cluster"],
        epoch_end=row["epoch_end"],
    )


def _page(rows: Sequence[Record], asked: int) -> JournalPage:
    head = head_of(rows[0])
    changes = [row for row in rows if row["pos"] is not None]
    return JournalPage(
        head=head,
        records=tuple(
            _record(row["key"], row["value"]) for row in changes if row["tenant_id"] is None
        ),
        profiles=tuple(
            _profile(row["tenant_id"], row["key"], row["value"])
            for row in changes
            if row["tenant_id"] is not None
        ),
        last_pos=changes[-1]["pos"] if changes else asked,
        is_last=len(changes) < PAGE_ROWS,
    )


def _record(domain: str, value: bytes | None) -> RecordChange:
    return RecordChange(domain=DomainName(domain), value=value)


def _profile(tenant_id: UUID, profile_id: str, body: bytes) -> ProfileChange:
    return ProfileChange(tenant_id=TenantId(tenant_id), id=ProfileId(profile_id), body=body)
