"""Deadlines of cases as rows. Counts and decides nothing: rules.clock and clock_schedule do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.model.calendar import CalendarId, CalendarVersion
from proxy.model.case import CaseId
from proxy.model.deadline import Action, Deadline, KeptDeadline
from proxy.store import pool, queries
from proxy.wire import deadline_document

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from proxy.model.calendar import Calendar
    from proxy.store.pool import Connection, Record

QUERIES: Final = queries.load("deadlines")
MOST_OF_CASE: Final = 1_000  # rounds of all deadlines of one case; a busy one has some dozen
MOST_DUE: Final = 50_000  # that one batch of cases can have due at once
_FIRST: Final = UUID(int=0)


async def add(connection: Connection, kept: KeptDeadline) -> None:
    """Keep a deadline that begins to run."""
    deadline = kept.deadline
    with pool.translated():
        await connection.execute(
            QUERIES["add"],
            kept.case_id,
            kept.name,
            kept.round,
            deadline_document.render_terms(deadline.terms),
            deadline_document.render_plan(kept.plan),
            deadline.terms.calendar,
            bytes.fromhex(deadline.calendar_version),
            deadline.zone,
            deadline.started_at,
            deadline.no_earlier_than,
            deadline.no_later_than,
            kept.due_at,
            kept.next.name if kept.next else None,
            kept.next.at if kept.next else None,
            list(kept.done),
        )


async def of_case(connection: Connection, case_id: CaseId) -> tuple[KeptDeadline, ...]:
    """Every round of every deadline of a case, in the order in which they began."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["of_case"], case_id, MOST_OF_CASE)
    return tuple(kept_of(row) for row in rows)


async def newest(connection: Connection, case_id: CaseId, name: str) -> KeptDeadline | None:
    """The newest round of a deadline, over or not; None where it was never set."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["newest"], case_id, name)
    return None if row is None else kept_of(row)


async def move(connection: Connection, several: Sequence[KeptDeadline]) -> None:
    """Keep what became of deadlines: all but what they are counted by. Their cases are held."""
    with pool.translated():
        await connection.execute(
            QUERIES["move"],
            [one.case_id for one in several],
            [one.name for one in several],
            [one.round for one in several],
            [deadline_document.render_history(one.history) for one in several],
            [bytes.fromhex(one.deadline.calendar_version) for one in several],
            [one.due_at for one in several],
            [",".join(one.done) for one in several],
            [one.next.name if one.next else None for one in several],
            [one.next.at if one.next else None for one in several],
            [one.ended_at for one in several],
        )


async def take_due(
    connection: Connection,
    now: datetime,
    windows_until: datetime,
    leave: Collection[CaseId],
    limit: int,
) -> tuple[CaseId, ...]:
    """Cases of which something is due, the longest due first, held until the transaction ends.

    Cases that somebody else holds are left, and ends of windows behind `windows_until`.
    """
    with pool.translated():
        rows = await connection.fetch(QUERIES["take_due"], now, windows_until, list(leave), limit)
    return tuple(dict.fromkeys(CaseId(row["case_id"]) for row in rows))


async def due_of(
    connection: Connection, case_ids: Collection[CaseId], now: datetime, windows_until: datetime
) -> tuple[KeptDeadline, ...]:
    """What is due of cases that the caller holds, the longest due first."""
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["due_of"], list(case_ids), now, windows_until, MOST_DUE
        )
    return tuple(kept_of(row) for row in rows)


async def by_other_versions(
    connection: Connection, calendar: Calendar, after: UUID | None, limit: int
) -> tuple[KeptDeadline, ...]:
    """Running deadlines by other versions of a calendar, of some cases behind `after`."""
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["by_calendar"],
            calendar.id,
            bytes.fromhex(calendar.version),
            after or _FIRST,
            limit,
        )
    return tuple(kept_of(row) for row in rows)


def kept_of(row: Record) -> KeptDeadline:
    """A deadline out of a row; InvalidInput `deadline_malformed` when somebody damaged it."""
    action = row["next_action"]
    return KeptDeadline(
        case_id=CaseId(row["case_id"]),
        name=row["name"],
        round=row["round"],
        deadline=Deadline(
            terms=deadline_document.parse_terms(row["terms"]),
            calendar_version=CalendarVersion(row["calendar_version"].hex()),
            zone=row["zone"],
            started_at=row["started_at"],
            no_earlier_than=row["no_earlier_than"],
            no_later_than=row["no_later_than"],
        ),
        plan=deadline_document.parse_plan(row["plan"]),
        history=deadline_document.parse_history(row["history"]),
        due_at=row["due_at"],
        done=tuple(row["fired"]),
        next=None if action is None else Action(name=action, at=row["next_at"]),
        ended_at=row["ended_at"],
    )


def calendar_of(kept: KeptDeadline) -> tuple[CalendarId, CalendarVersion]:
    """Which version of which calendar a deadline is counted by."""
    return kept.deadline.terms.calendar, kept.deadline.calendar_version
