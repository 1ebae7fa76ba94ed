"""Ten years of timers on a real database, with clock changes and decreed holidays on the way.

The oracle walks days one by one and knows none of the rules: when a period ends, and that a decree
may only make a window longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from proxy.model.deadline import Roll, Unit
from proxy.store import calendars, pool
from tests.support import clocked
from tests.support.clocked import BY, DAY, START, THEIRS, TwoClocks, new_deadline
from tests.support.deadlines import calendar, terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.deadline import Terms
    from proxy.store.pool import Connection
    from tests.support.database import Database

pytestmark = pytest.mark.db
YEARS = 10
QUARTER = timedelta(minutes=15)
KINDS: Mapping[str, tuple[Terms, str]] = {
    "window": (terms(20, Unit.CALENDAR_DAYS, THEIRS, roll=Roll.NEXT), "Europe/Berlin"),
    "island_window": (terms(21, Unit.CALENDAR_DAYS, THEIRS), "America/Havana"),  # odd midnights
    "island_duty": (terms(21, Unit.CALENDAR_DAYS), "America/Havana"),
    "duty": (terms(12, Unit.BUSINESS_DAYS), "Asia/Kolkata"),
    "office_window": (terms(15, Unit.BUSINESS_DAYS, THEIRS), "America/New_York"),
    "hours": (terms(500, Unit.HOURS), "Europe/London"),
    "month": (terms(1, Unit.MONTHS, THEIRS, roll=Roll.NEXT), "Pacific/Auckland"),
}


@dataclass(slots=True)
class Running:
    """What the oracle knows of a deadline that runs."""

    started_at: datetime
    round: int
    end: datetime


def is_free(day: date, holidays: Mapping[date, str]) -> bool:
    """Whether nobody works on a day."""
    return day.weekday() >= 5 or day in holidays


def midnight(zone: str, day: date, *, is_later: bool) -> datetime:
    """When a zone's clocks show the beginning of a day, found by looking every quarter hour."""
    there = ZoneInfo(zone)
    at = datetime.combine(day, time(), UTC) - DAY
    looks = [at + number * QUARTER for number in range(4 * 48)]
    shown = [one for one in looks if one.astimezone(there).replace(tzinfo=None)
             == datetime.combine(day, time())]  # fmt: skip
    if not shown:  # the clocks jump over it
        return next(one for one in looks if one.astimezone(there).date() == day)
    return shown[-1] if is_later else shown[0]


def months_on(day: date, months: int) -> date:
    """To the first of each next month, then on to the same number or the month's end."""
    wanted = day.day
    for _ in range(months):
        day = (day.replace(day=28) + 4 * DAY).replace(day=1)
    while day.day < wanted and (day + DAY).month == day.month:
        day += DAY
    return day


def walked(of: Terms, zone: str, start: datetime, holidays: Mapping[date, str]) -> datetime:
    """When a period ends, by walking from day to day."""
    if of.unit is Unit.HOURS:
        return start + timedelta(seconds=3_600 * of.amount)
    day, left = start.astimezone(ZoneInfo(zone)).date(), of.amount
    if of.unit is Unit.MONTHS:
        day, left = months_on(day, left), 0
    while left:
        day += DAY
        left -= of.unit is Unit.CALENDAR_DAYS or not is_free(day, holidays)
    while of.roll is Roll.NEXT and is_free(day, holidays):
        day += DAY
    return midnight(zone, day + DAY, is_later=of.direction is THEIRS)


def decreed(number: int, today: date) -> dict[date, str]:
    """The holidays of ten years; every second decree adds some, the next takes them back."""
    found = {
        date(year, month, day): "A feast"
        for year in range(START.year, START.year + YEARS + 2)
        for month, day in ((1, 1), (1, 2), (4, 9), (5, 1), (12, 25), (12, 26))
    }
    if number % 2:
        found |= {today + more * DAY: "A decree" for more in (2, 3, 8, 9, 14, 15, 22)}
    return found


class Decade:
    """A case whose every deadline is set anew as soon as it fell due."""

    def __init__(self, case_id: object, web: Connection, worker: Connection) -> None:
        self.case_id, self.web, self.worker = case_id, web, worker
        self.clocks = TwoClocks()
        self.scanner = clocked.scanner(self.clocks)
        self.keeper = clocked.keeper()
        self.holidays = decreed(0, START.date())
        self.runs: dict[str, Running] = {}
        self.told: list[tuple[str, int, int]] = []

    async def set(self, name: str, number: int) -> None:
        """The next round of a deadline begins now, and the oracle counts it as well."""
        of, zone = KINDS[name]
        now = self.clocks.wall
        async with self.web.transaction():
            kept = await self.keeper.set(
                self.web,
                self.case_id,  # type: ignore[arg-type]  # an id of ours
                new_deadline(of, name, zone=zone, started_at=now),
                BY,
                now,
            )
        end = walked(of, zone, now, self.holidays)
        assert kept.due_at == end, (name, now)
        assert kept.round == number
        self.runs[name] = Running(now, number, end)

    async def decree(self, administrator: Connection, number: int) -> None:
        """Holidays change and what runs shall follow: windows get longer, nothing else moves."""
        self.holidays = decreed(number, self.clocks.wall.date())
        newer = calendar(self.holidays)
        await calendars.add(administrator, newer, self.clocks.wall)
        await calendars.take(administrator, newer, self.clocks.wall)
        for name, one in self.runs.items():
            of, zone = KINDS[name]
            if of.direction is THEIRS and one.end > self.clocks.wall:
                one.end = max(one.end, walked(of, zone, one.started_at, self.holidays))

    async def look(self) -> None:
        """The worker looks; what is due begins anew."""
        fired = await self.scanner.round(self.worker)
        now = self.clocks.wall
        over = {name: one for name, one in self.runs.items() if one.end <= now}
        assert fired == len(over)
        for name, one in over.items():
            self.told.append((name, one.round, int((now - one.end).total_seconds())))
            await self.set(name, one.round + 1)


async def test_ten_years_of_timers(database: Database) -> None:
    """Every end comes once, at the moment that the oracle says, through all clock changes."""
    await clocked.prepare(database, calendar(decreed(0, START.date())))
    case_id = await clocked.one_case(database)
    async with (
        clocked.administrator(database) as administrator,
        pool.connected(database.access("web")) as web,
        pool.connected(database.access("worker")) as worker,
    ):
        decade = Decade(case_id, web, worker)
        for name in KINDS:
            await decade.set(name, 1)
        number = 0
        while decade.clocks.wall < START.replace(year=START.year + YEARS):
            decade.clocks.pass_(timedelta(minutes=61 * (number * 37 % 120 + 1)))
            number += 1
            await decade.look()
            if number % 40 == 0:
                await decade.decree(administrator, number // 40)
                await decade.look()
        for name, one in decade.runs.items():
            assert one.end == await administrator.fetchval(
                "SELECT due_at FROM case_deadline WHERE name = $1 AND ended_at IS NULL"
                " AND next_at IS NOT NULL",
                name,
            )
        rows = await administrator.fetch(
            "SELECT facts->>'deadline' AS name, (facts->>'round')::integer AS round,"
            " (facts->>'late_by_s')::integer AS late FROM case_event WHERE act = 'deadline_due'"
        )
        moved = await administrator.fetchval(
            "SELECT count(*) FROM case_event WHERE act = 'deadline_moved'"
            " AND facts->>'cause' = 'calendar'"
        )
        flags = await administrator.fetchval(
            "SELECT count(*) FROM case_task WHERE kind = 'calendar_changed'"
        )
    assert sorted(tuple(row) for row in rows) == sorted(decade.told)
    assert len(rows) > 7 * YEARS * 12
    assert moved > YEARS
    assert flags > YEARS / 2
