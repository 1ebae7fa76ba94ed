"""Recover an account whose password or keys are lost, or that was suspended: by two administrators.

One begins, another agrees; neither is the person concerned. The second is shown a code with which
the person enrols anew. Until then the account does nothing: keys, sessions and challenges are over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog

from proxy.errors import NotFound
from proxy.model import identifiers
from proxy.model.staff import StaffState
from proxy.rules import staffing
from proxy.services.staff import office as offices
from proxy.services.staff.invite import Invitation
from proxy.store import staff as store
from proxy.store import staff_access
from proxy.store.staff import Recovery

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.model.staff import SignedIn
    from proxy.services.staff.office import Office
    from proxy.store.pool import Connection

_log: Final = structlog.get_logger()


async def begin(office: Office, actor: SignedIn, person: Person, now: datetime) -> UUID:
    """The recovery's id, for the second administrator; Refused as rules.staffing has it."""
    offices.barred(staffing.may_manage(actor, person))
    recovery_id = UUID(int=identifiers.uuid7(now, office.random(10)).int)
    async with office.pool.acquire() as connection, connection.transaction():
        found = await store.lock(connection, person)
        if found is None:
            raise offices.unknown()
        offices.barred(staffing.may_be_recovered(found))
        await store.open_recovery(
            connection,
            recovery_id,
            Recovery(person=person, opened_by=actor.person),
            now=now,
            expires_at=now + offices.RECOVERY_LIFE,
        )
        facts: offices.Facts = {"by": actor.person, "recovery": str(recovery_id)}
        await offices.note(
            connection, person, "staff_recovery_opened", facts, now=now, random=office.random
        )
    return recovery_id


async def approve(office: Office, actor: SignedIn, recovery_id: UUID, now: datetime) -> Invitation:
    """The code with which the person enrols anew; NotFound `recovery_unknown`, Refused."""
    code, code_sha256 = offices.new_secret(office.random)
    expires_at = now + offices.INVITATION_LIFE
    async with office.pool.acquire() as connection, connection.transaction():
        found = await store.waiting_recovery(connection, recovery_id, now)
        if found is None or not await _is_still_administrator(connection, found.opened_by):
            raise NotFound("recovery_unknown", "There is no such recovery that waits.")
        person = found.person
        offices.barred(staffing.may_approve_recovery(actor, person, found.opened_by))
        await store.lock(connection, person)
        await store.approve_recovery(connection, recovery_id, actor.person, now)
        await store.invite(
            connection, person, code_sha256, now=now, expires_at=expires_at, recovery=recovery_id
        )
        await _end(connection, person, now)
        await store.set_state(connection, person, StaffState.INVITED)
        facts: offices.Facts = {
            "by": (found.opened_by, actor.person),
            "recovery": str(recovery_id),
        }
        await offices.note(
            connection, person, "staff_recovered", facts, now=now, random=office.random
        )
    _log.warning("staff_recovered", person=person)
    return Invitation(person=person, code=code, expires_at=expires_at)


async def _is_still_administrator(connection: Connection, person: Person) -> bool:
    """Whether the first one may still begin a recovery: two stand behind it when it happens."""
    found = await store.find(connection, person)
    return found is not None and found.is_administrator and found.state is StaffState.ACTIVE


async def _end(connection: Connection, person: Person, now: datetime) -> None:
    await staff_access.end_keys(connection, person, now)
    await staff_access.end_sessions(connection, person, now)
    await staff_access.forget_challenges(connection, person, now)
