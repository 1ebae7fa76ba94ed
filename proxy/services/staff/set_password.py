"""Set a password: the rules, exact reuse, the hash. Part of enrolling and of changing it.

Hashing takes a while, so it happens before the transaction that keeps the hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import Fault, InvalidInput
from proxy.rules import password_policy
from proxy.rules.password_policy import About
from proxy.store import staff_access

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.services.staff.office import Office
    from proxy.store.pool import Connection

REMEMBERED: Final = 10  # hashes: none of the last ten passwords comes back (N20)
_REUSED: Final = Fault(
    pointer=password_policy.POINTER,
    code="password_reused",
    detail="The password was in use before.",
)


async def hashed(
    office: Office, person: Person, password: str, *, earlier: str | None, now: datetime
) -> str:
    """The hash of a password that may be set; InvalidInput `password_weak` with every fault."""
    about = About(login=person, today=now.date(), earlier=earlier)
    faults = password_policy.faults(password, about, office.words)
    if len(password) <= password_policy.MOST:
        async with office.pool.acquire() as connection:
            before = await staff_access.hashes(connection, person, REMEMBERED)
        for one in before:
            if await office.passwords.is_right(password, one):
                faults = (*faults, _REUSED)
                break
    if faults:
        raise InvalidInput("password_weak", "The password breaks the rules.", faults)
    return await office.passwords.hash(password)


async def keep(connection: Connection, person: Person, phc: str, now: datetime) -> None:
    """Keep the hash as the one in use; in the caller's transaction."""
    await staff_access.add_hash(connection, person, phc, now, kept=REMEMBERED)


def must_change(office: Office, person: Person, password: str, now: datetime) -> bool:
    """Whether a password that is in use breaks a rule of today (N21, N23): lists grow."""
    about = About(login=person, today=now.date())
    return bool(password_policy.faults(password, about, office.words))
