"""What every act of staff identity is handed, and the small things they share.

Decides nothing. Codes and tokens are random texts of 256 bits, shown once: only their SHA-256 is
kept, which tells nothing, since nobody can guess what it is of.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import UUID

from proxy.errors import NotFound, Refused
from proxy.model import identifiers
from proxy.rules import staffing
from proxy.store import staff as store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.outer_ports import Passwords, SecondFactors
    from proxy.rules.password_policy import Words
    from proxy.store.pool import Connection, Pool

Facts: TypeAlias = "Mapping[str, str | int | bool | tuple[str, ...]]"
SECRET_OCTETS: Final = 32
INVITATION_LIFE: Final = timedelta(hours=72)  # handed over in person or on the telephone
RECOVERY_LIFE: Final = timedelta(hours=72)  # in which the second administrator agrees


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What acts of staff identity need."""

    pool: Pool
    passwords: Passwords
    factors: SecondFactors
    words: Words
    random: Callable[[int], bytes]


def new_secret(random: Callable[[int], bytes]) -> tuple[str, bytes]:
    """A code or token to show once, and what is kept of it."""
    text = base64.urlsafe_b64encode(random(SECRET_OCTETS)).decode().rstrip("=")
    return text, kept(text)


def kept(text: str) -> bytes:
    """What is kept of a code or token that somebody presents."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


async def note(
    connection: Connection,
    person: Person,
    kind: str,
    facts: Facts,
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> None:
    """Keep a ledger entry in the caller's transaction."""
    entry_id = UUID(int=identifiers.uuid7(now, random(10)).int)
    await store.note(connection, entry_id, person, kind, facts=facts, now=now)


def barred(code: str | None) -> None:
    """Return for None; else Refused with the rule's sentence."""
    if code is not None:
        raise Refused(code, staffing.SENTENCES[code])


def unknown() -> NotFound:
    """Nobody of staff has that handle."""
    return NotFound("staff_unknown", "Nobody of staff has this handle.")
