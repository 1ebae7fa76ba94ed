"""Deadlines: what they are counted by, and what happened to them since. Frozen facts.

Holds no arithmetic: rules.clock counts, rules.clock_changes says what may be changed, and
rules.clock_schedule what is done on the way. Hours end at
an instant, days and months with a local day: a time of day on another date is not offered, since
where several dates come to one (weekends, short months) a later event could get an earlier end.
Source: casework s7.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:
    from datetime import date, datetime, time

    from proxy.model.calendar import CalendarId, CalendarVersion
    from proxy.model.case import CaseId

TermsId = NewType("TermsId", str)


class Unit(StrEnum):
    """What is counted."""

    HOURS = "hours"  # as they pass; no clock change, weekend or zone matters
    CALENDAR_DAYS = "calendar days"
    BUSINESS_DAYS = "business days"
    MONTHS = "months"  # to the same date, or the last of a month that has none


class Roll(StrEnum):
    """Where a period of calendar days or months goes that ends on no business day."""

    NONE = "none"
    NEXT = "next"
    PREVIOUS = "previous"  # never before the day of the event


class Direction(StrEnum):
    """Whose time it is. Doubt goes to the earlier end of a duty, to the later of a window."""

    OUR_DUTY = "our duty"
    THEIR_WINDOW = "their window"


class PauseReason(StrEnum):
    """Why a period may stand still. Staff shortage is none."""

    IDENTITY_PROOF = "identity proof"
    CLARIFICATION = "clarification"
    FEE = "fee"
    COURT_STAY = "court stay"
    PORTAL_OUTAGE = "portal outage"
    INCAPACITY = "incapacity"  # of the registrant, proven
    NEGOTIATION = "negotiation"  # ten days at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a kind of deadline is counted; rules.clock_terms says whether they make sense."""

    id: TermsId
    source: str  # the rule they come from
    begins_when: str  # the end of "It began when …", without personal data
    amount: int
    unit: Unit
    direction: Direction
    calendar: CalendarId
    roll: Roll = Roll.NONE
    is_event_day_counted: bool = False
    closes_at: time | None = None  # business days: what comes from then on came the next one
    pauses: frozenset[PauseReason] = frozenset()
    pause_days: int = 0  # all pauses together, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A period that runs. The bounds are outer limits, of a court for one; the latest wins."""

    terms: Terms
    calendar_version: CalendarVersion
    zone: str  # IANA name; whose days count, as it was when the deadline was set
    started_at: datetime
    no_earlier_than: datetime | None = None
    no_later_than: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The period stands still. `ends_by` holds where nobody ended it before."""

    reason: PauseReason
    by: str  # a handle of staff
    started_at: datetime
    ends_by: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """More of the unit that the terms count."""

    reason: str  # a code
    by: str
    amount: int
    decided_at: datetime
    noticed_at: datetime  # when those concerned were told


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Our portal or our outgoing mail was down; one that goes on ends at the present moment."""

    started_at: datetime
    ended_at: datetime


Change = Pause | Extension | Outage
"""What can happen to a deadline; a history is in the order in which it became known."""


class Cause(StrEnum):
    """What a step of a reckoning is due to."""

    COUNT = "count"
    PAUSE = "pause"
    EXTENSION = "extension"
    OUTAGE = "outage"
    ROLL = "roll"
    BOUND_BELOW = "bound below"
    BOUND_ABOVE = "bound above"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an end stands: the moment, and the last day of it unless hours are counted."""

    at: datetime
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a reckoning, with the end before and after it.

    `amount` is what it added: of the terms' unit, for an outage business days, for a pause of hours
    whole seconds.
    """

    cause: Cause
    amount: int
    before: Standing
    after: Standing
    change: Change | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """When a deadline falls due, and every step that leads there."""

    due: datetime
    event_day: date | None  # the day that days are counted from; None for hours
    steps: tuple[Step, ...]


DUE: Final = "due"
"""The action at the end of a deadline."""

LAST: Final = "last"
"""The reminder with the last business day; any other is named by hundredths of the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done while a deadline runs and at its end; kept with it as it was when it was set."""

    remind: tuple[str, ...] = ()  # hundredths, or LAST
    reminds: str = ""  # the template of a reminder's notice; without one a reminder is a task
    whom: str = ""  # to whom it goes
    at_end: str = ""  # an act of the case's table, by the timer
    escalates: tuple[str, ...] = ()  # tasks opened at the end: "kind:role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that is due at a moment of a deadline: a reminder, or the end."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDeadline:
    """A round of a deadline of a case, as it is kept.

    `done` are the actions that were taken, or left out because a later one had come; none is
    taken twice. `next` is None once the end was acted on, or the deadline is over.
    """

    case_id: CaseId
    name: str
    round: int
    deadline: Deadline
    plan: Plan
    history: tuple[Change, ...]
    due_at: datetime
    done: tuple[str, ...] = ()
    next: Action | None = None
    ended_at: datetime | None = None  # what it waited for came, or nobody waits any more

    @property
    def is_due(self) -> bool:
        """Whether its end was acted on."""
        return DUE in self.done
