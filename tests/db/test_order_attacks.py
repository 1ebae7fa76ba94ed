"""What a database superuser can do to rows of orders and votes, and what it gets: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.model.order import ChangeAgent
from proxy.wire import documents, frames, order_document
from tests.support import papers
from tests.support import vault as vaults
from tests.support.decisions import Office, code
from tests.support.papers import AGENT, ANNA, BEN, CHRIS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.roster import Roster
    from tests.support.database import Database

pytestmark = pytest.mark.db
MEMBERS = (papers.member(ANNA), papers.member(BEN), papers.member(CHRIS))


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    """A vault without a roster."""
    async with vaults.service(tmp_path, database) as service:
        yield Office(service)


@pytest.fixture
async def roster(office: Office) -> Roster:
    """The roster in force."""
    return await office.found(members=MEMBERS)


async def test_invented_votes_count_for_nothing(office: Office, roster: Roster) -> None:
    """Rows of votes that nobody signed, or that were signed for another order."""
    other = await office.approved(roster, ANNA, BEN)
    order = office.order(roster)
    kept = await office.propose(order)
    await office.vote(order, kept, CHRIS)
    await office.service.administrate(
        "INSERT INTO approval_vote SELECT $1, person, signature, voted_at"
        " FROM approval_vote WHERE order_id = $2",
        order.id,
        other.id,
    )
    seen = await office.show(order)
    assert [one["person"] for one in seen["approvals"]] == ["chris"]
    assert office.service.rooms.metrics.counter("vault_alarms_total").value == 1
    assert await code(office.carry_out(order)) == "approvals_lacking"
    for junk in ("[]", "{}", '"x"', '{"key": 1, "signature": null}'):
        await office.service.administrate("UPDATE approval_vote SET signature = $1", junk)
        assert (await office.show(order))["approvals"] == []


async def test_a_forged_vote_makes_way_for_the_true_one(office: Office, roster: Roster) -> None:
    """Who fills the place of a vote can not keep its owner from voting."""
    order = office.order(roster)
    kept = await office.propose(order)
    await office.service.administrate(
        "INSERT INTO approval_vote VALUES ($1, 'anna', '{}', now())", order.id
    )
    await office.vote(order, kept, ANNA)
    await office.vote(order, kept, BEN)
    await office.carry_out(order)


async def test_a_rewritten_order_is_refused(office: Office, roster: Roster) -> None:
    """Another host under an approved order, with another digest or the same."""
    order = await office.approved(roster, ANNA, BEN)
    subject = order.subject
    assert isinstance(subject, ChangeAgent)
    evil = replace(order, subject=replace(subject, agent=replace(AGENT, host="evil.example")))
    document = order_document.render(evil)
    await office.service.administrate(
        "UPDATE approval_order SET document = $1, sha256 = decode($2, 'hex')",
        document,
        documents.digest(document),
    )
    assert await code(office.carry_out(order)) == "order_forged"
    assert await code(office.show(order)) == "order_forged"


async def test_an_order_that_only_the_database_knows_is_none(
    office: Office, roster: Roster
) -> None:
    """A row that never came through the vault has no nonce and no votes."""
    order = office.order(roster)
    document = order_document.render(order)
    await office.service.administrate(
        "INSERT INTO approval_order VALUES ($1, 'change agent', decode($2, 'hex'), $3,"
        " decode(repeat('00', 32), 'hex'), $4, $5)",
        order.id,
        documents.digest(document),
        document,
        vaults.START,
        vaults.START + timedelta(days=1),
    )
    assert await code(office.show(order)) == "order_unknown"
    assert await code(office.carry_out(order)) == "order_unknown"
    assert (await office.ask(frames.ListOrders()))["orders"] == []


async def test_another_nonce_in_the_database_changes_nothing(
    office: Office, roster: Roster
) -> None:
    """The nonce is the vault's own: a copy of it in a row is not read."""
    order = office.order(roster)
    kept = await office.propose(order)
    await office.service.administrate(
        "UPDATE approval_order SET nonce = decode(repeat('00', 32), 'hex')"
    )
    assert (await office.show(order))["nonce"] == kept["nonce"]


async def test_deleted_rows_stop_and_nothing_more(office: Office, roster: Roster) -> None:
    """Who deletes votes or orders hinders; the order stays unused."""
    order = await office.approved(roster, ANNA, BEN)
    await office.service.administrate("DELETE FROM approval_vote WHERE person = 'anna'")
    assert await code(office.carry_out(order)) == "approvals_lacking"
    await office.service.administrate("DELETE FROM approval_vote")
    await office.service.administrate("DELETE FROM approval_order")
    assert await code(office.carry_out(order)) == "order_missing"
    await office.propose(order)
    assert (await office.show(order))["state"] == "open"


async def test_a_rolled_back_database_gives_no_second_use(office: Office, roster: Roster) -> None:
    """Yesterday's rows do not make a used order unused."""
    order = await office.approved(roster, ANNA, BEN)
    rows = await office.service.administrate("SELECT person, signature FROM approval_vote")
    await office.carry_out(order)
    office.wait(hours=48)
    await office.service.administrate("DELETE FROM approval_vote")
    for row in rows:
        await office.service.administrate(
            "INSERT INTO approval_vote VALUES ($1, $2, $3, now())",
            order.id,
            row["person"],
            row["signature"],
        )
    assert await code(office.carry_out(order)) == "order_used"
