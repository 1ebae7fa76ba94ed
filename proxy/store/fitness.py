"""Whether a database is fit to be used, in sentences that say what to do. Reads only.

For `doctor` and for the start of a role on a machine of its own. Every login is tried by itself:
its rights are what PostgreSQL lets it do, not what a catalog seems to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from proxy.errors import Conflict, ProxyError
from proxy.store import migrate, pool, queries
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from proxy.store.pool import Access, Connection

OLDEST_MAJOR = 15  # the oldest PostgreSQL that the tests run against
_SETTINGS = {"server_encoding": "UTF8", "synchronous_commit": "on", "fsync": "on"}
_SETTING_ADVICE = {
    "server_encoding": "make the database anew with ENCODING 'UTF8'",
    "synchronous_commit": "acknowledged writes could be lost; set it back to on",
    "fsync": "a power cut could destroy the database; set it back to on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: a stable code, and the sentence that says what to do."""

    code: str
    detail: str


async def examine(accesses: Mapping[LoginRole, Access]) -> tuple[Finding, ...]:
    """Everything wrong that the given logins can see; empty means fit.

    The operator's or the owner's login is needed to see migrations.
    """
    found: list[Finding] = []
    catalog = queries.load_all()
    seen_server = False
    for role, access in accesses.items():
        try:
            async with pool.connected(access) as connection:
                if not seen_server:
                    found += await inspect(connection)
                    seen_server = True
                if role in (LoginRole.OWNER, LoginRole.OPERATOR):
                    found += [item for item in await _schema(connection) if item not in found]
                found += await rights(connection, role, catalog)
        except ProxyError as error:
            found.append(Finding(code="database_login", detail=f"{access.user}: {error.detail}"))
    return tuple(found)


async def inspect(connection: Connection, *, oldest: int = OLDEST_MAJOR) -> tuple[Finding, ...]:
    """What is wrong with the server and the database, whoever looks."""
    found: list[Finding] = []
    version = connection.get_server_version()
    if version.major < oldest:
        found.append(
            Finding(
                code="database_version",
                detail=f"PostgreSQL {version.major} is too old: {oldest} or later is needed.",
            )
        )
    for name, wanted in _SETTINGS.items():
        value = await connection.fetchval("SELECT current_setting($1)", name)
        if value != wanted:
            found.append(
                Finding(
                    code="database_setting",
                    detail=f"{name} is {value}, not {wanted}: {_SETTING_ADVICE[name]}.",
                )
            )
    return tuple(found)


async def rights(
    connection: Connection, role: LoginRole, catalog: Iterable[queries.Queries]
) -> tuple[Finding, ...]:
    """Where the rights of the login in use differ from those `role` needs."""
    found: list[Finding] = []
    login = role.login
    if await connection.fetchval("SELECT current_setting('is_superuser')") == "on":
        return (
            Finding(
                code="database_superuser",
                detail=f"{login} is a superuser, so nothing is closed to it: "
                f"ALTER ROLE {login} NOSUPERUSER.",
            ),
        )
    if role is LoginRole.OWNER:
        return ()
    lacking, excess = await _differences(connection, role, catalog)
    for code, names, what in (
        ("database_right_missing", lacking, "may not run"),
        ("database_right_excess", excess, "should not be able to run"),
    ):
        if names:
            found.append(
                Finding(
                    code=code,
                    detail=f"{login} {what} {len(names)} queries, the first {names[0]}: "
                    "let the migration run again as pp_owner; it applies roles.sql.",
                )
            )
    return tuple(found)


async def _differences(
    connection: Connection, role: LoginRole, catalog: Iterable[queries.Queries]
) -> tuple[list[str], list[str]]:
    """The queries that the login may not run but should, and the other way round."""
    lacking: list[str] = []
    excess: list[str] = []
    for name, query in [(file.file, query) for file in catalog for query in file]:
        may, should = await may_run(connection, query.sql), role in query.roles
        if should and not may:
            lacking.append(f"{name} {query.name}")
        elif may and not should and query.uses_tables:
            excess.append(f"{name} {query.name}")
    return lacking, excess


async def may_run(connection: Connection, sql: str) -> bool:
    """Whether the login in use may run `sql`: rights are checked, nothing is executed.

    `sql` is one of our named queries. A table that does not exist counts as no.
    """
    try:
        # Rights are checked when a plan is opened, which EXPLAIN does and PREPARE does not. A plan
        # for any arguments: what is made for NULLs may drop a part of the query, and its tables.
        await connection.execute(f"PREPARE fitness AS {sql}")
        try:
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            arguments = await connection.fetchval(
                "SELECT cardinality(parameter_types) FROM pg_prepared_statements"
                " WHERE name = 'fitness'"
            )
            given = f"({', '.join(['NULL'] * arguments)})" if arguments else ""
            await connection.execute(f"EXPLAIN EXECUTE fitness{given}")
        finally:
            await connection.execute("DEALLOCATE fitness")
            await connection.execute("RESET plan_cache_mode")
    except (
        asyncpg.InsufficientPrivilegeError,
        asyncpg.UndefinedTableError,
        asyncpg.UndefinedColumnError,
    ):
        return False
    return True


async def _schema(connection: Connection) -> list[Finding]:
    try:
        missing = await migrate.pending(connection)
    except Conflict as conflict:
        return [Finding(code=conflict.code, detail=conflict.detail)]
    except asyncpg.InsufficientPrivilegeError:
        return [
            Finding(
                code="database_right_missing",
                detail="schema_migration can not be read: let the migration run as pp_owner.",
            )
        ]
    if not missing:
        return []
    return [
        Finding(
            code="schema_older",
            detail=f"{len(missing)} migrations are not applied, the first {missing[0]}: "
            "`up` applies them at its start.",
        )
    ]
