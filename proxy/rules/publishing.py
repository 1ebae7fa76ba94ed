"""When a person's fields may be published: consents, the delay, and what ends it. Pure.

An instruction is a small machine, the whole of it in one table. It publishes by one way alone: the
vault has given the relay the registrant's address for a letter, and 72 hours later nothing has
ended it. Whatever ends it, ends it for good: another publication needs another instruction.
Source: contract, Modes (published); vault.md, Grants (publish).
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from proxy.model.identifiers import Role
from proxy.model.public_record import PublishedName
from proxy.model.publication import Deed, Standing
from proxy.rules import quality

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from proxy.model.publication import Consent

DELAY: Final = timedelta(hours=72)
"""Between the letter and the publication: a weekend (vault.md, Grants)."""

LIFE: Final = timedelta(days=30)
"""How long an instruction waits to be carried out: one that hangs for weeks is forgotten by all."""

CONSENT_LIFE: Final = timedelta(days=365)
"""How old a consent may be: people move, and forget what they once agreed to."""

FIELDS: Final = frozenset(f"{role}.{name}" for role in Role for name in PublishedName)
"""What can be published: the contacts' fields that a public record has, by role."""

_W, _P = Standing.WAITING, Standing.PUBLISHED
NEXT: Final[Mapping[tuple[Standing, Deed], Standing]] = MappingProxyType(
    {
        (_W, Deed.ADDRESS): _W,  # again where the letter is sent again: its time starts anew
        (_W, Deed.PUBLISH): _P,
        (_W, Deed.OBJECT): Standing.OBJECTED,
        (_W, Deed.WITHDRAW): Standing.WITHDRAWN,
        (_W, Deed.REPLACE): Standing.REPLACED,
        (_W, Deed.BOUNCE): Standing.UNDELIVERABLE,
        (_W, Deed.CHANGE): Standing.CHANGED,
        (_W, Deed.LAPSE): Standing.LAPSED,
        (_P, Deed.PUBLISH): _P,  # asked again after a crash
        (_P, Deed.OBJECT): Standing.OBJECTED,
        (_P, Deed.WITHDRAW): Standing.WITHDRAWN,
        (_P, Deed.REPLACE): Standing.REPLACED,
        (_P, Deed.BOUNCE): Standing.UNDELIVERABLE,  # a late one: nobody was told after all
        (_P, Deed.CHANGE): Standing.CHANGED,
        (_P, Deed.OUTGROW): Standing.TOO_LARGE,
    }
)
"""All there is; what does not stand here does not happen."""

OPEN: Final = frozenset({_W, _P})

# A line of an address is free text; a number or a mail address is one of the person by its nature.
_FREE_TEXT: Final = frozenset(
    {
        PublishedName.NAME,
        PublishedName.ORGANIZATION,
        PublishedName.STREET,
        PublishedName.CITY,
        PublishedName.STATE,
        PublishedName.POSTAL_CODE,
    }
)


def after(standing: Standing, deed: Deed) -> Standing | None:
    """Where an instruction stands after a deed; None where that can not happen."""
    return NEXT.get((standing, deed))


def not_before(addressed_at: datetime | None) -> datetime | None:
    """When it may be carried out; None while nobody has been written to."""
    return None if addressed_at is None else addressed_at + DELAY


def may_publish(standing: Standing, addressed_at: datetime | None, now: datetime) -> bool:
    """Whether its time has come."""
    due = not_before(addressed_at)
    is_due = due is not None and due <= now
    return is_due and after(standing, Deed.PUBLISH) is not None


def has_lapsed(standing: Standing, instructed_at: datetime, now: datetime) -> bool:
    """Whether it has waited for too long."""
    return standing is Standing.WAITING and now - instructed_at > LIFE


def consent_fault(
    consents: Sequence[Consent], at: datetime, objected_at: datetime | None
) -> str | None:
    """Why consents are not enough at a moment, as a code; None when they are.

    `objected_at` is when the registrant last said no: what they agreed to before is void.
    """
    for one in consents:
        if one.given_at > at:
            return "consent_future"
        if at - one.given_at > CONSENT_LIFE:
            return "consent_old"
        if objected_at is not None and one.given_at <= objected_at:
            return "consent_objected"
    fields = {one.field for one in consents}
    for name in fields:
        role, _, field = name.partition(".")
        if field == PublishedName.PHONE_EXT and f"{role}.{PublishedName.PHONE}" not in fields:
            return "extension_alone"
    return None


def looks_personal(field: PublishedName, lines: Sequence[str]) -> bool:
    """Whether free text holds what looks like an identifier of a person."""
    return field in _FREE_TEXT and any(map(quality.looks_personal, lines))
