"""A crash at any write of a decision leaves it undone or done, and it can be gone on with."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import Conflict
from proxy.store import approvals as store
from proxy.vault import files
from proxy.vault.state import State
from tests.support import papers
from tests.support import vault as vaults
from tests.support.crash import crashing
from tests.support.decisions import Office
from tests.support.papers import AGENT, ANNA, BEN

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.model.order import Order
    from tests.support.database import Database

pytestmark = pytest.mark.db
WRITES: tuple[tuple[Any, str], ...] = (
    (State, "set_slot"),
    (State, "put_order"),
    (State, "add_entries"),
    (store, "add_roster"),
    (store, "add_order"),
    (store, "put_vote"),
    (files, "write"),
)


async def go_on(office: Office, order: Order) -> None:
    """Everything from the first roster to an order carried out; what is done is done again."""
    await office.found()
    kept = await office.propose(order)
    if kept["state"] == "open":
        await office.vote(order, kept, ANNA)
        await office.vote(order, kept, BEN)
        await office.carry_out(order)


async def host_in_force(office: Office) -> str:
    """Where deposits would be sent now."""
    agent = await office.approvals.agent(AGENT.id)
    assert agent is not None
    return agent.host


async def test_a_decision_survives_a_crash_at_every_write(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the vault dies, a repetition ends where an undisturbed one does, and once."""
    for place in itertools.count(1):
        folder = tmp_path / str(place)
        folder.mkdir()
        async with vaults.service(folder, database) as service:
            await service.administrate("TRUNCATE roster, approval_order, approval_vote")
            office = Office(service)
            order = office.order(office.first())
            with crashing(monkeypatch, place, WRITES) as crash:
                await go_on(office, order)
            service.reopen()
            office.reopen()
            await go_on(office, order)
            with pytest.raises(Conflict, match="order_used"):
                await office.carry_out(order)
            assert await host_in_force(office) == AGENT.host, place
            office.wait(hours=48)
            assert await host_in_force(office) == "new.escrow.example", place
            standing = service.vault.walls.rosters.standing()
            assert standing is not None
            assert (standing.version, standing.waiting) == (2, None), place
        if crash.passed < place:
            break
    assert place > 20


async def test_a_vote_is_an_entry_before_it_counts(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No vote lies in the database without an entry that tells of it, whatever the moment."""
    async with vaults.service(tmp_path, database) as service:
        office = Office(service)
        roster = await office.found()
        order = office.order(roster)
        kept = await office.propose(order)
        for place in itertools.count(1):
            await service.administrate("TRUNCATE approval_vote")
            before = office.entries().count("order_vote")
            with crashing(monkeypatch, place, WRITES) as crash:
                await office.vote(order, kept, papers.CHRIS)
            rows = await service.administrate("SELECT person FROM approval_vote")
            assert len(rows) <= office.entries().count("order_vote") - before
            if crash.passed < place:
                break
        assert place > 3
