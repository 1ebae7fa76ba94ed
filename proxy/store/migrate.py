"""Migrations: numbered SQL files, applied once, forward only (style, rules 28 to 30).

Flow: under one advisory lock, compare the files beside this module with the table
`schema_migration`, apply what is missing, then roles.sql. `NNNN_pre_*` runs before the new code,
`NNNN_post_*` after it. Failure: a file is one transaction, so a crash leaves whole files only;
the next run goes on. A file whose first line is `-- concurrently` runs statement by statement
outside a transaction and must begin with `DROP INDEX CONCURRENTLY IF EXISTS`, so that a second
run mends the first. Refused: an applied file that has changed, and a database that knows files
we do not (it is newer than this program). Idempotent; any number may start at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

import asyncpg

from proxy.errors import Conflict, Unavailable
from proxy.store import pool
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from importlib.resources.abc import Traversable

    from proxy.store.pool import Access, Connection

LOCK_KEY = 0x70705F6D  # "pp_m": names our advisory lock in the database
LOCK_POLL_S = 0.05
LOCK_WAIT_S = 600.0  # longer than any migration of another host should take
_FILE_NAME = re.compile(r"\d{4}_(pre|post)_[a-z0-9_]+\.sql")
_CONCURRENTLY = "-- concurrently"
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration (
  name text PRIMARY KEY,
  sha256 text NOT NULL,
  applied_at timestamptz NOT NULL
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file: its name, hash and text."""

    name: str
    sha256: str
    sql: str = field(repr=False)

    @property
    def is_post(self) -> bool:
        """Whether it may run only after all old code is gone."""
        return self.name[5:].startswith("post")


def files(folder: Traversable | None = None) -> tuple[Migration, ...]:
    """Every migration in order; raises Conflict for a misnamed file or a number used twice."""
    folder = folder or resources.files("proxy.store").joinpath("migrations")
    found: list[Migration] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith(".sql"):
            continue
        if not _FILE_NAME.fullmatch(entry.name):
            raise Conflict("migration_name", f"{entry.name} is not NNNN_pre_name or NNNN_post_name")
        if found and found[-1].name[:4] == entry.name[:4]:
            raise Conflict("migration_number", f"{entry.name} and {found[-1].name} share a number")
        text = entry.read_text("utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        found.append(Migration(name=entry.name, sha256=digest, sql=text))
    return tuple(found)


async def migrate(
    access: Access,
    *,
    now: datetime,
    before_new_code: bool = False,
    migrations: tuple[Migration, ...] | None = None,
) -> tuple[str, ...]:
    """The names of the files applied, in order; `access` is the owner's.

    `before_new_code` stops at the first post file that is not applied yet. Raises Conflict for
    changed or unknown files, Unavailable when the database or the lock can not be had.
    """
    wanted = files() if migrations is None else migrations
    async with pool.connected(access) as connection:
        with pool.translated():
            await _lock(connection)
            try:
                return await _apply(connection, wanted, now, before_new_code=before_new_code)
            finally:
                if not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)


async def pending(connection: Connection) -> tuple[str, ...]:
    """The files that still have to be applied; needs SELECT on schema_migration."""
    with pool.translated():
        if await connection.fetchval("SELECT to_regclass('schema_migration')") is None:
            return tuple(migration.name for migration in files())
        return tuple(m.name for m in _missing(files(), await _applied(connection)))


async def _lock(connection: Connection) -> None:
    # Polled, not waited for: a waiting statement holds a snapshot, and the holder's
    # CREATE INDEX CONCURRENTLY would wait for that snapshot for ever.
    for _ in range(int(LOCK_WAIT_S / LOCK_POLL_S)):
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
            return
        await asyncio.sleep(LOCK_POLL_S)
    raise Unavailable("migration_lock", "Another host has been migrating for ten minutes.")


async def _apply(
    connection: Connection,
    wanted: tuple[Migration, ...],
    now: datetime,
    *,
    before_new_code: bool,
) -> tuple[str, ...]:
    await connection.execute(_TABLE)
    names: list[str] = []
    for migration in _missing(wanted, await _applied(connection)):
        if before_new_code and migration.is_post:
            break
        if migration.sql.startswith(_CONCURRENTLY):
            for statement in _statements(migration.sql):
                await connection.execute(statement, timeout=None)
            await _note(connection, migration, now)
        else:
            async with connection.transaction():
                await connection.execute(migration.sql, timeout=None)
                await _note(connection, migration, now)
        # A file sets timeouts for itself; they would outlive its transaction.
        await connection.execute("RESET ALL")
        names.append(migration.name)
    try:
        async with connection.transaction():
            await connection.execute(
                resources.files("proxy.store").joinpath("roles.sql").read_text()
            )
    except asyncpg.UndefinedObjectError:
        raise Unavailable(
            "login_missing",
            "The database lacks a login that this release needs; as its superuser: CREATE ROLE "
            f"NAME LOGIN, for those missing of {', '.join(one.login for one in LoginRole)}.",
        ) from None
    return tuple(names)


async def _applied(connection: Connection) -> dict[str, str]:
    rows = await connection.fetch("SELECT name, sha256 FROM schema_migration ORDER BY name")
    return {row["name"]: row["sha256"] for row in rows}


async def _note(connection: Connection, migration: Migration, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO schema_migration (name, sha256, applied_at) VALUES ($1, $2, $3)",
        migration.name,
        migration.sha256,
        now,
    )


def _missing(wanted: Iterable[Migration], applied: dict[str, str]) -> tuple[Migration, ...]:
    known = {migration.name: migration.sha256 for migration in wanted}
    for name, sha256 in applied.items():
        if name not in known:
            raise Conflict(
                "schema_newer",
                f"The database has {name}, which this program does not know: it is newer. "
                "Run the newer program.",
            )
        if known[name] != sha256:
            raise Conflict(
                "migration_changed",
                f"{name} was applied in another form. An applied file never changes: "
                "restore it and add a new one.",
            )
    return tuple(migration for migration in wanted if migration.name not in applied)


def _statements(sql: str) -> list[str]:
    return [part.strip() for part in sql.split(";\n") if part.strip()]
