"""Cases as rows: files, chains of events, tasks, holds. Believes and decides nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from proxy.errors import NotFound
from proxy.model.case import CaseFile, CaseId, CaseTypeId, Event, EvidenceId, Fact
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence

    from proxy.store.pool import Connection, Record

QUERIES = queries.load("cases")
EVENTS_PAGE = 5_000  # a busy case has some hundred
MOST_ROWS = 5_000  # tasks or pieces of evidence of one case
PAGE = 200  # rows of a list
_LAST = datetime(9999, 1, 1, tzinfo=UTC)
_LAST_ID = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """Something that somebody of a role has to do."""

    id: UUID
    case_id: CaseId
    kind: str
    role: str
    opened_at: datetime
    due_at: datetime | None
    done_at: datetime | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedTask:
    """An open task with what a queue shows of its case."""

    task: TaskRow
    domain: str
    type: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A case in a list."""

    file: CaseFile
    touched_at: datetime
    handler: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """What lies as evidence in a case."""

    id: EvidenceId
    kind: str
    media_type: str
    octets: int
    sha256: str
    first_version: int
    records: int
    added_by: str
    added_at: datetime


async def add_file(connection: Connection, file: CaseFile) -> bool:
    """Keep the file of a case that is opened; False when another case has the id."""
    with pool.translated():
        tag = await connection.execute(
            QUERIES["add_file"],
            file.id,
            file.type,
            file.tenant_id,
            file.registration_id,
            file.domain,
            file.event_date,
            file.state,
            file.head,
            file.opened_at,
        )
    return tag == "INSERT 0 1"


async def find(connection: Connection, case_id: CaseId) -> CaseFile:
    """A case's file; NotFound `case_unknown`."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_file"], case_id)
    if row is None:
        raise unknown()
    return _file(row)


async def lock(connection: Connection, case_ids: Sequence[CaseId]) -> Mapping[CaseId, CaseFile]:
    """Files of cases that are there, held until the caller's transaction ends."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["lock_files"], list(case_ids))
    return {CaseId(row["id"]): _file(row) for row in rows}


async def move(connection: Connection, files: Sequence[CaseFile], now: datetime) -> None:
    """Where chains stand after further events."""
    with pool.translated():
        await connection.execute(
            QUERIES["move_files"],
            [one.id for one in files],
            [one.seq for one in files],
            [one.head for one in files],
            [one.state for one in files],
            [one.is_open for one in files],
            now,
        )


async def set_handler(connection: Connection, case_id: CaseId, handler: str) -> None:
    """Show who handles a case."""
    with pool.translated():
        await connection.execute(QUERIES["set_handler"], case_id, handler)


async def add_events(connection: Connection, added: Sequence[tuple[CaseFile, Event, str]]) -> None:
    """Keep events with the facts of their ledger entries, in JSON."""
    events = [one for _, one, _ in added]
    with pool.translated():
        await connection.execute(
            QUERIES["add_events"],
            [one.case_id for one in events],
            [one.seq for one in events],
            [one.id for one in events],
            [one.previous for one in events],
            [one.digest() for one in events],
            [one.actor for one in events],
            [one.role for one in events],
            [one.act for one in events],
            [json.dumps(dict(one.facts)) for one in events],
            [one.at for one in events],
        )
        await connection.execute(
            QUERIES["add_entries"],
            [one.id for one in events],
            [file.tenant_id for file, _, _ in added],
            [str(one.case_id) for one in events],
            [facts for _, _, facts in added],
            [one.at for one in events],
        )


async def events(connection: Connection, case_id: CaseId, *, after: int = 0) -> tuple[Event, ...]:
    """All of a case's events behind one, in order; nobody checks here that they hold together."""
    found: list[Event] = []
    with pool.translated():
        while rows := await connection.fetch(QUERIES["events"], case_id, after, EVENTS_PAGE):
            found += map(event_of, rows)
            if len(rows) < EVENTS_PAGE:
                break
            after = found[-1].seq
    return tuple(found)


async def ledger_steps(
    connection: Connection, before: datetime
) -> AsyncIterator[tuple[str, str, datetime]]:
    """Case, facts in JSON and moment of every entry; the caller's transaction holds the cursor."""
    async for row in connection.cursor(QUERIES["ledger_steps"], before):
        yield row["subject"], row["facts"], row["at"]


async def listed(
    connection: Connection,
    *,
    before: tuple[datetime, UUID] | None = None,
    state: str = "",
    case_type: str = "",
    handler: str = "",
    limit: int = PAGE,
) -> tuple[ListedFile, ...]:
    """A page of open cases, those touched last first."""
    touched_at, case_id = before or (_LAST, _LAST_ID)
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["open_files"], touched_at, case_id, state, case_type, handler, limit
        )
    return tuple(
        ListedFile(file=_file(row), touched_at=row["touched_at"], handler=row["handler"])
        for row in rows
    )


async def open_of_registration(
    connection: Connection, tenant_id: TenantId, registration_id: RegistrationId
) -> tuple[CaseFile, ...]:
    """All open cases about a registration."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["open_files_of"], tenant_id, registration_id)
    return tuple(_file(row) for row in rows)


async def open_tasks(
    connection: Connection, role: str = "", limit: int = PAGE
) -> tuple[QueuedTask, ...]:
    """Open tasks of a role, the most urgent first; of every role without one."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["open_tasks"], role, limit)
    return tuple(
        QueuedTask(task=_task(row), domain=row["domain"], type=row["type"], state=row["state"])
        for row in rows
    )


async def tasks_of(connection: Connection, case_id: CaseId) -> tuple[TaskRow, ...]:
    """A case's tasks, open and done."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["tasks_of"], case_id, MOST_ROWS)
    return tuple(_task(row, is_whole=True) for row in rows)


async def add_tasks(connection: Connection, tasks: Sequence[TaskRow], now: datetime) -> None:
    """Open tasks."""
    with pool.translated():
        await connection.execute(
            QUERIES["add_tasks"],
            [one.id for one in tasks],
            [one.case_id for one in tasks],
            [one.kind for one in tasks],
            [one.role for one in tasks],
            [one.due_at for one in tasks],
            now,
        )


async def finish_tasks(
    connection: Connection, case_id: CaseId, kinds: Sequence[str], by: str, now: datetime
) -> tuple[tuple[UUID, str], ...]:
    """The open tasks of these kinds, now done: id and kind."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["finish_tasks"], case_id, list(kinds), by, now)
    return tuple((row["id"], row["kind"]) for row in rows)


async def finish_all_tasks(
    connection: Connection, case_id: CaseId, by: str, stays: Collection[str], now: datetime
) -> tuple[tuple[UUID, str], ...]:
    """Every task of a case that is over, but kinds in `stays`."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["finish_all_tasks"], case_id, by, sorted(stays), now)
    return tuple((row["id"], row["kind"]) for row in rows)


async def evidence_of(connection: Connection, case_id: CaseId) -> tuple[EvidenceRow, ...]:
    """What lies as evidence in a case."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["evidence_of"], case_id, MOST_ROWS)
    return tuple(
        EvidenceRow(
            id=EvidenceId(row["id"]),
            kind=row["kind"],
            media_type=row["media_type"],
            octets=row["octets"],
            sha256=row["sha256"].hex(),
            first_version=row["first_version"],
            records=row["records"],
            added_by=row["added_by"],
            added_at=row["added_at"],
        )
        for row in rows
    )


async def find_registration(
    connection: Connection, domain: DomainName, event_date: datetime
) -> tuple[TenantId, RegistrationId] | None:
    """Whose the name was on a day; None where it was nobody's of ours."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_registration"], domain, event_date)
    return None if row is None else (TenantId(row["tenant_id"]), RegistrationId(row["id"]))


async def place_hold(connection: Connection, file: CaseFile, by: str, now: datetime) -> None:
    """Show a legal hold because of a case; the vault keeps its own."""
    with pool.translated():
        await connection.execute(
            QUERIES["place_hold"], file.tenant_id, file.registration_id, file.id, by, now
        )
        await connection.execute(QUERIES["show_hold"], file.tenant_id, file.registration_id)


async def lift_hold(connection: Connection, file: CaseFile, now: datetime) -> None:
    """Show that an order lifted a hold; others stay."""
    with pool.translated():
        await connection.execute(
            QUERIES["lift_hold"], file.tenant_id, file.registration_id, file.id, now
        )
        await connection.execute(QUERIES["show_hold"], file.tenant_id, file.registration_id)


def unknown() -> NotFound:
    """What is raised for a case that is not there."""
    return NotFound("case_unknown", "There is no case by this id.")


def event_of(row: Record) -> Event:
    """An event out of a row; facts are strings, integers, booleans and lists of strings."""
    return Event(
        case_id=CaseId(row["case_id"]),
        seq=row["seq"],
        id=row["id"],
        previous=row["previous"],
        actor=row["actor"],
        role=row["role"],
        act=row["act"],
        facts=_facts(row["facts"]),
        at=row["at"],
    )


def _facts(text: str) -> Mapping[str, Fact]:
    found = json.loads(text)
    return {
        name: tuple(str(one) for one in value) if isinstance(value, list) else value
        for name, value in found.items()
    }


def _file(row: Record) -> CaseFile:
    return CaseFile(
        id=CaseId(row["id"]),
        type=CaseTypeId(row["type"]),
        tenant_id=TenantId(row["tenant_id"]),
        registration_id=RegistrationId(row["registration_id"]),
        domain=DomainName(row["domain"]),
        event_date=row["event_date"],
        opened_at=row["opened_at"],
        seq=row["seq"],
        head=row["head"],
        state=row["state"],
        is_open=row["is_open"],
    )


def _task(row: Record, *, is_whole: bool = False) -> TaskRow:
    return TaskRow(
        id=row["id"],
        case_id=CaseId(row["case_id"]),
        kind=row["kind"],
        role=row["role"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        done_at=row["done_at"] if is_whole else None,
        done_by=row["done_by"] if is_whole else None,
    )
