"""The rate rule as laws: never more than allowed, never locked out, no wait too long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.rules import throttling
from proxy.rules.throttling import Limit

limits = st.builds(Limit, count=st.integers(1, 50), period_s=st.integers(1, 600))
gaps = st.lists(st.integers(0, 120_000_000_000), min_size=1, max_size=200)
numbers = st.integers(-(2**63), 2**63 - 1)


@given(limits, gaps)
def test_no_window_of_one_period_lets_more_than_twice_the_count_through(
    limit: Limit, gaps: list[int]
) -> None:
    """A full bucket plus its refill: at most 2 x count in any period, count in a burst."""
    now, tat, passed = 1, 0, []
    for gap in gaps:
        now += gap
        answer = throttling.next_arrival(tat, now, limit.interval_ns, limit.period_ns)
        if answer > 0:
            tat = answer
            passed.append(now)
    for start in passed:
        assert sum(start <= each < start + limit.period_ns for each in passed) <= 2 * limit.count
        assert passed.count(start) <= limit.count


@given(limits, numbers, st.integers(1, 2**62))
def test_whatever_the_slot_holds_a_client_waits_at_most_one_interval(
    limit: Limit, tat: int, now: int
) -> None:
    """Damage can not lock a client out: the wait is never longer than one interval."""
    answer = throttling.next_arrival(tat, now, limit.interval_ns, limit.period_ns)
    assert -limit.interval_ns <= answer
    if answer <= 0:
        later = now - answer
        assert throttling.next_arrival(tat, later, limit.interval_ns, limit.period_ns) > 0


@given(limits)
def test_a_fresh_client_may_ask_count_times_at_once(limit: Limit) -> None:
    """Exactly `count` pass at one moment, the next one does not."""
    tat = 0
    for _ in range(limit.count):
        tat = throttling.next_arrival(tat, 1, limit.interval_ns, limit.period_ns)
        assert tat > 0
    assert throttling.next_arrival(tat, 1, limit.interval_ns, limit.period_ns) < 0


@given(limits, st.integers(1, 2**62))
def test_a_client_idle_for_one_period_is_as_fresh(limit: Limit, now: int) -> None:
    """After a period of silence the whole burst is there again."""
    full = now + limit.count * limit.interval_ns
    later = full + 1
    answer = throttling.next_arrival(full, later, limit.interval_ns, limit.period_ns)
    assert answer == later + limit.interval_ns
