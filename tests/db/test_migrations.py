"""Migrations: applied once, in order, by one host at a time, and never changed afterwards."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Conflict, Unavailable
from proxy.store import migrate, pool
from proxy.store.migrate import Migration
from tests.support import schema

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def made(name: str, sql: str) -> Migration:
    """One migration as `files` would read it."""
    return Migration(name=name, sha256=hashlib.sha256(sql.encode()).hexdigest(), sql=sql)


async def test_a_second_run_applies_nothing(empty_database: Database) -> None:
    """Every file is applied once; running again changes nothing."""
    access = empty_database.access("owner")
    first = await migrate.migrate(access, now=NOW)
    assert first == tuple(file.name for file in migrate.files())
    assert first
    assert await migrate.migrate(access, now=NOW) == ()


def test_the_readable_schema_is_what_migrations_make(database: Database) -> None:
    """schema.sql says what PostgreSQL says after all migrations."""
    assert schema.FILE.read_text("utf-8") == schema.dumped(database), f"run {schema.COMMAND}"


async def test_racing_hosts_apply_each_file_once(empty_database: Database) -> None:
    """Of two migrators that start together, one applies each file and the other none."""
    access = empty_database.access("owner")
    results = await asyncio.gather(*(migrate.migrate(access, now=NOW) for _ in range(4)))
    assert sorted(results, key=len)[:3] == [(), (), ()]
    assert sorted(name for names in results for name in names) == [
        file.name for file in migrate.files()
    ]


async def test_a_changed_file_is_refused(database: Database) -> None:
    """A file that was applied in another form stops everything and is named."""
    first, *rest = migrate.files()
    changed = made(first.name, first.sql + "-- changed\n")
    with pytest.raises(Conflict, match="migration_changed") as caught:
        await migrate.migrate(database.access("owner"), now=NOW, migrations=(changed, *rest))
    assert first.name in caught.value.detail


async def test_a_newer_database_is_refused(database: Database) -> None:
    """A database that knows a file we do not is newer than this program."""
    newer = made("9998_pre_newer.sql", "CREATE TABLE newer (id integer);")
    await migrate.migrate(database.access("owner"), now=NOW, migrations=(*migrate.files(), newer))
    with pytest.raises(Conflict, match="schema_newer") as caught:
        await migrate.migrate(database.access("owner"), now=NOW)
    assert newer.name in caught.value.detail


async def test_a_missing_login_is_named(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database of the operator's own that lacks a new login says which one may be missing."""
    ours = Path(migrate.__file__).with_name("roles.sql").read_text()
    (tmp_path / "roles.sql").write_text(ours.replace("pp_escrow", "pp_nobody_made"))
    applied = migrate.files()
    monkeypatch.setattr(resources, "files", lambda _package: tmp_path)
    with pytest.raises(Unavailable) as refused:
        await migrate.migrate(database.access("owner"), now=NOW, migrations=applied)
    assert refused.value.code == "login_missing"
    assert "pp_escrow" in refused.value.detail


async def test_a_file_that_fails_leaves_nothing(database: Database) -> None:
    """A file is one transaction: its failure undoes it, keeps earlier ones and can be mended."""
    whole = made("9997_pre_whole.sql", "CREATE TABLE whole (id integer);")
    broken = made("9998_pre_broken.sql", "CREATE TABLE half (id integer); SELECT 1/0;")
    mended = made("9998_pre_broken.sql", "CREATE TABLE half (id integer);")
    owner = database.access("owner")
    with pytest.raises(Exception, match="division by zero"):
        await migrate.migrate(owner, now=NOW, migrations=(*migrate.files(), whole, broken))
    async with pool.connected(owner) as connection:
        assert await connection.fetchval("SELECT to_regclass('half')") is None
        assert await connection.fetchval("SELECT to_regclass('whole')") is not None
    applied = await migrate.migrate(owner, now=NOW, migrations=(*migrate.files(), whole, mended))
    assert applied == (mended.name,)


async def test_an_index_is_built_beside_a_waiting_migrator(database: Database) -> None:
    """CREATE INDEX CONCURRENTLY ends although another migrator waits for the lock."""
    index = made(
        "9998_post_index.sql",
        "-- concurrently\n"
        "DROP INDEX CONCURRENTLY IF EXISTS tenant_by_name;\n"
        "CREATE INDEX CONCURRENTLY tenant_by_name ON tenant (name);\n",
    )
    files = (*migrate.files(), index)
    owner = database.access("owner")
    results = await asyncio.gather(
        *(migrate.migrate(owner, now=NOW, migrations=files) for _ in range(3))
    )
    assert sorted(results, key=len) == [(), (), (index.name,)]


async def test_post_files_wait_for_the_new_code(database: Database) -> None:
    """Before the new code runs, everything from the first post file on is left out."""
    files = (
        *migrate.files(),
        made("9996_pre_early.sql", "CREATE TABLE early (id integer);"),
        made("9997_post_late.sql", "DROP TABLE early;"),
        made("9998_pre_later.sql", "CREATE TABLE later (id integer);"),
    )
    owner = database.access("owner")
    before = await migrate.migrate(owner, now=NOW, before_new_code=True, migrations=files)
    assert before == ("9996_pre_early.sql",)
    after = await migrate.migrate(owner, now=NOW, migrations=files)
    assert after == ("9997_post_late.sql", "9998_pre_later.sql")


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["1_pre_short.sql"], "migration_name"),
        (["0001_during_x.sql"], "migration_name"),
        (["0001_pre_a.sql", "0001_post_b.sql"], "migration_number"),
    ],
)
def test_misnamed_files_are_refused(names: list[str], code: str, tmp_path: Path) -> None:
    """A file's name is four digits used once, pre or post, and a word."""
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(Conflict, match=code):
        migrate.files(tmp_path)
