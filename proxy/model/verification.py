"""The verification of a registrant's own e-mail address: where it stands. Frozen; decides nothing.

Source: ICANN RAA 2013, WHOIS Accuracy Program Specification s1 and s2: an affirmative answer within
15 days of a registration or of a change, else the registrar verifies by hand or suspends. We ask
and tell; nothing that we do to a name hangs on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import NoticeId
    from proxy.model.identifiers import DomainName, RegistrationId, TenantId
    from proxy.model.notice import NoticeStanding

TERM: Final = timedelta(days=15)  # WHOIS Accuracy Program Specification s1
REMIND: Final = timedelta(days=10)  # our own choice: five days are left then


class Standing(StrEnum):
    """Where a verification stands."""

    ASKED = "asked"  # or about to be
    VERIFIED = "verified"
    BY_REGISTRAR = "by_registrar"  # its own word stands in the sealed contacts
    UNDELIVERABLE = "undeliverable"
    OVERDUE = "overdue"  # the term passed without an answer
    OURS = "ours"  # an address that we made: a mask was fed back to us


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A registration's newest contacts, and how their address stands."""

    record_version: int
    standing: Standing
    asked_at: datetime
    due_at: datetime
    verified_at: datetime | None
    settled_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What became of one letter."""

    standing: NoticeStanding
    reason: str
    bounced_at: datetime | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A verification that is to be looked at now, with its letters; `is_on`: the profile asks."""

    tenant_id: TenantId
    registration_id: RegistrationId
    domain: DomainName
    now: Verification
    is_on: bool
    notice_id: NoticeId | None
    reminder_id: NoticeId | None
    first: Sending | None
    second: Sending | None
