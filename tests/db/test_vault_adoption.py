"""Adoption on a real database: what the API sealed opens in the vault, nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def test_adoption_empties_the_queue(service: Service) -> None:
    """Every record gets a KEK epoch, its tokens, and its submission goes."""
    await service.enrol(*(vaults.to_seal() for _ in range(3)))
    await service.rounds.adopt()
    rows = await service.administrate("SELECT kek_epoch, submission_id, failed FROM sealed_record")
    assert [tuple(row) for row in rows] == [(1, None, None)] * 6
    tokens = await service.administrate("SELECT tokens FROM blind_index")
    assert [len(row["tokens"]) for row in tokens] == [6, 6, 6]
    assert await service.administrate("SELECT id FROM submission") == []
