"""The web role on a real database and a real port, beside a vault that keeps the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import tempfile
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from proxy.hosting.process import Paths, Process
from proxy.metrics import Registry
from proxy.run import web
from proxy.run.cli import main as command_line
from proxy.settings import Settings
from proxy.store import pool as pools
from proxy.vault import verifier
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from proxy.vault.verifier import VerifierKey
    from tests.support.database import Database
    from tests.support.vault import Service


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Web:
    """A served ledger: `url` is what strangers know."""

    service: Service
    origin: str
    session: aiohttp.ClientSession
    metrics: Registry
    socket_path: Path

    @contextlib.asynccontextmanager
    async def without_database(self) -> AsyncIterator[None]:
        """The web role's way to PostgreSQL is cut for the length of the block."""
        away = self.socket_path.with_suffix(".away")
        self.socket_path.rename(away)
        await self.service.administrate(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pp_web'"
        )
        try:
            yield
        finally:
            away.rename(self.socket_path)

    @property
    def url(self) -> str:
        """The ledger's address."""
        return f"{self.origin}/ledger"

    @property
    def log(self) -> VerifierKey:
        """The ledger's verifier key."""
        return verifier.parse((self.service.vault.data_dir / "ledger.vkey").read_text().strip())

    async def call(
        self, method: str, path: str, body: str | bytes | None = None, **headers: str
    ) -> Reply:
        """One request below the ledger's address."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(
            method, f"{self.url}/{path}", data=body, headers=sent
        ) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def rewrite(self, statement: str, *arguments: object) -> None:
        """As a superuser does it who switches the triggers off."""
        async with pools.connected(self.service.database.superuser()) as connection:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(statement, *arguments)

    async def sequence(self, count: int = 0) -> int:
        """One batch with `count` new entries, seen by the web role; the tree's size."""
        await add_entries(self.service, count)
        await self.service.rounds.sequence()
        size = self.service.vault.walls.ledger.frontier()[0]
        seen = self.metrics.gauge("web_ledger_size")
        async with asyncio.timeout(20):
            while seen.value != size:  # noqa: ASYNC110 - another task reads the database
                await asyncio.sleep(0.02)
        return size


async def command(*words: str | Path) -> int:
    """The exit code of `privacyproxy ledger WORDS`."""
    return await asyncio.to_thread(command_line.main, ["ledger", *map(str, words)])


async def add_entries(service: Service, count: int) -> list[uuid.UUID]:
    """So many entries that wait for a leaf."""
    ids = [uuid.uuid4() for _ in range(count)]
    async with pools.connected(service.database.superuser()) as connection:
        await connection.execute(
            """INSERT INTO ledger_entry (id, subject, kind, facts, at)
               SELECT i, i::text, 'registrations_imported', '{"count": 2}', now()
               FROM unnest($1::uuid[]) AS i""",
            ids,
        )
    return ids


@contextlib.asynccontextmanager
async def serving(
    directory: Path, database: Database, witnesses: Path | None = None, **chosen: Any
) -> AsyncIterator[Web]:
    """The web role for the length of the block; `chosen` are settings."""
    async with vaults.service(directory, database) as service, aiohttp.ClientSession() as session:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        metrics, stopping, ready = Registry(), asyncio.Event(), asyncio.Event()
        data, keys = service.vault.data_dir, service.vault.key_dir
        access = database.access("web")
        way = Path(tempfile.mkdtemp(prefix="pp-web-"))  # a short name: a socket's path has a limit
        path = way / f".s.PGSQL.{access.port}"
        path.symlink_to(Path(access.host) / path.name)
        process = Process(
            role="web",
            index=0,
            settings=Settings(data_dir=data, key_dir=keys, ledger_witnesses=witnesses, **chosen),
            database=replace(access, host=str(way)),
            sockets={"web": (listener,)},
            users={"operator": os.getuid()},
            metrics=metrics,
            clock=service.vault.clock,
            paths=Paths(data_dir=data, key_dir=keys, run_dir=directory, scratch_dir=directory),
            stopping=stopping,
            announce=ready.set,
        )
        serve = asyncio.create_task(web.serve(process))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({serve, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if serve.done():
            await serve
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield Web(
                service=service,
                origin=origin,
                session=session,
                metrics=metrics,
                socket_path=path,
            )
        finally:
            stopping.set()
            await serve
            listener.close()
            shutil.rmtree(way)
