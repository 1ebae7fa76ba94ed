"""What is done with what is due of some cases that are held: events, tasks, reminders, acts.

All of it or nothing, in the caller's transaction (services.scan_deadlines). A duty of ours is acted
on when it is due. A window of theirs ends only once it is known that we were up to its end: an
outage in its last 24 hours lengthens it instead. Source: casework s7.1 and s7.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from proxy.errors import Refused
from proxy.model import identifiers
from proxy.model.case import ActorKind
from proxy.model.deadline import DUE
from proxy.model.roster import StaffRole
from proxy.rules import clock_schedule, downtime
from proxy.services import case_events, keep_deadlines
from proxy.services.case_events import NewEvent
from proxy.services.keep_deadlines import By
from proxy.store import calendars, cases, deadlines, outages
from proxy.store.cases import TaskRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from proxy.model.calendar import Calendar
    from proxy.model.case import CaseId, Fact
    from proxy.model.deadline import Action, KeptDeadline, Outage
    from proxy.store.pool import Connection

NEAR_TASK: Final = "deadline_near"
"""A reminder that goes to staff: the case's handler sees to it."""

REFUSED_TASK: Final = "timer_refused"
"""What the timer should have done at an end was refused: a person has to look."""

TIMER: Final = By(actor=ActorKind.TIMER.value, role=ActorKind.TIMER.value)
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A notice to send because a deadline comes near."""

    case_id: CaseId
    deadline: str
    round: int
    action: str
    template: str
    whom: str
    due_at: datetime


class Remind(Protocol):
    """Queues reminders as notices; it keeps silent where a gag lies."""

    async def __call__(
        self, connection: Connection, reminders: Sequence[Reminder], now: datetime
    ) -> None:
        """Queue them in the caller's transaction; the key is case, deadline, round, action."""
        ...


class Act(Protocol):
    """Does an act of a case's table by the timer; Refused when the case does not allow it."""

    async def __call__(
        self, connection: Connection, case_id: CaseId, act_id: str, now: datetime
    ) -> None:
        """Act in the caller's transaction."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When it is, and what is known of ourselves."""

    now: datetime
    windows_until: datetime
    beats: Mapping[str, datetime]


@dataclass(slots=True, kw_only=True)
class _Work:
    """What a batch comes to, before it is written."""

    events: dict[CaseId, list[NewEvent]] = field(default_factory=dict)
    moved: list[KeptDeadline] = field(default_factory=list)
    tasks: list[TaskRow] = field(default_factory=list)
    reminders: list[Reminder] = field(default_factory=list)
    acts: list[tuple[CaseId, str]] = field(default_factory=list)
    taken: int = 0

    def tell(self, kept: KeptDeadline, act: str, facts: Mapping[str, Fact]) -> None:
        """Have an event written."""
        told = keep_deadlines.event(TIMER, act, kept, facts)
        self.events.setdefault(kept.case_id, []).append(told)


class Keeping:
    """What reads and writes around deadlines need: ids, and calendars that were read before."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        """Use `random` for ids."""
        self.random = random
        self.calendars = calendars.Calendars()

    def task(
        self, kept: KeptDeadline, kind: str, role: str, now: datetime
    ) -> tuple[TaskRow, dict[str, Fact]]:
        """A task about a deadline, and the facts of its event."""
        task_id = identifiers.uuid7(now, self.random(10))
        row = TaskRow(
            id=task_id,
            case_id=kept.case_id,
            kind=kind,
            role=role,
            opened_at=now,
            due_at=kept.due_at,
        )
        return row, {"task": str(task_id), "kind": kind, "role": role}


class Doing:
    """Does what is due."""

    def __init__(self, keeping: Keeping, remind: Remind, act: Act) -> None:
        """Queue reminders by `remind`, act at an end by `act`: both are handed in."""
        self.keeping = keeping
        self._remind = remind
        self._act = act

    async def fire(self, connection: Connection, held: Sequence[CaseId], moment: Moment) -> int:
        """How many actions were taken of cases that the caller holds."""
        due = await deadlines.due_of(connection, held, moment.now, moment.windows_until)
        known = await _outages(connection, due, moment)
        work = _Work()
        for kept in due:
            calendar = await self.keeping.calendars.find(connection, *deadlines.calendar_of(kept))
            self._plan(work, kept, calendar, known, moment.now)
        await self._write(connection, work, moment.now)
        return work.taken

    def _plan(
        self,
        work: _Work,
        kept: KeptDeadline,
        calendar: Calendar,
        known: Sequence[Outage],
        now: datetime,
    ) -> None:
        """What is to be done about one deadline."""
        history = downtime.lengthen(kept.deadline, calendar, kept.history, known, now)
        is_lengthened = history != kept.history
        kept = replace(kept, history=history)
        schedule = clock_schedule.actions(kept.deadline, kept.plan, calendar, history)
        standing = clock_schedule.stand(schedule, kept.done, now)
        kept = replace(kept, due_at=standing.due_at, done=standing.done, next=standing.next)
        work.moved.append(kept)
        if is_lengthened:
            work.tell(kept, "deadline_moved", keep_deadlines.moved_facts(kept, "outage"))
        if standing.take is None:
            return
        work.taken += 1
        late_by_s = int((now - standing.take.at).total_seconds())
        if standing.take.name == DUE:
            self._end(work, kept, late_by_s, now)
        else:
            self._near(work, kept, standing.take, now)

    def _near(self, work: _Work, kept: KeptDeadline, action: Action, now: datetime) -> None:
        work.tell(kept, "deadline_reminded", {"action": action.name})
        if not kept.plan.reminds:
            self._open(work, kept, NEAR_TASK, StaffRole.HANDLER.value, now)
            return
        work.reminders.append(
            Reminder(
                case_id=kept.case_id,
                deadline=kept.name,
                round=kept.round,
                action=action.name,
                template=kept.plan.reminds,
                whom=kept.plan.whom,
                due_at=kept.due_at,
            )
        )

    def _end(self, work: _Work, kept: KeptDeadline, late_by_s: int, now: datetime) -> None:
        work.tell(kept, "deadline_due", {"late_by_s": late_by_s})
        for one in kept.plan.escalates:
            kind, _, role = one.partition(":")
            self._open(work, kept, kind, role, now)
        if kept.plan.at_end:
            work.acts.append((kept.case_id, kept.plan.at_end))

    def _open(self, work: _Work, kept: KeptDeadline, kind: str, role: str, now: datetime) -> None:
        row, facts = self.keeping.task(kept, kind, role, now)
        work.tasks.append(row)
        work.tell(kept, "task_opened", facts)

    async def _write(self, connection: Connection, work: _Work, now: datetime) -> None:
        if work.moved:
            await deadlines.move(connection, work.moved)
        if work.tasks:
            await cases.add_tasks(connection, work.tasks, now)
        if work.events:
            await case_events.append_all(
                connection, work.events, now=now, random=self.keeping.random
            )
        if work.reminders:
            await self._remind(connection, work.reminders, now)
        for case_id, act_id in work.acts:
            await self._acted(connection, case_id, act_id, now)

    async def _acted(
        self, connection: Connection, case_id: CaseId, act_id: str, now: datetime
    ) -> None:
        """The timer's act, or a task where the case says no: that the end came stands anyway."""
        try:
            async with connection.transaction():
                await self._act(connection, case_id, act_id, now)
        except Refused as no:
            _log.warning("timer_refused", case_id=str(case_id), code=no.code)
            task_id = identifiers.uuid7(now, self.keeping.random(10))
            role = StaffRole.HANDLER.value
            row = TaskRow(
                id=task_id, case_id=case_id, kind=REFUSED_TASK, role=role, opened_at=now, due_at=now
            )
            await cases.add_tasks(connection, [row], now)
            told = NewEvent(
                actor=TIMER.actor,
                role=TIMER.role,
                act="task_opened",
                facts={"task": str(task_id), "kind": REFUSED_TASK, "role": role},
            )
            await case_events.append(
                connection, case_id, [told], now=now, random=self.keeping.random
            )


async def _outages(
    connection: Connection, due: Sequence[KeptDeadline], moment: Moment
) -> Sequence[Outage]:
    """What is known of our outages since the earliest of these deadlines began."""
    # By the end, not by the next action: a worker that slept past reminders meets both at once.
    ends = [one for one in due if one.due_at <= moment.now]
    if not ends:
        return ()
    since = max(_EARLIEST, min(one.deadline.started_at for one in ends))
    known = await outages.between(connection, since, moment.now)
    return (*known, *downtime.going_on(moment.beats, moment.now))
