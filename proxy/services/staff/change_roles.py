"""Change what somebody of staff does; the next request of theirs is judged by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.rules import staffing
from proxy.services.staff import office as offices
from proxy.services.staff.invite import OPERATOR
from proxy.store import staff as store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.store.pool import Connection


async def change_roles(
    connection: Connection,
    person: Person,
    roles: frozenset[str],
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> None:
    """Return once they have these roles and no others; Refused as rules.staffing has it.

    The operator does it: the web role, where administrators are signed in, has no right to.
    """
    offices.barred(staffing.may_hold(roles))
    async with connection.transaction():
        if await store.lock(connection, person) is None:
            raise offices.unknown()
        await store.set_roles(connection, person, roles)
        facts: offices.Facts = {"roles": tuple(sorted(roles)), "by": OPERATOR}
        await offices.note(connection, person, "staff_roles_changed", facts, now=now, random=random)
