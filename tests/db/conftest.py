"""Fixtures of the tests on a real database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.support import api as apis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.api import Api
    from tests.support.database import Database


@pytest_asyncio.fixture
async def api(tmp_path: Path, database: Database) -> AsyncIterator[Api]:
    """The API on a fresh database."""
    async with apis.serving(tmp_path, database) as made:
        yield made
