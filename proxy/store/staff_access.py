"""Rows of how staff sign in: hashes, keys, challenges, sessions, failures.

Believes and decides nothing; holds no password, no code and no token, only their hashes. The
queries stand in staff.sql.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.errors import Conflict
from proxy.model.approval_key import ApprovalKey, KeyKind
from proxy.model.roster import Person, StaffRole
from proxy.model.staff import ADMINISTRATOR, Level
from proxy.rules.slowing import Slowness
from proxy.store import pool
from proxy.store.staff import QUERIES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.store.pool import Connection

MOST_KEYS = 8  # of one person, as in the roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What somebody whose password was right has to sign."""

    person: Person
    nonce: bytes = field(repr=False)
    must_change: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session that holds, and whose it is."""

    person: Person
    roles: frozenset[StaffRole]
    is_administrator: bool
    level: Level
    must_change: bool
    started_at: datetime


async def hashes(connection: Connection, person: Person, limit: int) -> tuple[str, ...]:
    """Somebody's hashes, the one in use first."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["hashes"], person, limit)
    return tuple(row["hash"] for row in rows)


async def add_hash(
    connection: Connection, person: Person, phc: str, now: datetime, *, kept: int
) -> None:
    """Keep a hash as the one in use, and of the older ones as many as `kept` allows."""
    with pool.translated():
        await connection.execute(QUERIES["add_hash"], person, now, phc)
        await connection.execute(QUERIES["forget_hashes"], person, kept)


async def replace_hash(connection: Connection, person: Person, old: str, new: str) -> None:
    """Keep another hash of the same password; nothing happens if it changed meanwhile."""
    with pool.translated():
        await connection.execute(QUERIES["replace_hash"], person, old, new)


async def keys(connection: Connection, person: Person) -> tuple[ApprovalKey, ...]:
    """Somebody's keys."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["keys"], person, MOST_KEYS)
    return tuple(
        ApprovalKey(kind=KeyKind(row["kind"]), public=row["public"], credential=row["credential"])
        for row in rows
    )


async def replace_keys(
    connection: Connection, person: Person, new: Sequence[ApprovalKey], now: datetime
) -> None:
    """These keys are somebody's, and no others; Conflict `key_taken` if one is another's."""
    taken = {"staff_key_one_person": Conflict("key_taken", "Somebody else has this key.")}
    with pool.translated(taken):
        await connection.execute(QUERIES["end_keys"], person, now)
        for one in new:
            await connection.execute(
                QUERIES["add_key"],
                person,
                one.id,
                one.kind.value,
                one.public,
                one.credential,
                now,
            )


async def end_keys(connection: Connection, person: Person, now: datetime) -> None:
    """None of somebody's keys is good for anything any more."""
    with pool.translated():
        await connection.execute(QUERIES["end_keys"], person, now)


async def add_challenge(connection: Connection, attempt_sha256: bytes, one: Challenge) -> None:
    """Keep a challenge."""
    with pool.translated():
        await connection.execute(
            QUERIES["add_challenge"],
            attempt_sha256,
            one.person,
            one.nonce,
            one.must_change,
            one.expires_at,
        )


async def take_challenge(connection: Connection, attempt_sha256: bytes) -> Challenge | None:
    """A challenge, which is gone now; it may be over."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["take_challenge"], attempt_sha256)
    if row is None:
        return None
    return Challenge(
        person=Person(row["person"]),
        nonce=row["nonce"],
        must_change=row["must_change"],
        expires_at=row["expires_at"],
    )


async def add_session(
    connection: Connection,
    token_sha256: bytes,
    person: Person,
    *,
    level: Level,
    must_change: bool,
    now: datetime,
) -> None:
    """Keep a session."""
    with pool.translated():
        await connection.execute(
            QUERIES["add_session"], token_sha256, person, now, level.value, must_change
        )


async def see_session(
    connection: Connection,
    token_sha256: bytes,
    *,
    now: datetime,
    started_after: datetime,
    seen_after: datetime,
) -> SessionRow | None:
    """A session of somebody active, now seen; None for one that is over or unknown."""
    with pool.translated():
        row = await connection.fetchrow(
            QUERIES["see_session"], token_sha256, now, started_after, seen_after
        )
    if row is None:
        return None
    roles = frozenset(row["roles"])
    return SessionRow(
        person=Person(row["person"]),
        roles=frozenset(map(StaffRole, roles - {ADMINISTRATOR})),
        is_administrator=ADMINISTRATOR in roles,
        level=Level(row["level"]),
        must_change=row["must_change"],
        started_at=row["started_at"],
    )


async def end_session(connection: Connection, token_sha256: bytes, now: datetime) -> None:
    """A session is over."""
    with pool.translated():
        await connection.execute(QUERIES["end_session"], token_sha256, now)


async def end_sessions(connection: Connection, person: Person, now: datetime) -> None:
    """All sessions of somebody are over."""
    with pool.translated():
        await connection.execute(QUERIES["end_sessions"], person, now)


async def forget_challenges(connection: Connection, person: Person | None, now: datetime) -> None:
    """Drop the challenges of somebody, and those that are over."""
    with pool.translated():
        await connection.execute(QUERIES["forget_challenges"], person, now)


async def forget_old(
    connection: Connection, *, started_before: datetime, failed_before: datetime
) -> None:
    """Drop sessions and failures that mean nothing any more."""
    with pool.translated():
        await connection.execute(QUERIES["forget_sessions"], started_before)
        await connection.execute(QUERIES["forget_slowness"], failed_before)


async def lock_slowness(connection: Connection, kind: str, slot: int, now: datetime) -> Slowness:
    """How often it failed under a number, held until the transaction ends."""
    with pool.translated():
        await connection.execute(QUERIES["add_slowness"], kind, slot, now)
        row = await connection.fetchrow(QUERIES["lock_slowness"], kind, slot)
    if row is None:  # somebody forgot it between the two: begin anew
        return Slowness(failures=0, failed_at=now, blocked_until=now)
    return Slowness(**dict(row))


async def set_slowness(connection: Connection, kind: str, slot: int, found: Slowness) -> None:
    """How often it failed now."""
    with pool.translated():
        await connection.execute(
            QUERIES["set_slowness"],
            kind,
            slot,
            found.failures,
            found.failed_at,
            found.blocked_until,
        )
