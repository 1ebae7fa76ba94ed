"""The embedded PostgreSQL under a supervisor's care. How one logs in stands in hosting.database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from proxy.hosting.database import DIRECTORY
from proxy.store import embedded

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


DEATH_POLL_S = 0.1


class Server:
    """The embedded server under a supervisor's care."""

    def __init__(self, data_dir: Path) -> None:
        self._cluster = embedded.Cluster(data_dir / DIRECTORY)
        self._postmaster: subprocess.Popen[bytes] | None = None

    async def prepare(self) -> None:
        """Make the cluster where it is missing."""
        await asyncio.to_thread(self._cluster.prepare)

    async def start(self) -> None:
        """Returns once connections are taken. Blocks while a killed server still ends.

        Started on the loop's own thread, the main one: PostgreSQL ends with the thread that
        started it.
        """
        self._postmaster = self._cluster.start()
        await self._cluster.wait_ready(self._postmaster)

    async def ended(self) -> int:
        """The exit code, once the server is gone."""
        while True:
            code = 0 if self._postmaster is None else self._postmaster.poll()
            if code is not None:
                return code
            await asyncio.sleep(DEATH_POLL_S)

    async def stop(self) -> None:
        """End the server, and give up its directory."""
        if self._postmaster is not None:
            await asyncio.to_thread(self._cluster.stop, self._postmaster)
        self._cluster.close()
