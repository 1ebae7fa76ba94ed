"""Letters: notices to a registrant that belong to no case. Frozen facts; nothing here decides.

A letter is about one registration of one tenant, for a reason: its kind. What its link does is done
by using it: a letter's link gives no session.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from proxy.model.link import Purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import Fact, NoticeId
    from proxy.model.identifiers import RegistrationId, TenantId


class LetterKind(StrEnum):
    """For what reason a registrant is written to."""

    EMAIL_VERIFICATION = "email_verification"
    PUBLICATION = "publication"


PURPOSES: Final = {
    LetterKind.EMAIL_VERIFICATION: Purpose.VERIFY,
    LetterKind.PUBLICATION: Purpose.OBJECT,
}
"""What the link of each kind is good for; no two kinds share a purpose."""


WITHHELD: Final = frozenset(
    {"letter_over", "address_verified", "address_ours", "address_by_registrar"}
)
"""The vault's codes for a letter that must not go out, whenever it is tried. They stand in its row
as its reason, where who had it queued finds them."""

LATER: Final = {"address_asked": timedelta(hours=12), "budget": timedelta(hours=1)}
"""The vault's codes for a letter that may become needless while it waits, or that has many before
it, and how long it waits."""

SPREAD: Final = frozenset({"budget"})
"""Those of them that many letters get at once: they wait up to twice as long."""

TEMPLATES: Final = {
    LetterKind.EMAIL_VERIFICATION: ("n17_verify_email", "n17_verify_email_reminder"),
    LetterKind.PUBLICATION: ("n18_publication",),
}
"""The texts of each kind, in proxy/notices: no case type's table has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutRegistration:
    """What a letter is about; in a notice's row this stands in place of a case."""

    tenant_id: TenantId
    registration_id: RegistrationId
    kind: LetterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as its row says it. `subject` is its kind's own: a version, an instruction's id."""

    id: NoticeId
    about: AboutRegistration
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedLetter:
    """A letter to be queued. Its template's facts hold no personal data."""

    id: NoticeId
    about: AboutRegistration
    template: str
    domain: str
    subject: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
