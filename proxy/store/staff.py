"""Rows of staff: people, invitations, recoveries, and what the ledger hears of them.

Believes and decides nothing. How somebody signs in is in staff_access.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.errors import Conflict
from proxy.model.roster import Person, StaffRole
from proxy.model.staff import ADMINISTRATOR, Staff, StaffState
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.store.pool import Connection, Record

QUERIES: Final = queries.load("staff")
PAGE: Final = 200  # people of one page of a list


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """Whose an invitation was, and the recovery that made it."""

    person: Person
    recovery: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A recovery that waits for a second administrator."""

    person: Person
    opened_by: Person


async def add(connection: Connection, person: Person, roles: frozenset[str], now: datetime) -> None:
    """Keep somebody new, invited; Conflict `staff_exists`."""
    with pool.translated():
        found = await connection.fetchval(QUERIES["add"], person, sorted(roles), now)
    if found is None:
        raise Conflict("staff_exists", "Somebody of staff has this handle.")


async def find(connection: Connection, person: Person) -> Staff | None:
    """Somebody of staff."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find"], person)
    return None if row is None else _staff(row)


async def lock(connection: Connection, person: Person) -> Staff | None:
    """The same; their row is held until the transaction ends."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["lock"], person)
    return None if row is None else _staff(row)


async def page(connection: Connection, after: str, limit: int = PAGE) -> tuple[Staff, ...]:
    """People whose handles come behind `after`, in order."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["page"], after, limit)
    return tuple(map(_staff, rows))


async def set_state(connection: Connection, person: Person, state: StaffState) -> None:
    """Somebody stands elsewhere now."""
    with pool.translated():
        await connection.execute(QUERIES["set_state"], person, state.value)


async def set_roles(connection: Connection, person: Person, roles: frozenset[str]) -> None:
    """Somebody does something else now."""
    with pool.translated():
        await connection.execute(QUERIES["set_roles"], person, sorted(roles))


async def enrol(connection: Connection, person: Person, now: datetime) -> None:
    """Somebody who was invited is active."""
    with pool.translated():
        await connection.execute(QUERIES["enrol"], person, now)


async def invite(
    connection: Connection,
    person: Person,
    code_sha256: bytes,
    *,
    now: datetime,
    expires_at: datetime,
    recovery: UUID | None = None,
) -> None:
    """Keep an invitation; those before it are void."""
    with pool.translated():
        await connection.execute(QUERIES["void_invitations"], person, now)
        if recovery is None:
            await connection.execute(QUERIES["invite"], code_sha256, person, now, expires_at)
        else:
            await connection.execute(
                QUERIES["invite_again"], code_sha256, person, now, expires_at, recovery
            )


async def void_invitations(connection: Connection, person: Person, now: datetime) -> None:
    """No invitation of somebody is good for anything any more."""
    with pool.translated():
        await connection.execute(QUERIES["void_invitations"], person, now)


async def is_invited(
    connection: Connection, person: Person, code_sha256: bytes, now: datetime
) -> bool:
    """Whether an invitation is somebody's, and good."""
    with pool.translated():
        return bool(await connection.fetchval(QUERIES["is_invited"], person, code_sha256, now))


async def use_invitation(
    connection: Connection, code_sha256: bytes, now: datetime
) -> Redeemed | None:
    """Whose an invitation is, used up now; None for one that is used, over or unknown."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["use_invitation"], code_sha256, now)
    if row is None:
        return None
    recovery = row["recovery"]
    return Redeemed(
        person=Person(row["person"]), recovery=None if recovery is None else UUID(int=recovery.int)
    )


async def open_recovery(
    connection: Connection,
    recovery_id: UUID,
    recovery: Recovery,
    *,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a recovery that one administrator wants."""
    with pool.translated():
        await connection.execute(
            QUERIES["open_recovery"],
            recovery_id,
            recovery.person,
            recovery.opened_by,
            now,
            expires_at,
        )


async def waiting_recovery(
    connection: Connection, recovery_id: UUID, now: datetime
) -> Recovery | None:
    """A recovery that waits, held until the transaction ends."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["waiting_recovery"], recovery_id, now)
    if row is None:
        return None
    return Recovery(person=Person(row["person"]), opened_by=Person(row["opened_by"]))


async def approve_recovery(
    connection: Connection, recovery_id: UUID, approved_by: Person, now: datetime
) -> None:
    """A second administrator agreed; the schema refuses the first one, and the subject."""
    with pool.translated():
        await connection.execute(QUERIES["approve_recovery"], recovery_id, approved_by, now)


async def note(
    connection: Connection,
    entry_id: UUID,
    person: Person,
    kind: str,
    *,
    facts: Mapping[str, str | int | bool | tuple[str, ...]],
    now: datetime,
) -> None:
    """Keep a ledger entry; its salt is the person's."""
    text = json.dumps({"person": person, **facts})
    with pool.translated():
        await connection.execute(QUERIES["note"], entry_id, person, kind, text, now)


def _staff(row: Record) -> Staff:
    roles = frozenset(row["roles"])
    return Staff(
        person=Person(row["person"]),
        roles=frozenset(map(StaffRole, roles - {ADMINISTRATOR})),
        is_administrator=ADMINISTRATOR in roles,
        state=StaffState(row["state"]),
        created_at=row["created_at"],
        enrolled_at=row["enrolled_at"],
    )
