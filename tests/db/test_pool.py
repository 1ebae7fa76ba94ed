"""Connections of a pool: whatever keeps one from us is told in our words, never the driver's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.errors import Unavailable
from proxy.store import pool as pools
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db


async def test_a_connection_that_can_not_be_had_is_an_outage(database: Database) -> None:
    """A server with no room for a login refuses, and rounds that go on for ever go on."""
    pool = await pools.open_pool(database.access(LoginRole.RELAY), min_size=1, max_size=2)
    async with pools.connected(database.superuser()) as superuser:
        role = database.access(LoginRole.RELAY).user
        await superuser.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 1')
        try:
            async with pool.acquire():
                with pytest.raises(Unavailable):
                    async with pool.acquire():
                        pytest.fail("there was no room for a second connection")
        finally:
            await superuser.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT -1')
            pool.terminate()


async def test_a_connection_that_is_lost_at_the_commit_is_an_outage(database: Database) -> None:
    """BEGIN and COMMIT are sent by the driver itself: their failure is told in our words too."""
    pool = await pools.open_pool(database.access(LoginRole.RELAY), max_size=1)
    try:
        with pytest.raises(Unavailable):
            async with pool.acquire() as connection, connection.transaction():
                await _end_session(database, await connection.fetchval("SELECT pg_backend_pid()"))
        async with pool.acquire() as connection:
            assert await connection.fetchval("SELECT 1") == 1
    finally:
        pool.terminate()


async def test_what_another_peer_raises_inside_goes_through(database: Database) -> None:
    """A file or a peer that fails while a connection is held is no outage of PostgreSQL."""
    pool = await pools.open_pool(database.access(LoginRole.RELAY), max_size=1)
    try:
        with pytest.raises(TimeoutError):
            async with pool.acquire():
                raise TimeoutError
    finally:
        pool.terminate()


async def _end_session(database: Database, process: int) -> None:
    async with pools.connected(database.superuser()) as superuser:
        assert await superuser.fetchval("SELECT pg_terminate_backend($1, 10000)", process)
