"""Sign in: the password, then a signature over a challenge, then a session.

Whoever has no account, is not active, or gives a wrong password gets one answer after the same
work. An attempt counts as failed until its second factor was right, so that guesses in parallel and
guesses of half a sign-in gain nothing. A challenge is gone once it is answered, rightly or wrongly.
A session's token is made after the second factor: nobody can plant one beforehand.
Source: casework N20, N23; WebAuthn Level 2 s13.4.3 (single-use challenges).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import Refused
from proxy.model.staff import Level, SignedIn, StaffState
from proxy.services.staff import authenticate, set_password, slow_down
from proxy.services.staff import office as offices
from proxy.store import staff as store
from proxy.store import staff_access
from proxy.store.staff_access import Challenge

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.approval_key import ApprovalKey
    from proxy.model.roster import Person
    from proxy.services.staff.office import Office

NONCE_OCTETS: Final = 32
CHALLENGE_LIFE: Final = timedelta(minutes=3)  # for a PIN and a touch
_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody whose password was right signs, and with which keys they may."""

    attempt: str = field(repr=False)
    nonce: bytes = field(repr=False)
    message: bytes = field(repr=False)
    keys: tuple[ApprovalKey, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session; its token is shown once."""

    token: str = field(repr=False)
    who: SignedIn


async def begin(
    office: Office, person: Person | None, password: str, *, client: str, now: datetime
) -> Asked:
    """The challenge; Refused `sign_in_refused`, RateLimited `sign_in_slowed`.

    `person` is None for a text that is no handle at all.
    """
    await slow_down.begin(office.pool, client, person or "", now)
    phc, is_active = None, False
    if person is not None:
        async with office.pool.acquire() as connection:
            found = await store.find(connection, person)
            is_active = found is not None and found.state is StaffState.ACTIVE
            hashes = await staff_access.hashes(connection, person, 1)
            phc = hashes[0] if hashes else None
    is_right = await office.passwords.is_right(password, phc)
    if person is None or phc is None or not is_active or not is_right:
        _log.info("staff_sign_in_refused", code="password")  # no handle: it may be a password
        raise _refused()
    await _follow_cost(office, person, password, phc)
    must_change = set_password.must_change(office, person, password, now)
    return await _ask(office, person, must_change=must_change, now=now)


async def finish(
    office: Office, attempt: str, key_id: str, signature: str, *, client: str, now: datetime
) -> Opened:
    """The session; Refused `sign_in_refused`, `signature_*` or `assertion_*`."""
    async with office.pool.acquire() as connection:
        # Committed at once: whatever comes of it, this challenge is not asked again.
        challenge = await staff_access.take_challenge(connection, offices.kept(attempt))
        if challenge is None or challenge.expires_at <= now:
            raise _refused()
        person = challenge.person
        keys = await staff_access.keys(connection, person)
    key = next((one for one in keys if one.id == key_id), None)
    try:
        if key is None:
            raise _refused()
        message = office.factors.sign_in(person, challenge.nonce)
        office.factors.check(key, signature, message)
    except Refused as refusal:
        _log.warning("staff_sign_in_refused", person=person, code=refusal.code)
        raise
    opened = await _open(office, challenge, key, client, now)
    _log.info("staff_signed_in", person=person)
    return opened


async def _follow_cost(office: Office, person: Person, password: str, phc: str) -> None:
    """Hash anew where hashes cost more by now: only here is the password known."""
    if office.passwords.is_outdated(phc):
        costlier = await office.passwords.hash(password)
        async with office.pool.acquire() as connection:
            await staff_access.replace_hash(connection, person, phc, costlier)


async def _ask(office: Office, person: Person, *, must_change: bool, now: datetime) -> Asked:
    attempt, attempt_sha256 = offices.new_secret(office.random)
    nonce, expires_at = office.random(NONCE_OCTETS), now + CHALLENGE_LIFE
    challenge = Challenge(
        person=person, nonce=nonce, must_change=must_change, expires_at=expires_at
    )
    async with office.pool.acquire() as connection, connection.transaction():
        await staff_access.forget_challenges(connection, None, now)
        await staff_access.add_challenge(connection, attempt_sha256, challenge)
        keys = await staff_access.keys(connection, person)
    return Asked(
        attempt=attempt,
        nonce=nonce,
        message=office.factors.sign_in(person, nonce),
        keys=keys,
        expires_at=expires_at,
    )


async def _open(
    office: Office, challenge: Challenge, key: ApprovalKey, client: str, now: datetime
) -> Opened:
    token, token_sha256 = offices.new_secret(office.random)
    person, level = challenge.person, Level.of(key.kind)
    async with office.pool.acquire() as connection, connection.transaction():
        # Held, so that a suspension or a new password comes before this session or ends it.
        found = await store.lock(connection, person)
        is_still_theirs = key in await staff_access.keys(connection, person)
        if found is None or found.state is not StaffState.ACTIVE or not is_still_theirs:
            raise _refused()
        await slow_down.succeed(connection, client, person, now)
        await staff_access.forget_old(
            connection,
            started_before=now - slow_down.OVER,
            failed_before=now - slow_down.OVER,
        )
        await staff_access.add_session(
            connection,
            token_sha256,
            person,
            level=level,
            must_change=challenge.must_change,
            now=now,
        )
    who = SignedIn(
        person=person,
        roles=found.roles,
        is_administrator=found.is_administrator,
        level=level,
        must_change=challenge.must_change,
        ends_at=now + authenticate.LONGEST,
    )
    return Opened(token=token, who=who)


def _refused() -> Refused:
    return Refused(
        "sign_in_refused",
        "The handle, the password or the key is not right, or the account is not active.",
    )
