"""Whether an anchor holds: of this installation, in time, under its roster, signed, and true. Pure.

Source: vault.md, State outside PostgreSQL: lost state needs a re-anchor signed by the roster.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.rules import approvals

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from proxy.model.anchor import Anchor, Surveyed
    from proxy.model.roster import Person, Roster

LIFE: Final = timedelta(hours=72)  # to find two members; openings stand still meanwhile
CLOCK_SKEW: Final = timedelta(minutes=5)  # the document is made by the very machine that judges it


def unfit(anchor: Anchor, roster: Roster, roster_sha256: str, now: datetime) -> str | None:
    """Why an anchor is not one for this vault at this moment, as a code; None when it is."""
    if anchor.deployment != roster.deployment:
        return "anchor_deployment"
    if (anchor.roster, anchor.roster_version) != (roster_sha256, roster.version):
        return "anchor_roster"
    if not -CLOCK_SKEW <= now - anchor.made_at <= LIFE:
        return "anchor_expired"
    return None


def needed(roster: Roster) -> int:
    """How many members must sign: as many as sign a successor, never below the floor."""
    return max(approvals.FLOOR, roster.approvals)


def is_signed(roster: Roster, signers: AbstractSet[Person]) -> bool:
    """Whether enough members signed; keepers of recovery keys are none."""
    members = {one.person for one in roster.members}
    return len(members & signers) >= needed(roster)


def changed(signed: Surveyed, found: Surveyed) -> str | None:
    """In what a database is no longer what members signed, as a code; None when it is."""
    if (signed.ledger_size, signed.ledger_root) != (found.ledger_size, found.ledger_root):
        return "anchor_ledger_changed"
    if (signed.erasures, signed.erasures_root) != (found.erasures, found.erasures_root):
        return "anchor_erasures_changed"
    return None if signed == found else "anchor_records_changed"
