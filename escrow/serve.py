"""The escrow process of the service: makes deposits when they are due, sends them, takes receipts.

Composition only; it decides nothing and knows no format. Each stream is worked on by one task, so
that a slow agent delays no other; files are made for one stream at a time, which bounds memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from escrow import collecting, desk, plan, steps, watching
from escrow.recording import Postponed
from escrow.steps import Steps
from proxy import logs
from proxy.errors import Conflict, InvalidInput, ProxyError, Unavailable
from proxy.hosting.vault_calls import VaultCaller
from proxy.model.deposit import Step
from proxy.store import deposits, pool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from escrow.model import Stream
    from escrow.opening import Unseal
    from escrow.steps import Desk
    from proxy.hosting.process import Process
    from proxy.store.pool import Access, Connection

CRASH_PAUSE_S: Final = 60.0  # after what nobody foresaw, which would else come again at once
TICK_S: Final = 5.0  # between looks at the schedule
RECEIPTS_S: Final = 300.0  # between looks for receipts at an agent
BUSY: Final = timedelta(hours=1)  # the largest deposit is made and sent within it
PLAN_S: Final = 5.0  # between looks at the plan's file
WATCH_S: Final = 300.0  # between counts of coverage: a second of database work a million names
ANSWER_WAIT_S: Final = 120.0  # the vault counts a registrar's records before a deposit begins

_log = structlog.get_logger()


async def serve(process: Process, unseal: Unseal) -> None:
    """Work until told to stop."""
    access = process.database
    if access is None:
        raise Unavailable("database", "The escrow process needs a database.")
    caller = VaultCaller(
        process.paths.run_dir, "escrow", wait_s=ANSWER_WAIT_S, data_dir=process.paths.data_dir
    )
    parts = desk.Parts(
        access=access,
        ask=caller.ask,
        unseal=unseal,
        clock=process.clock,
        draw=secrets.token_bytes,
        data_dir=process.paths.data_dir,
        key_dir=process.paths.key_dir,
    )
    process.ready()
    while (opened := _open_desk(parts)) is None:
        if await _is_set_within(process.stopping, CRASH_PAUSE_S):
            return
    service = _Service(process, access, opened)
    while not process.stopping.is_set():
        await _work_by_plan(process, service)


def _open_desk(parts: desk.Parts) -> Desk | None:
    """The desk; None where our own directories can not be used, which is told."""
    try:
        return desk.open_desk(parts)
    except OSError as fault:
        _log.error("escrow_directory_unusable", error=type(fault).__name__)
        return None


async def _work_by_plan(process: Process, service: _Service) -> None:
    """Work by the plan as it stands, until it changes or the process stops.

    A plan that can not be read changes nothing: it is told of in log and metrics, and read again
    when somebody has mended it.
    """
    path = process.settings.escrow_plan
    text, streams = await asyncio.to_thread(_read, process, path, service.streams)
    changed = asyncio.Event()

    async def watch_plan() -> None:
        while not await _is_set_within(process.stopping, PLAN_S):
            if path is not None and await asyncio.to_thread(_text, path) != text:
                break
        changed.set()

    service.follow(streams)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch_plan())
        tasks.create_task(service.watch_all(streams, changed))
        for stream in streams:
            tasks.create_task(service.every(TICK_S, stream, service.advance, changed))
            tasks.create_task(service.every(RECEIPTS_S, stream, service.collect, changed))
            tasks.create_task(service.every(WATCH_S, stream, service.watch, changed))


def _read(
    process: Process, path: Path | None, before: tuple[Stream, ...]
) -> tuple[bytes, tuple[Stream, ...]]:
    faults = process.metrics.gauge("escrow_plan_faults")
    faults.value = 0
    if path is None:
        return b"", ()
    text = _text(path)
    try:
        return text, plan.read(path)
    except InvalidInput as fault:
        # What was good before goes on: a slip of the pen must not end everybody's deposits.
        faults.value = max(1, len(fault.faults))
        _log.error("escrow_plan_refused", reason=fault.code, count=len(fault.faults))
        return text, before


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


class _Service:
    """The work of one stream at a time, again and again."""

    def __init__(self, process: Process, access: Access, desk_: Desk) -> None:
        self._process = process
        self._access = access
        self._desk = desk_
        self._staging = asyncio.Lock()
        self._busy_since: dict[str, datetime] = {}
        self.streams: tuple[Stream, ...] = ()
        """Those of the last plan that could be read."""

        self._known: set[str] = set()
        self._watermarks: dict[str, datetime | None] = {}
        # Ages go on while nothing can be counted: a frozen one would hide what it is there to tell.
        process.metrics.refresh_with(self._show_ages)

    async def every(
        self,
        pause_s: float,
        stream: Stream,
        work: Callable[[Stream], Awaitable[None]],
        over: asyncio.Event,
    ) -> None:
        """Have `work` done until `over`; what fails is said and tried again."""
        ending = asyncio.create_task(over.wait())
        while not over.is_set():
            task = asyncio.create_task(self._guarded(stream, work))
            await asyncio.wait((task, ending), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():  # told to stop in the middle: the next start goes on from the row
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await _is_set_within(over, pause_s)

    async def advance(self, stream: Stream) -> None:
        """One step of the stream's deposit, if one is due and nobody else does it."""
        async with pool.connected(self._access) as connection:
            if not await deposits.lock(connection, stream.id):
                self._note_busy(stream)
                return
            self._busy_since.pop(stream.id, None)
            one = Steps(self._desk, stream, connection, staging_turn=self._staging)
            moved = await one.advance()
            while moved is not None and moved.step is Step.STAGED:
                moved = await one.advance()
            if moved is not None:
                # An agent without reports is read back at once; what is watched has changed.
                await collecting.collect(self._desk, stream, connection)
                await self._watch(stream, connection)
            known = await deposits.list_stream(
                connection, stream.tenant_id, stream.id, watching.LOOKED_BACK
            )
            await asyncio.to_thread(steps.tidy, self._desk.outbox, known, self._process.clock.now())

    def _note_busy(self, stream: Stream) -> None:
        """A command works on it for minutes; longer, and somebody keeps the stream from us."""
        now = self._process.clock.now()
        since = self._busy_since.setdefault(stream.id, now)
        if now - since > BUSY:
            self._count_failure(stream)
            _log.error(
                "escrow_stream_busy", stream=stream.id, age_s=int((now - since).total_seconds())
            )

    def follow(self, streams: Sequence[Stream]) -> None:
        """Forget the gauges of streams that are no more in the plan."""
        self.streams = tuple(streams)
        present: set[str] = {one.id for one in streams}
        for gone in self._known - present:
            self._process.metrics.forget(stream=gone)
            self._watermarks.pop(gone, None)
        self._known = present

    async def watch_all(self, streams: Sequence[Stream], over: asyncio.Event) -> None:
        """How many masked names there are in all, and how many some verified deposit has."""
        while not over.is_set():
            try:
                async with pool.connected(self._access) as connection:
                    masked, covered = await watching.coverage_of_all(connection, streams)
            except ProxyError as fault:
                _log.warning("escrow_not_counted", reason=fault.code)
            else:
                self._process.metrics.gauge("escrow_all_masked_names").value = masked
                self._process.metrics.gauge("escrow_all_covered_names").value = covered
            await _is_set_within(over, WATCH_S)

    def _show_ages(self) -> None:
        now = self._process.clock.now()
        for stream, watermark in self._watermarks.items():
            # Without any verified deposit as old as the time since 1970: no alarm misses it.
            age_s = (now - watermark).total_seconds() if watermark else now.timestamp()
            self._process.metrics.gauge("escrow_verified_age_seconds", stream=stream).value = age_s

    async def collect(self, stream: Stream) -> None:
        """Receipts of the stream's agent."""
        async with pool.connected(self._access) as connection:
            await collecting.collect(self._desk, stream, connection)

    async def watch(self, stream: Stream) -> None:
        """The stream's gauges and those of the keys."""
        async with pool.connected(self._access) as connection:
            await self._watch(stream, connection)

    async def _watch(self, stream: Stream, connection: Connection) -> None:
        now, metrics = self._process.clock.now(), self._process.metrics
        one = await watching.standing(connection, stream, now)
        watching.show(metrics, one)
        self._watermarks[stream.id] = None if one.verified is None else one.verified.watermark
        ring = desk.keys(self._process.paths.key_dir)
        watching.show_keys(metrics, await asyncio.to_thread(ring.expiries), now)

    async def _guarded(self, stream: Stream, work: Callable[[Stream], Awaitable[None]]) -> None:
        try:
            await work(stream)
        except (Conflict, Postponed):
            pass  # somebody else did it, or it is not time
        except ProxyError as fault:
            self._count_failure(stream)
            _log.warning("escrow_failed", stream=stream.id, reason=fault.code)
        except Exception as fault:  # noqa: BLE001 - a bug, or a row or an agent nobody thought of
            # One stream's trouble ends neither the others nor, by five deaths, the whole service.
            self._count_failure(stream)
            _log.error(
                "escrow_crashed",
                stream=stream.id,
                error=type(fault).__name__,
                places=logs.places(fault),
            )
            await _is_set_within(self._process.stopping, CRASH_PAUSE_S)

    def _count_failure(self, stream: Stream) -> None:
        self._process.metrics.counter("escrow_failures_total", stream=stream.id).value += 1
