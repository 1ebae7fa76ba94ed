"""What an endpoint's answer means, and when it is tried again. Pure.

An endpoint that is away says nothing of an event: all of them wait, for as long as they are kept.
One that answers and does not take an event is asked again about that event alone, then no more:
the event is a dead letter. Source: Standard Webhooks 1.0, operational considerations.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.model.webhook import Taken, Tried

if TYPE_CHECKING:
    from datetime import datetime

FORMER_SECRET: Final = timedelta(hours=24)
"""How long the secret before signs as well: nobody can change both ends at once."""

_SHORTEST: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(hours=1)
_STEPS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=14),
    timedelta(hours=24),
)
MOST_TRIES: Final = len(_STEPS) + 1
"""Tries of one event that is refused: about two days."""

_AWAY: Final = frozenset({408, 425, 429, 502, 503, 504})
_GONE: Final = 410


def outcome(status: int) -> Tried:
    """What an HTTP status says of a delivery. A redirect is a refusal: the address is fixed."""
    reason = f"http_{status}"
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110 s15.3
        return Tried(taken=Taken.DELIVERED)
    if status == _GONE:
        return Tried(taken=Taken.GONE, reason=reason)
    return Tried(taken=Taken.AWAY if status in _AWAY else Taken.REFUSED, reason=reason)


def endpoint_again(failing_since: datetime, now: datetime) -> datetime:
    """When an endpoint that is away is tried again: after as long again, within bounds."""
    return now + min(max(now - failing_since, _SHORTEST), _LONGEST)


def letter_again(tries: int, now: datetime) -> datetime | None:
    """When an event that was refused `tries` times is tried again; None: no more."""
    return now + _STEPS[tries - 1] if tries < MOST_TRIES else None
