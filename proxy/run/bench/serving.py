"""An edge server in a process of its own, as an edge worker runs it, for benchmarks."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import uvloop

from proxy.run.bench import names

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

    from proxy.services.look_up import LookUp

_NAMES_PER_PAGE: Final = 8  # of LMDB, at least; touching one of each maps the whole file


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a benchmark started: where it listens, and how it ends."""

    port: int
    stop: Callable[[], Awaitable[None]]


@contextlib.contextmanager
def serving(start: Callable[[Path], Awaitable[Served]], scratch: Path) -> Iterator[tuple[int, int]]:
    """The server that `start`, a module's function, makes: its port and process id."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(start, scratch, theirs))
    process.start()
    try:
        yield ours.recv(), process.pid or 0
    finally:
        process.terminate()
        process.join()


def touch(look_up: LookUp) -> None:
    """Map every page of the snapshot, as a worker has after a while of random look-ups."""
    for number in range(0, names.COUNT, _NAMES_PER_PAGE):
        look_up.find(names.name(number))


def _serve(start: Callable[[Path], Awaitable[Served]], scratch: Path, pipe: Connection) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(start, scratch, pipe))


async def _run(start: Callable[[Path], Awaitable[Served]], scratch: Path, pipe: Connection) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    served = await start(scratch)
    pipe.send(served.port)
    await stopping.wait()
    await served.stop()
