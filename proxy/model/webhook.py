"""A registrar's webhooks: where events are sent, how far they came, and what was not taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NewType
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.event import Event
    from proxy.model.identifiers import DomainName, ResellerId, TenantId
    from proxy.model.journal import JournalPosition

WebhookId = NewType("WebhookId", UUID)


class HookState(StrEnum):
    """Whether events are sent."""

    ON = "on"
    PAUSED = "paused"  # by an operator
    GONE = "gone"  # its host answered 410: it wants no more


class Taken(StrEnum):
    """What came of one try."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # this event; others may be taken
    AWAY = "away"  # nobody, or nobody now: nothing is said of the event
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The end of one try, with a code such as `http_500` or `timeout`; never the answer's text."""

    taken: Taken
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One endpoint. `position` is behind everything that was delivered or became a letter."""

    id: WebhookId
    tenant_id: TenantId
    url: str = field(repr=False)  # may hold a token of its owner's
    reseller: ResellerId | None
    state: HookState
    secret_version: int
    former_until: datetime | None  # until then the secret before signs as well
    position: JournalPosition
    failing_since: datetime | None
    reason: str
    next_try: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An event that was refused, or waits behind one of the same name that was."""

    event: Event
    tries: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A letter that is tried no more, as lists show it."""

    event_id: UUID
    kind: str
    domain: DomainName
    at: datetime
    tries: int
    reason: str
    dead_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterChange:
    """What becomes of a letter: gone where it was delivered, else as it stands now."""

    pos: int
    event_id: UUID
    domain: DomainName
    tries: int
    next_try: datetime
    reason: str
    dead_at: datetime | None
    is_delivered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round of deliveries changes of a webhook, written as one."""

    position: JournalPosition
    state: HookState
    failing_since: datetime | None
    reason: str
    next_try: datetime
    letters: tuple[LetterChange, ...]
