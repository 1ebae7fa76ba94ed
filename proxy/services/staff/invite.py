"""Invite somebody new: a handle, roles, and a code that is good for one enrolment.

The operator does it, beside the service; the code is shown once and handed over out of band.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.errors import Conflict
from proxy.rules import staffing
from proxy.services.staff import office
from proxy.store import staff as store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.store.pool import Connection

OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A code to enrol with, shown once."""

    person: Person
    code: str = field(repr=False)
    expires_at: datetime


async def invite(
    connection: Connection,
    person: Person,
    roles: frozenset[str],
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> Invitation:
    """The invitation of somebody new; Conflict `staff_exists`, Refused as rules.staffing has it."""
    office.barred(staffing.may_hold(roles))
    code, code_sha256 = office.new_secret(random)
    expires_at = now + office.INVITATION_LIFE
    async with connection.transaction():
        await store.add(connection, person, roles, now)
        await store.invite(connection, person, code_sha256, now=now, expires_at=expires_at)
        facts: office.Facts = {"roles": tuple(sorted(roles)), "by": OPERATOR}
        await office.note(connection, person, "staff_invited", facts, now=now, random=random)
    return Invitation(person=person, code=code, expires_at=expires_at)


async def invite_again(
    connection: Connection,
    person: Person,
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> Invitation:
    """Another code for somebody whose first one was lost; Conflict `staff_enrolled`.

    Whoever enrolled once comes back only by two administrators (recover.py).
    """
    code, code_sha256 = office.new_secret(random)
    expires_at = now + office.INVITATION_LIFE
    async with connection.transaction():
        found = await store.lock(connection, person)
        if found is None:
            raise office.unknown()
        if not staffing.may_be_invited_again(found):
            raise Conflict(
                "staff_enrolled",
                "This account was enrolled, or is suspended: two administrators recover it.",
            )
        await store.invite(connection, person, code_sha256, now=now, expires_at=expires_at)
        facts: office.Facts = {"again": True, "by": OPERATOR}
        await office.note(connection, person, "staff_invited", facts, now=now, random=random)
    return Invitation(person=person, code=code, expires_at=expires_at)
