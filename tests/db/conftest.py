"""Fixtures of the tests on a real database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from tests.support import api as apis
from tests.support import clocked, notices, sponsoring
from tests.support.outbox import Desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.api import Api
    from tests.support.database import Database
    from tests.support.sponsoring import World


@pytest_asyncio.fixture
async def api(tmp_path: Path, database: Database) -> AsyncIterator[Api]:
    """The API on a fresh database."""
    async with apis.serving(tmp_path, database) as made:
        yield made


@pytest_asyncio.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """A case without notices."""
    pool = await pools.open_pool(database.access(LoginRole.RELAY), max_size=6)
    try:
        yield Desk(database, pool, await notices.open_case(database))
    finally:
        pool.terminate()


@pytest_asyncio.fixture
async def prepared(database: Database) -> Database:
    """A database with a registrar and a calendar, for cases with deadlines."""
    await clocked.prepare(database)
    return database


@pytest_asyncio.fixture
async def world(api: Api) -> AsyncIterator[World]:
    """Two tenants hold one name, and a worker asks its registry."""
    async with sponsoring.held_twice(api) as made:
        yield made
