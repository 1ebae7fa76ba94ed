"""How long what we keep for ourselves is kept. Pure.

Persons are not here: their erasure is the vault's (rules/erasure). Sources: contract, Idempotency
and reservations; design, promise 7 (a timer may tidy; it never unmasks).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

IDEMPOTENCY_KEPT: Final = timedelta(hours=24)  # contract: Idempotency-Key, 24 h
UNFINISHED_KEPT: Final = timedelta(hours=48)  # the process that held the key has long died
EVENTS_KEPT: Final = timedelta(days=90)  # contract, GET /v1/events
LETTERS_KEPT: Final = timedelta(days=180)  # far longer than a link lives; the table wants 90 days
OPERATION_KEPT: Final = EVENTS_KEPT  # the last who may still ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs:
    """What is older than these moments goes."""

    reservations: datetime  # whose time of lapse has come
    finished_answers: datetime
    unfinished_answers: datetime
    operations: datetime
    letters: datetime
    events: datetime


def cutoffs(now: datetime) -> Cutoffs:
    """The moments that hold at `now`."""
    return Cutoffs(
        reservations=now,
        finished_answers=now - IDEMPOTENCY_KEPT,
        unfinished_answers=now - UNFINISHED_KEPT,
        operations=now - OPERATION_KEPT,
        letters=now - LETTERS_KEPT,
        events=now - EVENTS_KEPT,
    )
