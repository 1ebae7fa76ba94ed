"""The life of one role's process, from its imports to its exit.

Order matters: import the role's code, read the boot document, change user, hide memory, tie the
life to the supervisor's, and only then serve. Exit codes: 0 drained, 1 failed with a logged reason.
The supervisor's end of the control socket is the lifeline: when it closes, this process ends,
even if it hangs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
from typing import TYPE_CHECKING, TypeAlias

import structlog

from proxy import logs
from proxy.errors import ProxyError, Unavailable
from proxy.hosting import boot as boots
from proxy.hosting import isolation
from proxy.hosting.process import Process, SystemClock
from proxy.metrics import Registry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.hosting.boot import Boot

REPORT_INTERVAL_S = 1.0  # how often metrics go to the supervisor
DATABASE_POLL_S = 0.5  # how often a starting process looks for an absent database
ORPHAN_EXIT_S = 4  # an orphan that does not drain in this time is ended by the system's alarm
REPORT_BACKLOG_OCTETS = 1_000_000  # above it the supervisor hangs, and reports are skipped

_log = structlog.get_logger()


Serve: TypeAlias = "Callable[[Process], Awaitable[None]]"
Tell: TypeAlias = "Callable[[dict[str, object]], None]"


def main(boot_descriptor: int, serve: Serve, *, role: str, holds_secret: bool = True) -> int:
    """The exit code of a process that serves `role` until it is told to stop.

    `holds_secret` says whether its memory must not be readable by other processes of its user.
    """
    loop_factory = _loop_factory(role)
    boot = boots.receive(boot_descriptor)
    _prepare(boot, holds_secret=holds_secret)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(_run(boot, serve))


def _loop_factory(role: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop of uvloop where the speed of an answer counts, asyncio's own loop elsewhere."""
    if role != "edge":
        return None
    import uvloop  # noqa: PLC0415 - only edge workers pay for it

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _prepare(boot: Boot, *, holds_secret: bool) -> None:
    if boot.drop_to is not None:
        isolation.drop(boot.drop_to)
    if holds_secret:
        isolation.hide_memory()
    isolation.die_with(boot.parent)
    logs.configure(format_name=boot.settings.log_format, level=boot.settings.log_level)
    logs.catch_bugs()
    logs.bind(role=boot.role, worker=boot.index)


async def _run(boot: Boot, serve: Serve) -> int:
    loop = asyncio.get_running_loop()
    logs.catch_loop_bugs(loop)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    control = socket.socket(fileno=boot.control)
    reader, writer = await asyncio.open_connection(sock=control)
    metrics = Registry()
    process = Process(
        role=boot.role,
        index=boot.index,
        settings=boot.settings,
        database=None if boot.login is None else boots.access(boot.login),
        sockets={
            name: tuple(socket.socket(fileno=number) for number in numbers)
            for name, numbers in boot.sockets.items()
        },
        users=boot.users,
        metrics=metrics,
        clock=SystemClock(),
        paths=boot.paths,
        stopping=stopping,
        root_phrase=boot.root_phrase,
        announce=lambda: writer.write(b'{"ready": true}\n'),
        refuse=lambda sentence: _tell(writer, {"waiting": sentence, "is_refused": True}),
    )
    tasks = (
        asyncio.create_task(_watch_lifeline(reader, stopping)),
        asyncio.create_task(_report(writer, metrics)),
    )
    try:
        return await _serve(process, serve, lambda told: _tell(writer, told))
    finally:
        for task in tasks:
            task.cancel()
        _write_report(writer, metrics)
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()


async def _serve(process: Process, serve: Serve, tell: Tell) -> int:
    try:
        if process.database is not None and not await _is_database_there(process, tell):
            return 0
        await serve(process)
    except ProxyError as error:
        _log.error("process_failed", code=error.code, reason=_sentence(process, error))
        return 1
    except Exception as error:  # noqa: BLE001 - the last place that can say where it came from
        _log.error("process_crashed", error=type(error).__name__, places=logs.places(error))
        return 1
    if not process.stopping.is_set():
        _log.error("process_returned_early")
        return 1
    return 0


async def _is_database_there(process: Process, tell: Tell) -> bool:
    """Whether the database answers; waits for it until told to stop.

    A process that can not start without it would otherwise die again and again, and five deaths
    end the whole service, edges included, which need no database. The supervisor hears what is
    waited for: of a start that can not succeed it makes an end.
    """
    from proxy.store import pool  # noqa: PLC0415 - edge workers have no driver loaded

    while process.database is not None and not process.stopping.is_set():
        try:
            async with pool.connected(process.database):
                return True
        except Unavailable as error:
            _log.warning("waiting_for_database", code=error.code, reason=error.detail)
            is_refused = isinstance(error, pool.DatabaseRefused)
            tell({"waiting": error.detail, "is_refused": is_refused})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.stopping.wait(), DATABASE_POLL_S)
    return False


def _sentence(process: Process, error: ProxyError) -> str:
    # The vault's errors keep to their codes once it holds open keys (style, rule 32).
    return error.detail if process.role != "vault" else ""


async def _watch_lifeline(reader: asyncio.StreamReader, stopping: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        await reader.read()
    # The supervisor is gone. SIGALRM's default action ends even a process that hangs.
    signal.alarm(ORPHAN_EXIT_S)
    stopping.set()


async def _report(writer: asyncio.StreamWriter, metrics: Registry) -> None:
    while True:
        await asyncio.sleep(REPORT_INTERVAL_S)
        _write_report(writer, metrics)


def _write_report(writer: asyncio.StreamWriter, metrics: Registry) -> None:
    _tell(writer, {"metrics": metrics.snapshot()})


def _tell(writer: asyncio.StreamWriter, told: dict[str, object]) -> None:
    if writer.is_closing() or writer.transport.get_write_buffer_size() > REPORT_BACKLOG_OCTETS:
        return
    with contextlib.suppress(OSError):
        writer.write(json.dumps(told).encode() + b"\n")
