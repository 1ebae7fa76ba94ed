"""Enrol: whoever has the code sets a password and the keys of their second factor.

Each key signs the code, so that a key which its owner does not have is not enrolled. Earlier keys,
sessions and challenges of the person are over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import InvalidInput, Refused
from proxy.model.staff import StaffState
from proxy.services.staff import office as offices
from proxy.services.staff import set_password
from proxy.store import staff as store
from proxy.store import staff_access

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.model.approval_key import ApprovalKey
    from proxy.model.roster import Person
    from proxy.services.staff.office import Office
    from proxy.store.pool import Connection

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key with its signature over the enrolment."""

    key: ApprovalKey
    proof: str = field(repr=False)


async def enrol(
    office: Office,
    person: Person,
    code: str,
    password: str,
    keys: Sequence[NewKey],
    *,
    now: datetime,
) -> None:
    """Return once the person is active; Refused `invitation_invalid`, `signature_*`, `assertion_*`.

    InvalidInput `password_weak` leaves the invitation good, so that another password may be tried.
    """
    _check_keys(office, person, code, keys)
    async with office.pool.acquire() as connection:
        # Before the work of hashing, and so that no stranger can ask what was a password once.
        if not await store.is_invited(connection, person, offices.kept(code), now):
            raise _invalid()
    phc = await set_password.hashed(office, person, password, earlier=None, now=now)
    async with office.pool.acquire() as connection, connection.transaction():
        await _keep(office, connection, person=person, code=code, phc=phc, keys=keys, now=now)
    _log.info("staff_enrolled", person=person)


def _check_keys(office: Office, person: Person, code: str, keys: Sequence[NewKey]) -> None:
    if not 0 < len(keys) <= staff_access.MOST_KEYS:
        raise InvalidInput("staff_keys", f"Enrol 1 to {staff_access.MOST_KEYS} keys.")
    if len({one.key.id for one in keys}) != len(keys):
        raise InvalidInput("staff_keys", "One key stands there twice.")
    message = office.factors.enrolment(person, code)
    for one in keys:
        office.factors.may_enrol(one.key)
        office.factors.check(one.key, one.proof, message)


async def _keep(
    office: Office,
    connection: Connection,
    *,
    person: Person,
    code: str,
    phc: str,
    keys: Sequence[NewKey],
    now: datetime,
) -> None:
    redeemed = await store.use_invitation(connection, offices.kept(code), now)
    found = await store.lock(connection, person)
    # Used by somebody else meanwhile, or suspended.
    if redeemed is None or redeemed.person != person or found is None:
        raise _invalid()
    # A code that the operator made never opens an account that was in use.
    is_waiting = found.state is StaffState.INVITED
    if not is_waiting or (found.enrolled_at is not None and redeemed.recovery is None):
        raise _invalid()
    await set_password.keep(connection, person, phc, now)
    await staff_access.replace_keys(connection, person, [one.key for one in keys], now)
    await staff_access.end_sessions(connection, person, now)
    await staff_access.forget_challenges(connection, person, now)
    await store.enrol(connection, person, now)
    facts: offices.Facts = {
        "keys": tuple(sorted(one.key.id for one in keys)),
        "recovered": redeemed.recovery is not None,
    }
    await offices.note(connection, person, "staff_enrolled", facts, now=now, random=office.random)


def _invalid() -> Refused:
    return Refused(
        "invitation_invalid", "The code is not good, or not any more: ask for another one."
    )
