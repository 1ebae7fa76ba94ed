"""How PostgreSQL finds a token: by its index, not by every row of a tenant; and not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from proxy.errors import Unavailable
from proxy.store import openings
from proxy.store import pool as pools
from proxy.store.openings import Sharing
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.store.pool import Connection
    from tests.support.database import Database

pytestmark = pytest.mark.db

ROWS = 20_000
SHARED = bytes(16)
RARE = bytes.fromhex("c4ca4238a0b923820dcc509a6f75849b")  # MD5 of `1`
FILL = """
INSERT INTO blind_index (tenant_id, registration_id, version, tokens)
SELECT $1, md5('id' || n)::uuid, 1, ARRAY[$2::bytea, decode(md5(n::text), 'hex')]
FROM generate_series(1, $3::int) AS n
"""


@pytest.fixture
async def filled(database: Database) -> Database:
    """A tenant with many rows, one token that all share, and one of each row's own."""
    async with pools.connected(database.superuser()) as connection:
        await connection.execute(FILL, vaults.TENANT, SHARED, ROWS)
        await connection.execute("VACUUM ANALYZE blind_index")
    return database


@pytest.fixture
async def vault(filled: Database) -> AsyncIterator[Connection]:
    """A connection as the vault has them."""
    async with pools.connected(filled.access("vault")) as connection:
        types = "(uuid, bytea, uuid, text, int)"
        await connection.execute(f"PREPARE look {types} AS {openings.QUERIES['find_sharing']}")
        yield connection


LOOK = "EXPLAIN EXECUTE look('{0}', '\\x{1}', '{2}', {3}, 201)"
"""As text: only what is prepared and executed by PostgreSQL itself shows which plan it takes."""


async def plan(connection: Connection, token: bytes, reseller: str | None) -> str:
    """How a token is found, in a transaction as the look-up has it."""
    async with connection.transaction():
        await connection.execute(openings.QUERIES["plan_sharing"], 60_000)
        return await explained(connection, token, reseller)


async def explained(connection: Connection, token: bytes, reseller: str | None) -> str:
    """How a token is found."""
    named = "NULL" if reseller is None else f"'{reseller}'"
    rows = await connection.fetch(LOOK.format(vaults.TENANT, token.hex(), UUID(int=0), named))
    return "\n".join(str(row[0]) for row in rows)


@pytest.mark.parametrize("reseller", [None, "webworks"])
async def test_a_rare_token_is_found_by_the_index_of_tokens(
    vault: Connection, reseller: str | None
) -> None:
    """The plan is made for the token, even where PostgreSQL would take one plan for all."""
    said = await plan(vault, RARE, reseller)
    assert "blind_index_tokens" in said
    assert "blind_index_pkey" not in said
    await vault.execute("SET plan_cache_mode = force_generic_plan")
    assert "$2" in await explained(vault, RARE, reseller)
    assert await plan(vault, RARE, reseller) == said
    (one,) = await openings.find_sharing(vault, Sharing(tenant_id=vaults.TENANT, token=RARE), 5)
    assert one.tenant_id == vaults.TENANT


async def test_a_token_that_all_share_is_read_in_order(vault: Connection) -> None:
    """A page of a value on every name is the first rows, not all of them sorted."""
    said = await plan(vault, SHARED, None)
    assert "Sort" not in said
    assert "blind_index_pkey" in said


async def test_a_look_up_that_takes_too_long_ends(
    filled: Database, vault: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an outage to who asked; the connection goes on as it was."""
    asked = Sharing(tenant_id=vaults.TENANT, token=RARE)
    before = await vault.fetchval("SHOW statement_timeout")
    monkeypatch.setattr(openings, "_LOOK_UP_MS", 20)
    async with pools.connected(filled.superuser()) as other, other.transaction():
        await other.execute("LOCK TABLE blind_index IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Unavailable, match="database"):
            await openings.find_sharing(vault, asked, 5)
    monkeypatch.undo()
    assert len(await openings.find_sharing(vault, asked, 5)) == 1
    assert await vault.fetchval("SHOW statement_timeout") == before
    assert await vault.fetchval("SHOW plan_cache_mode") == "auto"
