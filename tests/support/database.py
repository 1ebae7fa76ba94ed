"""A real PostgreSQL for tests: one throw-away server per test process, one database per test."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from proxy.store import embedded, migrate, pool
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

    from proxy.store.pool import Access

MIGRATED_AT = datetime(2026, 11, 1, tzinfo=UTC)
TEMPLATE = "migrated"
EMPTY = "empty"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database of the server; gone after the test."""

    name: str
    server: Server

    def access(self, role: LoginRole | str) -> Access:
        """How `role` ("api", "vault", …) logs in to this database."""
        return replace(self.server.cluster.access(LoginRole(role)), database=self.name)

    def superuser(self) -> Access:
        """How the server's administrator logs in: for looking inside, never for the service."""
        return self.server.cluster.superuser(self.name)


@dataclass(slots=True, kw_only=True)
class Server:
    """The server of a test session, with a migrated and an empty template."""

    cluster: embedded.Cluster
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def create(self, template: str = TEMPLATE) -> Database:
        """A fresh database, a copy of `template`."""
        name = f"test_{next(self.numbers)}"
        run_apart(self._execute(*_copy(name, template)))
        return Database(name=name, server=self)

    def drop(self, database: Database) -> None:
        """Remove the database and whoever is still connected."""
        run_apart(self._execute(f"DROP DATABASE {database.name} WITH (FORCE)"))

    async def _execute(self, *statements: str) -> None:
        async with pool.connected(self.cluster.superuser("postgres")) as connection:
            for statement in statements:
                await connection.execute(statement)


@contextlib.contextmanager
def running_server(directory: Path) -> Iterator[Server]:
    """A server that ends with the block. Its data would not survive a power cut."""
    cluster = embedded.Cluster(directory, volatile=True)
    cluster.prepare()
    postmaster = cluster.start()
    server = Server(cluster=cluster)
    try:
        run_apart(_make_templates(server, postmaster_ready=cluster.wait_ready(postmaster)))
        yield server
    finally:
        cluster.stop(postmaster)
        cluster.close()


def run_apart(work: Coroutine[object, object, _T]) -> _T:
    """The result of `work`, run on an event loop and thread of its own.

    So that plain fixtures may use it whatever loop the test has.
    """
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - handed to the caller below
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


async def _make_templates(
    server: Server, postmaster_ready: Coroutine[object, object, None]
) -> None:
    await postmaster_ready
    await server._execute(*_copy(EMPTY, "privacyproxy"), *_copy(TEMPLATE, "privacyproxy"))
    template = Database(name=TEMPLATE, server=server)
    await migrate.migrate(template.access(LoginRole.OWNER), now=MIGRATED_AT)


def _copy(name: str, template: str) -> tuple[str, ...]:
    # A copy belongs to the one who makes it and takes no rights along.
    logins = ", ".join(role.login for role in LoginRole)
    return (
        f"CREATE DATABASE {name} TEMPLATE {template} OWNER pp_owner STRATEGY FILE_COPY",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {logins}",
    )
