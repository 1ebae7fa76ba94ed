"""Orders and votes in the vault, end to end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.errors import ProxyError, Refused
from proxy.model.order import ChangeAgent
from proxy.model.roster import AgentId, Person
from proxy.vault.grants import Caller
from proxy.wire import documents, frames, order_document, roster_document
from proxy.wire.frames import Signature
from tests.support import papers
from tests.support import vault as vaults
from tests.support.decisions import Office, code
from tests.support.papers import AGENT, AGENT_RULE, ANNA, BEN, CHRIS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.roster import Roster
    from tests.support.database import Database
    from tests.support.papers import Hand

pytestmark = pytest.mark.db
ANNAS_PASSKEY, BENS_PASSKEY = papers.passkey_hand("anna"), papers.passkey_hand("ben")
MEMBERS = (
    papers.member(ANNA, ANNAS_PASSKEY),
    papers.member(BEN, BENS_PASSKEY),
    papers.member(CHRIS),
)


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    """A vault without a roster."""
    async with vaults.service(tmp_path, database) as service:
        yield Office(service)


@pytest.fixture
async def roster(office: Office) -> Roster:
    """The roster in force."""
    return await office.found(members=MEMBERS)


async def host_in_force(office: Office) -> str:
    """Where deposits would be sent now."""
    agent = await office.approvals.agent(AGENT.id)
    assert agent is not None
    return agent.host


async def test_no_roster_no_orders(office: Office) -> None:
    """Before genesis nothing can be ordered."""
    assert await code(office.propose(office.order(office.first()))) == "roster_none"


async def test_an_order_changes_an_agent_after_the_delay(office: Office, roster: Roster) -> None:
    """Two votes, carried out, announced, and in force after 48 hours."""
    order = await office.approved(roster, ANNA, BENS_PASSKEY)
    seen = await office.show(order)
    assert seen["lacking"] == []
    assert {one["person"]: one["detached"] for one in seen["approvals"]} == {
        "anna": True, "ben": False,
    }  # fmt: skip
    answer = await office.carry_out(order)
    assert answer["waiting"]["route"] == "order"
    assert await host_in_force(office) == AGENT.host
    office.wait(hours=48)
    assert await host_in_force(office) == "new.escrow.example"
    rows = (await office.ask(frames.ShowRoster(after=1)))["rosters"]
    made = roster_document.parse(rows[0]["document"])
    assert made.order == documents.digest(order_document.render(order))
    assert rows[0]["evidence"]["order"] == order_document.render(order)
    assert [one["person"] for one in rows[0]["evidence"]["votes"]] == ["anna", "ben"]
    assert office.entries() == [
        "order_carried_out", "order_intended", "order_received", "order_vote", "order_vote",
        "roster_announced", "roster_effective", "roster_founded",
    ]  # fmt: skip


async def test_an_agent_comes_and_goes_by_orders(office: Office, roster: Roster) -> None:
    """A new agent, then none of it: each an order of its own under the roster of its time."""
    fresh = replace(AGENT, id=AgentId("second-escrow"))
    order = await office.approved(roster, ANNA, BEN,
        subject=ChangeAgent(agent_id=fresh.id, agent=fresh, replaces=""),
    )  # fmt: skip
    await office.carry_out(order)
    office.wait(hours=48)
    assert await office.approvals.agent(fresh.id) == fresh
    rows = (await office.ask(frames.ShowRoster(after=1)))["rosters"]
    second = roster_document.parse(rows[0]["document"])
    order = await office.approved(second, BEN, CHRIS,
        subject=ChangeAgent(
            agent_id=fresh.id, agent=None, replaces=roster_document.agent_digest(fresh)
        ),
    )  # fmt: skip
    await office.carry_out(order)
    office.wait(hours=48)
    assert await office.approvals.agent(fresh.id) is None
    assert await office.approvals.agent(AGENT.id) == AGENT


@pytest.mark.parametrize(
    ("hands", "lacks"),
    [
        ((), "approvals_lacking"),
        ((ANNA,), "approvals_lacking"),
        ((ANNA, ANNAS_PASSKEY), "approvals_lacking"),
        ((ANNAS_PASSKEY, BENS_PASSKEY), "detached_lacking"),
    ],
)
async def test_too_few_votes_do_nothing(
    office: Office, roster: Roster, hands: tuple[Hand, ...], lacks: str
) -> None:
    """One person, whatever their keys, and passkeys alone, are not enough."""
    order = await office.approved(roster, *hands)
    assert lacks in (await office.show(order))["lacking"]
    assert await code(office.carry_out(order)) == lacks
    assert (await office.show(order))["state"] == "open"
    assert (await office.ask(frames.ShowRoster()))["waiting"] is None


async def test_an_order_is_used_once(office: Office, roster: Roster) -> None:
    """Carried out again, voted on again, or submitted again, it does nothing more."""
    order = await office.approved(roster, ANNA, BEN)
    kept = await office.show(order)
    await office.carry_out(order)
    assert await code(office.carry_out(order)) == "order_used"
    assert await code(office.vote(order, kept, CHRIS)) == "order_used"
    office.service.reopen()
    office.reopen()
    assert await code(office.carry_out(order)) == "order_used"
    answer = await office.propose(order)
    assert answer["state"] == "carried out"


async def test_racing_hands_carry_out_once(office: Office, roster: Roster) -> None:
    """Of several that carry out at the same time one succeeds."""
    order = await office.approved(roster, ANNA, BEN)
    found = await asyncio.gather(
        *(office.carry_out(order) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, dict) for one in found) == 1
    assert {one.code for one in found if isinstance(one, ProxyError)} == {"order_used"}


@pytest.mark.parametrize("hand", [ANNA, ANNAS_PASSKEY], ids=["ssh", "passkey"])
async def test_a_vote_is_for_one_order_and_one_nonce(
    office: Office, roster: Roster, hand: Hand
) -> None:
    """Votes of another order, of another nonce, and objections are no votes for this one."""
    first, second = office.order(roster), office.order(roster)
    one, two = await office.propose(first), await office.propose(second)
    wrong = "signature_invalid" if hand is ANNA else "assertion_challenge"
    for signature in (
        hand.vote(two["sha256"], two["nonce"]),
        hand.vote(one["sha256"], two["nonce"]),
        hand.vote(two["sha256"], one["nonce"]),
        hand.vote(one["sha256"], "00" * 32),
        hand.no(one["sha256"]),
    ):
        request = frames.Vote(order=str(first.id), signature=signature)
        assert await code(office.ask(request, Caller.API)) == wrong
    assert (await office.show(first))["approvals"] == []


async def test_a_vote_is_of_a_key_of_the_roster(office: Office, roster: Roster) -> None:
    """Another's key, a stranger, a keeper of a recovery key, a name that is not one's own."""
    order = office.order(roster)
    kept = await office.propose(order)
    true = ANNA.vote(kept["sha256"], kept["nonce"])
    for signature, reason in (
        (papers.STRANGER.vote(kept["sha256"], kept["nonce"]), "vote_stranger"),
        (papers.SAFES[0].vote(kept["sha256"], kept["nonce"]), "vote_stranger"),
        (replaced(true, person="ben"), "signature_stranger"),
        (replaced(true, key=BEN.public.id), "signature_stranger"),
        (replaced(true, person="ben", key=BEN.public.id), "signature_key"),
        (replaced(true, signature=true.signature.replace("U1NIU0lH", "U1NIU0lG")),
         "signature_malformed"),
        (replaced(true, signature=""), "signature_malformed"),
    ):  # fmt: skip
        request = frames.Vote(order=str(order.id), signature=signature)
        assert await code(office.ask(request, Caller.API)) == reason
    assert office.entries().count("paper_refused") == 7


def replaced(true: Signature, **changes: str) -> Signature:
    """The signature with other members."""
    facts = {"person": true.person, "key": true.key, "signature": true.signature, **changes}
    return Signature(**facts)


async def test_nobody_votes_on_an_order_of_their_own(office: Office, roster: Roster) -> None:
    """The proposer, the handler and the releaser are refused by name."""
    for place in ("proposer", "handler", "releaser"):
        order = office.order(roster, **{place: Person("anna")})
        kept = await office.propose(order)
        assert await code(office.vote(order, kept, ANNA)) == "vote_own_order"


async def test_an_order_expires(office: Office, roster: Roster) -> None:
    """After its time it takes no votes and does nothing; before its time it waits."""
    order = await office.approved(roster, ANNA, BEN)
    office.wait(hours=72)
    kept = await office.show(order)
    assert await code(office.carry_out(order)) == "order_expired"
    assert await code(office.vote(order, kept, CHRIS)) == "order_expired"
    now = office.service.vault.clock.now()
    early = await office.approved(roster, ANNA, BEN,
        not_before=now + timedelta(hours=2), expires_at=now + timedelta(hours=3),
    )  # fmt: skip
    assert await code(office.carry_out(early)) == "order_early"
    office.wait(hours=2)
    await office.carry_out(early)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deployment": "1" * 32}, "order_deployment"),
        ({"roster": "a" * 64}, "order_roster"),
        ({"roster_version": 2}, "order_roster"),
        ({"proposer": Person("mallory")}, "order_person"),
        ({"handler": Person("operator")}, "order_person"),
        ({"expires_at": vaults.START - timedelta(seconds=1)}, "order_window"),
        ({"expires_at": vaults.START + timedelta(days=8)}, "order_window"),
        (
            {
                "not_before": vaults.START - timedelta(hours=2),
                "expires_at": vaults.START - timedelta(hours=1),
            },
            "order_expired",
        ),
        (
            {
                "not_before": vaults.START + timedelta(days=3),
                "expires_at": vaults.START + timedelta(days=9),
            },
            "order_window",
        ),
        (
            {"subject": ChangeAgent(agent_id=AGENT.id, agent=None, replaces="b" * 64)},
            "order_agent_changed",
        ),
        (
            {
                "subject": ChangeAgent(
                    agent_id=AGENT.id, agent=AGENT, replaces=roster_document.agent_digest(AGENT)
                )
            },
            "order_changes_nothing",
        ),
        (
            {"subject": ChangeAgent(agent_id=AgentId("nobody"), agent=None, replaces="")},
            "order_changes_nothing",
        ),
    ],
)
async def test_an_order_that_does_not_fit_is_not_received(
    office: Office, roster: Roster, changes: dict[str, object], reason: str
) -> None:
    """Of another installation, another roster, another time, or against another agent."""
    order = office.order(roster, **changes)
    assert await code(office.propose(order)) == reason
    assert await code(office.show(order)) == "order_unknown"


async def test_a_rule_limits_the_fields(office: Office) -> None:
    """A roster may let orders move the host, and never the key."""
    rule = replace(AGENT_RULE, fields=frozenset({"host", "port", "host_key"}))
    roster = await office.found(members=MEMBERS, rules=(rule,))
    moved = replace(AGENT, openpgp="B2" * 20)
    change = ChangeAgent(
        agent_id=AGENT.id, agent=moved, replaces=roster_document.agent_digest(AGENT)
    )
    assert await code(office.propose(office.order(roster, subject=change))) == "order_field_limit"
    await office.propose(office.order(roster))


async def test_a_new_roster_voids_open_orders(office: Office, roster: Roster) -> None:
    """Votes under yesterday's roster do not count under today's."""
    order = await office.approved(roster, ANNA, BEN,
        expires_at=office.service.vault.clock.now() + timedelta(days=6),
    )  # fmt: skip
    second = papers.successor(roster, members=(MEMBERS[0], MEMBERS[1]))
    await office.submit(second, ANNA, BEN)
    office.wait(hours=48)
    assert await code(office.carry_out(order)) == "order_roster"


async def test_an_id_is_one_documents(office: Office, roster: Roster) -> None:
    """Another order under a known id is refused; the same one again gives the same nonce."""
    order = office.order(roster)
    kept = await office.propose(order)
    assert await office.propose(order) == kept
    other = replace(order, reason="Something else.")
    assert await code(office.propose(other)) == "order_id_used"


async def test_a_member_stops_an_order(office: Office, roster: Roster) -> None:
    """A signed no ends it, votes or not; a stranger's does not."""
    order = await office.approved(roster, ANNA, BEN)
    sha256 = (await office.show(order))["sha256"]
    for wrong, reason in (
        (papers.STRANGER.no(sha256), "objection_stranger"),
        (CHRIS.no("a" * 64), "signature_invalid"),
    ):
        request = frames.ObjectToOrder(order=str(order.id), signature=wrong)
        assert await code(office.ask(request, Caller.API)) == reason
    request = frames.ObjectToOrder(order=str(order.id), signature=CHRIS.no(sha256))
    assert (await office.ask(request, Caller.WEB))["state"] == "stopped"
    assert await code(office.carry_out(order)) == "order_stopped"
    assert await code(office.ask(request, Caller.API)) == "order_stopped"


async def test_nothing_is_decided_that_no_leaf_could_tell(office: Office, roster: Roster) -> None:
    """While the database's ledger is not the vault's own, orders and rosters wait."""
    order = await office.approved(roster, ANNA, BEN)
    trust = office.service.rooms.ledger_trust
    trust.batch_fault = Refused("ledger_disagrees")
    assert await code(office.carry_out(order)) == "ledger_disagrees"
    second = papers.successor(roster, members=(MEMBERS[0], MEMBERS[1]))
    assert await code(office.submit(second, ANNA, BEN)) == "ledger_disagrees"
    trust.batch_fault = None
    await office.carry_out(order)


async def test_an_order_that_makes_no_roster_is_not_received(office: Office) -> None:
    """One agent more than a roster holds: carried out, nobody could read the roster ever after."""
    agents = tuple(replace(AGENT, id=AgentId(f"agent-{number:02}")) for number in range(32))
    roster = await office.found(members=MEMBERS, agents=agents)
    more = replace(AGENT, id=AgentId("one-more"))
    order = office.order(roster, subject=ChangeAgent(agent_id=more.id, agent=more, replaces=""))
    assert await code(office.propose(order)) == "order_result"


async def test_a_vote_again_is_no_news(office: Office, roster: Roster) -> None:
    """The same vote, and the same order, once more: no entry, nothing changed."""
    order = office.order(roster)
    kept = await office.propose(order)
    for _ in range(3):
        await office.vote(order, kept, ANNA)
        await office.propose(order)
    assert office.entries().count("order_vote") == 1
    assert office.entries().count("order_received") == 1


async def test_a_passkey_takes_no_place_of_a_key_of_ones_own(
    office: Office, roster: Roster
) -> None:
    """Whoever serves the pages plays an earlier passkey vote again: the better one stays."""
    order = office.order(roster)
    kept = await office.propose(order)
    await office.vote(order, kept, ANNAS_PASSKEY)
    await office.vote(order, kept, ANNA)
    seen = await office.vote(order, kept, ANNAS_PASSKEY, Caller.WEB)
    assert seen["approvals"] == [{"person": "anna", "detached": True}]


async def test_orders_are_listed(office: Office, roster: Roster) -> None:
    """The operator sees what is open and what is over, by ids."""
    first = await office.approved(roster, ANNA, BEN)
    await office.carry_out(first)
    office.wait(seconds=1)
    second = await office.approved(roster)
    found = (await office.ask(frames.ListOrders()))["orders"]
    assert [(one["order"], one["state"]) for one in found] == [
        (str(second.id), "open"),
        (str(first.id), "carried out"),
    ]
    assert json.dumps(found)
