"""What the worker lapses and forgets, and what it leaves."""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest

from proxy.errors import InvalidInput
from proxy.metrics import Registry
from proxy.services import retain, verify_emails
from proxy.store import pool
from tests.support import notices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.store.pool import Connection
    from tests.support.database import Database

pytestmark = pytest.mark.db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TENANT = UUID(int=3)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def administrator(database: Database) -> AsyncIterator[Connection]:
    """A connection that may set the scene and look at the result."""
    async with pool.connected(database.superuser()) as connection:
        await connection.execute("INSERT INTO tenant VALUES ($1, 'Invented', $2)", TENANT, NOW)
        yield connection


async def tidy(database: Database, now: datetime = NOW) -> Registry:
    """One round of the worker with its own login; what it counted."""
    metrics = Registry()
    async with pool.connected(database.access("worker")) as connection:
        await retain.tidy(connection, now, secrets.token_bytes, metrics)
    return metrics


async def reserve(
    administrator: Connection, lapses_at: datetime, *, hold: bool = False, state: str = "reserved"
) -> UUID:
    """A registration row that lapses then."""
    made = uuid4()
    await administrator.execute(
        "INSERT INTO registration (tenant_id, id, domain, state, revision, declared, reference,"
        " alias, record_version, contacts_mac, hold, enrolled_at, changed_at, lapses_at)"
        " VALUES ($1, $2, $3, $4, 1, '{}', 'r', $5, 1, $6, $7, $8, $8, $9)",
        *(TENANT, made, f"{made.hex}.example", state, made.hex, bytes(32), hold, NOW, lapses_at),
    )
    return made


async def test_a_reservation_lapses_at_its_time_and_says_so(
    database: Database, administrator: Connection
) -> None:
    """Due ones end with reason `lapsed` and a ledger entry without personal data."""
    due = await reserve(administrator, NOW)
    later = await reserve(administrator, NOW + SECOND)
    await tidy(database)
    row = await administrator.fetchrow("SELECT * FROM registration WHERE id = $1", due)
    assert row is not None
    assert (row["state"], row["end_reason"], row["ended_at"]) == ("ended", "lapsed", NOW)
    assert (row["revision"], row["changed_at"]) == (2, NOW)
    state = await administrator.fetchval("SELECT state FROM registration WHERE id = $1", later)
    assert state == "reserved"
    entries = await administrator.fetch("SELECT * FROM ledger_entry")
    assert [(e["kind"], e["subject"], e["tenant_id"]) for e in entries] == [
        ("registration_ended", str(due), TENANT)
    ]
    assert json.loads(entries[0]["facts"]) == {
        "registration": str(due),
        "revision": 2,
        "state": "ended",
        "reason": "lapsed",
    }


async def test_holds_and_completed_registrations_do_not_lapse(
    database: Database, administrator: Connection
) -> None:
    """A hold beats every timer; a name that was registered in time has nothing to lapse."""
    await reserve(administrator, NOW - SECOND, hold=True)
    await reserve(administrator, NOW - SECOND, state="active")
    await tidy(database)
    assert (
        await administrator.fetchval("SELECT count(*) FROM registration WHERE state = 'ended'") == 0
    )
    assert await administrator.fetchval("SELECT count(*) FROM ledger_entry") == 0


async def test_many_are_lapsed_once_each_by_two_workers(
    database: Database, administrator: Connection
) -> None:
    """More than one step, done by two workers at once: each ends once, with one entry."""
    for _ in range(620):
        await reserve(administrator, NOW - SECOND)
    counts = await asyncio.gather(tidy(database), tidy(database))
    assert sum(one.counter("reservations_lapsed").value for one in counts) == 620
    assert await administrator.fetchval("SELECT count(*) FROM ledger_entry") == 620
    assert await administrator.fetchval("SELECT count(DISTINCT subject) FROM ledger_entry") == 620
    again = await tidy(database)
    assert again.counter("reservations_lapsed").value == 0


async def test_who_is_erased_ends_again_and_shows_nothing(
    database: Database, administrator: Connection
) -> None:
    """A copy brought back a registration of an erased person: it ends, and shows nothing more."""
    far = NOW + timedelta(days=30)
    erased = await reserve(administrator, far, state="active")
    kept = await reserve(administrator, far, state="active")
    await administrator.execute("UPDATE registration SET lapses_at = NULL")
    await administrator.execute(
        "INSERT INTO published (domain, tenant_id, registration_id, value)"
        " SELECT domain, tenant_id, id, 'shown' FROM registration"
    )
    await administrator.execute(
        "UPDATE registration SET shredded_at = $1 WHERE id = $2", NOW, erased
    )
    assert (await tidy(database)).counter("erased_ended").value == 1
    rows = await administrator.fetch(
        "SELECT kept.id, kept.state, kept.end_reason, shown.value FROM registration kept"
        " JOIN published shown ON shown.registration_id = kept.id"
    )
    found = {row["id"]: (row["state"], row["end_reason"], row["value"]) for row in rows}
    assert found == {erased: ("ended", "error", None), kept: ("active", None, b"shown")}
    entries = await administrator.fetch("SELECT kind, subject FROM ledger_entry")
    assert [tuple(row) for row in entries] == [("registration_ended", str(erased))]
    assert (await tidy(database)).counter("erased_ended").value == 0


async def test_answers_are_kept_a_day(database: Database, administrator: Connection) -> None:
    """24 hours for finished answers, 48 for those whose process died."""
    day = timedelta(hours=24)
    for status, age in ((200, day), (200, day + SECOND), (None, day + SECOND), (None, 3 * day)):
        await administrator.execute(
            "INSERT INTO idempotency (tenant_id, route, key_sha256, body_mac, status, created_at)"
            " VALUES ($1, 'PUT', $2, '', $3, $4)",
            *(TENANT, secrets.token_bytes(32), status, NOW - age),
        )
    await tidy(database)
    left = await administrator.fetch("SELECT status, created_at FROM idempotency ORDER BY 2")
    assert [tuple(row) for row in left] == [(None, NOW - day - SECOND), (200, NOW - day)]


async def test_operations_are_kept_ninety_days_and_running_ones_for_ever(
    database: Database, administrator: Connection
) -> None:
    """A finished operation goes with its errors once nobody may ask for it any more."""
    old = NOW - timedelta(days=90) - SECOND
    rows = [("succeeded", old), ("failed", NOW - timedelta(days=90)), ("running", None)]
    for state, finished_at in rows:
        made = uuid4()
        await administrator.execute(
            "INSERT INTO operation (tenant_id, id, kind, state, started_at, finished_at,"
            " touched_at) VALUES ($1, $2, 'import', $3, $4, $5, $4)",
            *(TENANT, made, state, old, finished_at),
        )
        await administrator.execute(
            "INSERT INTO operation_error VALUES ($1, $2, 1, 'code', '[]')", TENANT, made
        )
    await tidy(database)
    left = await administrator.fetch("SELECT state FROM operation ORDER BY state")
    assert [row["state"] for row in left] == ["failed", "running"]
    assert await administrator.fetchval("SELECT count(*) FROM operation_error") == 2


async def test_a_task_that_fails_keeps_no_other_from_its_work(
    database: Database, administrator: Connection
) -> None:
    """The database lets a letter not go: what comes behind it is forgotten all the same."""
    await reserve(administrator, NOW + timedelta(days=3000))
    today = await administrator.fetchval("SELECT now()")
    await administrator.execute("UPDATE event SET pos = 1")
    await administrator.execute(
        "INSERT INTO notice (id, tenant_id, registration_id, kind, template, to_party, facts,"
        " state, queued_at, not_before) VALUES ($1, $2, $2, 'email_verification', 'n1',"
        " 'registrant', '{}', 'withheld', $3, $3)",
        uuid4(), TENANT, today,
    )  # fmt: skip
    counted = await tidy(database, today + timedelta(days=1000))
    assert await administrator.fetchval("SELECT count(*) FROM notice") == 1
    assert counted.counter("letters_forgotten").value == 0
    assert counted.counter("retention_failed_total", task="letters_forgotten").value == 1
    assert counted.counter("events_forgotten").value == 1


@pytest.mark.parametrize("fault", [pool.BrokenConstraint("a_name"), InvalidInput("characters", "")])
async def test_no_fault_of_a_round_ends_the_worker(
    database: Database, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """A bug in a round, or rows that nobody expected: the next round comes."""
    stopping, clock = asyncio.Event(), notices.Clock()
    rounds: list[str] = []

    async def fails(*_: object) -> int:
        rounds.append("failed")
        stopping.set()
        raise fault

    monkeypatch.setattr(retain, "tidy", fails)
    monkeypatch.setattr(verify_emails, "look", fails)
    access = database.access("worker")
    for service in (retain, verify_emails):
        stopping.clear()
        await service.run(access, clock, secrets.token_bytes, Registry(), stopping)
    assert rounds == ["failed", "failed"]


async def test_letters_go_after_half_a_year_and_notices_of_cases_never(
    administrator: Connection, database: Database
) -> None:
    """What still waits stays; so does a young letter, also for a worker that would delete it."""
    start = datetime(2026, 1, 1, tzinfo=UTC)  # long before any clock by which this is run
    case_id = await notices.open_case(database)
    several = {"old": start, "waiting": start, "young": start + timedelta(days=2), "case": start}
    ids = {name: uuid4() for name in several}
    for name, at in several.items():
        is_case, waits = name == "case", name == "waiting"
        await administrator.execute(
            "INSERT INTO notice (id, case_id, tenant_id, registration_id, kind, template, to_party,"
            " facts, state, queued_at, not_before, try_after) VALUES ($1, $2, $3, $3, $4, 'n1',"
            " 'registrant', '{}', $5, $6, $6, $7)",
            ids[name], case_id if is_case else None, None if is_case else TENANT,
            None if is_case else "email_verification", "queued" if waits else "withheld", at,
            at if waits else None,
        )  # fmt: skip
    await tidy(database, start + timedelta(days=180) + SECOND)
    left = {row["id"] for row in await administrator.fetch("SELECT id FROM notice")}
    assert left == {ids[name] for name in ("waiting", "young", "case")}
    await administrator.execute("UPDATE notice SET state = 'withheld', try_after = NULL")
    async with pool.connected(database.access("worker")) as connection:
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute("DELETE FROM notice WHERE id = $1", ids["case"])
