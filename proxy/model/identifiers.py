"""Typed identifiers and closed vocabularies shared by every room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_UUID7_RANDOM_OCTETS = 10

TenantId = NewType("TenantId", UUID)
RegistrationId = NewType("RegistrationId", UUID)
SubmissionId = NewType("SubmissionId", UUID)
OperationId = NewType("OperationId", UUID)
ApiKeyId = NewType("ApiKeyId", str)
AccreditationId = NewType("AccreditationId", str)
ProfileId = NewType("ProfileId", str)
ResellerId = NewType("ResellerId", str)
DomainName = NewType("DomainName", str)
"""A lower-case LDH name of A-labels without a final dot; made only by names.parse_domain_name."""


class Mode(StrEnum):
    """What the world sees of the people behind a name (contract, Modes)."""

    PROXY = "proxy"
    PRIVACY = "privacy"
    REDACTED = "redacted"
    PUBLISHED = "published"


class State(StrEnum):
    """Where a registration stands in its life with us."""

    RESERVED = "reserved"  # mask answered, nothing published; lapses
    ACTIVE = "active"  # published
    CLAIMED = "claimed"  # another tenant speaks for the name; never published
    ENDING = "ending"  # left_service: published until our contact is seen gone
    ENDED = "ended"  # tombstone


class EndReason(StrEnum):
    """Why a registration ended. The first four come from DELETE, the rest from ourselves."""

    REGISTRY_DELETED = "registry_deleted"
    TRANSFERRED_OUT = "transferred_out"
    LEFT_SERVICE = "left_service"
    ERROR = "error"
    LAPSED = "lapsed"  # a reservation that was never completed
    REPLACED = "replaced"  # drop-catch: `replaces` named this registration


class Role(StrEnum):
    """The four contacts of a registration, in the order in which they are printed."""

    REGISTRANT = "registrant"
    ADMIN = "admin"
    TECH = "tech"
    BILLING = "billing"


class RecordClass(StrEnum):
    """What a sealed record holds; each class has KEK epochs of its own (vault.md, Keys)."""

    REACH = "reach"  # e-mail and language by role: enough to relay and notify
    IDENTITY = "identity"  # all contacts, whole
    EVIDENCE = "evidence"
    SECRET = "secret"  # noqa: S105 - a class name, not a secret


class Scope(StrEnum):
    """What an API key may do."""

    REGISTRATIONS_READ = "registrations:read"
    REGISTRATIONS_WRITE = "registrations:write"
    IMPORTS_WRITE = "imports:write"
    EVENTS_READ = "events:read"
    READ_BACK = "read_back"  # never by default: it gives persons away, to who can open them
    SEARCH = "search"  # never by default: it ties a person's names together, to who signs for it
    PUBLISH = "publish"  # never by default: it shows persons to the world


USUAL_SCOPES: Final = frozenset(Scope) - {Scope.READ_BACK, Scope.SEARCH, Scope.PUBLISH}
"""What a key may do when nobody says what it shall."""


def canonical_uuid(text: str) -> UUID | None:
    """The UUID that `text` is the one canonical form of; None for any other text."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def uuid7(now: datetime, randomness: bytes) -> UUID:
    """A version 7 UUID: milliseconds of `now`, then ten random octets (RFC 9562 s5.7).

    Sorts by time, so that rows made together lie together on disk.
    """
    if len(randomness) != _UUID7_RANDOM_OCTETS:
        raise ValueError(len(randomness))
    milliseconds = (now - _UNIX_EPOCH) // _MILLISECOND
    value = milliseconds << 80 | int.from_bytes(randomness)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
