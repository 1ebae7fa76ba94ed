"""What doctor finds wrong with a database, each with the sentence that says what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from proxy.store import fitness, pool
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db


async def run_as_administrator(database: Database, sql: str) -> None:
    """Change something behind the service's back."""
    async with pool.connected(database.superuser()) as connection:
        await connection.execute(sql)


async def examined(database: Database, *roles: LoginRole) -> dict[str, str]:
    """What is found with the logins of `roles`, apart from this server's throw-away settings."""
    found = await fitness.examine({role: database.access(role) for role in roles})
    return {finding.code: finding.detail for finding in found if finding.code != "database_setting"}


async def test_a_fit_database_has_no_findings(database: Database) -> None:
    """After the migration every login has exactly the rights it needs."""
    assert await examined(database, *LoginRole) == {}


async def test_settings_that_lose_writes_are_found(database: Database) -> None:
    """A server that may lose acknowledged writes is named with the setting."""
    found = await fitness.examine({LoginRole.API: database.access("api")})
    named = {finding.detail.split()[0] for finding in found if finding.code == "database_setting"}
    assert named == {"fsync", "synchronous_commit"}  # the throw-away server of the tests


async def test_a_missing_right_is_found(database: Database) -> None:
    """A login that lost a right is named, with one query it can not run."""
    await run_as_administrator(database, "REVOKE ALL ON published FROM pp_worker, pp_api")
    found = await examined(database, LoginRole.WORKER, LoginRole.API)
    assert set(found) == {"database_right_missing"}
    assert "roles.sql" in found["database_right_missing"]


async def test_a_right_too_many_is_found(database: Database) -> None:
    """A login that may do more than it should is named: the walls between roles are gone."""
    await run_as_administrator(database, "GRANT ALL ON ALL TABLES IN SCHEMA public TO pp_edge")
    found = await examined(database, LoginRole.EDGE)
    assert set(found) == {"database_right_excess"}
    assert "pp_edge" in found["database_right_excess"]


async def test_a_superuser_among_the_logins_is_found(database: Database) -> None:
    """A login to which nothing is closed is named."""
    found = await fitness.examine({LoginRole.API: database.superuser()})
    assert "database_superuser" in {finding.code for finding in found}


async def test_missing_migrations_are_found(empty_database: Database) -> None:
    """A database without our tables says that migrations are not applied, and which is next."""
    found = await examined(empty_database, LoginRole.OWNER)
    assert "0001_pre_base.sql" in found["schema_older"]


async def test_an_older_server_is_found(database: Database) -> None:
    """A server older than the oldest that was tried is named with both versions."""
    async with pool.connected(database.access("api")) as connection:
        found = await fitness.inspect(connection, oldest=99)
    assert found[0].code == "database_version"
    assert "18" in found[0].detail
    assert "99" in found[0].detail


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong"}, "password is refused"),
        ({"database": "absent"}, "no database of that name"),
        ({"host": "/nonexistent"}, "does not answer"),
    ],
)
async def test_a_login_that_fails_says_why(
    database: Database, change: dict[str, str], said: str
) -> None:
    """A wrong password, a missing database and a server that is away are told apart."""
    access = replace(database.access("vault"), **change)  # type: ignore[arg-type] # text fields
    (finding,) = await fitness.examine({LoginRole.VAULT: access})
    assert finding.code == "database_login"
    assert finding.detail.startswith("pp_vault: ")
    assert said in finding.detail
    assert "wrong" not in finding.detail
