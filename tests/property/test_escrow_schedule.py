"""Slots over years of every zone: one a day, none lost, none twice, in order."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from escrow import schedule
from escrow.model import Schedule

ZONES = sorted(available_timezones() - {"localtime"})
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
zones = st.sampled_from(ZONES)
starts = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    datetime(2037, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    timezones=st.just(UTC),
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any days, any time, any zone; mostly a time at which clocks are changed."""
    full = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Schedule(
        time_zone=draw(zones),
        full_days=full,
        incremental_days=draw(st.frozensets(st.integers(0, 6))) - full,
        hour=draw(st.sampled_from([0, 1, 2, 3, 23]) | st.integers(0, 23)),
        minute=draw(st.sampled_from([0, 30, 59]) | st.integers(0, 59)),
    )


def local_days(zone: ZoneInfo, start: datetime, end: datetime) -> set[date]:
    """The dates that there were between two moments, found by walking, an hour a step."""
    steps = (end - start) // HOUR
    walk = (start + number * HOUR for number in range(steps + 1))
    return {moment.astimezone(zone).date() for moment in walk}


@given(schedules(), starts, st.integers(1, 200))
def test_every_day_of_the_schedule_has_one_slot(one: Schedule, start: datetime, days: int) -> None:
    """As many slots as there were such days, in order, each on its day at its time or later."""
    end = start + days * DAY
    zone = ZoneInfo(one.time_zone)
    found = [slot.at for slot in schedule.slots_between(one, start, end)]
    assert found == sorted(set(found))
    wanted = one.full_days | one.incremental_days
    dates = [at.astimezone(zone).date() for at in found]
    assert len(set(dates)) == len(dates)
    assert {day.weekday() for day in dates} <= wanted
    # The days at either end may have their slot outside of the interval.
    whole = local_days(zone, start, end) - {
        start.astimezone(zone).date(),
        end.astimezone(zone).date(),
    }
    assert {day for day in whole if day.weekday() in wanted} <= set(dates)
    for at in found:
        local = at.astimezone(zone)
        assert (local.hour, local.minute) >= (one.hour, one.minute)
        assert local.fold == 0


@given(schedules(), starts, st.lists(st.integers(0, 100_000), max_size=6))
def test_intervals_that_follow_one_another_lose_nothing(
    one: Schedule, start: datetime, minutes: list[int]
) -> None:
    """However often the schedule is looked at, the same slots come, each once."""
    cuts = [start]
    for each in minutes:
        cuts.append(cuts[-1] + timedelta(minutes=each))
    parts = [
        slot
        for after, until in itertools.pairwise(cuts)
        for slot in schedule.slots_between(one, after, until)
    ]
    assert tuple(parts) == schedule.slots_between(one, start, cuts[-1])


@given(schedules(), starts)
def test_the_next_slot_is_the_first(one: Schedule, now: datetime) -> None:
    """There always is one, and none lies between."""
    following = schedule.next_slot(one, now)
    assert schedule.slots_between(one, now, following.at) == (following,)
