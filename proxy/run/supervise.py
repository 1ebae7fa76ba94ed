"""Keeps the processes of the service alive, and ends them in order.

Every process is a child of this one, started from its main thread in a process group of its own.
A child that dies is started again after a growing delay; five deaths of one role in a minute end
everything. What a dead worker counted stays in the totals. Must not hold a key.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

import proxy
from proxy import metrics
from proxy.apps.metrics import Level, Status
from proxy.hosting import boot as boots
from proxy.run.deaths import Deaths

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from proxy.hosting.boot import Boot
    from proxy.metrics import Snapshot
    from proxy.run.roles import Role

START_TIMEOUT_S = 60.0  # a role that does not answer by then never will
STAGE_S = 1.0  # what workers and the vault get to end, after the listeners' drain
REPORT_OCTETS = 4_000_000  # the longest line of metrics a process may send
DATABASE = "database"

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True, eq=False)
class Child:
    """One place for a process: who lives there now, and what its predecessors counted."""

    role: Role
    index: int
    state: str = "down"
    process: asyncio.subprocess.Process | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    waits_for: str = ""
    keeper: asyncio.Task[None] | None = None
    latest: Snapshot = field(default_factory=metrics.empty)
    dead: Snapshot = field(default_factory=metrics.empty)


class Supervisor:
    """The children of one service. `prepare_boot` makes the boot of one (role, index, control)."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        prepare_boot: Callable[[Child, int], Boot],
        inherited: Sequence[int],
        drain_s: float,
    ) -> None:
        self._children = tuple(children)
        self._prepare_boot = prepare_boot
        self._inherited = tuple(inherited)
        self._drain_s = drain_s
        self._stopping = asyncio.Event()
        self._deaths = Deaths()
        self.others: dict[str, str] = {}
        """The state of what is no child of this class, such as the database."""

        self.failure: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done with a sentence once the service can not go on."""

    async def start(self) -> None:
        """Returns once every child is ready, or has been given up (see `failure`)."""
        for child in self._children:
            child.keeper = asyncio.create_task(self._keep(child))
        everyone = asyncio.gather(*(child.ready.wait() for child in self._children))
        try:
            await asyncio.wait(
                (everyone, self.failure),
                timeout=START_TIMEOUT_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not everyone.done():
                late = [one for one in self._children if not one.ready.is_set()]
                names = ", ".join(sorted({one.role.name for one in late}))
                why = "".join(sorted({f" {one.waits_for}" for one in late if one.waits_for}))
                self.fail(f"{names} did not answer in {START_TIMEOUT_S:g} seconds.{why}")
        finally:
            everyone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await everyone

    def fail(self, sentence: str) -> None:
        """End the service with `sentence`, unless something ended it before."""
        if not self.failure.done():
            self.failure.set_result(sentence)

    def died(self, role: str, index: int, exit_code: int) -> float:
        """The delay in seconds before its next start; the fifth death in a minute is a failure."""
        rounds = self._deaths.add(role, index, time.monotonic())
        delay_s = self._deaths.delay_s(rounds)
        _log.warning(
            "process_died", role=role, worker=index, exit_code=exit_code, deaths=rounds,
            delay_s=delay_s,
        )  # fmt: skip
        if self._deaths.are_too_many(rounds):
            self.fail(f"{role} died {rounds} times within a minute; the log says why.")
        return delay_s

    async def pause(self, delay_s: float) -> bool:
        """Whether to go on after `delay_s`: not when the service is stopping."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), delay_s)
        return not self._stopping.is_set()

    async def stop(self) -> None:
        """End every child: listeners first, then workers, then the vault. Never raises."""
        self._stopping.set()
        patience_s = self._drain_s + STAGE_S
        for stage in sorted({child.role.stage for child in self._children}):
            ending = [child for child in self._children if child.role.stage == stage]
            for child in ending:
                _signal(child, signal.SIGTERM)
            await _wait(ending, patience_s)
            for child in ending:
                _signal(child, signal.SIGKILL)
            await _wait(ending, STAGE_S)
            patience_s = STAGE_S

    def status(self) -> Status:
        """The service at this moment, for the metrics listener."""
        roles: dict[str, str] = dict(self.others)
        totals: dict[str, Snapshot] = {}
        for child in self._children:
            name = child.role.name
            roles[name] = max(roles.get(name, "ready"), child.state, key=_badness)
            counted = metrics.add_totals(child.dead, child.latest)
            totals[name] = metrics.add_totals(totals.get(name, metrics.empty()), counted)
        levels = [
            Level(role=child.role.name, worker=child.index, gauges=child.latest["gauges"])
            for child in self._children
            if child.state == "ready"
        ]
        return Status(roles=roles, totals=totals, levels=levels)

    async def _keep(self, child: Child) -> None:
        while not self._stopping.is_set():
            try:
                exit_code = await self._live(child)
            except OSError as error:  # no memory, no process, no descriptor: worth another try
                _log.error("process_not_started", role=child.role.name, error=type(error).__name__)
                exit_code = -1
            child.state = "down"
            if self._stopping.is_set():
                return
            if not await self.pause(self.died(child.role.name, child.index, exit_code)):
                return

    async def _live(self, child: Child) -> int:
        """The exit code of one life of `child`, from its start to its end."""
        ours, theirs = socket.socketpair()
        with theirs:
            boot = self._prepare_boot(child, theirs.fileno())
            child.process = await spawn(
                boot, (*self._inherited, theirs.fileno()), child.role.program
            )
        child.state = "starting"
        if self._stopping.is_set():
            _signal(child, signal.SIGTERM)
        reader, writer = await asyncio.open_connection(sock=ours, limit=REPORT_OCTETS)
        try:
            await self._listen(child, reader)
            return await child.process.wait()
        finally:
            writer.close()
            child.dead = metrics.add_totals(child.dead, child.latest)
            child.latest = metrics.empty()

    async def _listen(self, child: Child, reader: asyncio.StreamReader) -> None:
        """Takes what a child tells until it closes its end, which it does by dying."""
        with contextlib.suppress(OSError, ValueError):
            while line := await reader.readline():
                told = json.loads(line)
                if told.get("ready"):
                    child.state = "ready"
                    child.ready.set()
                if "metrics" in told:
                    child.latest = told["metrics"]
                child.waits_for = told.get("waiting", child.waits_for)
                if told.get("is_refused") and not child.ready.is_set():
                    # Only of a first start: what once ran goes on, and waits for better times.
                    self.fail(f"{child.role.name}: {child.waits_for}")


async def spawn(
    boot: Boot, descriptors: Sequence[int], program: Sequence[str] = ()
) -> asyncio.subprocess.Process:
    """The process of a boot, just started; its standard output goes to our standard error.

    The package's own directory is its working directory, so that it runs the same code as we do,
    and a program beside the package is the one that came with it.
    """
    words = program or ("proxy", "run", boot.role)
    reading = boots.pipe(boot)
    sockets = [number for numbers in boot.sockets.values() for number in numbers]
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", *words, "--boot", str(reading)),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            cwd=Path(proxy.__file__).parent.parent,
            pass_fds=(reading, *descriptors, *sockets),
            process_group=0,
        )
    finally:
        os.close(reading)


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is not None and child.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(number)


async def _wait(children: Sequence[Child], patience_s: float) -> None:
    keepers = [child.keeper for child in children if child.keeper is not None]
    if keepers:
        await asyncio.wait(keepers, timeout=patience_s)


def _badness(state: str) -> int:
    return ("ready", "starting", "down").index(state)
