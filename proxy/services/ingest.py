"""Take in a file of registrations, one line each, while it still arrives.

Flow: lines -> batches; a batch is validated, sealed and committed with its counters and its
per-line errors in one transaction, while the next is validated. Nothing is kept on disk in between.
Failure: whatever is committed stays; the operation ends `failed`, reason `interrupted`.
Retry: a batch whose rows changed meanwhile is decided anew, in halves when that persists.
Cursor: `done` counts lines dealt with, in the transaction of their rows, so a resumed file goes on
at the next line. Idempotency: lines that change nothing keep their revision; a file may be sent
again. Determinism: given the rows read, decisions are pure. Memory: two batches, whatever the file.
Secrets: persons live in a batch only; errors hold pointers and codes. Manual run: `privacyproxy
import`. Logs: ids and counts, by the caller.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict, Fault, InvalidInput, ProxyError, Refused, Unavailable
from proxy.model import identifiers
from proxy.rules.identity import Precondition
from proxy.services import plan_registration, register, speak
from proxy.store import operations, quotas, registrations
from proxy.store.operations import LineError
from proxy.store.registrations import LedgerEntry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from proxy.model.enrolment import Enrolment
    from proxy.model.identifiers import DomainName, OperationId
    from proxy.services.plan_registration import Desk, Planned
    from proxy.store.pool import Connection, Pool
    from proxy.store.registrations import Found

ATTEMPTS: Final = 5
LINES_PER_TURN: Final = 8  # validated without giving way: about 2 ms
HEARTBEAT_S: Final = 2.0  # a stalled upload still shows that its process lives


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: its number from 1 and either an enrolment or why there is none."""

    number: int
    domain: DomainName | None
    enrolment: Enrolment | None = field(repr=False)
    error: LineError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file as it arrives: lines (None: too long), and how a line is read."""

    lines: AsyncIterator[bytes | None]
    parse: Callable[[bytes], Enrolment]
    parse_name: Callable[[bytes], DomainName | None]
    first_line: int
    batch_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Where the lines go."""

    pool: Pool
    operation_id: OperationId
    desk: Callable[[], Desk]  # with the present moment
    wake: Callable[[], None]  # the sequencer, after a commit


async def ingest(job: Job, source: Source) -> None:
    """Takes in the whole file and ends the operation; raises what interrupted it."""
    heartbeat = asyncio.create_task(_beat(job))
    writing: asyncio.Task[None] | None = None
    try:
        async for batch in _batches(source):
            if writing is not None:
                await writing
            writing = asyncio.create_task(_commit(job, batch))
        if writing is not None:
            await writing
        await _finish(job)
    except BaseException:
        await _interrupted(job, writing)
        raise
    finally:
        heartbeat.cancel()


async def _batches(source: Source) -> AsyncIterator[list[Line]]:
    batch: list[Line] = []
    number = source.first_line
    async for text in source.lines:
        batch.append(_read(number, text, source))
        number += 1
        if len(batch) >= source.batch_lines:
            yield batch
            batch = []
        elif len(batch) % LINES_PER_TURN == 0:
            await asyncio.sleep(0)
    if batch:
        yield batch


def _read(number: int, text: bytes | None, source: Source) -> Line:
    if text is None:
        fault = Fault(pointer="", code="too_long", detail="The line is too long.")
        error = LineError(line=number, code="line_too_long", faults=(fault,))
        return Line(number=number, domain=None, enrolment=None, error=error)
    if not text.strip():
        return Line(number=number, domain=None, enrolment=None)
    try:
        enrolment = source.parse(text)
    except InvalidInput as refusal:
        error = LineError(line=number, code=refusal.code, faults=refusal.faults)
        name = source.parse_name(text)
        return Line(number=number, domain=name, enrolment=None, error=error)
    return Line(number=number, domain=enrolment.declared.domain, enrolment=enrolment)


async def _commit(job: Job, batch: Sequence[Line]) -> None:
    """Writes a batch; in halves when others keep changing its names."""
    persists: ProxyError = Conflict("changed_meanwhile")
    for _ in range(ATTEMPTS):
        try:
            await _attempt(job, batch)
        except (Conflict, Refused) as refusal:
            # A quota was filled by others meanwhile: half of the lines may still have room.
            if refusal.code not in {"changed_meanwhile", registrations.QUOTA_EXCEEDED}:
                raise
            persists = refusal
        else:
            job.wake()
            return
    if len(batch) == 1:
        error = _error(batch[0], persists)
        await _commit(job, [Line(number=error.line, domain=None, enrolment=None, error=error)])
        return
    middle = len(batch) // 2
    await _commit(job, batch[:middle])
    await _commit(job, batch[middle:])


async def _attempt(job: Job, batch: Sequence[Line]) -> None:
    desk = job.desk()
    errors = [line.error for line in batch if line.error is not None]
    async with job.pool.acquire() as connection, connection.transaction():
        lines = await _only_first(job, connection, desk, batch, errors)
        names = [name for line in lines if (name := line.domain) is not None]

        async def decide() -> tuple[list[Planned], list[LineError]]:
            found = await registrations.find(connection, desk.tenant.id, names)
            room = await quotas.room(connection, desk.tenant.id)
            return _plan(desk, lines, found, room)

        planned, refused = await speak.locked(
            connection, decide, lambda decided: register.contested(decided[0])
        )
        errors += refused
        await _write(job, connection, desk, planned)
        runs = await operations.advance(
            connection,
            desk.tenant.id,
            job.operation_id,
            done=len(batch),
            errors=sorted(errors, key=lambda one: one.line),
            now=desk.now,
        )
        if not runs:  # taken for dead and ended; nothing of this batch may stay
            raise Unavailable("operation_over", "The import was ended meanwhile.")


async def _only_first(
    job: Job, connection: Connection, desk: Desk, batch: Sequence[Line], errors: list[LineError]
) -> list[Line]:
    """The valid lines whose name the file has not mentioned before; the others become errors."""
    first: dict[DomainName, Line] = {}
    later: list[Line] = []
    for line in batch:
        if line.domain is None:
            continue
        if line.domain in first:
            later.append(line)
        else:
            first[line.domain] = line
    fresh = await operations.name_lines(connection, desk.tenant.id, job.operation_id, sorted(first))
    later += [line for name, line in first.items() if name not in fresh]
    fault = Fault(pointer="/domain", code="duplicate_name", detail="An earlier line has the name.")
    errors += [
        LineError(line=line.number, code="duplicate_name", faults=(fault,))
        for line in later
        if line.error is None
    ]
    return [
        line
        for name, line in sorted(first.items())  # one order everywhere: no deadlocks
        if name in fresh and line.enrolment is not None
    ]


def _plan(
    desk: Desk,
    lines: Sequence[Line],
    found: dict[DomainName, Found],
    room: Mapping[str, int],
) -> tuple[list[Planned], list[LineError]]:
    planned: list[Planned] = []
    refused: list[LineError] = []
    left = dict(room)
    for line in lines:
        if line.enrolment is None:
            continue
        precondition = Precondition(revision=line.enrolment.if_revision)
        name = line.enrolment.declared.domain
        try:
            one = plan_registration.plan(
                desk, line.enrolment, found[name], precondition, is_import=True
            )
            _take_room(one, left)
            planned.append(one)
        except ProxyError as refusal:
            refused.append(_error(line, refusal))
    return planned, refused


def _take_room(planned: Planned, left: dict[str, int]) -> None:
    """Counts a new name; raises Refused where its quota is full.

    Only so that a file does not fail line by line: the write itself is what keeps the quota.
    """
    if not planned.is_new or (planned.row is not None and planned.row.ends is not None):
        return
    mine = {"", planned.registration.declared.reseller or ""} & left.keys()
    if any(left[one] <= 0 for one in mine):
        raise Refused(registrations.QUOTA_EXCEEDED)
    for one in mine:
        left[one] -= 1


async def _write(job: Job, connection: Connection, desk: Desk, planned: Sequence[Planned]) -> None:
    rows = [one.row for one in planned if one.row is not None]
    if not rows:
        return
    to_seal = [one.to_seal for one in planned if one.to_seal is not None]
    sealed = desk.sealer.seal(to_seal) if to_seal else None
    await asyncio.sleep(0)
    subject = job.operation_id if sealed is None else sealed.submission.id
    await registrations.write(
        connection,
        desk.tenant.id,
        rows,
        sealed=sealed,
        entries=[
            LedgerEntry(
                id=identifiers.uuid7(desk.now, desk.random(10)),
                subject=str(subject),
                kind="registrations_imported",
                facts={
                    "operation": str(job.operation_id),
                    "count": len(rows),
                    "revisions": [
                        f"{row.registration.id}.{row.registration.revision}" for row in rows
                    ],
                },
            )
        ],
        answers=(),
        now=desk.now,
    )
    await speak.follow(connection, planned, desk)


async def _finish(job: Job) -> None:
    desk = job.desk()
    async with job.pool.acquire() as connection, connection.transaction():
        absent = await operations.absent(
            connection, desk.tenant.id, job.operation_id, desk.reseller
        )
        await operations.finish(
            connection,
            desk.tenant.id,
            job.operation_id,
            reason=None,
            absent_names=absent,
            now=job.desk().now,
        )


async def _interrupted(job: Job, writing: asyncio.Task[None] | None) -> None:
    """Lets the batch under way end, then marks the operation; age marks it where this fails."""
    try:
        if writing is not None:
            await asyncio.wait([writing])
        desk = job.desk()
        async with job.pool.acquire() as connection:
            await operations.finish(
                connection,
                desk.tenant.id,
                job.operation_id,
                reason="interrupted",
                absent_names=None,
                now=desk.now,
            )
    except (ProxyError, OSError):
        return


async def _beat(job: Job) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        desk = job.desk()
        try:
            async with job.pool.acquire() as connection:
                await operations.advance(
                    connection,
                    desk.tenant.id,
                    job.operation_id,
                    done=0,
                    errors=(),
                    now=desk.now,
                )
        except (ProxyError, OSError):
            continue


def _error(line: Line, refusal: ProxyError) -> LineError:
    faults = refusal.faults if isinstance(refusal, InvalidInput) else ()
    code = refusal.code
    if code == "precondition_failed":
        code = "revision_mismatch"
    return LineError(
        line=line.number,
        code=code,
        faults=faults or (Fault(pointer="", code=code, detail=refusal.detail),),
    )
