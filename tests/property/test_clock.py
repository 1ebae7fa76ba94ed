"""The clock as laws: over every zone, many calendars, and histories of all kinds."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import assume, example, given
from hypothesis import strategies as st

from proxy.model.deadline import (
    Change,
    Deadline,
    Direction,
    Extension,
    Outage,
    Pause,
    PauseReason,
    Roll,
    Terms,
    Unit,
)
from proxy.rules import clock, clock_changes, clock_words, local_days
from proxy.rules.clock_changes import Rebasing
from proxy.wire import calendar_document
from tests.support.deadlines import calendar, deadline, terms

if TYPE_CHECKING:
    from proxy.model.calendar import Calendar

ZONES = sorted(available_timezones() - {"localtime"})
# Clocks that go back over midnight, jump over it, or leave a day out; changes of half an hour.
ODD_ZONES = [
    "America/St_Johns",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/Scoresbysund",
    "Europe/Berlin",
]
DAY = timedelta(days=1)
FIRST, LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
YEARS = (1980, 2100)
zones = st.sampled_from(ODD_ZONES) | st.sampled_from(ZONES)
moments = st.integers(0, (LAST - FIRST) // timedelta(minutes=1)).map(
    lambda minutes: FIRST + timedelta(minutes=minutes)
)
spans = st.timedeltas(timedelta(0), timedelta(days=40))


# Strategies are made once: to make them again for each draw costs more than what they draw.
_BOOLEANS = st.booleans()
_ONE_OF_TEN = st.integers(0, 9)
_YEARS = st.integers(1990, 2036)
_AROUND_MIDNIGHT_S = st.integers(-6 * 3600, 30 * 3600)
_WEEKENDS = st.lists(st.integers(0, 6), max_size=3)
_HOLIDAYS = st.frozensets(st.integers(-10, 120), max_size=30)
_WORKED = st.frozensets(st.integers(-10, 120), max_size=5)
_UNITS, _DIRECTIONS = st.sampled_from(Unit), st.sampled_from(Direction)
_ROLLS, _REASONS = st.sampled_from(Roll), st.sampled_from(PauseReason)
_AMOUNTS, _FEW_MONTHS, _FEW_DAYS = st.integers(0, 60), st.integers(0, 14), st.integers(0, 15)
_CLOSINGS = st.none() | st.times().map(lambda one: one.replace(tzinfo=None))
_KINDS = st.integers(0, 2)


@functools.cache
def _days_of(year: int) -> st.SearchStrategy[date]:
    return st.dates(date(year, 1, 1), date(year, 12, 31))


@functools.cache
def _days_of_change(zone: ZoneInfo, year: int) -> tuple[date, ...]:
    days = (date(year, 1, 1) + n * DAY for n in range(365))
    return tuple(one for one in days if _offset(zone, one) != _offset(zone, one + DAY))


@st.composite
def near_changes(draw: st.DrawFn, zone: str) -> datetime:
    """A moment within some hours of a midnight, often of a change of the zone's clocks."""
    year = draw(_YEARS)
    day = draw(_days_of(year))
    found = local_days.zone_named(zone)
    days = _days_of_change(found, year)
    if days:
        day = draw(st.sampled_from([*days, day]))
    seconds = draw(_AROUND_MIDNIGHT_S)
    midnight = datetime.combine(day, time(), found).astimezone(UTC)
    return midnight + timedelta(seconds=seconds)


@functools.cache
def _starts(zone: str) -> st.SearchStrategy[datetime]:
    return near_changes(zone) | moments


def _offset(zone: ZoneInfo, day: date) -> timedelta | None:
    return datetime.combine(day, time(), zone).utcoffset()


@st.composite
def calendars(draw: st.DrawFn, around: datetime) -> Calendar:
    """Any weekend of up to three days, holidays and worked weekend days around a moment."""
    weekend = draw(_WEEKENDS)
    holidays = [around.date() + n * DAY for n in draw(_HOLIDAYS)]
    return calendar(
        {day: f"Feast of {day}" for day in holidays},
        weekend=tuple(weekend),
        workdays=tuple(around.date() + n * DAY for n in draw(_WORKED)),
        years=YEARS,
    )


@st.composite
def some_terms(draw: st.DrawFn) -> Terms:
    """Terms without faults."""
    unit = draw(_UNITS)
    has_days = unit in {Unit.CALENDAR_DAYS, Unit.MONTHS}
    return terms(
        draw(_FEW_MONTHS if unit is Unit.MONTHS else _AMOUNTS),
        unit,
        draw(_DIRECTIONS),
        roll=draw(_ROLLS) if has_days else Roll.NONE,
        is_event_day_counted=draw(_BOOLEANS)
        if unit in {Unit.CALENDAR_DAYS, Unit.BUSINESS_DAYS}
        else False,
        closes_at=draw(_CLOSINGS) if unit is Unit.BUSINESS_DAYS else None,
        pauses=frozenset(PauseReason),
        pause_days=1_000,
    )


@st.composite
def running(draw: st.DrawFn) -> tuple[Deadline, Calendar]:
    """A deadline that may be set, with its calendar."""
    zone = draw(zones)
    start = draw(_starts(zone))
    own = draw(calendars(start))
    one = deadline(draw(some_terms()), start, zone)
    one = replace(one, calendar_version=own.version)
    if draw(_ONE_OF_TEN) == 0:
        one = replace(one, no_earlier_than=start + draw(spans))
    if draw(_ONE_OF_TEN) == 0:
        one = replace(one, no_later_than=start + draw(spans))
    assert clock_changes.may_set(one, own) is None
    return one, own


@st.composite
def changes(draw: st.DrawFn, start: datetime) -> Change:
    """A pause, an extension or an outage at any time, also behind the end."""
    at = start + draw(spans)
    match draw(_KINDS):
        case 0:
            ended = at + draw(spans) if draw(_BOOLEANS) else None
            return Pause(
                reason=draw(_REASONS),
                by="wren",
                started_at=at,
                ends_by=at + draw(spans),
                ended_at=ended,
            )
        case 1:
            amount = draw(_FEW_DAYS)
            return Extension(reason="asked", by="wren", amount=amount, decided_at=at, noticed_at=at)
        case _:
            return Outage(started_at=at, ended_at=at + draw(spans))


@st.composite
def lives(draw: st.DrawFn) -> tuple[Deadline, Calendar, list[Change]]:
    """A deadline with a history."""
    one, own = draw(running())
    return one, own, draw(st.lists(changes(one.started_at), max_size=5))


@given(lives())
def test_due_is_aware_utc_never_before_the_event_and_always_the_same(
    life: tuple[Deadline, Calendar, list[Change]],
) -> None:
    """The answer is UTC, not before the event unless a bound is, and equal when asked again."""
    one, own, history = life
    at = clock.due(one, own, history)
    assert at.tzinfo is UTC
    assert one.no_later_than is not None or at >= one.started_at
    assert clock.due(one, own, tuple(history)) == at
    assert calendar_document.parse(calendar_document.render(own)) == own
    assert clock.due(one, calendar_document.parse(calendar_document.render(own)), history) == at


@given(lives())
def test_nothing_added_to_a_history_shortens(
    life: tuple[Deadline, Calendar, list[Change]],
) -> None:
    """Neither a pause nor an extension nor an outage moves an end to an earlier moment."""
    one, own, history = life
    ends = [clock.due(one, own, history[:n]) for n in range(len(history) + 1)]
    assert ends == sorted(ends)


@given(running(), st.integers(1, 5))
def test_due_grows_with_the_amount(pair: tuple[Deadline, Calendar], more: int) -> None:
    """More of the unit never ends earlier."""
    one, own = pair
    longer = replace(one, terms=replace(one.terms, amount=one.terms.amount + more))
    assert clock.due(longer, own) >= clock.due(one, own)


@given(running(), st.timedeltas(timedelta(0), timedelta(days=4)))
def test_due_grows_with_the_start(pair: tuple[Deadline, Calendar], later: timedelta) -> None:
    """A later event never has an earlier end, whatever the clocks do between the two."""
    one, own = pair
    second = replace(one, started_at=one.started_at + later)
    assert clock.due(second, own) >= clock.due(one, own)


@given(running())
def test_a_window_is_never_shorter_than_the_same_duty(pair: tuple[Deadline, Calendar]) -> None:
    """Doubt goes in favour of whoever's time it is."""
    one, own = pair
    ours, theirs = (
        replace(one, terms=replace(one.terms, direction=direction))
        for direction in (Direction.OUR_DUTY, Direction.THEIR_WINDOW)
    )
    assert clock.due(theirs, own) >= clock.due(ours, own)


@given(running(), st.data())
def test_a_window_paused_is_never_shorter_than_a_duty_paused(
    pair: tuple[Deadline, Calendar], data: st.DataObject
) -> None:
    """The same pauses take at least as many days from the count of a window."""
    one, own = pair
    history = data.draw(st.lists(changes(one.started_at).filter(_is_pause), max_size=4))
    ours, theirs = (
        replace(one, terms=replace(one.terms, direction=direction))
        for direction in (Direction.OUR_DUTY, Direction.THEIR_WINDOW)
    )
    assert clock.due(theirs, own, history) >= clock.due(ours, own, history)


def _is_pause(change: Change) -> bool:
    return isinstance(change, Pause)


@given(running(), st.lists(spans, min_size=3, max_size=3))
def test_a_pause_in_pieces_is_the_same_pause(
    pair: tuple[Deadline, Calendar], lengths: list[timedelta]
) -> None:
    """Where one pause ends and the next begins does not matter, nor which was written first."""
    one, own = pair
    before, first, second = lengths
    start = one.started_at + before
    pieces = [_pause(start, first), _pause(start + first, second)]
    whole = clock.due(one, own, [_pause(start, first + second)])
    assert clock.due(one, own, pieces) == whole
    assert clock.due(one, own, pieces[::-1]) == whole
    assert clock.due(one, own, [*pieces, *pieces]) == whole


def _pause(start: datetime, length: timedelta) -> Pause:
    return Pause(reason=PauseReason.COURT_STAY, by="wren", started_at=start, ends_by=start + length)


@given(running(), moments, spans)
def test_hours_are_exactly_the_seconds_that_pass(
    pair: tuple[Deadline, Calendar], start: datetime, length: timedelta
) -> None:
    """Due minus start is the amount, whatever clocks and calendars do; a pause adds its length."""
    one, own = pair
    of = terms(one.terms.amount + 1, Unit.HOURS, one.terms.direction)
    hours = deadline(of, start, one.zone)
    amount = timedelta(hours=of.amount)
    assert clock.due(hours, own) - start == amount
    paused = _pause(start + amount / 2, length)
    assert clock.due(hours, own, [paused]) - start == amount + length


@given(running())
def test_days_end_with_a_local_day_and_on_a_day_that_counts(
    pair: tuple[Deadline, Calendar],
) -> None:
    """The last moment and the due moment lie on two local days; a business day is one."""
    one, own = pair
    one = replace(one, no_earlier_than=None, no_later_than=None)
    assume(one.terms.unit is not Unit.HOURS)
    last = clock.reckon(one, own).steps[-1].after.day
    assert last is not None
    zone = ZoneInfo(one.zone)
    at = clock.due(one, own)
    if one.terms.direction is Direction.THEIR_WINDOW:  # the whole of the last day, and no less
        assert at.astimezone(zone).date() > last
    else:  # nothing of the day behind it
        assert (at - datetime.resolution).astimezone(zone).date() <= last
    if one.terms.unit is Unit.BUSINESS_DAYS or one.terms.roll is Roll.NEXT:
        is_weekend = last.weekday() in own.weekend and last not in own.workdays
        assert not is_weekend
        assert last.weekday() in own.weekend or last not in own.holidays


@given(running())
@example(
    (
        deadline(terms(3, Unit.BUSINESS_DAYS), datetime(2026, 4, 2, 12, tzinfo=UTC)),
        calendar(years=YEARS),
    )
)
def test_business_days_agree_with_a_list_of_them(pair: tuple[Deadline, Calendar]) -> None:
    """The n-th business day is the n-th of a list of all of them, written without the rules."""
    one, own = pair
    of = replace(one.terms, unit=Unit.BUSINESS_DAYS, roll=Roll.NONE, closes_at=None)
    one = replace(one, terms=of, zone="UTC", no_earlier_than=None, no_later_than=None)
    first = one.started_at.date()
    counted = [
        day
        for day in (first + n * DAY for n in range(400))
        if (day.weekday() not in own.weekend and day not in own.holidays)
        or (day.weekday() in own.weekend and day in own.workdays)
    ]
    behind = [day for day in counted if day > first]
    if of.amount == 0:
        expected = counted[0]
    else:
        expected = (counted if of.is_event_day_counted else behind)[of.amount - 1]
    end = datetime.combine(expected + DAY, time(), UTC)
    assert clock.due(one, own) == end


@given(lives())
def test_the_explanation_names_the_due_moment(
    life: tuple[Deadline, Calendar, list[Change]],
) -> None:
    """The last sentence gives the very moment, and every change has a sentence of its own."""
    one, own, history = life
    told = clock_words.explain(one, own, history)
    at = clock.due(one, own, history)
    found = re.search(r"which is (\S+Z); what comes before is in time\.\Z", told[-1])
    assert found is not None
    assert datetime.fromisoformat(found[1]) == at.replace(microsecond=0)
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in told)
    stood = sum(sentence.startswith("It stood still") for sentence in told)
    longer = sum(sentence.startswith("It was extended") for sentence in told)
    down = sum(sentence.startswith("Our service was down") for sentence in told)
    kinds = [type(change) for change in history]
    assert (stood, longer, down) == tuple(kinds.count(one) for one in (Pause, Extension, Outage))


@given(lives(), st.timedeltas(timedelta(days=-2), timedelta(days=80)))
def test_what_remains_is_the_way_to_the_end(
    life: tuple[Deadline, Calendar, list[Change]], after: timedelta
) -> None:
    """It is due minus now, where an open pause counts as one that ends now."""
    one, own, history = life
    now = one.started_at + after
    so_far = [
        replace(each, ended_at=now) if isinstance(each, Pause) and each.ended_at is None else each
        for each in history
    ]
    assert clock.remaining(one, own, history, now) == clock.due(one, own, so_far) - now


@given(lives(), st.data())
def test_a_newer_calendar_never_moves_a_duty_later_by_itself(
    life: tuple[Deadline, Calendar, list[Change]], data: st.DataObject
) -> None:
    """A moved duty is flagged; a window is lengthened or kept; the same end is no change."""
    one, own, history = life
    newer = data.draw(calendars(one.started_at))
    found = clock_changes.rebase(one, own, newer, history)
    assert found.due == clock.due(one, own, history)
    if found.due == found.due_by_newer:
        assert found.verdict is Rebasing.SAME
    elif one.terms.direction is Direction.OUR_DUTY:
        assert found.verdict is Rebasing.FLAG
    else:
        is_later = found.due_by_newer > found.due
        assert found.verdict is (Rebasing.LENGTHEN if is_later else Rebasing.KEEP)


@given(zones, st.data())
def test_local_days_follow_one_another(zone: str, data: st.DataObject) -> None:
    """A day begins where the day before ends, never earlier, and holds the moments that are its."""
    found = local_days.zone_named(zone)
    at = data.draw(near_changes(zone))
    for is_later in (False, True):
        day = local_days.day_of(found, at, is_later=is_later)
        begins = local_days.beginning(found, day, is_later=not is_later)
        ends = local_days.end(found, day, is_later=not is_later)
        assert begins <= at < ends
        assert local_days.end(found, day - DAY, is_later=is_later) == local_days.beginning(
            found, day, is_later=is_later
        )
    first = local_days.beginning(found, at.date(), is_later=False)
    later = local_days.beginning(found, at.date(), is_later=True)
    assert first <= later
