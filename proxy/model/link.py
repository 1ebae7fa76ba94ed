"""Links out of notices, and the sessions that they give. Frozen; decides nothing.

A link is for one party of one case and good once, or for one registrant and one deed: to use it
is to do it. Source: vault.md, Grants (registrant).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from proxy.model.notice import Party

if TYPE_CHECKING:
    from proxy.model.case import CaseId, NoticeId
    from proxy.model.identifiers import RegistrationId, TenantId


class Purpose(StrEnum):
    """What a link is good for."""

    ACKNOWLEDGE = "acknowledge"  # the notice was read; nothing else
    ANSWER = "answer"  # to answer in the case
    STEP_UP = "step_up"  # a second proof of the mailbox, for acts that bind
    REQUEST = "request"  # to follow one's own request
    PACKAGE = "package"  # to accept the terms of a package, and get it
    VERIFY = "verify"  # a deed: this mailbox is the registrant's own
    OBJECT = "object"  # a deed: no to what a letter announced


class Level(StrEnum):
    """How much a session proves."""

    LINK = "link"
    STEP_UP = "step_up"


FOR: Final = {
    Party.REGISTRANT: frozenset({Purpose.ACKNOWLEDGE, Purpose.ANSWER, Purpose.STEP_UP}),
    Party.REQUESTER: frozenset(
        {Purpose.ACKNOWLEDGE, Purpose.REQUEST, Purpose.STEP_UP, Purpose.PACKAGE}
    ),
}
"""Which links a party may get."""

DEEDS: Final = frozenset({Purpose.VERIFY, Purpose.OBJECT})
"""Purposes of letters' links: no case's notice has one, and none gives a session."""

LIFE: Final = {
    Purpose.ACKNOWLEDGE: timedelta(days=14),
    Purpose.ANSWER: timedelta(days=14),
    Purpose.REQUEST: timedelta(days=14),
    Purpose.PACKAGE: timedelta(days=14),  # casework s7.6: unopened in 14 days, the link dies
    Purpose.STEP_UP: timedelta(minutes=30),
    Purpose.VERIFY: timedelta(days=30),  # late is better than never: it ends what is overdue
    Purpose.OBJECT: timedelta(days=14),  # longer than what it objects to waits
}
SESSION: Final = timedelta(minutes=60)
RAISED: Final = timedelta(minutes=30)
"""How long a step-up lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a token is good for."""

    purpose: Purpose
    party: Party
    case_id: CaseId | None  # None for a deed
    notice_id: NoticeId
    subject: str  # of a package's link: the package; of a deed: its letter's; else ""
    tenant_id: TenantId
    registration_id: RegistrationId
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A used link's standing; `raised_until` is when its step-up ends, None without one."""

    link: Link
    until: datetime
    raised_until: datetime | None = None

    def level(self, now: datetime) -> Level:
        """How much it proves now."""
        raised = self.raised_until
        return Level.LINK if raised is None or raised <= now else Level.STEP_UP
