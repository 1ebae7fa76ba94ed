"""A crash at any write of an anchor leaves the loss, or the whole new state."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from proxy.vault import files, genesis, keyfile, reanchor, state
from proxy.vault.state import State
from tests.db.test_vault_attacks import named
from tests.support import anchors, papers
from tests.support.crash import crashing
from tests.support.papers import ANNA, BEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.anchors import Site
    from tests.support.database import Database

pytestmark = pytest.mark.db

WRITES: tuple[tuple[Any, str], ...] = (
    (state, "create"),
    (State, "finish_erasures"),
    (State, "anchor"),
    (State, "set_slot"),
    (State, "put_order"),
    (State, "add_entries"),
    (State, "confirm_batch"),
    (files, "move"),
)


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """Three registrations, one of them erased, a roster in force, and a ledger."""
    async with anchors.site(tmp_path, database) as made:
        yield made


async def test_a_crash_leaves_the_loss_or_the_whole_new_state(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the submission dies, there is no half of a state, and it can be repeated."""
    await site.office.propose(site.office.order(site.office.first()))
    await site.service.rounds.sequence()
    site.lose()
    state.create(site.place, b"foreign")
    document = (await site.propose())["document"]
    placed = []
    for place in itertools.count(1):
        with crashing(monkeypatch, place, WRITES) as crash:
            await site.submit(document, ANNA, BEN)
        placed.append(not site.is_lost())
        if placed[-1] is False:
            site.start_lost()
            await site.submit(document, ANNA, BEN)
        assert not site.is_lost()
        site.begin_anew()
        assert await anchors.faults(site) == {"looked": 4}, place
        assert len(site.service.vault.state.entries(9)) == 1
        assert site.service.vault.walls.rosters.standing() is not None
        await site.service.rounds.prepare()
        if crash.passed < place:
            break
        site.lose()
        state.create(site.place, b"foreign")
    assert len(placed) > 18
    # Only the last rename puts it in its place.
    assert placed == sorted(placed)
    assert placed.index(True) == len(placed) - 2


async def test_what_a_crash_left_is_cleared_away(site: Site) -> None:
    """A directory from an attempt that was cut short does not get into the new state."""
    site.lose()
    left = site.directory / reanchor.NEW_NAME
    state.create(left, site.service.vault.ring.file.state_id)
    found = State(left, site.service.vault.ring.file.state_id)
    found.anchor([(named(anchors.item(0), 9), bytes(32))])
    found.close()
    await site.anchor()
    assert not left.exists()
    assert site.service.vault.state.count_records() == 4


@pytest.mark.parametrize(
    ("place", "in_state", "beside_keys"), [(1, 1, 1), (2, 2, 1), (3, 2, 1), (4, 2, 2)]
)
async def test_the_key_file_never_knows_a_newer_roster_than_the_state(
    site: Site, monkeypatch: pytest.MonkeyPatch, place: int, in_state: int, beside_keys: int
) -> None:
    """A crash between the two leaves the older one beside the keys; the next start mends it."""
    second = papers.successor(site.office.first(), approvals=3)
    await site.office.submit(second, ANNA, BEN)
    site.office.wait(hours=48)
    with crashing(monkeypatch, place, ((State, "set_slot"), (files, "write"))):
        await site.office.approvals.settle()
    for expected in ((in_state, beside_keys), (in_state, in_state)):
        standing = site.service.vault.walls.rosters.standing()
        assert standing is not None
        remembered = keyfile.parse((site.directory / genesis.KEYS_NAME).read_bytes())
        assert (standing.version, remembered.roster_version) == expected
        site.begin_anew()
