"""When sealed data must go, and when it must stay. Pure.

Source: vault.md, Shredding; contract, DELETE (retention counts from the end; holds win).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.model.identifiers import EndReason

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from proxy.model.erasure import DueEnded


def is_due(one: DueEnded, *, now: datetime, retention: timedelta) -> bool:
    """Whether an ended registration's records may be destroyed now; a hold always says no.

    A reservation that lapsed was never a registration: nothing is kept.
    """
    if one.hold:
        return False
    return one.end_reason is EndReason.LAPSED or one.ended_at + retention <= now
