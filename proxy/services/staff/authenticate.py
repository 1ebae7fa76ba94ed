"""Authenticate: whose a session's token is, and end it.

A session is over when it was not used for a while, after a working day whatever happens, and at
once when its owner signs out, changes the password, is suspended or recovered.
Source: NIST SP 800-63B s4.2.3 and s7.2 (15 minutes unused, a limit on the whole).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput
from proxy.model.staff import SignedIn
from proxy.services.staff import office as offices
from proxy.store import staff_access

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.store.pool import Pool

UNUSED: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=8)


async def authenticate(pool: Pool, token: str, now: datetime) -> SignedIn:
    """Who is signed in by a token; InvalidInput `unauthorized` when nobody is.

    Whether they `must_change` their password first is for the caller to ask.
    """
    async with pool.acquire() as connection:
        found = await staff_access.see_session(
            connection,
            offices.kept(token),
            now=now,
            started_after=now - LONGEST,
            seen_after=now - UNUSED,
        )
    if found is None:
        raise InvalidInput("unauthorized", "Sign in: there is no such session, or it is over.")
    return SignedIn(
        person=found.person,
        roles=found.roles,
        is_administrator=found.is_administrator,
        level=found.level,
        must_change=found.must_change,
        ends_at=found.started_at + LONGEST,
    )


async def sign_out(pool: Pool, token: str, now: datetime) -> None:
    """Return once the session is over; one that was already is no error."""
    async with pool.acquire() as connection:
        await staff_access.end_session(connection, offices.kept(token), now)
