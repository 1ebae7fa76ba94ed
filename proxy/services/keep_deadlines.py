"""Set, end, pause, resume and extend the deadlines of a case: row and event together.

In the caller's transaction, and under the case's lock: nobody acts on a deadline meanwhile. What a
deadline is counted by is frozen when it is set: terms, plan, zone, bounds, the version of the
calendar. Nothing here decides whether somebody may; that the clock allows it is decided by
rules.clock_changes. Source: casework s7.1, invariants 26 and 27.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Final

from proxy.errors import NotFound, Refused
from proxy.model.deadline import Deadline, Extension, KeptDeadline, Pause, Plan
from proxy.rules import clock_bounds, clock_changes, clock_schedule
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.store import calendars, cases, deadlines

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from proxy.model.calendar import Calendar
    from proxy.model.case import CaseId, Fact
    from proxy.model.deadline import Change, PauseReason, Terms
    from proxy.store.pool import Connection

# Codes whose sentence gains by the numbers of the deadline at hand.
_HINTED: Final = frozenset({"extension_too_long", "pause_reason_not_allowed", "pauses_too_long"})
SENTENCES: Final[Mapping[str, str]] = {
    "deadline_unknown": "The case has no such deadline.",
    "deadline_over": "The deadline is over.",
    "extension_after_due": "A deadline is extended before it falls due, and notice given before.",
    "extension_times_wrong": "Notice of an extension is given when it is decided, or since.",
    "extension_too_long": "The deadline may not be extended by so much.",
    "pause_after_due": "A deadline that fell due can not be paused.",
    "pause_open": "The deadline stands still for that reason already.",
    "pause_reason_not_allowed": "That is no reason for this deadline to stand still.",
    "pause_times_wrong": "A pause ends after it begins.",
    "pause_too_long": "A pause for that reason may not be so long.",
    "pause_unknown": "The deadline does not stand still for that reason.",
    "pauses_too_long": "The deadline may not stand still for so long.",
}
"""What people are told, by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeadline:
    """A deadline that shall run, by the newest version of its terms' calendar."""

    name: str
    terms: Terms
    plan: Plan
    zone: str  # IANA name: whose days count
    started_at: datetime
    no_earlier_than: datetime | None = None
    no_later_than: datetime | None = None
    floor_days: int = 0
    """Business days before `no_later_than`, before which it does not end; 0 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who does it, as events name them."""

    actor: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A history with something new, and what the event says of it."""

    cause: str
    history: tuple[Change, ...]
    facts: Mapping[str, Fact]


class Keeper:
    """Keeps the deadlines of cases; holds the calendars that it read."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        """Use `random` for ids of events."""
        self._random = random
        self.calendars = calendars.Calendars()

    async def set(
        self, connection: Connection, case_id: CaseId, new: NewDeadline, by: By, now: datetime
    ) -> KeptDeadline:
        """A deadline that runs; a former round of it that does is over.

        NotFound `calendar_missing`; Refused with what is wrong with terms or plan.
        """
        calendar = await calendars.newest(connection, new.terms.calendar)
        deadline = Deadline(
            terms=new.terms,
            calendar_version=calendar.version,
            zone=new.zone,
            started_at=new.started_at,
            no_earlier_than=_floor(new, calendar),
            no_later_than=new.no_later_than,
        )
        fault = clock_changes.may_set(deadline, calendar)
        if fault is None:
            fault = next(iter(clock_schedule.faults(new.plan)), None)
        if fault is not None:
            raise Refused(fault, "The deadline can not be counted as it is described.")
        former = await self._locked(connection, case_id, new.name)
        events: list[NewEvent] = []
        if former is not None and former.ended_at is None:
            await deadlines.move(connection, [over(former, now)])
            events.append(event(by, "deadline_ended", former))
        kept = KeptDeadline(
            case_id=case_id,
            name=new.name,
            round=1 if former is None else former.round + 1,
            deadline=deadline,
            plan=new.plan,
            history=(),
            due_at=new.started_at,
            done=clock_schedule.past(deadline, new.plan, calendar, now),
        )
        kept = scheduled(kept, calendar)
        await deadlines.add(connection, kept)
        facts = {
            "due_at": moment_text(kept.due_at),
            "terms": new.terms.id,
            "calendar": f"{calendar.id} {calendar.version[:16]}",
        }
        events.append(event(by, "deadline_set", kept, facts))
        await self._append(connection, case_id, events, now)
        return kept

    async def end(
        self, connection: Connection, case_id: CaseId, names: Collection[str], by: By, now: datetime
    ) -> tuple[KeptDeadline, ...]:
        """Those of the named deadlines that ran: what they waited for came."""
        await cases.lock(connection, [case_id])
        ended = [
            over(one, now)
            for one in await deadlines.of_case(connection, case_id)
            if one.ended_at is None and one.name in names
        ]
        if ended:
            await deadlines.move(connection, ended)
            events = [event(by, "deadline_ended", one) for one in ended]
            await self._append(connection, case_id, events, now)
        return tuple(ended)

    async def end_all(
        self,
        connection: Connection,
        case_id: CaseId,
        by: By,
        now: datetime,
        *,
        but: Collection[str] = (),
    ) -> tuple[KeptDeadline, ...]:
        """Every deadline that ran in a case that is over, `but` those that outlive it."""
        names = {one.name for one in await deadlines.of_case(connection, case_id)}
        return await self.end(connection, case_id, names - set(but), by, now)

    async def pause(
        self,
        connection: Connection,
        case_id: CaseId,
        name: str,
        *,
        reason: PauseReason,
        ends_by: datetime,
        by: By,
        now: datetime,
    ) -> KeptDeadline:
        """A deadline that stands still from `now`; Refused with why not."""
        kept, calendar = await self._running(connection, case_id, name)
        if _open_pause(kept, reason, now) is not None:
            raise refused("pause_open")
        pause = Pause(reason=reason, by=by.actor, started_at=now, ends_by=ends_by)
        fault = clock_changes.may_pause(kept.deadline, calendar, kept.history, pause)
        if fault is not None:
            raise refused(fault, _pauses(kept))
        facts: dict[str, Fact] = {"reason": reason.value, "until": moment_text(ends_by)}
        change = _Change(cause="pause", history=(*kept.history, pause), facts=facts)
        return await self._changed(connection, kept, calendar, change, by, now)

    async def resume(
        self,
        connection: Connection,
        case_id: CaseId,
        name: str,
        *,
        reason: PauseReason,
        by: By,
        now: datetime,
    ) -> KeptDeadline:
        """A deadline that runs on from `now`; Refused `pause_unknown`."""
        kept, calendar = await self._running(connection, case_id, name)
        pause = _open_pause(kept, reason, now)
        if pause is None:
            raise refused("pause_unknown")
        history = tuple(replace(one, ended_at=now) if one is pause else one for one in kept.history)
        facts: dict[str, Fact] = {"reason": reason.value, "until": moment_text(now)}
        change = _Change(cause="pause", history=history, facts=facts)
        return await self._changed(connection, kept, calendar, change, by, now)

    async def extend(
        self,
        connection: Connection,
        case_id: CaseId,
        name: str,
        *,
        extension: Extension,
        most: int,
        by: By,
        now: datetime,
    ) -> KeptDeadline:
        """A deadline with more of its unit, `most` in all; Refused with why not.

        The notice was given by `now` at the latest, and the deadline has not fallen due by then.
        """
        kept, calendar = await self._running(connection, case_id, name)
        fault = clock_changes.may_extend(kept.deadline, calendar, kept.history, extension, most)
        if fault is None and extension.noticed_at > now:
            fault = "extension_times_wrong"
        if fault is None and now >= kept.due_at:
            fault = "extension_after_due"
        if fault is not None:
            raise refused(fault, f"In all by {most} {kept.deadline.terms.unit}.")
        facts: dict[str, Fact] = {
            "reason": extension.reason,
            "amount": extension.amount,
            "noticed_at": moment_text(extension.noticed_at),
        }
        change = _Change(cause="extension", history=(*kept.history, extension), facts=facts)
        return await self._changed(connection, kept, calendar, change, by, now)

    async def _running(
        self, connection: Connection, case_id: CaseId, name: str
    ) -> tuple[KeptDeadline, Calendar]:
        kept = await self._locked(connection, case_id, name)
        if kept is None:
            raise NotFound("deadline_unknown", SENTENCES["deadline_unknown"])
        if kept.ended_at is not None or kept.is_due:
            raise refused("deadline_over")
        return kept, await self.calendars.find(connection, *deadlines.calendar_of(kept))

    async def _locked(
        self, connection: Connection, case_id: CaseId, name: str
    ) -> KeptDeadline | None:
        if not await cases.lock(connection, [case_id]):
            raise cases.unknown()
        return await deadlines.newest(connection, case_id, name)

    async def _changed(  # noqa: PLR0917 - a private step, called in one form
        self,
        connection: Connection,
        kept: KeptDeadline,
        calendar: Calendar,
        change: _Change,
        by: By,
        now: datetime,
    ) -> KeptDeadline:
        changed = scheduled(replace(kept, history=change.history), calendar)
        await deadlines.move(connection, [changed])
        facts = moved_facts(changed, change.cause) | dict(change.facts)
        await self._append(
            connection, kept.case_id, [event(by, "deadline_moved", changed, facts)], now
        )
        return changed

    async def _append(
        self, connection: Connection, case_id: CaseId, events: list[NewEvent], now: datetime
    ) -> None:
        await case_events.append(connection, case_id, events, now=now, random=self._random)


def scheduled(kept: KeptDeadline, calendar: Calendar) -> KeptDeadline:
    """A deadline with its end and its next action; one that is late is the scanner's to take."""
    schedule = clock_schedule.actions(kept.deadline, kept.plan, calendar, kept.history)
    coming = next((one for one in schedule if one.name not in kept.done), None)
    return replace(kept, due_at=schedule[-1].at, next=coming)


def over(kept: KeptDeadline, now: datetime) -> KeptDeadline:
    """A deadline that nobody waits for any more."""
    return replace(kept, next=None, ended_at=now)


def event(
    by: By, act: str, kept: KeptDeadline, facts: Mapping[str, Fact] | None = None
) -> NewEvent:
    """An event about a deadline."""
    about: dict[str, Fact] = {"deadline": kept.name, "round": kept.round}
    return NewEvent(actor=by.actor, role=by.role, act=act, facts=about | dict(facts or {}))


def moved_facts(kept: KeptDeadline, cause: str) -> dict[str, Fact]:
    """What an event says of a deadline whose end moved."""
    return {"due_at": moment_text(kept.due_at), "cause": cause}


def moment_text(at: datetime) -> str:
    """A moment as facts have it: RFC 3339, UTC."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def refused(code: str, hint: str = "") -> Refused:
    """A no of the clock's rules; with a hint where the rule is a number or a list."""
    sentence = SENTENCES.get(code, "")
    return Refused(code, f"{sentence} {hint}" if hint and code in _HINTED else sentence)


def _pauses(kept: KeptDeadline) -> str:
    """For what a deadline may stand still, and how long in all."""
    terms = kept.deadline.terms
    if not terms.pauses:
        return "It never does."
    reasons = ", ".join(sorted(one.value.replace(" ", "_") for one in terms.pauses))
    return f"It does for {reasons}, {terms.pause_days} days in all."


def _floor(new: NewDeadline, calendar: Calendar) -> datetime | None:
    """Before when it does not end, if anything says so."""
    if new.no_later_than is None or not new.floor_days:
        return new.no_earlier_than
    return clock_bounds.floor(new.no_later_than, new.floor_days, new.zone, calendar)


def _open_pause(kept: KeptDeadline, reason: PauseReason, now: datetime) -> Pause | None:
    return next(
        (
            one
            for one in kept.history
            if isinstance(one, Pause)
            and one.reason is reason
            and one.ended_at is None
            and one.ends_by > now
        ),
        None,
    )
