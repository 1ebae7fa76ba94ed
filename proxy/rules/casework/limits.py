"""Limits of cases: how long each period is, why, and how far an operator may go. Pure.

A limit is configuration with bounds: a duty of ours may be made shorter, never longer than its
source has it; a window of theirs longer, never shorter. Source: casework s7.1, s11.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from proxy.model.deadline import Direction, Terms, TermsId

if TYPE_CHECKING:
    from proxy.model.calendar import CalendarId
    from proxy.model.deadline import PauseReason, Roll, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One period, before it is known whose calendar counts."""

    id: str
    source: str
    begins_when: str
    amount: int
    least: int  # what an operator may set
    most: int
    unit: Unit
    direction: Direction
    roll: Roll
    extend: int  # of the unit, all extensions together; 0: none
    pauses: frozenset[PauseReason]
    pause_days: int

    def terms(self, calendar: CalendarId) -> Terms:
        """What a deadline by this limit is counted by."""
        return Terms(
            id=TermsId(self.id),
            source=self.source,
            begins_when=self.begins_when,
            amount=self.amount,
            unit=self.unit,
            direction=self.direction,
            calendar=calendar,
            roll=self.roll,
            pauses=self.pauses,
            pause_days=self.pause_days,
        )


def fault(limit: Limit) -> str | None:
    """What is wrong with a limit as it comes with the program, as a code; None when nothing."""
    if not 0 <= limit.least <= limit.amount <= limit.most:
        return "limit_bounds"
    if limit.direction is Direction.OUR_DUTY and limit.amount != limit.most:
        return "limit_duty_could_grow"
    if bool(limit.pauses) != (limit.pause_days > 0):
        return "limit_pauses"
    return None


def changed(limit: Limit, amount: int) -> Limit | None:
    """The limit as an operator sets it; None outside its bounds."""
    return replace(limit, amount=amount) if limit.least <= amount <= limit.most else None
