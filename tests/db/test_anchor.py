"""A lost state is anchored anew by members' signatures, and the vault goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Refused
from proxy.vault import leaf, reanchor, state, tree
from proxy.vault.grants import Caller
from proxy.wire import frames
from tests.db.test_vault_attacks import named, opened
from tests.support import anchors, papers
from tests.support import vault as vaults
from tests.support.anchors import Site
from tests.support.papers import ANNA, BEN, CHRIS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.wire.frames import Answer
    from tests.support.database import Database

pytestmark = pytest.mark.db


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """Three registrations, one of them erased, a roster in force, and a ledger."""
    async with anchors.site(tmp_path, database) as made:
        yield made


async def test_a_lost_vault_goes_on_where_it_was(site: Site) -> None:
    """Proposed, signed by two, submitted: records open, the ledger grows, an entry tells."""
    before = await anchors.roots(site)
    site.lose()
    document = (await site.propose())["document"]
    facts = json.loads(document)
    assert (facts["records"], facts["left_out"], facts["erasures"]) == (4, 0, 1)
    assert facts["ledger_size"] == max(before)
    assert facts["ledger_root"] == before[max(before)].hex()
    assert facts["lost_ledger"] is False
    assert not site.ends
    answer = await site.submit(document, ANNA, BEN)
    assert site.ends == [True]
    site.begin_anew()
    assert site.service.vault.state.count_records() == 4
    assert await anchors.faults(site) == {"looked": 4}
    assert "marlene" not in await opened(site.service, named(anchors.item(0)))
    assert "mark0 Größe" in await opened(site.service, named(anchors.item(0)))
    entry = leaf.parse(site.service.vault.state.entries(9)[0][1])
    assert (str(entry.id), entry.kind) == (answer["entry"], "state_anchored")
    assert entry.facts["sha256"] == answer["sha256"]
    assert entry.facts["signers"] == "anna ben"
    await site.service.rounds.sequence()
    rows = await site.service.administrate("SELECT commitment FROM ledger_leaf ORDER BY index")
    leaves = [row["commitment"] for row in rows]
    after = await anchors.roots(site)
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1
    for size, root in after.items():
        assert tree.Frontier().extended(leaves[:size]).root() == root
    rows = await site.service.administrate(
        "SELECT count(*) AS n FROM ledger_entry WHERE kind = 'state_anchored' AND leaf_index >= $1",
        max(before),
    )
    assert [row["n"] for row in rows] == [1]
    later = vaults.to_seal(mark="later")
    await site.service.enrol(later)
    await site.service.rounds.adopt()
    assert "later" in await opened(site.service, named(later))


async def test_the_erased_stay_erased(site: Site) -> None:
    """A row that comes back after the anchor is refused, and destroyed at the next start."""
    rows = await site.service.administrate(
        "SELECT class, record, wrapped_dek FROM sealed_record WHERE registration_id = $1",
        anchors.PEOPLE[0],
    )
    site.lose()
    await site.anchor()
    for row in rows:
        await site.service.administrate(
            "UPDATE sealed_record SET record = $2, wrapped_dek = $3 WHERE registration_id = $1"
            " AND class = $4",
            anchors.PEOPLE[2], row["record"], row["wrapped_dek"], row["class"],
        )  # fmt: skip
    assert await opened(site.service, named(anchors.item(2))) == "record_erased"
    await site.service.rounds.prepare()
    assert await opened(site.service, named(anchors.item(2))) == "no_row"


async def test_an_erased_row_that_is_back_is_left_out(site: Site) -> None:
    """A restored record with a certificate over it is counted apart and never anchored."""
    await anchors.back_up(site.service)
    item_one = anchors.item(1)
    await site.service.end(item_one, "lapsed")
    await site.service.rounds.shred()
    await anchors.tamper(
        site.service,
        "UPDATE sealed_record r SET record = b.record, wrapped_dek = b.wrapped_dek"
        " FROM backup.sealed_record b WHERE b.registration_id = r.registration_id"
        " AND b.class = r.class",
    )
    await site.service.rounds.sequence()
    site.lose()
    found = await site.propose()
    assert found["reasons"] == {"record_erased": 2}
    facts = json.loads(found["document"])
    assert (facts["records"], facts["left_out"], facts["erasures"]) == (2, 2, 2)
    await site.submit(found["document"], BEN, CHRIS)
    site.begin_anew()
    assert await opened(site.service, named(item_one)) == "record_erased"
    await site.service.rounds.prepare()
    assert await opened(site.service, named(item_one)) == "no_row"


async def test_records_that_do_not_open_stay_out(site: Site) -> None:
    """Swapped and damaged rows are counted by reason, left out, and refused afterwards."""
    await site.service.administrate(
        "UPDATE sealed_record a SET wrapped_dek = b.wrapped_dek FROM sealed_record b"
        " WHERE a.registration_id = $1 AND b.registration_id = $2 AND a.class = b.class"
        " AND a.class = 'identity'",
        anchors.PEOPLE[0], anchors.PEOPLE[1],
    )  # fmt: skip
    site.lose()
    found = await site.propose()
    assert found["reasons"] == {"record_key": 1}
    facts = json.loads(found["document"])
    assert (facts["records"], facts["left_out"]) == (3, 1)
    await site.submit(found["document"], ANNA, BEN)
    site.begin_anew()
    assert await opened(site.service, named(anchors.item(0))) == "record_unknown"
    assert "mark1" in await opened(site.service, named(anchors.item(1)))


async def test_old_orders_are_over(site: Site) -> None:
    """An order that was open, and a roster that waited, do not come back after an anchor."""
    first = site.office.first()
    order = site.office.order(first)
    kept = await site.office.propose(order)
    for hand in (ANNA, BEN):
        await site.office.vote(order, kept, hand)
    second = papers.successor(first, approvals=3)
    await site.office.submit(second, ANNA, BEN)
    await site.service.rounds.sequence()
    site.lose()
    found = await site.propose()
    assert found["later_rosters"] == [{"sha256": papers.sha256(second), "version": 2}]
    await site.submit(found["document"], ANNA, CHRIS)
    site.begin_anew()
    shown = await site.office.ask(frames.ShowRoster())
    assert (shown["current"]["sha256"], shown["waiting"]) == (papers.sha256(first), None)
    assert await anchors.code(site.office.carry_out(order)) == "order_stopped"
    assert await anchors.code(site.office.vote(order, kept, CHRIS)) == "order_stopped"
    assert await anchors.code(site.office.submit(second, ANNA, BEN)) == "roster_stopped"
    third = replace(second, made_at=vaults.START)
    assert (await site.office.submit(third, ANNA, BEN))["waiting"]["version"] == 2


async def test_an_older_database_goes_on_only_as_a_loss(site: Site) -> None:
    """A restored older copy under newer keys: refused, then anchored with the loss in writing."""
    await anchors.back_up(site.service)
    older = await anchors.roots(site)
    later = vaults.to_seal(mark="later")
    await site.service.enrol(later)
    await site.service.rounds.adopt()
    await site.service.end(anchors.item(1), "lapsed")
    await site.service.rounds.shred()
    await site.service.rounds.sequence()
    witnessed = await site.checkpoint()
    await anchors.restore(site.service)
    # The state in place once more: it knows who was erased since, and tells the older copy.
    site.begin_anew()
    await site.service.rounds.prepare()
    with pytest.raises(Refused) as refusal:
        await site.service.rounds.sequence()
    assert refusal.value.code == "ledger_disagrees"
    site.lose()
    assert await anchors.code(site.propose(checkpoint=witnessed)) == "anchor_ledger_behind"
    facts = await site.anchor(checkpoint=witnessed, accept_loss=True)
    assert (facts["lost_ledger"], facts["ledger_size"]) == (True, max(older))
    assert (facts["records"], facts["left_out"], facts["erasures"]) == (2, 0, 2)
    await site.service.rounds.prepare()
    await site.service.rounds.sequence()
    assert older.items() <= (await anchors.roots(site)).items()
    assert await anchors.faults(site) == {"looked": 2}
    assert await opened(site.service, named(anchors.item(1))) == "no_row"
    assert await opened(site.service, named(later)) == "no_row"
    entry = await site.service.administrate(
        "SELECT facts FROM ledger_entry WHERE kind = 'state_anchored' AND leaf_index IS NOT NULL"
    )
    assert json.loads(entry[0]["facts"])["lost_ledger"] is True
    site.lose()
    assert await anchors.code(site.propose(checkpoint=witnessed)) == "anchor_ledger_other"


async def test_a_checkpoint_that_is_led_to_is_no_loss(site: Site) -> None:
    """An older checkpoint of ours fits; one of another log, or no checkpoint, is told so."""
    seen = await site.checkpoint()
    await site.service.rounds.sequence()
    site.lose()
    found = await site.propose(checkpoint=seen, accept_loss=True)
    assert json.loads(found["document"])["lost_ledger"] is False
    forged = seen.replace("\n16\n", "\n17\n")
    assert forged != seen
    for wrong in (forged, "nothing", seen.partition("\n\n")[0]):
        assert await anchors.code(site.propose(checkpoint=wrong)) == "anchor_checkpoint"


async def test_before_a_first_roster_nobody_can_vouch(tmp_path: Path, database: Database) -> None:
    """Without a roster that was in force there is only the backup."""
    async with vaults.service(tmp_path, database) as service:
        site = Site(service)
        site.lose()
        assert await anchors.code(site.propose()) == "anchor_roster"
        assert await anchors.code(site.submit("{}", ANNA, BEN)) == "document_malformed"


async def test_a_vault_with_a_state_takes_no_anchor(site: Site) -> None:
    """Before a loss, after the anchor, and when the true state was put back meanwhile."""
    site.service.vault.state.close()
    kept = site.directory / "kept"
    site.place.rename(kept)
    site.start_lost()
    document = (await site.propose())["document"]
    kept.rename(site.place)
    assert await anchors.code(site.submit(document, ANNA, BEN)) == "anchor_not_lost"
    assert await anchors.code(site.propose()) == "anchor_not_lost"
    site.place.rename(kept)
    await site.submit(document, ANNA, BEN)
    assert await anchors.code(site.submit(document, ANNA, BEN)) == "anchor_not_lost"
    site.begin_anew()
    site.answers = site.office.answers
    assert await anchors.code(site.propose()) == "not_granted"


async def test_a_state_put_back_during_the_survey_wins(site: Site) -> None:
    """The true state is never moved aside, however late it comes back."""
    site.service.vault.state.close()
    kept = site.directory / "kept"
    site.place.rename(kept)
    site.start_lost()
    document = (await site.propose())["document"]
    signatures = tuple(one.sign(document.encode()).signature for one in (ANNA, BEN))
    request = frames.SubmitAnchor(document=document, signatures=signatures)
    answer = site.answers.answer(Caller.OPERATOR, request)
    assert (await anext(answer))["done"] is False
    kept.rename(site.place)
    assert await anchors.code(_rest(answer)) == "anchor_not_lost"
    site.begin_anew()
    assert await anchors.faults(site) == {"looked": 4}
    assert not site.ends


async def _rest(answer: AsyncIterator[Answer]) -> list[Answer]:
    return [one async for one in answer]


async def test_a_foreign_state_in_the_way_is_kept_beside(site: Site) -> None:
    """What lay in the state's place is moved aside, not destroyed."""
    site.lose()
    state.create(site.place, b"foreign")
    assert site.is_lost()
    document = (await site.propose())["document"]
    await site.submit(document, ANNA, BEN)
    assert not site.is_lost()
    assert (site.directory / "state.lost-1" / "data.mdb").exists()


async def test_a_survey_gives_numbers_and_roots_alone(site: Site) -> None:
    """No frame of a proposal holds anything of a person."""
    site.lose()
    answer = site.answers.answer(Caller.OPERATOR, frames.ProposeAnchor(reason="Go on."))
    said = [json.dumps(one) async for one in answer]
    assert len(said) > 3
    assert "mark" not in "".join(said)
    assert not (site.directory / reanchor.NEW_NAME).exists()
