"""When a failed step comes again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from escrow import retrying

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, 60), (2, 120), (3, 240), (6, 1920), (7, 3600), (8, 3600), (100_000, 3600)],
)
def test_waits_double_from_a_minute_to_an_hour(failures: int, seconds: float) -> None:
    """Each failure doubles the wait, and none makes it longer than an hour."""
    assert retrying.delay_s(failures, 0.0) == seconds


@pytest.mark.parametrize("failures", [1, 7])
def test_jitter_lengthens_by_a_quarter_at_most(failures: int) -> None:
    """What is drawn spreads the attempts, and never makes one come early."""
    shortest = retrying.delay_s(failures, 0.0)
    assert shortest < retrying.delay_s(failures, 0.5) < retrying.delay_s(failures, 255 / 256)
    assert retrying.delay_s(failures, 255 / 256) < 1.25 * shortest


def test_a_step_is_due_from_its_moment_on() -> None:
    """A step that never failed is due; another at its moment and after it."""
    assert retrying.is_due(None, NOW)
    assert retrying.is_due(NOW, NOW)
    assert retrying.is_due(NOW - timedelta(seconds=1), NOW)
    assert not retrying.is_due(NOW + timedelta(seconds=1), NOW)
