"""When a notice is tried again: growing pauses, five days, one last try at their end."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from proxy.rules import notice_retries

START = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def test_pauses_grow_and_end_after_five_days() -> None:
    """Tries follow one another at 5 minutes to 4 hours; the last one is at the end of five days."""
    tries, now = [START], START
    while (following := notice_retries.next_try(START, now)) is not None:
        tries.append(following)
        now = following
    pauses = [after - before for before, after in itertools.pairwise(tries)]
    assert pauses[0] == timedelta(minutes=5)
    assert max(pauses) == timedelta(hours=4)
    assert all(pause >= timedelta(minutes=5) for pause in pauses)
    assert tries[-1] - START >= notice_retries.GIVE_UP
    assert tries[-1] - START < notice_retries.GIVE_UP + timedelta(minutes=6)
    assert len(tries) < 60


def test_a_route_gets_longer_than_a_recipient() -> None:
    """A route that gives up after five days has a day to say so before its silence counts."""
    assert notice_retries.UNPROVEN > notice_retries.GIVE_UP
