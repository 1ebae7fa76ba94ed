"""When a notice is tried again, and when no more. Pure.

A recipient's host that is away gets five days, as mail hosts give each other (RFC 5321 s4.5.4.1);
what fails on our own side is tried for ever, since it says nothing of the recipient.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.model import letter
from proxy.model.letter import AboutRegistration

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.notice import DueNotice

GIVE_UP: Final = timedelta(days=5)
"""From the first failure on the recipient's side."""

UNPROVEN: Final = timedelta(days=6)
"""A route gives up after five days itself and says so; a day on top, and silence is no proof."""

OWN_FAULT: Final = timedelta(minutes=2)
_SHORTEST: Final = timedelta(minutes=5)  # grey lists let in after this
_LONGEST: Final = timedelta(hours=4)


def after_refusal(notice: DueNotice, code: str) -> timedelta:
    """How long a notice waits that the vault, or we, did not let go: a letter may wait longer.

    Letters that come back for a budget do so at times of their own, which their ids say.
    """
    later = letter.LATER.get(code)
    if later is None or not isinstance(notice.about, AboutRegistration):
        return OWN_FAULT
    if code in letter.SPREAD:
        return later + timedelta(seconds=notice.id.int % int(later.total_seconds()))
    return later


def next_try(failing_since: datetime, now: datetime) -> datetime | None:
    """When to try again; None to give up. As long again as it has failed, within bounds."""
    failing = now - failing_since
    if failing >= GIVE_UP:
        return None
    pause = min(max(failing, _SHORTEST), _LONGEST)
    # One last try at the end of the time, not up to four hours before it.
    return min(now + pause, max(failing_since + GIVE_UP, now + _SHORTEST))
