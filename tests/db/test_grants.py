"""Who may touch what: the grants of roles.sql, seen from inside PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import pytest

from proxy.store import fitness, pool, queries
from proxy.store.logins import LoginRole
from tests.support.database import run_apart

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.database import Database, Server

pytestmark = pytest.mark.db

PROCESSES = tuple(role for role in LoginRole if role is not LoginRole.OWNER)
FILES = queries.load_all()
NAMED = {
    f"{file.file.removesuffix('.sql')}.{query.name}": query for file in FILES for query in file
}
Matrix: TypeAlias = dict[str, set[str]]

# Table rights as `role: table: rights`, for whole tables and single columns alike.
RIGHTS = """
SELECT grantee, table_name, string_agg(DISTINCT privilege_type, ' ') AS rights
FROM (
  SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants
  UNION ALL
  SELECT grantee, table_name, privilege_type FROM information_schema.role_column_grants
) AS granted
WHERE table_name IN (SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace)
  AND grantee <> 'pp_owner'
GROUP BY grantee, table_name
"""
# Escrow carries sealed records to where keys for them are handed out, and has none itself.
SECRET_COLUMNS = {
    ("sealed_record", "record"): {LoginRole.VAULT, LoginRole.ESCROW},
    ("sealed_record", "wrapped_dek"): {LoginRole.VAULT},
    ("submission", "encapsulation"): {LoginRole.VAULT},
    ("blind_index", "tokens"): {LoginRole.VAULT},
}
CONTACTLESS = ("published", "journal_epoch", "published_profile")


@pytest.fixture
async def administrator(database: Database) -> AsyncIterator[pool.Connection]:
    """A connection that may look at everything."""
    async with pool.connected(database.superuser()) as connection:
        yield connection


async def try_every_query(database: Database) -> Matrix:
    """Who may run what; for a query that PostgreSQL refuses altogether, its error."""
    matrix: Matrix = {key: set() for key in NAMED}
    for role in PROCESSES:
        async with pool.connected(database.access(role)) as connection:
            for key, query in NAMED.items():
                try:
                    if await fitness.may_run(connection, query.sql):
                        matrix[key].add(role.value)
                except asyncpg.PostgresError as error:
                    matrix[key].add(str(error))
    return matrix


@pytest.fixture(scope="module")
def matrix(postgresql: Server) -> Iterator[Matrix]:
    """Who may run what, by query."""
    made = postgresql.create()
    yield run_apart(try_every_query(made))
    postgresql.drop(made)


def test_there_are_named_queries() -> None:
    """The matrix below is about something."""
    assert FILES
    assert NAMED
    assert all(len(file) for file in FILES)


@pytest.mark.parametrize("key", list(NAMED))
def test_a_query_runs_for_the_logins_it_names_and_no_others(key: str, matrix: Matrix) -> None:
    """Every named query works under every login of its `roles:` line, and under no other."""
    # A query without any table (locks, settings) is closed to nobody: only the first half holds.
    named = {role.value for role in NAMED[key].roles if role is not LoginRole.OWNER}
    if not NAMED[key].uses_tables:
        assert named <= matrix[key]
        return
    assert matrix[key] == named, f"{key} wants: -- roles: {' '.join(sorted(matrix[key]))}"


async def test_the_edge_reads_published_rows_and_nothing_else(
    administrator: pool.Connection,
) -> None:
    """The edge's login has SELECT on the published tables: no other right, no other table."""
    rows = await administrator.fetch(f"{RIGHTS} HAVING grantee = 'pp_edge'")
    assert {(row["table_name"], row["rights"]) for row in rows} == {
        (table, "SELECT") for table in CONTACTLESS
    }


@pytest.mark.parametrize(("table", "column"), list(SECRET_COLUMNS))
async def test_nobody_but_the_vault_reads_records_with_their_keys(
    administrator: pool.Connection, table: str, column: str
) -> None:
    """The vault alone reads wrapped keys, encapsulations and tokens; escrow too sealed records."""
    readers = {
        role
        for role in PROCESSES
        if await administrator.fetchval(
            "SELECT has_column_privilege($1, $2, $3, 'SELECT')", role.login, table, column
        )
    }
    assert readers == SECRET_COLUMNS[table, column]


async def test_what_is_not_granted_is_denied(database: Database) -> None:
    """A table that a later migration adds is closed to every process until roles.sql opens it."""
    async with pool.connected(database.access(LoginRole.OWNER)) as owner:
        await owner.execute("CREATE TABLE later (id integer)")
    for role in PROCESSES:
        for sql in (
            "SELECT id FROM later",
            "INSERT INTO later (id) VALUES (1)",
            "UPDATE later SET id = 2",
            "DELETE FROM later",
        ):
            async with pool.connected(database.access(role)) as connection:
                assert not await fitness.may_run(connection, sql)


async def test_nothing_is_granted_to_everybody(administrator: pool.Connection) -> None:
    """PUBLIC has no right on any table or function, and may make nothing."""
    rows = await administrator.fetch(f"{RIGHTS} HAVING grantee = 'PUBLIC'")
    assert [tuple(row) for row in rows] == []
    functions = await administrator.fetch(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " AND has_function_privilege('public', oid, 'EXECUTE')"
    )
    assert [row["proname"] for row in functions] == []


@pytest.mark.parametrize("role", PROCESSES)
async def test_a_process_changes_data_but_no_schema(database: Database, role: LoginRole) -> None:
    """No process may make tables, empty them at once, or become another role."""
    async with pool.connected(database.access(role)) as connection:
        await connection.execute("SET default_transaction_read_only = off")
        for sql in (
            "CREATE TABLE mine (id integer)",
            "CREATE TEMPORARY TABLE mine (id integer)",
            "TRUNCATE registration",
            "ALTER TABLE registration ADD COLUMN mine integer",
            "SET ROLE pp_owner",
        ):
            with pytest.raises(asyncpg.PostgresError, match=r"permission denied|must be owner"):
                await connection.execute(sql)


@pytest.mark.parametrize("role", list(LoginRole))
async def test_a_login_enters_its_own_database_only(database: Database, role: LoginRole) -> None:
    """No login may enter the administrator's databases, and none is a superuser."""
    async with pool.connected(database.access(role)) as connection:
        assert await connection.fetchval("SHOW is_superuser") == "off"
        for name in ("postgres", "template1"):
            assert not await connection.fetchval(
                "SELECT has_database_privilege($1, 'CONNECT')", name
            )


@pytest.mark.parametrize("login", ["api", "worker", "escrow", "operator"])
async def test_only_the_vault_places_ledger_entries(database: Database, login: str) -> None:
    """Whoever notes an act can not give it a place in the ledger: that would stop or bend it."""
    async with pool.connected(database.access(login)) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO ledger_entry (id, subject, kind, facts, at, leaf_index)"
                " VALUES (gen_random_uuid(), 'x', 'x', '{}', now(), 0)"
            )
