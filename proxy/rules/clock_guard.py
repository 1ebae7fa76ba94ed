"""Whether the clock on the wall may be believed, by the one that only runs on. Pure.

A clock that was set back fires nothing until it has caught up. One that was set forward by more
than some minutes is not believed for a while, in which somebody may set it right again; so is one
that stays behind. Afterwards it is taken for the time, since nothing here knows better. Steps too
small to be noticed add up within an hour. A machine that slept looks like a clock set forward.
Source: casework s7.1 and s10, invariant 28.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

FORWARD: Final = timedelta(minutes=5)
"""More than this against the other clock is a jump; NTP corrects less, or slowly."""

HOLD_S: Final = 600.0  # of the clock that only runs on: what somebody has to set things right
_ANCHOR_S: Final = 3_600.0  # how long steps add up


class Belief(StrEnum):
    """What is thought of the clock."""

    GOOD = "good"
    BEHIND = "behind"  # it was set back
    AHEAD = "ahead"  # it jumped forward


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What was seen of both clocks; `doubted_s` is since when, and `doubted_at` what was shown."""

    latest: datetime  # the last moment that was believed
    latest_s: float
    anchor: datetime
    anchor_s: float
    belief: Belief = Belief.GOOD
    doubted_at: datetime | None = None
    doubted_s: float = 0.0


def look(watch: Watch | None, wall: datetime, steady_s: float) -> Watch:
    """What is thought after a look at both; the first look believes."""
    if watch is None:
        return _fresh(wall, steady_s)
    by_anchor = watch.anchor + timedelta(seconds=steady_s - watch.anchor_s)
    by_latest = watch.latest + timedelta(seconds=steady_s - watch.latest_s)
    if wall - min(by_anchor, by_latest) > FORWARD:
        return _doubt(watch, Belief.AHEAD, wall, steady_s)
    if wall < watch.latest:
        return _doubt(watch, Belief.BEHIND, wall, steady_s)
    if steady_s - watch.anchor_s > _ANCHOR_S:
        return _fresh(wall, steady_s)
    return replace(watch, latest=wall, latest_s=steady_s, belief=Belief.GOOD, doubted_at=None)


def _fresh(wall: datetime, steady_s: float) -> Watch:
    return Watch(latest=wall, latest_s=steady_s, anchor=wall, anchor_s=steady_s)


def _doubt(watch: Watch, belief: Belief, wall: datetime, steady_s: float) -> Watch:
    if watch.doubted_at is not None and watch.belief is belief:
        passed = timedelta(seconds=steady_s - watch.doubted_s)
        if abs(wall - watch.doubted_at - passed) <= FORWARD:  # it runs on, as a clock does
            is_over = passed >= timedelta(seconds=HOLD_S)
            return _fresh(wall, steady_s) if is_over else watch
    return replace(watch, belief=belief, doubted_at=wall, doubted_s=steady_s)
