"""How often one client may ask: the generic cell rate algorithm over one number per client.

Holds the arithmetic only. The number is the client's theoretical arrival time (TAT) in
nanoseconds of any steady clock; where it is kept is no concern of this module.
Source: ITU-T I.371, virtual scheduling; it equals a token bucket of `count` tokens that refills
evenly over `period_s`.
"""

from __future__ import annotations

from dataclasses import dataclass

_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `count` requests at once, and `count` per `period_s` in the long run."""

    count: int
    period_s: int

    @property
    def period_ns(self) -> int:
        """The whole period, nanoseconds: how far ahead of the clock a TAT may run."""
        return self.period_s * _NANOSECONDS

    @property
    def interval_ns(self) -> int:
        """What one request costs, nanoseconds; at least 1."""
        return max(1, self.period_ns // self.count)


def next_arrival(tat: int, now: int, interval: int, period: int) -> int:
    """The client's new TAT (above zero) when it may ask now, else minus the nanoseconds to wait.

    All in nanoseconds; `now` is above zero. A TAT more than one period ahead can not have been
    written under this limit (the limit was lowered, the clock began anew, a torn store) and
    counts as none, so that damage lets a client in rather than locking it out for ever.
    """
    if tat < now or tat > now + period:
        tat = now
    tat += interval
    wait = tat - now - period
    return -wait if wait > 0 else tat
