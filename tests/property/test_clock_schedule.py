"""Schedules, codecs, outages and the guard of the clock as laws, over histories of all kinds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model.calendar import CalendarId
from proxy.model.deadline import (
    DUE,
    LAST,
    Change,
    Deadline,
    Direction,
    Extension,
    Outage,
    Pause,
    PauseReason,
    Plan,
    Roll,
    Terms,
    TermsId,
    Unit,
)
from proxy.rules import (
    business_days,
    clock,
    clock_changes,
    clock_guard,
    clock_schedule,
    downtime,
    local_days,
    pausing,
)
from proxy.rules.clock_guard import Belief, Watch
from proxy.wire import deadline_document
from tests.support.deadlines import CALENDAR, deadline, terms

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ZONES = ["Europe/Berlin", "Asia/Kolkata", "America/Havana", "Pacific/Apia", "UTC"]
moments = st.integers(0, 60 * 24 * 90).map(lambda minutes: START + minutes * MINUTE)
exact = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds of a strategy
words = st.text(max_size=40)
PLAN = Plan(remind=("50", "80", LAST))


@st.composite
def deadlines(draw: st.DrawFn, direction: Direction | None = None) -> Deadline:
    """Any deadline of some weeks."""
    unit = draw(st.sampled_from(list(Unit)))
    of = terms(
        draw(st.integers(0, 3 if unit is Unit.MONTHS else 40)),
        unit,
        direction or draw(st.sampled_from(list(Direction))),
        roll=Roll.NONE
        if unit in {Unit.HOURS, Unit.BUSINESS_DAYS}
        else draw(st.sampled_from(list(Roll))),
    )
    return deadline(of, draw(moments), draw(st.sampled_from(ZONES)))


@st.composite
def stretches(draw: st.DrawFn) -> tuple[datetime, datetime]:
    """Some time, not empty."""
    start = draw(moments)
    return start, start + draw(st.integers(1, 60 * 24 * 12)) * MINUTE


pauses = st.builds(
    lambda span, reason: Pause(reason=reason, by="wren", started_at=span[0], ends_by=span[1]),
    stretches(),
    st.sampled_from(list(PauseReason)),
)
outages = stretches().map(lambda span: Outage(started_at=span[0], ended_at=span[1]))
extensions = st.builds(
    Extension,
    reason=words,
    by=words,
    amount=st.integers(1, 20),
    decided_at=exact,
    noticed_at=exact,
)
histories = st.lists(pauses | outages | extensions, max_size=4).map(tuple)


@given(deadlines(), histories)
def test_reminders_lie_between_the_event_and_the_end(
    of: Deadline, history: tuple[Change, ...]
) -> None:
    """In order, each once, strictly between; the end is the last and is the clock's own."""
    schedule = clock_schedule.actions(of, PLAN, CALENDAR, history)
    assert schedule[-1].name == DUE
    assert schedule[-1].at == clock.due(of, CALENDAR, history)
    assert list(schedule) == sorted(schedule, key=lambda one: one.at)
    assert len({one.name for one in schedule}) == len(schedule)
    for one in schedule[:-1]:
        assert of.started_at < one.at < schedule[-1].at


@given(deadlines(), histories)
def test_no_hundredth_falls_into_a_pause(of: Deadline, history: tuple[Change, ...]) -> None:
    """While a period stands still nobody is reminded of it, but for the last business day."""
    paused = pausing.stretches(one for one in history if isinstance(one, Pause))
    for one in clock_schedule.actions(of, PLAN, CALENDAR, history)[:-1]:
        if one.name != LAST:
            assert not any(start < one.at < stop for start, stop in paused)


@given(deadlines())
def test_the_last_day_is_the_last_business_day(of: Deadline) -> None:
    """It begins a business day of the deadline's calendar, and none lies between it and the end."""
    schedule = clock_schedule.actions(of, PLAN, CALENDAR)
    found = next((one for one in schedule if one.name == LAST), None)
    if found is None:
        return
    zone = local_days.zone_named(of.zone)
    day = found.at.astimezone(zone).date()
    first = local_days.day_of(zone, of.started_at, is_later=False)
    last = local_days.day_of(zone, schedule[-1].at - timedelta.resolution, is_later=False)
    assert day == first or business_days.is_business_day(CALENDAR, day)
    while last > day:
        assert not business_days.is_business_day(CALENDAR, last)
        last -= DAY


@given(deadlines(), histories, st.lists(moments, max_size=8))
def test_no_action_is_taken_twice_and_the_end_never_left_out(
    of: Deadline, history: tuple[Change, ...], looks: list[datetime]
) -> None:
    """Whenever one looks and whatever becomes known, what has come last is taken, once."""
    done: tuple[str, ...] = ()
    taken: list[str] = []
    known: tuple[Change, ...] = ()
    rest = list(history)
    for now in sorted(looks):
        if rest and DUE not in done:
            known = (*known, rest.pop(0))
        schedule = clock_schedule.actions(of, PLAN, CALENDAR, known)
        standing = clock_schedule.stand(schedule, done, now)
        if standing.take is not None:
            assert standing.take.at <= now
            assert not any(standing.take.at < one.at <= now for one in schedule)
            taken.append(standing.take.name)
        assert set(done) <= set(standing.done)
        assert standing.next is None or standing.next.at > now
        assert (standing.next is None) == (DUE in standing.done)
        done = standing.done
        assert (DUE in done) == (DUE in taken)
        if schedule[-1].at <= now:
            assert DUE in taken
    assert len(taken) == len(set(taken))


@given(deadlines(), st.lists(outages, max_size=5), moments)
def test_outages_lengthen_windows_only_and_once(
    of: Deadline, known: list[Outage], now: datetime
) -> None:
    """No end comes earlier; what was credited is not again; no outage near the end stays unseen."""
    history = downtime.lengthen(of, CALENDAR, (), known, now)
    end = clock.due(of, CALENDAR, history)
    assert end >= clock.due(of, CALENDAR)
    assert downtime.lengthen(of, CALENDAR, history, known, now) == history
    if of.terms.direction is Direction.OUR_DUTY:
        assert history == ()
        return
    if end <= now:
        credited = [one for one in history if isinstance(one, Outage)]
        for start, stop in downtime._without(known, credited, now):
            assert max(start, of.started_at, end - clock.LAST_HOURS) >= min(stop, end)


def test_an_outage_that_went_on_is_credited_for_the_rest_alone() -> None:
    """What was credited while it went on is not credited again when its end is known."""
    window = deadline(terms(5, Unit.CALENDAR_DAYS, Direction.THEIR_WINDOW), "2026-03-02 10:00")
    end = clock.due(window, CALENDAR)
    first = Outage(started_at=end - MINUTE, ended_at=end + MINUTE)
    history = downtime.lengthen(window, CALENDAR, (), [first], end + MINUTE)
    moved = clock.due(window, CALENDAR, history)
    assert moved > end
    whole = replace(first, ended_at=end + 300 * MINUTE)
    assert downtime.lengthen(window, CALENDAR, history, [whole], moved) == history


def test_silence_and_beats_say_until_when_we_were_up() -> None:
    """A beat behind the moment, or a silence too long, is knowledge; what lies between is none."""
    now = START
    assert downtime.seen_until({}, now) == now
    assert downtime.seen_until({"web": now, "relay": now - MINUTE}, now) == now - MINUTE
    assert downtime.seen_until({"web": now - 4 * MINUTE}, now) == now
    assert downtime.going_on({"web": now - 4 * MINUTE, "relay": now}, now) == (
        Outage(started_at=now - 4 * MINUTE, ended_at=now),
    )
    assert downtime.going_on({"web": now - 3 * MINUTE}, now) == ()


@given(
    st.builds(
        Terms,
        id=words.map(TermsId),
        source=words,
        begins_when=words,
        amount=st.integers(0, clock_changes.AMOUNT_LIMIT),
        unit=st.sampled_from(list(Unit)),
        direction=st.sampled_from(list(Direction)),
        calendar=words.map(CalendarId),
        roll=st.sampled_from(list(Roll)),
        is_event_day_counted=st.booleans(),
        closes_at=st.none() | st.builds(time, st.integers(0, 23), st.integers(0, 59)),
        pauses=st.frozensets(st.sampled_from(list(PauseReason))),
        pause_days=st.integers(0, 1000),
    )
)
def test_terms_come_back_as_they_were_kept(given_terms: Terms) -> None:
    """What is rendered parses to the same terms."""
    text = deadline_document.render_terms(given_terms)
    assert deadline_document.parse_terms(text) == given_terms


@given(
    st.builds(
        Plan,
        remind=st.lists(words, max_size=4).map(tuple),
        reminds=words,
        whom=words,
        at_end=words,
        escalates=st.lists(words, max_size=4).map(tuple),
    )
)
def test_a_plan_comes_back_as_it_was_kept(plan: Plan) -> None:
    """What is rendered parses to the same plan."""
    assert deadline_document.parse_plan(deadline_document.render_plan(plan)) == plan


@given(
    st.lists(
        extensions
        | st.builds(Outage, started_at=exact, ended_at=exact)
        | st.builds(
            Pause,
            reason=st.sampled_from(list(PauseReason)),
            by=words,
            started_at=exact,
            ends_by=exact,
            ended_at=st.none() | exact,
        ),
        max_size=6,
    ).map(tuple)
)
def test_a_history_comes_back_as_it_was_kept(history: tuple[Change, ...]) -> None:
    """What is rendered parses to the same history, to the microsecond."""
    text = deadline_document.render_history(history)
    assert deadline_document.parse_history(text) == history


def refused(parse: Callable[[str], object], text: str) -> str:
    """The code that a parser refuses a text by; "" for none."""
    try:
        parse(text)
    except InvalidInput as refusal:
        return refusal.code
    return ""


@given(st.text(max_size=200) | st.sampled_from(['[{"is":"outage"}]', "[{}]", "{}", "null"]))
def test_what_is_damaged_is_refused(text: str) -> None:
    """No text makes a parser fail in another way than by refusing it."""
    for parse in (
        deadline_document.parse_terms,
        deadline_document.parse_plan,
        deadline_document.parse_history,
    ):
        assert refused(parse, text) in {"", "deadline_malformed"}


@pytest.mark.parametrize(
    "text",
    [
        '[{"is":"outage","started_at":"2026-01-01T00:00:00","ended_at":"2026-01-01T00:00:01Z"}]',
        '[{"is":"outage","started_at":"2026-13-01T00:00:00Z","ended_at":"2026-01-01T00:00:01Z"}]',
        '[{"is":"outage","by":"x","started_at":"2026-01-01T00:00:00Z","ended_at":"2026-01-02T00:00:00Z"}]',
        '[{"is":"holiday","started_at":"2026-01-01T00:00:00Z","ended_at":"2026-01-01T00:00:01Z"}]',
    ],
)
def test_a_history_with_anything_strange_in_it_is_refused(text: str) -> None:
    """No zone, no such date, an unknown field, an unknown change: damaged."""
    with pytest.raises(InvalidInput):
        deadline_document.parse_history(text)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (Plan(remind=("50", "150")), "reminder_unknown"),
        (Plan(remind=("05",)), "reminder_unknown"),
        (Plan(remind=("",)), "reminder_unknown"),
        (Plan(remind=("50", "50")), "reminder_twice"),
        (Plan(remind=("50",), reminds="window_near"), "reminder_without_reader"),
        (Plan(escalates=("look",)), "task_malformed"),
    ],
)
def test_a_plan_that_can_not_be_followed_has_a_reason(plan: Plan, code: str) -> None:
    """A plan is refused by code before a deadline is set with it."""
    assert clock_schedule.faults(plan) == (code,)
    assert clock_schedule.faults(PLAN) == ()


steps = st.lists(
    st.tuples(
        st.floats(0, 400),  # seconds that pass
        st.sampled_from([0.0, 0.0, 0.0, -7200.0, -1.0, 200.0, 299.0, 301.0, 90_000.0, 4e8]),
    ),
    max_size=40,
)


@given(steps)
def test_the_clock_is_never_believed_right_after_a_jump(walk: list[tuple[float, float]]) -> None:
    """Who is believed lies near the last believed, unless the new time ran on for ten minutes."""
    wall, steady = START, 50.0
    watch: Watch | None = None
    believed: tuple[datetime, float] | None = None
    for passed, jump in walk:
        steady += passed
        wall += timedelta(seconds=passed + jump)
        watch = clock_guard.look(watch, wall, steady)
        if watch.belief is not Belief.GOOD:
            continue
        if believed is not None:
            expected = believed[0] + timedelta(seconds=steady - believed[1])
            is_held = steady - believed[1] >= clock_guard.HOLD_S
            assert is_held or wall - expected <= clock_guard.FORWARD + timedelta(milliseconds=1)
            assert is_held or wall >= believed[0]
        believed = wall, steady


@given(st.sampled_from([-86_400.0, -30.0, 400.0, 1e8]))
def test_a_clock_that_stays_wrong_is_believed_in_the_end(jump: float) -> None:
    """After ten minutes of the other clock it is taken for the time, not before."""
    watch = clock_guard.look(None, START, 0.0)
    for second in range(10, 1_000, 10):
        wall = START + timedelta(seconds=jump + second)
        watch = clock_guard.look(watch, wall, float(second))
        if jump == -30.0:
            assert (watch.belief is Belief.GOOD) == (second >= 30)
        else:
            assert (watch.belief is Belief.GOOD) == (second >= 610)
