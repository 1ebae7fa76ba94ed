"""A case's chain as the database gives it: whole, however long it is, and whatever lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.model.case import Overlay
from proxy.rules.casework import folding
from proxy.store import cases, pool
from tests.support import case_rows, claim_walks

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db


@pytest.mark.parametrize("page", [1, 2, 7, 5_000])
async def test_a_case_is_read_whole_page_by_page(
    prepared: Database, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """An overlay that came last counts, however many events lie before it."""
    walk = claim_walks.awaiting()
    walk.tell("overlay_set", "lena", "legal", overlay=Overlay.STAY.value)
    await case_rows.keep(prepared, walk)
    monkeypatch.setattr(cases, "EVENTS_PAGE", page)
    async with pool.connected(prepared.superuser()) as connection:
        events = await cases.events(connection, walk.case.id)
        behind = await cases.events(connection, walk.case.id, after=3)
    assert list(events) == walk.events
    assert list(behind) == walk.events[3:]
    assert Overlay.STAY in folding.fold(events).overlays


async def test_a_gap_ends_no_reading_and_prolongs_none(
    prepared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row with a number far ahead is read once; who reads finds that the chain is broken."""
    walk = claim_walks.awaiting()
    await case_rows.keep(prepared, walk)
    monkeypatch.setattr(cases, "EVENTS_PAGE", 2)
    async with pool.connected(prepared.superuser()) as connection:
        await connection.execute(
            "INSERT INTO case_event SELECT case_id, 1000000, gen_random_uuid(), previous, hash,"
            " actor, role, act, facts, at, false FROM case_event WHERE case_id = $1 AND seq = 4",
            walk.case.id,
        )
        events = await cases.events(connection, walk.case.id)
    assert [one.seq for one in events] == [*range(1, len(walk.events) + 1), 1_000_000]
