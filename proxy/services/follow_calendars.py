"""Have deadlines that run follow a newer calendar, once somebody decided that they shall.

A window that would end later gets its later end; a duty that would move is flagged as a task and
stays, and so does a window that would end earlier. What would not move stays with the version it
was set by, too: a later pause would count by the newer one and might move a duty unseen. A page is
one transaction with the place that it reached. Source: casework s7.1 (Rebasing), invariant 27.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from proxy.model.roster import StaffRole
from proxy.rules import clock_changes
from proxy.rules.clock_changes import Rebasing
from proxy.services import case_events, keep_deadlines
from proxy.services.keep_deadlines import By
from proxy.store import calendars, cases, deadlines

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from proxy.model.calendar import Calendar
    from proxy.model.case import CaseId
    from proxy.model.deadline import KeptDeadline
    from proxy.rules.clock_changes import Rebased
    from proxy.services.case_events import NewEvent
    from proxy.services.fire_deadlines import Keeping
    from proxy.store.calendars import Calendars
    from proxy.store.cases import TaskRow
    from proxy.store.pool import Connection

PAGE: Final = 200  # deadlines looked at together
FLAG_TASK: Final = "calendar_changed"
SYSTEM: Final = By(actor="system", role="system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A deadline and what the newer calendar means for it."""

    kept: KeptDeadline
    rebased: Rebased


async def look(
    connection: Connection, read: Calendars, newer: Calendar, after: UUID | None
) -> tuple[Found, ...]:
    """A page of running deadlines by other versions, behind a case; nothing is changed."""
    found = []
    for kept in await deadlines.by_other_versions(connection, newer, after, PAGE):
        older = await read.find(connection, *deadlines.calendar_of(kept))
        rebased = clock_changes.rebase(kept.deadline, older, newer, kept.history)
        found.append(Found(kept=kept, rebased=rebased))
    return tuple(found)


async def follow(connection: Connection, keeping: Keeping, now: datetime) -> bool:
    """Whether a page was done; False when no calendar waits to be followed."""
    async with connection.transaction():
        waiting = await calendars.being_taken(connection)
        if waiting is None:
            return False
        newer, after = waiting
        ids = {
            one.case_id for one in await deadlines.by_other_versions(connection, newer, after, PAGE)
        }
        if not ids:
            await calendars.taken(connection, newer, None, now)
            return True
        await cases.lock(connection, sorted(ids))
        # Read again: nobody changes a deadline of a case that is held.
        page = [
            one
            for one in await look(connection, keeping.calendars, newer, after)
            if one.kept.case_id in ids
        ]
        await _write(connection, keeping, newer, page, now)
        await calendars.taken(connection, newer, max(ids), None)
        return True


def mark(newer: Calendar) -> str:
    """The action that says that a deadline was flagged because of this version: once."""
    return f"calendar_{newer.version[:16]}"


async def _write(
    connection: Connection, keeping: Keeping, newer: Calendar, page: list[Found], now: datetime
) -> None:
    events: dict[CaseId, list[NewEvent]] = {}
    moved: list[KeptDeadline] = []
    tasks: list[TaskRow] = []
    for one in page:
        kept = one.kept
        match one.rebased.verdict:
            case Rebasing.LENGTHEN:
                deadline = replace(kept.deadline, calendar_version=newer.version)
                kept = keep_deadlines.scheduled(replace(kept, deadline=deadline), newer)
                facts = keep_deadlines.moved_facts(kept, "calendar")
                told = keep_deadlines.event(SYSTEM, "deadline_moved", kept, facts)
            case Rebasing.FLAG if mark(newer) not in kept.done:
                kept = replace(kept, done=tuple(sorted({*kept.done, mark(newer)})))
                task, about = keeping.task(kept, FLAG_TASK, StaffRole.HANDLER.value, now)
                told = keep_deadlines.event(SYSTEM, "task_opened", kept, about)
                tasks.append(task)
            case _:
                continue
        moved.append(kept)
        events.setdefault(kept.case_id, []).append(told)
    if not moved:
        return
    await deadlines.move(connection, moved)
    if tasks:
        await cases.add_tasks(connection, tasks, now)
    await case_events.append_all(connection, events, now=now, random=keeping.random)
