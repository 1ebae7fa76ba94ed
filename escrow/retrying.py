"""When a step that failed is tried again: pure arithmetic, for every step the same.

One step's failures are counted by themselves, so that an agent that can not be reached does not
delay the next staging. Nothing here gives up: a deposit ends for a reason, never for a count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

FIRST_S: Final = 60.0  # a connection that broke is mostly back within a minute
LONGEST_S: Final = 3600.0  # an agent that is back after a day is noticed within the hour
SPREAD: Final = 0.25  # of the wait: streams that failed together do not come back together


def delay_s(failures: int, jitter: float) -> float:
    """Seconds until the next attempt after so many failures in a row; from 60 to 4,500.

    `jitter` in [0, 1) is drawn by the caller; it only lengthens, so that no wait is too short.
    """
    # The exponent is held down: 2**failures of a step that failed for years is no float.
    doublings = min(max(failures, 1) - 1, 16)
    return min(FIRST_S * (1 << doublings), LONGEST_S) * (1 + SPREAD * jitter)


def is_due(try_after: datetime | None, now: datetime) -> bool:
    """Whether a step may be tried now; one that never failed always may."""
    return try_after is None or now >= try_after
