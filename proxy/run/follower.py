"""The follower of one host: the only writer of the snapshot its edge workers read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import Unavailable
from proxy.services.follow import Follower
from proxy.services.publish import pause
from proxy.snapshot.writer import Writer

if TYPE_CHECKING:
    from proxy.hosting.process import Process

LOCK_POLL_S: Final = 0.1  # a former follower is on its way out


async def serve(process: Process) -> None:
    """Follow until told to stop. Ready at once: the edge says itself what it can not answer yet."""
    if process.database is None:
        raise Unavailable("database", "The follower needs a database to follow.")
    writer = await _open_writer(process)
    if writer is None:
        return
    try:
        process.ready()
        await Follower(process.database, writer, process.metrics).run(process.stopping)
    finally:
        writer.close()


async def _open_writer(process: Process) -> Writer | None:
    while not process.stopping.is_set():
        try:
            return Writer(process.paths.data_dir / "snapshot")
        except Unavailable:
            await pause(process.stopping, LOCK_POLL_S)
    return None
