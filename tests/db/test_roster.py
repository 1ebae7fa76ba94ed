"""The roster in the vault: genesis, successors, objections, time, and a database that lies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import Conflict
from proxy.vault.grants import Caller
from proxy.wire import frames, roster_document
from proxy.wire.frames import Signature
from tests.support import papers
from tests.support import vault as vaults
from tests.support.decisions import ALL, Office, code
from tests.support.papers import ANNA, BEN, CHRIS, SAFES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.roster import Roster
    from tests.support.database import Database

pytestmark = pytest.mark.db
DORA = papers.hand("dora")
WITH_DORA = (papers.member(ANNA), papers.member(BEN), papers.member(CHRIS), papers.member(DORA))


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    """A vault without a roster."""
    async with vaults.service(tmp_path, database) as service:
        yield Office(service)


async def shown(office: Office) -> dict[str, Any]:
    """What stands."""
    return await office.ask(frames.ShowRoster())


async def test_a_genesis_takes_effect_at_once(office: Office) -> None:
    """Signed by everybody in it, the first roster is in force, and an entry says so."""
    assert (await shown(office))["current"] is None
    first = await office.found()
    found = await shown(office)
    assert found["current"]["sha256"] == papers.sha256(first)
    assert found["waiting"] is None
    assert [one["document"] for one in found["rosters"]] == [roster_document.render(first)]
    assert office.entries() == ["roster_founded"]


async def test_a_second_genesis_is_refused(office: Office) -> None:
    """Whoever holds the operator's socket can not begin again."""
    await office.found()
    again = office.first(made_at=vaults.START)
    assert await code(office.submit(again, *ALL)) == "roster_version"


@pytest.mark.parametrize(
    ("changes", "hands", "reason"),
    [
        ({}, ALL[:-1], "roster_possession"),
        ({"deployment": "1" * 32}, ALL, "roster_deployment"),
        ({"is_demo": True, "delay_s": 1}, ALL, "roster_demo"),
        ({"approvals": 1}, ALL, "roster_floor"),
        ({}, (*ALL, papers.STRANGER), "signature_stranger"),
    ],
)
async def test_a_wrong_genesis_has_its_reason(
    office: Office, changes: dict[str, object], hands: tuple[papers.Hand, ...], reason: str
) -> None:
    """Every refusal has a code, becomes an entry, and leaves no roster."""
    first = replace(office.first(), **changes)  # type: ignore[arg-type] # fields of a roster
    assert await code(office.submit(first, *hands)) == reason
    assert (await shown(office))["current"] is None
    assert office.entries() == ["paper_refused"]


async def test_a_single_wrong_signature_refuses_the_whole(office: Office) -> None:
    """A signature over another text, or by another key, is not simply left out."""
    first = office.first()
    good = papers.signed(first, *ALL)
    other = papers.signed(replace(first, approvals=3), ANNA)
    for wrong in (
        (*good, *other),
        (*good, Signature(person="anna", key=ANNA.public.id, signature=good[1].signature)),
        (*good, Signature(person="anna", key=ANNA.public.id, signature="")),
    ):
        request = frames.SubmitRoster(document=roster_document.render(first), signatures=wrong)
        assert (await code(office.ask(request))).startswith("signature_")
    assert (await shown(office))["current"] is None


async def test_a_successor_waits_and_then_is_in_force(office: Office) -> None:
    """Announced, 48 hours, in force: across a restart of the vault."""
    first = await office.found()
    second = papers.successor(first, members=WITH_DORA)
    answer = await office.submit(second, ANNA, BEN, DORA)
    assert answer["waiting"]["sha256"] == papers.sha256(second)
    assert answer["current"]["version"] == 1
    office.wait(hours=47, minutes=59)
    assert (await shown(office))["current"]["version"] == 1
    office.service.reopen()
    office.reopen()
    office.wait(minutes=1)
    found = await shown(office)
    assert (found["current"]["version"], found["waiting"]) == (2, None)
    assert office.entries() == ["roster_announced", "roster_effective", "roster_founded"]


async def test_the_same_paper_again_changes_nothing(office: Office) -> None:
    """A submission that is repeated gives the same answer and no entry."""
    first = await office.found()
    second = papers.successor(first, members=WITH_DORA)
    answer = await office.submit(second, ANNA, BEN, DORA)
    entries = office.entries()
    office.wait(hours=1)
    assert await office.submit(second, ANNA, BEN, DORA) == answer
    assert await office.submit(first, *ALL) == answer
    assert office.entries() == entries


async def test_one_roster_waits_at_a_time(office: Office) -> None:
    """A second successor is refused until the first has come or was stopped."""
    first = await office.found()
    await office.submit(papers.successor(first, members=WITH_DORA), ANNA, BEN, DORA)
    other = papers.successor(first, approvals=3)
    assert await code(office.submit(other, ANNA, BEN)) == "roster_waiting"


def objection(roster: Roster, hand: papers.Hand) -> frames.ObjectToRoster:
    """A no to a roster."""
    digest = papers.sha256(roster)
    return frames.ObjectToRoster(sha256=digest, signature=hand.no(digest))


async def test_a_member_stops_what_waits_for_good(office: Office) -> None:
    """One objection during the delay, and the same paper does not come again."""
    first = await office.found()
    second = papers.successor(first, members=WITH_DORA)
    await office.submit(second, ANNA, BEN, DORA)
    answer = await office.ask(objection(second, CHRIS), Caller.API)
    assert answer["waiting"] is None
    assert await code(office.submit(second, ANNA, BEN, DORA)) == "roster_stopped"
    office.wait(hours=49)
    assert (await shown(office))["current"]["version"] == 1
    assert await code(office.ask(objection(second, CHRIS), Caller.API)) == "roster_not_waiting"
    assert office.entries()[-4:] == [
        "roster_announced", "roster_founded", "roster_objection", "roster_stopped",
    ]  # fmt: skip


async def test_an_objection_is_a_members_and_of_this_paper(office: Office) -> None:
    """Strangers, keepers, newcomers and signatures for something else stop nothing."""
    first = await office.found()
    second = papers.successor(first, members=WITH_DORA)
    await office.submit(second, ANNA, BEN, DORA)
    digest = papers.sha256(second)
    for wrong, reason in (
        (papers.STRANGER.no(digest), "objection_stranger"),
        (DORA.no(digest), "objection_stranger"),
        (SAFES[0].no(digest), "objection_stranger"),
        (CHRIS.no("a" * 64), "signature_invalid"),
        (CHRIS.vote(digest, digest), "signature_invalid"),
        (replace_person(BEN.no(digest), "chris"), "signature_stranger"),
    ):
        request = frames.ObjectToRoster(sha256=digest, signature=wrong)
        assert await code(office.ask(request, Caller.API)) == reason
    assert (await shown(office))["waiting"]["objectors"] == []


def replace_person(signature: Signature, person: str) -> Signature:
    """The same signature under another name."""
    return Signature(person=person, key=signature.key, signature=signature.signature)


async def test_recovery_waits_a_week_and_needs_two_to_stop(office: Office) -> None:
    """The ceremony for a team that is gone."""
    first = await office.found()
    team = papers.hand("erik"), papers.hand("frida")
    second = papers.successor(first, members=tuple(papers.member(one) for one in team))
    assert await code(office.submit(second, SAFES[0], *team)) == "roster_signatures"
    answer = await office.submit(second, SAFES[0], SAFES[1], *team)
    assert answer["waiting"]["route"] == "recovery"
    answer = await office.ask(objection(second, CHRIS), Caller.API)
    assert answer["waiting"]["objectors"] == ["chris"]
    office.wait(days=7)
    assert (await shown(office))["current"]["sha256"] == papers.sha256(second)


@pytest.mark.parametrize("is_deleted", [True, False])
async def test_a_rewritten_roster_changes_nothing(office: Office, *, is_deleted: bool) -> None:
    """A superuser's roster in the place of the true one, or none: the vault has its own."""
    first = await office.found()
    forged = replace(
        first,
        members=(papers.member(papers.hand("anna", "x")), papers.member(papers.hand("ben", "x"))),
    )
    await office.service.administrate(
        "UPDATE roster SET document = $1", roster_document.render(forged)
    )
    if is_deleted:
        await office.service.administrate("DELETE FROM roster")
    assert [one["document"] for one in (await shown(office))["rosters"]] == [
        roster_document.render(first)
    ]
    order = office.order(first)
    kept = await office.propose(order)
    for one in (papers.hand("anna", "x"), papers.hand("ben", "x")):
        assert await code(office.vote(order, kept, one)) == "signature_stranger"
    second = papers.successor(first, members=WITH_DORA)
    await office.submit(second, ANNA, BEN, DORA)


async def test_nobody_can_take_an_objection_away(office: Office) -> None:
    """Members stop a roster while its rows are gone and the whole database is away."""
    first = await office.found()
    second = papers.successor(first, members=WITH_DORA)
    await office.submit(second, ANNA, BEN, DORA)
    await office.service.administrate("DELETE FROM roster")
    await office.service.pool.close()
    assert [one["version"] for one in (await shown(office))["rosters"]] == [1, 2]
    answer = await office.ask(objection(second, CHRIS), Caller.API)
    assert answer["waiting"] is None


async def test_five_members_are_not_outvoted_by_two(office: Office) -> None:
    """Those whom two colleagues gave new keys object, and the roster is stopped."""
    people = [papers.hand(one) for one in ("anna", "ben", "chris", "dora", "erik")]
    first = office.first(members=tuple(papers.member(one) for one in people))
    await office.submit(first, *people, *SAFES)
    posing = [papers.hand(one.person, "forged") for one in people[2:]]
    second = papers.successor(
        first, members=tuple(papers.member(one) for one in (*people[:2], *posing))
    )
    await office.submit(second, *people[:2], *posing)
    answer = await office.ask(objection(second, people[2]), Caller.API)
    assert answer["waiting"] is None


async def test_an_objection_again_is_no_news(office: Office) -> None:
    """The same no of the same member makes one entry."""
    first = await office.found()
    team = papers.hand("erik"), papers.hand("frida")
    second = papers.successor(first, members=tuple(papers.member(one) for one in team))
    await office.submit(second, SAFES[0], SAFES[1], *team)
    for _ in range(3):
        await office.ask(objection(second, CHRIS), Caller.API)
    assert office.entries().count("roster_objection") == 1


async def test_a_successor_follows_what_is_in_force_at_that_moment(office: Office) -> None:
    """Between the checks and the last step the waiting roster may come: then nothing is done."""
    first = await office.found()
    second = papers.successor(first, members=WITH_DORA)
    await office.submit(second, ANNA, BEN, DORA)
    standing = office.service.vault.walls.rosters.standing()
    assert standing is not None
    assert standing.waiting is not None
    office.wait(hours=48)
    await shown(office)
    rival = replace(standing.waiting, sha256="f" * 64)
    with pytest.raises(Conflict, match="roster_moved"):
        office.service.vault.walls.rosters.announce(rival, follows=papers.sha256(first))


async def test_an_invented_successor_in_the_database_is_nothing(office: Office) -> None:
    """Rows of rosters that the vault never took do not come into force, whatever they claim."""
    first = await office.found()
    forged = papers.successor(first, members=(papers.member(papers.STRANGER),) * 1)
    await office.service.administrate(
        "INSERT INTO roster (sha256, version, document, evidence, announced_at, effective_at)"
        " VALUES (decode($1, 'hex'), 2, $2, '{}', $3, $3)",
        papers.sha256(forged),
        roster_document.render(forged),
        vaults.START,
    )
    office.wait(days=30)
    assert (await shown(office))["current"]["version"] == 1
    assert await code(office.propose(office.order(forged))) == "order_roster"


async def test_a_rolled_back_database_brings_no_leaver_back(office: Office) -> None:
    """Rows of yesterday do not make yesterday's roster be in force."""
    first = await office.found()
    second = papers.successor(first, members=(papers.member(ANNA), papers.member(BEN)))
    await office.submit(second, ANNA, BEN)
    office.wait(hours=48)
    assert (await shown(office))["current"]["version"] == 2
    await office.service.administrate("DELETE FROM roster WHERE version = 2")
    assert await code(office.propose(office.order(first))) == "order_roster"
    order = office.order(second)
    kept = await office.propose(order)
    assert await code(office.vote(order, kept, CHRIS)) == "vote_stranger"


async def test_lost_state_answers_no_paper(office: Office) -> None:
    """Without its state the vault does not know who may decide, and says what is needed."""
    await office.found()
    office.service.rooms = replace(office.service.rooms, walls=None)
    office.reopen()
    assert await code(office.ask(frames.ShowRoster())) == "state_lost"


async def test_refusals_do_not_fill_the_ledger(office: Office) -> None:
    """A flood of bad papers gives some entries and then counts alone."""
    await office.found()
    for _ in range(70):
        request = frames.SubmitRoster(document="{}", signatures=())
        assert await code(office.ask(request)) == "document_malformed"
    assert office.entries().count("paper_refused") == 60
    counter = office.service.rooms.metrics.counter(
        "vault_papers_refused_total", reason="document_malformed"
    )
    assert counter.value == 70
