"""Cases at size: acting on what is due, a case's page, the clock, beside a million open cases.

Flow: a PostgreSQL of its own with SIZE open cases of four deadlines each. 2,000 of them are real:
opened by an event, with deadlines set by the program; the rest are copies of their rows that fall
due later. Measured are one round of the scanner in which 1,000 deadlines are due, the data of the
page of 300 cases, each once, and the reckoning of deadlines. Floor of the round: the same number of
events, ledger entries and moved deadlines, each kind written in one statement.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from proxy.hosting.process import SystemClock
from proxy.metrics import Registry
from proxy.model.case import (
    FIRST_PREVIOUS,
    Actor,
    ActorKind,
    CaseFile,
    CaseId,
    CaseTypeId,
    Event,
)
from proxy.model.case_state import OPEN
from proxy.model.deadline import Deadline
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.model.roster import Person, StaffRole
from proxy.rules import clock as rules
from proxy.run import calendars as library
from proxy.run import case_types
from proxy.run.bench.result import Result
from proxy.services.casework import act, show_case
from proxy.services.casework.office import Office, Turn
from proxy.services.fire_deadlines import Doing, Keeping
from proxy.services.keep_deadlines import By, Keeper, NewDeadline
from proxy.services.scan_deadlines import Scanner
from proxy.store import calendars, cases, deadlines, embedded, migrate
from proxy.store import pool as pools
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from proxy.model.calendar import Calendar
    from proxy.model.case import Fact
    from proxy.services.fire_deadlines import Reminder
    from proxy.store.pool import Connection

SIZE: Final = 1_000_000
DUE: Final = 1_000
REAL: Final = 2 * DUE  # half of them due, half to look at
PAGES: Final = 300
RECKONINGS: Final = 20_000
TYPE: Final = CaseTypeId("third_party_claim")
NAMES: Final = ("liability_exposure", "monitor", "acknowledge", "liability_checkpoint")
ZONE: Final = "Asia/Kolkata"
GOAL: Final = "1,000 actions <= 2 s; page <= 20 ms; clock <= 50 us"
_BY: Final = By(actor="bench", role="handler")
_STAFF: Final = Actor(
    kind=ActorKind.STAFF, person=Person("bench"), roles=frozenset({StaffRole.HANDLER})
)
_TENANT: Final = TenantId(UUID(int=1))


_CHUNK: Final = 20_000
_COPIES: Final = (
    """INSERT INTO case_file (id, type, tenant_id, registration_id, domain, event_date,
         opened_at, touched_at, state, is_open, handler, seq, head)
       SELECT m.id, f.type, f.tenant_id, m.id, f.domain, f.event_date, f.opened_at,
         f.opened_at - m.n * interval '1 second', f.state, true, '', f.seq, f.head
       FROM made m, case_file f WHERE f.id = $1""",
    """INSERT INTO case_event (case_id, seq, id, previous, hash, actor, role, act, facts, at)
       SELECT m.id, e.seq, gen_random_uuid(), e.previous, e.hash, e.actor, e.role, e.act,
         e.facts, e.at
       FROM made m, case_event e WHERE e.case_id = $1 AND e.seq = 1""",
    """INSERT INTO case_deadline (case_id, name, round, terms, plan, calendar_id,
         calendar_version, zone, started_at, due_at, next_action, next_at)
       SELECT m.id, d.name, d.round, d.terms, d.plan, d.calendar_id, d.calendar_version,
         d.zone, d.started_at, d.due_at + interval '1 year' + m.n * interval '1 second',
         d.next_action, d.next_at + interval '1 year' + m.n * interval '1 second'
       FROM made m, case_deadline d WHERE d.case_id = $1""",
)


@dataclass(slots=True)
class _Now:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        """The moment it stands at."""
        return self.at


def measure(scratch: Path, size: int | None = None) -> Result:
    """Seconds of a round in which 1,000 deadlines are due, with the times of pages and clock."""
    cluster = embedded.Cluster(scratch / "cluster")
    cluster.prepare()
    postmaster = cluster.start()
    try:
        return asyncio.run(_measure(cluster, postmaster, size or SIZE))
    finally:
        cluster.stop(postmaster)
        cluster.close()


async def _measure(
    cluster: embedded.Cluster, postmaster: subprocess.Popen[bytes], size: int
) -> Result:
    await cluster.wait_ready(postmaster)
    start = SystemClock().now()
    await migrate.migrate(cluster.access(LoginRole.OWNER), now=start)
    calendar = library.make("IN", "DL", ZONE, range(start.year - 2, start.year + 9))
    office = _office(calendar)
    began = time.perf_counter()
    real = await _fill(cluster, office, calendar, start, size)
    filled_s = time.perf_counter() - began
    async with pools.connected(cluster.access(LoginRole.WORKER)) as connection:
        due_at = max([one.due_at for one in await deadlines.of_case(connection, real[0])
                      if one.name == NAMES[0]])  # fmt: skip
        scan_s, fired = await _scan(connection, office, due_at + timedelta(minutes=1))
    async with pools.connected(cluster.access(LoginRole.WEB)) as connection:
        page_ms = await _pages(connection, office, real[DUE:], due_at)
    async with pools.connected(cluster.superuser()) as connection:
        floor_s = await _floor(connection, real[:DUE])
    quantiles = statistics.quantiles(page_ms, n=100)
    return Result(
        name="cases",
        floor=round(floor_s, 3),
        result=round(scan_s, 3),
        ratio=round(scan_s / floor_s, 1),
        goal=GOAL,
        unit="s",
        details={
            "open_cases": size,
            "deadlines": 4 * size,
            "actions": fired,
            "page_p50_ms": round(quantiles[49], 2),
            "page_p99_ms": round(quantiles[98], 2),
            "clock_us": round(_reckon(office, calendar, start), 1),
            "filled_s": round(filled_s, 1),
        },
    )


def _office(calendar: Calendar) -> Office:
    async def hold(file: CaseFile) -> None:
        del file

    templates = case_types.templates()
    return Office(
        types=case_types.load(),
        limits=case_types.limits(),
        variables={name: one.wants for name, one in templates.items()},
        purposes={name: one.link for name, one in templates.items()},
        constants={},
        calendar=calendar.id,
        zone=ZONE,
        keeper=Keeper(secrets.token_bytes),
        holds=hold,
        random=secrets.token_bytes,
    )


async def _fill(
    cluster: embedded.Cluster, office: Office, calendar: Calendar, start: datetime, size: int
) -> list[CaseId]:
    """The real cases, those that fall due first; all others are copies."""
    async with pools.connected(cluster.superuser()) as connection:
        await connection.execute("INSERT INTO tenant VALUES ($1, 'Invented', $2)", _TENANT, start)
        await calendars.add(connection, calendar, start)
        real = [CaseId(uuid4()) for _ in range(REAL)]
        async with connection.transaction():
            for number, case_id in enumerate(real):
                opened = start if number < DUE else start + timedelta(days=30)
                await _open(connection, office, case_id, opened)
        await _copy(connection, real[-1], size - REAL)
        for table in ("case_file", "case_event", "case_deadline"):
            await connection.execute(f"ANALYZE {table}")
    return real


async def _open(connection: Connection, office: Office, case_id: CaseId, opened: datetime) -> None:
    facts: dict[str, Fact] = {
        "type": TYPE, "tenant": str(_TENANT), "registration": str(case_id),
        "domain": "quiet.example", "event_date": opened.isoformat(), "channel": "letter",
        "fields": ("registrant.name",), "items": (), "state": "received",
    }  # fmt: skip
    event = Event(
        case_id=case_id, seq=1, id=uuid4(), previous=FIRST_PREVIOUS, actor="bench",
        role="intake", act=OPEN, facts=facts, at=opened,
    )  # fmt: skip
    file = CaseFile(
        id=case_id, type=TYPE, tenant_id=_TENANT, registration_id=RegistrationId(case_id),
        domain=DomainName("quiet.example"), event_date=opened, opened_at=opened, seq=1,
        head=event.digest(), state="received", is_open=True,
    )  # fmt: skip
    await cases.add_file(connection, file)
    await cases.add_events(connection, [(file, event, "{}")])
    for name in NAMES:
        kind = office.types[TYPE].deadlines[name]
        new = NewDeadline(
            name=name,
            terms=office.limits[kind.limit].terms(office.calendar),
            plan=kind.plan,
            zone=ZONE,
            started_at=opened,
        )
        await office.keeper.set(connection, case_id, new, _BY, opened)


async def _copy(connection: Connection, case_id: CaseId, count: int) -> None:
    """So many cases with the rows of one, due a year later and more."""
    await connection.execute("SET synchronous_commit = off")
    await connection.execute("SET session_replication_role = replica")  # ids are made beside it
    for first in range(0, count, _CHUNK):
        await connection.execute("DROP TABLE IF EXISTS made")
        await connection.execute(
            "CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS id, n"
            " FROM generate_series($1::integer, $2::integer) AS n",
            first,
            min(first + _CHUNK, count) - 1,
        )
        for statement in _COPIES:
            await connection.execute(statement, case_id)
    await connection.execute("SET session_replication_role = DEFAULT")


async def _scan(connection: Connection, office: Office, now: datetime) -> tuple[float, int]:
    async def remind(connection: Connection, reminders: Sequence[Reminder], now: datetime) -> None:
        del connection, reminders, now  # notices are the relay's

    async def end(connection: Connection, case_id: CaseId, act_id: str, now: datetime) -> None:
        turn = Turn(office=office, connection=connection, now=now)
        if act_id:
            await act.act(turn, case_id, act.TIMER, act_id, {})
        else:
            await act.follow(turn, case_id)

    doing = Doing(Keeping(secrets.token_bytes), remind, end)
    earlier = now - timedelta(minutes=2)
    scanner = Scanner(_Now(earlier), time.monotonic, doing, Registry())
    await scanner.round(connection)  # what fell due before is no part of it
    began = time.perf_counter()
    fired = await Scanner(_Now(now), time.monotonic, doing, Registry()).round(connection)
    return time.perf_counter() - began, fired


async def _pages(
    connection: Connection, office: Office, real: Sequence[CaseId], now: datetime
) -> list[float]:
    spent = []
    for case_id in real[:PAGES]:
        began = time.perf_counter()
        turn = Turn(office=office, connection=connection, now=now)
        await show_case.show(turn, case_id, _STAFF)
        spent.append((time.perf_counter() - began) * 1_000)
    return spent


async def _floor(connection: Connection, due: Sequence[CaseId]) -> float:
    """The same rows, each kind in one statement, in one transaction that is undone."""
    transaction = connection.transaction()
    await transaction.start()
    began = time.perf_counter()
    await connection.execute(
        """INSERT INTO case_event (case_id, seq, id, previous, hash, actor, role, act, facts, at)
           SELECT c, 1000, gen_random_uuid(), sha256('a'), sha256('b'), 'bench', 'handler',
             'deadline_due', '{"deadline": "liability_exposure", "round": 1}', now()
           FROM unnest($1::uuid[]) AS c""",
        list(due),
    )
    await connection.execute(
        """INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
           SELECT gen_random_uuid(), $2, c::text, 'case_event', '{"act": "deadline_due"}', now()
           FROM unnest($1::uuid[]) AS c""",
        list(due),
        _TENANT,
    )
    await connection.execute(
        "UPDATE case_deadline SET ended_at = now(), next_at = NULL, next_action = NULL"
        " WHERE case_id = ANY($1) AND name = 'monitor'",
        list(due),
    )
    spent = time.perf_counter() - began
    await transaction.rollback()
    return spent


def _reckon(office: Office, calendar: Calendar, start: datetime) -> float:
    """Microseconds of one reckoning, of every kind of limit in turn."""
    reckoned = [
        Deadline(
            terms=office.limits[one.limit].terms(office.calendar),
            calendar_version=calendar.version,
            zone=ZONE,
            started_at=start,
            no_earlier_than=None,
            no_later_than=None,
        )
        for one in office.types[TYPE].deadlines.values()
    ]
    began = time.perf_counter()
    for number in range(RECKONINGS):
        rules.due(reckoned[number % len(reckoned)], calendar)
    return (time.perf_counter() - began) / RECKONINGS * 1_000_000
