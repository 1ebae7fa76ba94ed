"""An agent that names its registrars gets no other's deposits, whatever the plan says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import structlog

from proxy.model.identifiers import RecordClass
from proxy.model.order import ChangeAgent
from proxy.run.vault_openings import Openings
from proxy.vault import casebook
from proxy.wire import frames, roster_document
from tests.support import openings as support
from tests.support import papers
from tests.support import vault as vaults
from tests.support.decisions import Office
from tests.support.deposits import batch, begin, end, enrolled, reasons
from tests.support.openings import AGENT, OTHER_TENANT, Desk, ask, code, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.identifiers import TenantId
    from proxy.model.roster import Agent
    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db

ALARM = {
    "event": "vault_refused",
    "log_level": "error",
    "grant": "deposit",
    "reason": "deposit_agent",
    "code": "other_registrar",
}


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


def of(*registrars: TenantId) -> Agent:
    """The agent, of these registrars alone."""
    return replace(AGENT, registrars=frozenset(registrars))


async def test_a_deposit_of_another_registrar_does_not_begin(service: Service) -> None:
    """A plan that names another's agent: refused, with an alarm; nothing is spent or noted."""
    _, rows = await enrolled(service)
    room = support.openings(service, Desk({AGENT.id: of(OTHER_TENANT)}))
    before = support.alarms(service)
    for _ in range(AGENT.deposits_per_day + 1):
        with structlog.testing.capture_logs() as logs:
            assert await code(room, begin(rows)) == "deposit_agent"
        assert logs == [{**ALARM, "tenant_id": str(vaults.TENANT)}]
    assert support.alarms(service) == before + AGENT.deposits_per_day + 1
    assert entries(service) == []


async def test_each_registrar_goes_to_its_own_agent(service: Service) -> None:
    """Two registrars, two agents: either way straight works, and neither across."""
    await support.add_tenant(service)
    _, mine = await enrolled(service, 1)
    await support.enrol(service, replace(vaults.to_seal(), tenant_id=OTHER_TENANT))
    rows = await support.rows(service, RecordClass.IDENTITY)
    theirs = [one for one in rows if one.name.tenant_id == OTHER_TENANT]
    other = replace(of(OTHER_TENANT), id="agent-two")  # type: ignore[arg-type] # a NewType
    room = support.openings(service, Desk({AGENT.id: of(vaults.TENANT), other.id: other}))
    for rows, tenant_id, agent, wrong in (
        (mine, vaults.TENANT, AGENT.id, other.id),
        (theirs, OTHER_TENANT, other.id, AGENT.id),
    ):
        begun = begin(rows, tenant=str(tenant_id), agent=agent)
        crossed = begin(rows, tenant=str(tenant_id), agent=wrong)
        assert await code(room, crossed) == "deposit_agent"
        await ask(room, begun)
        assert reasons(await ask(room, batch(begun, rows))) == [""]
        assert (await ask(room, end(begun)))["outcome"] == "complete"


async def test_an_agent_of_several_gets_each_of_them(service: Service) -> None:
    """One of the list is enough."""
    _, rows = await enrolled(service)
    room = support.openings(service, Desk({AGENT.id: of(OTHER_TENANT, vaults.TENANT)}))
    begun = begin(rows)
    await ask(room, begun)
    assert reasons(await ask(room, batch(begun, rows))) == ["", "", ""]


async def test_a_registrar_taken_from_an_agent_gives_it_no_more_keys(service: Service) -> None:
    """The roster in force counts at every batch, a repeated one too, and with an alarm."""
    _, rows = await enrolled(service)
    desk = Desk()
    room, begun = support.openings(service, desk), begin(rows)
    await ask(room, begun)
    await ask(room, batch(begun, rows[:2]))
    desk.agents[AGENT.id] = of(OTHER_TENANT)
    before = support.alarms(service)
    for asked in (rows[:2], rows[2:]):
        with structlog.testing.capture_logs() as logs:
            assert await code(room, batch(begun, asked)) == "deposit_agent"
        assert logs == [{**ALARM, "tenant_id": str(vaults.TENANT)}]
    assert support.alarms(service) == before + 2
    assert await code(room, begun) == "deposit_agent"
    desk.agents[AGENT.id] = of(vaults.TENANT)
    assert await ask(room, begun) == {"done": True, "asked": 2}


async def test_an_order_that_names_registrars_binds_the_agent(service: Service) -> None:
    """Voted on, carried out, in force: it is shown and held to; before that, the one before is."""
    office = Office(service)
    roster = await office.found()
    room = Openings(
        service.rooms,
        authenticate=office.approvals.authenticate,
        deployment=office.approvals.deployment,
        agent=office.approvals.agent,
        book=casebook.CaseBook,
    )
    _, rows = await enrolled(service, 1)
    agent = papers.AGENT
    changed = ChangeAgent(
        agent_id=agent.id,
        agent=replace(agent, registrars=frozenset({OTHER_TENANT})),
        replaces=roster_document.agent_digest(agent),
    )
    await office.carry_out(await office.approved(roster, papers.ANNA, papers.BEN, subject=changed))
    who = frames.ShowAgent(agent=agent.id)
    assert (await ask(room, who))["registrars"] == []
    await ask(room, begin(rows, agent=agent.id, fingerprint=agent.openpgp))
    await service.later(hours=48)
    assert (await ask(room, who))["registrars"] == [str(OTHER_TENANT)]
    refused = begin(rows, agent=agent.id, fingerprint=agent.openpgp)
    assert await code(room, refused) == "deposit_agent"
