"""Whom deposits go to, as the vault tells the escrow process: the roster in force alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import structlog

from proxy.errors import Refused
from proxy.model.order import ChangeAgent
from proxy.model.roster import AgentId
from proxy.run.vault_openings import Openings
from proxy.vault import casebook
from proxy.wire import frames, roster_document
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.decisions import Office
from tests.support.openings import ask, code
from tests.support.papers import AGENT, ANNA, BEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Any

    from tests.support.database import Database

pytestmark = pytest.mark.db

WHO = frames.ShowAgent(agent=AGENT.id)


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    """A vault without a roster."""
    async with vaults.service(tmp_path, database) as service:
        yield Office(service)


def room(office: Office) -> Openings:
    """The openings of the vault, with the roster that it has."""
    return Openings(
        office.service.rooms,
        authenticate=office.approvals.authenticate,
        deployment=office.approvals.deployment,
        agent=office.approvals.agent,
        book=casebook.CaseBook,
    )


def shown(**changes: Any) -> dict[str, Any]:
    """The answer for the first roster's agent."""
    return {
        "done": True,
        "openpgp": AGENT.openpgp,
        "host": AGENT.host,
        "port": AGENT.port,
        "host_key": AGENT.host_key,
        "deposits_per_day": AGENT.deposits_per_day,
        "registrars": [],
        "roster_version": 1,
        **changes,
    }


async def test_the_agent_is_the_rosters(office: Office) -> None:
    """Key, host and number of the agent in force; nothing is opened, spent or noted."""
    await office.found()
    before = support.entries(office.service)
    assert await ask(room(office), WHO) == shown()
    assert support.entries(office.service) == before
    assert office.service.vault.state.count_records() == 0


async def test_without_a_roster_or_such_an_agent_there_is_none(office: Office) -> None:
    """Before the first roster, and for an id that it does not have, the answer is one refusal."""
    assert await code(room(office), WHO) == "deposit_agent"
    await office.found()
    for agent in ("nobody", "", AGENT.id.upper()):
        with structlog.testing.capture_logs() as logs:
            assert await code(room(office), frames.ShowAgent(agent=agent)) == "deposit_agent"
        assert [(one["event"], one["reason"]) for one in logs] == [
            ("vault_refused", "deposit_agent")
        ]


async def test_a_changed_agent_is_shown_from_the_moment_it_is_in_force(office: Office) -> None:
    """While a successor waits its predecessor is shown; afterwards it, without anybody's help."""
    roster = await office.found()
    moved = replace(AGENT, host="new.escrow.example", port=2222)
    change = ChangeAgent(
        agent_id=AgentId(AGENT.id), agent=moved, replaces=roster_document.agent_digest(AGENT)
    )
    await office.carry_out(await office.approved(roster, ANNA, BEN, subject=change))
    office.wait(hours=47)
    assert await ask(room(office), WHO) == shown()
    office.wait(hours=1)
    assert await ask(room(office), WHO) == shown(
        host="new.escrow.example", port=2222, roster_version=2
    )


async def test_a_database_that_lies_moves_no_agent(office: Office) -> None:
    """Rosters rewritten or removed by a superuser, and a ledger that disagrees, change nothing."""
    await office.found()
    await office.service.administrate(
        "UPDATE roster SET document = replace(document, $1, 'evil.example')", AGENT.host
    )
    assert await ask(room(office), WHO) == shown()
    await office.service.administrate("DELETE FROM roster")
    office.service.rooms.ledger_trust.batch_fault = Refused("ledger_disagrees")
    assert await ask(room(office), WHO) == shown()


async def test_a_lost_state_shows_no_agent(office: Office) -> None:
    """What the vault no longer knows for certain it does not say."""
    await office.found()
    openings = Openings(
        replace(office.service.rooms, walls=None),
        authenticate=office.approvals.authenticate,
        deployment=office.approvals.deployment,
        agent=office.approvals.agent,
        book=casebook.CaseBook,
    )
    assert await code(openings, WHO) == "state_lost"
