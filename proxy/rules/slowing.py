"""How long whoever failed to sign in has to wait: longer each time, and never for ever.

Pure: what is counted, for whom and where, is the caller's. An attempt counts as a failure when it
begins and is forgiven when it succeeds, so that many at once gain nothing.
Source: NIST SP 800-63B s5.2.2 (limits on failed attempts).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

LONGEST: Final = timedelta(minutes=15)
"""The longest wait: somebody whose account is attacked gets in between two guesses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """So many failures cost nothing; one is forgotten in each `forgotten_after`."""

    free: int
    forgotten_after: timedelta


PERSON: Final = Pace(free=4, forgotten_after=timedelta(minutes=15))
"""Some 100 guesses a day at one account, whoever makes them."""

CLIENT: Final = Pace(free=10, forgotten_after=timedelta(minutes=5))
"""Some 300 guesses a day of one client, at whatever accounts; an office may share an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowness:
    """How often it failed, when last, and until when nothing is tried."""

    failures: int
    failed_at: datetime
    blocked_until: datetime


def wait_s(found: Slowness, now: datetime) -> int:
    """The whole seconds to wait; 0 when an attempt may begin."""
    left = found.blocked_until - now
    if left <= timedelta():
        return 0
    # A clock that was set back must not lock anybody out for longer.
    return -(-min(left, LONGEST) // timedelta(seconds=1))


def begun(found: Slowness, now: datetime, pace: Pace) -> Slowness:
    """The count once an attempt begins, which fails unless it is forgiven."""
    forgotten = max(timedelta(), now - found.failed_at) // pace.forgotten_after
    failures = max(0, found.failures - forgotten) + 1
    over = failures - pace.free
    wait = min(timedelta(seconds=1 << min(over, 16)), LONGEST) if over > 0 else timedelta()
    return Slowness(failures=failures, failed_at=now, blocked_until=now + wait)


def forgiven(found: Slowness) -> Slowness:
    """The count once one attempt succeeded: that one is taken back, others stay."""
    return replace(found, failures=max(0, found.failures - 1))


def cleared(found: Slowness, now: datetime) -> Slowness:
    """The count of somebody who proved who they are."""
    return Slowness(failures=0, failed_at=found.failed_at, blocked_until=now)
