"""Invented terms, deadlines and a calendar whose every day is written here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from proxy.model.calendar import Calendar, CalendarId
from proxy.model.deadline import (
    Deadline,
    Direction,
    Extension,
    Outage,
    Pause,
    PauseReason,
    Terms,
    TermsId,
    Unit,
)
from proxy.wire import calendar_document

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = CalendarId("XA-HARBOUR")
HOLIDAYS = {
    date(2026, 1, 1): "New Year's Day",
    date(2026, 4, 3): "Good Friday",
    date(2026, 4, 6): "Easter Monday",
    date(2026, 5, 1): "Labour Day",
    date(2026, 12, 25): "Christmas Day",
    date(2026, 12, 26): "Second Day of Christmas",  # a Saturday
    date(2027, 1, 1): "New Year's Day",
}


def calendar(
    holidays: Mapping[date, str] = HOLIDAYS,
    *,
    workdays: tuple[date, ...] = (),
    weekend: tuple[int, ...] = (5, 6),
    years: tuple[int, int] = (2010, 2045),
) -> Calendar:
    """A calendar of these days."""
    return calendar_document.make(
        calendar_id=PLACE,
        zone="Europe/Berlin",
        weekend=weekend,
        holidays=holidays,
        workdays=workdays,
        years=years,
    )


CALENDAR = calendar()


def utc(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def terms(amount: int, unit: Unit, direction: Direction = Direction.OUR_DUTY, **more: Any) -> Terms:
    """Terms of an invented rule."""
    return Terms(
        id=TermsId("answer-claim"),
        source="house rule 7",
        begins_when="the notice was delivered",
        amount=amount,
        unit=unit,
        direction=direction,
        calendar=PLACE,
        **more,
    )


def deadline(
    of: Terms, start: str | datetime, zone: str = "Europe/Berlin", **more: Any
) -> Deadline:
    """A deadline that runs by `of` since `start`."""
    started_at = start if isinstance(start, datetime) else utc(start)
    return Deadline(
        terms=of, calendar_version=CALENDAR.version, zone=zone, started_at=started_at, **more
    )


def pause(
    start: str,
    ends_by: str,
    ended: str | None = None,
    reason: PauseReason = PauseReason.IDENTITY_PROOF,
) -> Pause:
    """A pause from `start`, ended or not."""
    return Pause(
        reason=reason,
        by="wren",
        started_at=utc(start),
        ends_by=utc(ends_by),
        ended_at=None if ended is None else utc(ended),
    )


def extension(amount: int, decided: str, noticed: str | None = None) -> Extension:
    """An extension, told at once unless said otherwise."""
    return Extension(
        reason="more_time_asked",
        by="wren",
        amount=amount,
        decided_at=utc(decided),
        noticed_at=utc(noticed or decided),
    )


def outage(start: str, end: str) -> Outage:
    """A stretch in which the portal was down."""
    return Outage(started_at=utc(start), ended_at=utc(end))
