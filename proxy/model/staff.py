"""Staff: who may act on cases, told by a handle, and how somebody is signed in. Frozen facts.

A handle is the same as in the roster where the person stands there too; no name, no address and
nothing else of the person is kept. Staff act on cases; what is disclosed is decided by votes that
the vault checks against the roster, so that whoever forges a member of staff discloses nothing.
Source: casework s6.1; NIST SP 800-53 AC-5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from proxy.model.approval_key import KeyKind
from proxy.model.case import ActorKind
from proxy.model.roster import Person

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.roster import StaffRole

ADMINISTRATOR: Final = "administrator"
"""Whoever manages staff. No role of casework: who has it acts on no case."""

RESERVED: Final = frozenset({"operator", ADMINISTRATOR, *(one.value for one in ActorKind)})
"""Handles that stand for no person: events and orders use them for other actors."""

_PERSON: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)  # as wire.roster_document has it


class StaffState(StrEnum):
    """Where somebody stands."""

    INVITED = "invited"  # has a code to enrol with, and can do nothing else
    ACTIVE = "active"
    SUSPENDED = "suspended"  # comes back only by two administrators


class Level(StrEnum):
    """By what second factor somebody is signed in."""

    PASSKEY = "passkey"
    SECURITY_KEY = "security_key"  # an OpenSSH key in hardware: it was touched
    KEY = "key"  # an OpenSSH key in a file

    @classmethod
    def of(cls, kind: KeyKind) -> Level:
        """The level that a key of that kind gives."""
        match kind:
            case KeyKind.PASSKEY:
                return cls.PASSKEY
            case KeyKind.SK_ED25519:
                return cls.SECURITY_KEY
            case KeyKind.ED25519:
                return cls.KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Somebody of staff. `enrolled_at` is when they first set a password; None: never yet."""

    person: Person
    roles: frozenset[StaffRole]
    is_administrator: bool
    state: StaffState
    created_at: datetime
    enrolled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who a session belongs to. `must_change`: until they change their password, nothing else."""

    person: Person
    roles: frozenset[StaffRole]
    is_administrator: bool
    level: Level
    must_change: bool
    ends_at: datetime


def parse_person(text: str) -> Person | None:
    """The handle; None for what is none, or stands for no person."""
    return Person(text) if _PERSON.fullmatch(text) and text not in RESERVED else None
