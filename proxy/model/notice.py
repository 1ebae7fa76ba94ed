"""Notices on their way: what waits, what became of it. Frozen facts; nothing here decides.

Holds no address: the vault seals it to the relay for one notice, and the relay forgets it.
Source: casework s7.2; design, relay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.case import CaseId, Fact, NoticeId
    from proxy.model.letter import AboutRegistration


class Party(StrEnum):
    """To whom of a case a notice goes."""

    REGISTRANT = "registrant"
    REQUESTER = "requester"


class NoticeStanding(StrEnum):
    """Where a notice is. What was proven of it stands beside, by time."""

    QUEUED = "queued"
    SENDING = "sending"  # somebody has it in hand, until its next try is due
    HANDED = "handed"  # to the host that all our mail goes through: no proof of anything
    DELIVERED = "delivered"  # accepted by the recipient's exchanger
    BOUNCED = "bounced"  # it can not be delivered
    WITHHELD = "withheld"  # the vault forbids it: a gag


class Proof(StrEnum):
    """How it is known that a notice arrived."""

    EXCHANGER = "exchanger"
    ACKNOWLEDGED = "acknowledged"  # its single-use link was followed


class Handing(StrEnum):
    """What came of handing a message over."""

    ACCEPTED = "accepted"  # by the recipient's exchanger
    HANDED = "handed"  # to our own route, which is no proof
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


class ReportedAction(StrEnum):
    """What a delivery status report says became of a message (RFC 3464 s2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"  # into where no reports come from: no proof
    EXPANDED = "expanded"
    NONE = "none"  # no report: an answer of a machine, or of a person


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNotice:
    """A notice that somebody took to send it. `attempt` counts from 1."""

    id: NoticeId
    about: CaseId | AboutRegistration
    template: str
    to: Party
    facts: Mapping[str, Fact]
    purpose: str
    subject: str
    message_id: str
    attempt: int
    failing_since: datetime | None = None  # on the recipient's side


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeResult:
    """What became of a notice, to be told to its case."""

    id: NoticeId
    case_id: CaseId
    template: str
    to: Party
    delivered_at: datetime | None
    proof: Proof | None
    bounced_at: datetime | None
    reason: str
    is_delivery_told: bool
    is_bounce_told: bool

    @property
    def is_delivered(self) -> bool:
        """Whether its arrival is news. What came back is no proof, unless somebody read it."""
        is_proven = self.bounced_at is None or self.proof is Proof.ACKNOWLEDGED
        return self.delivered_at is not None and is_proven and not self.is_delivery_told

    @property
    def is_bounced(self) -> bool:
        """Whether it is news that it came back, and nobody read it."""
        return (
            self.bounced_at is not None
            and self.proof is not Proof.ACKNOWLEDGED
            and not self.is_bounce_told
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of one try. `reply` is an SMTP reply code, 0 without one; never its text."""

    handing: Handing
    reason: str = ""
    reply: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A delivery status report: what it says, and its status code such as 5.1.1."""

    action: ReportedAction
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to one recipient."""

    message_id: str
    to: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAddress:
    """An address that can stand in a command; its domain in its LDH form."""

    local: str = field(repr=False)
    domain: str = field(repr=False)

    @property
    def needs_utf8(self) -> bool:
        """Whether only an exchanger with SMTPUTF8 can take it."""
        return not self.local.isascii()

    @property
    def text(self) -> str:
        """As it stands in a command and in a header."""
        return f"{self.local}@{self.domain}"
