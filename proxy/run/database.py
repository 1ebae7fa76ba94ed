"""PostgreSQL as the processes meet it: the embedded one, or any other by URL.

Gives each login as it travels to a process, and keeps the embedded server alive. Passwords come
from files, one per login; a URL holds none. Over TCP the server must prove itself (verify-full).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from proxy.run.boot import Login
from proxy.store import embedded, remote

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from proxy.settings import Settings
    from proxy.store.logins import LoginRole

DIRECTORY = "postgres"
DEATH_POLL_S = 0.1


def login(settings: Settings, role: LoginRole) -> Login:
    """How `role` logs in by the settings; raises Unavailable or InvalidInput with what to do."""
    if settings.database_url is None:
        access = embedded.access(settings.data_dir / DIRECTORY, role)
    else:
        access = remote.access(
            settings.database_url,
            role,
            password_dir=password_dir(settings),
            ca=settings.database_ca,
        )
    return Login(
        host=access.host,
        port=access.port,
        user=access.user,
        password=access.password,
        database=access.database,
        authority="" if settings.database_ca is None else str(settings.database_ca),
    )


def password_dir(settings: Settings) -> Path:
    """Where the password files of a database by URL lie."""
    return settings.database_password_dir or settings.key_dir / "database"


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
