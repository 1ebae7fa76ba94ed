"""What the feeds answer: events, and what is published; types alone, and OpenAPI is made of them.

No person but what the public record shows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from proxy.apps.api.answers import Host, ShownContact
from proxy.model.event import EventData


class EventAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a registration. The same `id` each time it is told."""

    id: str
    type: str
    timestamp: datetime
    data: EventData


class EventList(msgspec.Struct, frozen=True, kw_only=True):
    """Changes in order. `next` goes on after them, also where there are none yet."""

    events: tuple[EventAnswer, ...]
    next: str
    has_more: bool


class ShownRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What WHOIS and RDAP show of a name, with contacts as they are shown."""

    mode: str
    registrar: str | None
    iana_id: int | None
    reseller: str | None
    registry_domain_id: str | None
    registrant_registry_id: str | None
    created_at: datetime
    updated_at: datetime | None
    transferred_at: datetime | None
    registry_expires_at: datetime | None
    registrar_expires_at: datetime | None
    statuses: tuple[str, ...]
    nameservers: tuple[Host, ...]
    dnssec: dict[str, list[dict[str, int | str]]]
    public_contacts: dict[str, ShownContact]


class PublicRecordLine(msgspec.Struct, frozen=True, kw_only=True):
    """A name, and what is published of it now; null: nothing any more.

    Or, without a name, the cursor that goes on after all lines before it.
    """

    domain: str | msgspec.UnsetType = msgspec.UNSET
    record: ShownRecord | msgspec.UnsetType | None = msgspec.UNSET
    next: str | msgspec.UnsetType = msgspec.UNSET


TYPES: Final = (EventList, PublicRecordLine)
"""What is answered, for the OpenAPI document."""
