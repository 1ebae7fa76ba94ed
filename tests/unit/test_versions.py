"""Numbers of record versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from proxy.services import plan_registration

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_version_number_is_never_used_twice() -> None:
    """Also not in a database that was set back: the clock has gone on since."""
    used = plan_registration.next_version(1, NOW)
    assert plan_registration.next_version(used, NOW) == used + 1
    assert plan_registration.next_version(1, NOW + timedelta(seconds=1)) > used
    assert plan_registration.next_version(1, datetime(2090, 1, 1, tzinfo=UTC)) < 2**31
