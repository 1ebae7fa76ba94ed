"""Change a password: by a session and the password in use; every session ends, this one too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import Conflict, Refused
from proxy.model.staff import StaffState
from proxy.services.staff import office as offices
from proxy.services.staff import set_password, slow_down
from proxy.store import staff as store
from proxy.store import staff_access

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.services.staff.office import Office

_log: Final = structlog.get_logger()


async def change_password(
    office: Office, person: Person, current: str, new: str, *, client: str, now: datetime
) -> None:
    """Return once the new password is in use.

    Refused `password_wrong`, InvalidInput `password_weak`, RateLimited `sign_in_slowed`.
    """
    # A session that somebody stole must not serve to guess the password.
    await slow_down.begin(office.pool, client, person, now)
    async with office.pool.acquire() as connection:
        hashes = await staff_access.hashes(connection, person, 1)
    phc = hashes[0] if hashes else None
    if not await office.passwords.is_right(current, phc):
        raise Refused("password_wrong", "This is not the password in use.")
    made = await set_password.hashed(office, person, new, earlier=current, now=now)
    async with office.pool.acquire() as connection, connection.transaction():
        found = await store.lock(connection, person)
        if found is None or found.state is not StaffState.ACTIVE:
            raise Refused("password_wrong", "This is not the password in use.")
        if await staff_access.hashes(connection, person, 1) != hashes:
            raise Conflict("password_moved", "The password was changed meanwhile.")
        await set_password.keep(connection, person, made, now)
        await staff_access.end_sessions(connection, person, now)
        await staff_access.forget_challenges(connection, person, now)
        await slow_down.succeed(connection, client, person, now)
        await offices.note(
            connection, person, "staff_password_changed", {}, now=now, random=office.random
        )
    _log.info("staff_password_changed", person=person)
