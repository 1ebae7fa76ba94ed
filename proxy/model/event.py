"""What happened to a registration, as its registrar is told. Names and states, never a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.model.journal import JournalPosition

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from proxy.model.identifiers import DomainName, RegistrationId
    from proxy.model.journal import JournalHead
    from proxy.model.public_record import PublicRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class EventData:
    """The registration as it was after the change."""

    registration: str
    domain: str
    revision: int
    state: str
    mode: str
    reason: str | None = None  # why it ended, or is ending; of an address, how it stands so
    reseller: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change. `id` is the same each time it is told; `pos` grows with each event."""

    id: UUID
    kind: str
    registration_id: RegistrationId
    domain: DomainName
    data: EventData
    at: datetime
    pos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicName:
    """A name and what is published of it."""

    registration_id: RegistrationId
    domain: DomainName
    record: PublicRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Events in order of position, and the head of the journal at the same moment."""

    head: JournalHead
    horizon: int  # events up to here are forgotten
    events: tuple[Event, ...]
    is_last: bool  # nothing stamped is left after it

    @property
    def position(self) -> JournalPosition:
        """Where a reader stands that has taken this page."""
        pos = self.head.next_pos - 1 if self.is_last else self.events[-1].pos
        return JournalPosition(epoch=self.head.epoch, pos=pos)
