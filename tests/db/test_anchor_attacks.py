"""Nothing forged, changed, late or signed by too few becomes a vault's new state."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.vault import note, primitives, reanchor, tree
from proxy.vault.grants import Caller
from proxy.wire import frames, roster_document
from tests.support import anchors, papers
from tests.support import vault as vaults
from tests.support.anchors import Site
from tests.support.papers import ANNA, BEN, CHRIS, SAFES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database

pytestmark = pytest.mark.db
FORGED = ("anna", "ben", "mallory")


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """Three registrations, one of them erased, a roster in force, and a ledger."""
    async with anchors.site(tmp_path, database) as made:
        yield made


@pytest.mark.parametrize(
    ("hands", "reason"),
    [
        ((), "anchor_signatures"),
        ((ANNA,), "anchor_signatures"),
        ((ANNA, ANNA), "anchor_signatures"),
        ((ANNA, papers.STRANGER), "signature_stranger"),
        ((ANNA, BEN, papers.STRANGER), "signature_stranger"),
        ((ANNA, SAFES[0]), "signature_stranger"),
        ((ANNA, papers.passkey_hand("ben")), "signature_malformed"),
    ],
)
async def test_an_anchor_needs_two_members(
    site: Site, hands: tuple[papers.Hand, ...], reason: str
) -> None:
    """One, one twice, strangers, keepers of recovery keys and passkeys vouch for nothing."""
    site.lose()
    document = (await site.propose())["document"]
    assert await anchors.code(site.submit(document, *hands)) == reason
    assert site.is_lost()
    assert not site.ends


async def test_an_anchor_needs_as_many_as_the_roster_says(
    tmp_path: Path, database: Database
) -> None:
    """Where three sign a roster, three sign an anchor."""
    async with vaults.service(tmp_path, database) as service:
        site = Site(service)
        await site.office.found(approvals=3)
        site.lose()
        found = await site.propose()
        assert found["needed"] == 3
        assert await anchors.code(site.submit(found["document"], ANNA, BEN)) == "anchor_signatures"
        await site.submit(found["document"], ANNA, BEN, CHRIS)
        assert not site.is_lost()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"deployment": "1" * 32}, "anchor_deployment"),
        ({"roster": "1" * 64}, "anchor_roster"),
        ({"roster_version": 2}, "anchor_roster"),
        ({"made_at": "2026-10-29T11:59:59Z"}, "anchor_expired"),
        ({"made_at": "2026-11-01T12:06:00Z"}, "anchor_expired"),
        ({"ledger_size": 3}, "anchor_ledger_changed"),
        ({"ledger_root": "1" * 64}, "anchor_ledger_changed"),
        ({"records": 3}, "anchor_records_changed"),
        ({"records_root": "1" * 64}, "anchor_records_changed"),
        ({"left_out": 1}, "anchor_records_changed"),
        ({"erasures": 0}, "anchor_erasures_changed"),
        ({"erasures_root": "1" * 64}, "anchor_erasures_changed"),
        ({"type": "privacyproxy roster"}, "document_malformed"),
        ({"reason": "go\x1b[2Jon"}, "document_malformed"),
        ({"reason": ""}, "document_malformed"),
        ({"records": -1}, "document_malformed"),
        ({"more": 1}, "document_malformed"),
        ({"id": "0189AAAA-0000-7000-8000-00000000000f"}, "document_malformed"),
    ],
)
async def test_a_document_that_is_not_true_is_refused(
    site: Site, facts: dict[str, object], reason: str
) -> None:
    """Whatever is written, and however well it is signed, the database decides."""
    site.lose()
    document = anchors.changed((await site.propose())["document"], **facts)
    assert await anchors.code(site.submit(document, ANNA, BEN)) == reason
    assert site.is_lost()
    assert not (site.directory / reanchor.NEW_NAME).exists()


async def test_a_signature_is_over_this_document(site: Site) -> None:
    """Signatures under a document do not carry over to another, nor to another spelling."""
    site.lose()
    document = (await site.propose())["document"]
    signatures = tuple(one.sign(document.encode()).signature for one in (ANNA, BEN))
    other = anchors.changed(document, reason="Another reason.")
    request = frames.SubmitAnchor(document=other, signatures=signatures)
    assert await anchors.code(site.ask(request)) == "signature_invalid"
    spaced = frames.SubmitAnchor(document=document + " ", signatures=signatures)
    assert await anchors.code(site.ask(spaced)) == "document_not_canonical"


async def test_an_anchor_expires(site: Site) -> None:
    """After 72 hours the same document is void."""
    site.lose()
    document = (await site.propose())["document"]
    site.office.wait(hours=72, seconds=1)
    assert await anchors.code(site.submit(document, ANNA, BEN)) == "anchor_expired"
    site.service.vault.clock.moment -= timedelta(seconds=1)
    await site.submit(document, ANNA, BEN)
    assert not site.is_lost()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DELETE FROM sealed_record WHERE registration_id = $1", "anchor_records_changed"),
        (
            "UPDATE sealed_record SET record = record || 'x' WHERE registration_id = $1",
            "anchor_records_changed",
        ),
        (
            "UPDATE sealed_record SET version = 2 WHERE registration_id = $1",
            "anchor_records_changed",
        ),
        ("DELETE FROM erasure WHERE registration_id <> $1", "anchor_erasures_changed"),
        ("UPDATE erasure SET registration_id = $1", "anchor_erasures_changed"),
        ("DELETE FROM ledger_leaf WHERE index = 0 AND $1::uuid IS NOT NULL", "anchor_ledger"),
        (
            "UPDATE ledger_leaf SET commitment = sha256($1::uuid::text::bytea) WHERE index = 1",
            "anchor_ledger",
        ),
        (
            "DELETE FROM ledger_checkpoint WHERE size > 4 AND $1::uuid IS NOT NULL",
            "anchor_ledger",
        ),
    ],
)
async def test_rows_changed_between_propose_and_submit_are_noticed(
    site: Site, change: str, reason: str
) -> None:
    """A superuser who deletes or changes rows after members have looked gets a refusal."""
    await site.service.rounds.sequence()
    site.lose()
    document = (await site.propose())["document"]
    await anchors.tamper(site.service, change, anchors.PEOPLE[0])
    assert await anchors.code(site.submit(document, ANNA, BEN)) == reason
    assert site.is_lost()


async def test_a_checkpoint_of_another_key_is_not_believed(site: Site) -> None:
    """Leaves with a checkpoint over them that another log signed are no ledger of this vault."""
    rows = await site.service.administrate("SELECT commitment FROM ledger_leaf ORDER BY index")
    root = tree.Frontier().extended(row["commitment"] for row in rows).root()
    public = site.service.vault.ring.file.ledger_public
    text = note.checkpoint_text(public, len(rows), root)
    seed = bytes(32)
    forged = note.signed(public, text, primitives.signer(seed))
    assert forged != await site.checkpoint()
    site.lose()
    await anchors.tamper(site.service, "UPDATE ledger_checkpoint SET note = $1", forged)
    assert await anchors.code(site.propose()) == "anchor_ledger"


async def test_a_database_set_back_between_propose_and_submit_is_noticed(site: Site) -> None:
    """An older copy, whole and signed by our own key, is another than the members' one."""
    await anchors.back_up(site.service)
    await site.service.rounds.sequence()
    site.lose()
    document = (await site.propose())["document"]
    await anchors.restore(site.service)
    assert await anchors.code(site.submit(document, ANNA, BEN)) == "anchor_ledger_changed"


async def test_a_forged_roster_in_the_database_is_not_believed(site: Site) -> None:
    """Neither in the place of the true one nor behind it: the key file remembers the digest."""
    first = site.office.first()
    keys = [papers.hand(name, "x") for name in FORGED]
    forged = replace(first, members=tuple(papers.member(one) for one in keys))
    site.lose()
    document = (await site.propose())["document"]
    await site.service.administrate(
        "INSERT INTO roster (sha256, version, document, evidence, announced_at, effective_at)"
        " VALUES (decode($1, 'hex'), 2, $2, '{}', $3, $3)",
        papers.sha256(replace(forged, version=2)),
        roster_document.render(replace(forged, version=2)),
        vaults.START,
    )
    named_other = anchors.changed(
        document, roster=papers.sha256(replace(forged, version=2)), roster_version=2
    )
    assert await anchors.code(site.submit(named_other, *keys)) == "anchor_roster"
    assert await anchors.code(site.submit(document, *keys)) == "signature_stranger"
    await site.service.administrate(
        "UPDATE roster SET document = $1 WHERE version = 1", roster_document.render(forged)
    )
    assert await anchors.code(site.submit(document, *keys)) == "roster_forged"
    assert await anchors.code(site.propose()) == "roster_forged"
    given = {"roster": roster_document.render(forged)}
    assert await anchors.code(site.propose(**given)) == "anchor_roster"
    true = roster_document.render(first)
    assert json.loads((await site.propose(roster=true))["document"])["roster_version"] == 1
    await site.submit(document, ANNA, BEN, roster=true)
    assert not site.is_lost()


async def test_only_the_operator_anchors(site: Site) -> None:
    """No other role's socket gives it."""
    site.lose()
    for caller in set(Caller) - {Caller.OPERATOR}:
        assert (
            await anchors.code(site.ask(frames.ProposeAnchor(reason="go on"), caller))
            == "not_granted"
        )


async def test_a_caller_who_goes_away_leaves_the_loss(site: Site) -> None:
    """A submission that is cut off midway places nothing, and the next one has its turn."""
    site.lose()
    document = (await site.propose())["document"]
    signatures = tuple(one.sign(document.encode()).signature for one in (ANNA, BEN))
    request = frames.SubmitAnchor(document=document, signatures=signatures)
    answer = site.answers.answer(Caller.OPERATOR, request)
    assert (await anext(answer))["done"] is False
    del answer
    assert site.is_lost()
    await site.submit(document, ANNA, BEN)
    assert not site.is_lost()


async def test_a_state_with_an_older_roster_is_lost(site: Site) -> None:
    """A state put back from before a successor came into force would bring leavers back."""
    first = site.office.first()
    remembered = site.service.vault.ring.file
    assert (remembered.roster, remembered.roster_version) == (papers.sha256(first), 1)
    second = papers.successor(first, members=(papers.member(ANNA), papers.member(BEN)))
    await site.office.submit(second, ANNA, BEN)
    site.service.vault.state.close()
    old = site.directory / "old"
    _copy(site.place, old)
    site.service.vault.open()
    site.service.rooms = replace(
        site.service.rooms, keyring=site.service.vault.ring, walls=site.service.vault.walls
    )
    site.office.reopen()
    site.office.wait(hours=48)
    await site.office.approvals.settle()
    assert site.service.vault.ring.file.roster == papers.sha256(second)
    site.lose()
    old.rename(site.place)
    assert site.is_lost()
    document = (await site.propose())["document"]
    assert json.loads(document)["roster"] == papers.sha256(second)
    assert await anchors.code(site.submit(document, ANNA, CHRIS)) == "signature_stranger"
    await site.submit(document, ANNA, BEN)
    assert not site.is_lost()


def _copy(source: Path, target: Path) -> None:
    target.mkdir()
    for one in source.iterdir():
        (target / one.name).write_bytes(one.read_bytes())
