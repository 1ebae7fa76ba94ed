"""What travels along the journal, from a committed public record to every edge. Nothing personal.

A position is (epoch, pos). Positions grow within one history of the database; an epoch begins
each time a sequencer takes the lead, so that a follower can tell a history that goes on from one
that was set back (rules/following).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import DomainName, ProfileId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPosition:
    """Everything up to and including `pos` is applied, as seen under `epoch`."""

    epoch: int
    pos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """The latest public record of a name; None takes the name away."""

    domain: DomainName
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """The latest body of a profile, as JSON."""

    tenant_id: TenantId
    id: ProfileId
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHead:
    """Where the journal stands, and where the asking follower's own epoch stands in it."""

    epoch: int
    next_pos: int
    current_at: datetime  # everything committed before this moment is stamped
    knows_epoch: bool  # the follower's epoch is one of this history
    is_same_cluster: bool  # it began in this very database, not in the one this is a copy of
    epoch_end: int  # positions of the follower's epoch are below this


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage:
    """Changes in order of position, and the head at the same moment."""

    head: JournalHead
    records: tuple[RecordChange, ...]
    profiles: tuple[ProfileChange, ...]
    last_pos: int  # of the last change here
    is_last: bool  # nothing stamped is left after it

    @property
    def position(self) -> JournalPosition:
        """Where a follower stands that has applied this page."""
        pos = self.head.next_pos - 1 if self.is_last else self.last_pos
        return JournalPosition(epoch=self.head.epoch, pos=pos)
