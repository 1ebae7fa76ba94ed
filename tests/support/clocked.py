"""Cases with deadlines in a real database, a clock that tests set, and scanners that do little."""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from proxy.errors import Refused
from proxy.metrics import Registry
from proxy.model.case import CaseId
from proxy.model.deadline import Direction, PauseReason, Plan, Roll, Unit
from proxy.services.fire_deadlines import Doing, Keeping
from proxy.services.keep_deadlines import By, Keeper, NewDeadline
from proxy.services.scan_deadlines import Scanner
from proxy.store import calendars, pool
from tests.support.deadlines import CALENDAR, terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from proxy.model.calendar import Calendar
    from proxy.model.deadline import KeptDeadline, Terms
    from proxy.services.fire_deadlines import Reminder
    from proxy.store.pool import Connection
    from tests.support.database import Database

TENANT = UUID(int=7)
START = datetime(2026, 3, 20, 10, 15, tzinfo=UTC)
BY = By(actor="wren", role="handler")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
THEIRS = Direction.THEIR_WINDOW
WINDOW = terms(
    15,
    Unit.CALENDAR_DAYS,
    THEIRS,
    roll=Roll.NEXT,
    pauses=frozenset({PauseReason.CLARIFICATION}),
    pause_days=20,
)
DUE = datetime(2026, 4, 7, 22, tzinfo=UTC)  # Saturday 4 April, rolled over Easter to Tuesday
PLAN = Plan(
    remind=("50", "80", "last"),
    reminds="window_near",
    whom="registrant",
    at_end="lapse",
    escalates=("window_over:handler", "look:legal"),
)


@dataclass(slots=True, kw_only=True)
class TwoClocks:
    """A clock on the wall, and one that only runs on; `pass_` moves both."""

    wall: datetime = START
    steady: float = 1_000.0

    def now(self) -> datetime:
        """What the wall shows."""
        return self.wall

    def steady_s(self) -> float:
        """What the other one shows."""
        return self.steady

    def pass_(self, span: timedelta) -> None:
        """Time passes."""
        self.wall += span
        self.steady += span.total_seconds()

    def to(self, moment: datetime) -> None:
        """Time passes until a moment."""
        self.pass_(moment - self.wall)


@dataclass(slots=True, kw_only=True)
class Heard:
    """What a scanner had queued and had done by the timer, in rows of the same database.

    Rows, so that what a transaction undid is not heard.
    """

    refuses: set[str] = field(default_factory=set)
    fails: set[CaseId] = field(default_factory=set)

    async def remind(
        self, connection: Connection, reminders: Sequence[Reminder], now: datetime
    ) -> None:
        """Queue reminders."""
        for one in reminders:
            await connection.execute(
                "INSERT INTO heard VALUES ($1, $2, $3)",
                one.case_id,
                f"{one.template} to {one.whom}: {one.deadline} {one.round} {one.action}",
                now,
            )

    async def act(
        self, connection: Connection, case_id: CaseId, act_id: str, now: datetime
    ) -> None:
        """Act by the timer."""
        await connection.execute("INSERT INTO heard VALUES ($1, $2, $3)", case_id, act_id, now)
        if act_id in self.refuses:
            raise Refused("state_wrong")
        if case_id in self.fails:
            raise ZeroDivisionError


async def prepare(database: Database, calendar: Calendar = CALENDAR) -> None:
    """A registrar, a calendar, and a place for what was heard."""
    async with pool.connected(database.superuser()) as connection:
        await connection.execute("INSERT INTO tenant VALUES ($1, 'Invented', $2)", TENANT, START)
        await connection.execute("CREATE TABLE heard (case_id uuid, what text, at timestamptz)")
        await connection.execute("GRANT SELECT, INSERT ON heard TO pp_worker")
        await calendars.add(connection, calendar, START)


async def forget(connection: Connection) -> None:
    """Empty what a scan reads and writes: a new beginning in the same database."""
    await connection.execute(
        "SET session_replication_role = replica;"  # what is append-only as well
        "DELETE FROM heard; DELETE FROM case_task; DELETE FROM case_deadline;"
        "DELETE FROM case_event; DELETE FROM case_file; DELETE FROM ledger_entry;"
        "DELETE FROM outage; DELETE FROM beat;"
        "SET session_replication_role = DEFAULT"
    )


async def new_case(connection: Connection, now: datetime = START) -> CaseId:
    """A case of an invented type; the connection is an administrator's."""
    case_id = CaseId(uuid4())
    await connection.execute(
        "INSERT INTO case_file (id, type, tenant_id, registration_id, domain, event_date,"
        " opened_at, touched_at, state, is_open, seq, head)"
        " VALUES ($1, 'claim', $2, $3, 'quiet.example', $4, $4, $4, 'received', true, 1, $5)",
        *(case_id, TENANT, uuid4(), now, secrets.token_bytes(32)),
    )
    return case_id


def new_deadline(terms: Terms, name: str = "answer", **more: Any) -> NewDeadline:
    """A deadline that shall run in Berlin."""
    values: dict[str, Any] = {"plan": Plan(), "zone": "Europe/Berlin", "started_at": START}
    return NewDeadline(name=name, terms=terms, **values | more)


@contextlib.asynccontextmanager
async def administrator(database: Database) -> AsyncIterator[Connection]:
    """A connection that may set the scene and look at the result."""
    async with pool.connected(database.superuser()) as connection:
        yield connection


def keeper() -> Keeper:
    """What sets deadlines."""
    return Keeper(secrets.token_bytes)


def scanner(clocks: TwoClocks, heard: Heard | None = None) -> Scanner:
    """A scanner of a process that just started."""
    what = heard or Heard()
    doing = Doing(Keeping(secrets.token_bytes), what.remind, what.act)
    return Scanner(clocks, clocks.steady_s, doing, Registry())


async def scan(database: Database, scanner: Scanner) -> int:
    """One round with the worker's login."""
    async with pool.connected(database.access("worker")) as connection:
        return await scanner.round(connection)


async def put(
    database: Database, case_id: CaseId, new: NewDeadline, now: datetime = START
) -> KeptDeadline:
    """Set a deadline with the web's login, in a transaction."""
    async with pool.connected(database.access("web")) as connection, connection.transaction():
        return await keeper().set(connection, case_id, new, BY, now)


async def acts(database: Database, case_id: CaseId) -> list[tuple[str, dict[str, Any]]]:
    """The acts of a case with their facts, in order."""
    async with administrator(database) as connection:
        rows = await connection.fetch(
            "SELECT act, facts::text AS facts FROM case_event WHERE case_id = $1 ORDER BY seq",
            case_id,
        )
    return [(row["act"], json.loads(row["facts"])) for row in rows]


async def heard_rows(database: Database) -> list[str]:
    """What was heard, in order of words."""
    async with administrator(database) as connection:
        rows = await connection.fetch("SELECT what FROM heard ORDER BY what")
    return [row["what"] for row in rows]


async def one_case(database: Database) -> CaseId:
    """A case of an invented type, put there by an administrator."""
    async with administrator(database) as connection:
        return await new_case(connection)
