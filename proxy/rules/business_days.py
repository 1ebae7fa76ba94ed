"""Which days count, and the date arithmetic of periods. Pure.

A calendar that does not reach far enough refuses rather than take every day for a working day.
Source: casework s7.1; Regulation (EEC, Euratom) 1182/71 art. 3 (months).
"""

from __future__ import annotations

import calendar as months
from datetime import date
from typing import TYPE_CHECKING, Final

from proxy.errors import Refused
from proxy.rules.local_days import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.calendar import Calendar

Days = tuple[date, date]
"""The first and the last of some days."""

_MONTHS_A_YEAR: Final = 12


def is_business_day(calendar: Calendar, day: date) -> bool:
    """Whether `day` is one; Refused `calendar_ends` for a year that the calendar does not know."""
    if not calendar.first_year <= day.year <= calendar.last_year:
        raise Refused("calendar_ends", "The calendar says nothing of that year; take a newer one.")
    if day.weekday() in calendar.weekend:
        return day in calendar.workdays
    return day not in calendar.holidays


def next_business_day(calendar: Calendar, day: date) -> date:
    """`day`, or the first business day behind it."""
    while not is_business_day(calendar, day):
        day += DAY
    return day


def last_business_day(calendar: Calendar, day: date) -> date:
    """`day`, or the last business day before it."""
    while not is_business_day(calendar, day):
        day -= DAY
    return day


def corresponding_date(day: date, amount: int) -> date:
    """The same date `amount` months on; the last of that month where it has none."""
    month = day.year * _MONTHS_A_YEAR + day.month - 1 + amount
    year, month = month // _MONTHS_A_YEAR, month % _MONTHS_A_YEAR + 1
    if day.day <= 28:  # noqa: PLR2004 - every month has as many
        return date(year, month, day.day)
    return date(year, month, min(day.day, months.monthrange(year, month)[1]))


def walk(day: date, amount: int, paused: Sequence[Days], calendar: Calendar | None) -> date:
    """The `amount`-th day behind `day` that counts; without a calendar all count that no pause has.

    `paused` is in order and does not overlap. With an amount of 0 it is `day` itself.
    """
    while amount > 0:
        if paused and day >= paused[-1][1]:
            paused = ()
        if calendar is None and not paused:
            return day + amount * DAY
        day += DAY
        if paused and (over := _last_of(paused, day)) is not None:
            day = over
        elif calendar is None or is_business_day(calendar, day):
            amount -= 1
    return day


def count(paused: Sequence[Days], after: date, until: date, calendar: Calendar | None) -> int:
    """How many of the days behind `after`, up to and with `until`, are paused and would count."""
    total = 0
    for first, last in paused:
        start, stop = max(first, after + DAY), min(last, until)
        if calendar is None:
            total += max(0, (stop - start).days + 1)
        else:
            total += business_days_between(calendar, start, stop)
    return total


def business_days_between(calendar: Calendar, first: date, last: date) -> int:
    """How many business days there are from `first` to `last`, both included."""
    total = 0
    while first <= last:
        total += is_business_day(calendar, first)
        first += DAY
    return total


def _last_of(paused: Sequence[Days], day: date) -> date | None:
    for first, last in paused:
        if first <= day <= last:
            return last
    return None
