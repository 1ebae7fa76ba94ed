"""What is asked of a registrar and what it answers: the facts of the port `Registrar`.

An *effect* is one change of one name that we ask for. It has a stable id and is stored, with the
statuses seen before it, before it is sent, so that whoever repeats it after a crash asks for the
same again (promise 9). Statuses are EPP codes (RFC 5731 s2.3; RFC 3915 s3.1).

A ShownContact may be a person where a mask was lost: it can not enter a PublicRecord.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NewType
from uuid import UUID

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.identifiers import DomainName, Role

EffectId = NewType("EffectId", UUID)
ContactHandle = NewType("ContactHandle", str)
"""The name a registry gives a contact object (3-16 characters, RFC 5733 s2.1); no person's data."""


HOLD: Final = "clientHold"
"""The status of a name that its registrar took out of the DNS."""


class Lock(StrEnum):
    """What a client may prohibit. Renewal is not among them: a locked name still renews."""

    TRANSFER = "clientTransferProhibited"
    UPDATE = "clientUpdateProhibited"
    DELETE = "clientDeleteProhibited"


class Outcome(StrEnum):
    """How an effect ended, or that it did not yet."""

    APPLIED = "applied"  # it stands, by this call
    ALREADY = "already"  # it stands without this call, or was carried out under this id before
    PENDING = "pending"  # the registry is at work on the name (EPP 1001): ask again, same id
    REFUSED = "refused"  # see `declined`


class Reason(StrEnum):
    """Why a registrar, or the adapter on our side of it, said no."""

    NOT_OURS = "not_ours"  # unknown there, or sponsored by another registrar
    LOCKED_UDRP = "locked_udrp"  # a UDRP or URS provider has the name locked
    PROHIBITED = "prohibited"  # a status forbids it, which we may not lift
    UNSUPPORTED = "unsupported"  # this registrar or registry has no such thing
    REJECTED = "rejected"  # the registry does not take these values, or denied it later
    STALE = "stale"  # the effect's `seen` is out of date: read, store what is seen, ask again
    CONTENDED = "contended"  # somebody else is changing the name at the same moment
    UNREACHABLE = "unreachable"  # no answer: nobody knows whether it was carried out
    RATE_LIMITED = "rate_limited"
    BAD_CREDENTIAL = "bad_credential"

    @property
    def may_pass(self) -> bool:
        """Whether the effect stays open: asked again, as it is, it may succeed.

        After BAD_CREDENTIAL somebody has to act first; until then a lock may be owed to the name.
        """
        return self in {
            Reason.CONTENDED,
            Reason.UNREACHABLE,
            Reason.RATE_LIMITED,
            Reason.BAD_CREDENTIAL,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """A no, with the seconds to wait where the other side named them."""

    reason: Reason
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One change that is asked for.

    `seen` is what `read` showed before the first attempt; every repeat carries the same. By it an
    adapter without memory knows which lock it lifted for a moment and owes the name.
    """

    id: EffectId
    domain: DomainName
    seen: frozenset[str]
    is_under_udrp_lock: bool  # what our own cases say of the name at this moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of an effect."""

    effect_id: EffectId
    outcome: Outcome
    declined: Declined | None = None  # of REFUSED, and of nothing else

    @property
    def is_final(self) -> bool:
        """Whether the effect is over: it stands, or it will not."""
        if self.outcome is Outcome.PENDING:
            return False
        return self.declined is None or not self.declined.reason.may_pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownContact:
    """A contact as it stands at a registrar: our mask, or a person."""

    name: str | None = field(default=None, repr=False)
    organization: str | None = field(default=None, repr=False)
    street: tuple[str, ...] = field(default=(), repr=False)
    city: str | None = field(default=None, repr=False)
    state: str | None = field(default=None, repr=False)
    postal_code: str | None = field(default=None, repr=False)
    country: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    phone_ext: str | None = field(default=None, repr=False)
    fax: str | None = field(default=None, repr=False)
    fax_ext: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)

    @override
    def __str__(self) -> str:
        """Never what it holds."""
        return "<ShownContact>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who acts in a role: the handle where the registry has handles, the values where it shows."""

    handle: ContactHandle | None
    contact: ShownContact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a registrar shows of a name now."""

    domain: DomainName
    statuses: frozenset[str]
    contacts: Mapping[Role, Standing]  # empty where the registry holds no contacts
    expires_at: datetime | None
    is_disputed: bool | None  # the registrar's own word on a UDRP or URS case; None: it has none
    revision: str | None  # another value means another state; None: the registrar has no such thing
