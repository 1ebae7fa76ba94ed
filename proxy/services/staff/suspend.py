"""Suspend somebody: from this moment on they are not signed in, and can not sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.model.staff import StaffState
from proxy.services.staff import office as offices
from proxy.store import staff as store
from proxy.store import staff_access

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.store.pool import Connection


async def suspend(
    connection: Connection,
    person: Person,
    *,
    by: str,
    now: datetime,
    random: Callable[[int], bytes],
) -> bool:
    """Whether they were not suspended before; NotFound `staff_unknown`.

    `by` is an administrator's handle, or the operator.
    """
    async with connection.transaction():
        found = await store.lock(connection, person)
        if found is None:
            raise offices.unknown()
        if found.state is StaffState.SUSPENDED:
            return False
        await store.set_state(connection, person, StaffState.SUSPENDED)
        await store.void_invitations(connection, person, now)
        await staff_access.end_sessions(connection, person, now)
        await offices.note(
            connection, person, "staff_suspended", {"by": by}, now=now, random=random
        )
    return True
