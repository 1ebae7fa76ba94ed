"""A database superuser against cases, orders, votes, vetoes, holds and gags: refused or told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from proxy.model.case import Overlay
from proxy.model.identifiers import RecordClass, RegistrationId
from proxy.model.order import OrderKind
from proxy.services import know_case
from proxy.store import case_watch
from proxy.vault.casebook import CaseBook
from proxy.vault.grants import Caller
from proxy.wire import documents, frames, order_document
from tests.support import case_orders as support
from tests.support import case_sites as sites
from tests.support import openings
from tests.support import vault as vaults
from tests.support.case_orders import ANNA, BEN, CHRIS
from tests.support.decisions import code

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.run.vault_case_watch import CaseWatch
    from tests.support.case_sites import Site
    from tests.support.database import Database

pytestmark = pytest.mark.db
DISCLOSE = OrderKind.DISCLOSE
UNLOCK = "ALTER TABLE case_event DISABLE TRIGGER case_event_append_only"
ATTACKS = {
    "edited fact": (
        'UPDATE case_event SET facts = facts || \'{"person": "ben"}\' WHERE seq = 2',
        "case_forged",
    ),
    "edited actor": ("UPDATE case_event SET actor = 'ben' WHERE seq = 2", "case_forged"),
    "edited time": (
        "UPDATE case_event SET at = at - interval '1 year' WHERE seq = 7",
        "case_forged",
    ),
    "number that is none": (
        "UPDATE case_event SET facts = facts || '{\"level\": 1e30}' WHERE seq = 7",
        "case_forged",
    ),
    "deleted in the middle": ("DELETE FROM case_event WHERE seq = 3", "case_forged"),
    "deleted at the beginning": ("DELETE FROM case_event WHERE seq = 1", "case_rolled_back"),
    "deleted at the end": ("DELETE FROM case_event WHERE seq = 7", "case_rolled_back"),
    "deleted whole": ("DELETE FROM case_event", "case_rolled_back"),
    "renumbered": ("UPDATE case_event SET seq = seq + 1 WHERE seq = 7", "case_forged"),
}


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """A vault, its roster, a registration and a case of it."""
    async with sites.site(tmp_path, database) as made:
        yield made


@pytest.fixture
async def watch(site: Site) -> CaseWatch:
    """The vault's eye, that has seen the case as it is."""
    found = site.watch()
    await found.catch_up()
    await site.service.administrate(UNLOCK)
    return found


def frozen(site: Site) -> float:
    """How many cases the vault shows as frozen."""
    return float(site.service.rooms.metrics.gauge("vault_cases_frozen").value)


async def test_events_are_seen_once(site: Site) -> None:
    """What is new moves the head and is marked; a mark can not be taken back."""
    watch = site.watch()
    book = CaseBook(site.service.vault.state)
    assert book.head(site.chain.case_id) is None
    await watch.catch_up()
    assert book.head(site.chain.case_id) == (7, site.chain.events[-1].digest())
    assert await site.service.administrate("SELECT FROM case_event WHERE NOT is_seen") == []
    await site.tell("noted", evidence="x")
    await watch.catch_up()
    assert book.head(site.chain.case_id) == (8, site.chain.events[-1].digest())
    await watch.look_again()
    assert frozen(site) == 0


async def test_a_round_that_was_cut_short_is_gone_on_with(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head moved and nothing was marked, and pages end inside a case: no alarm."""
    watch = site.watch()
    with monkeypatch.context() as patched:

        async def nothing(*_: object) -> None:
            pass

        patched.setattr(case_watch, "mark_seen", nothing)
        await watch.catch_up()
    monkeypatch.setattr(know_case, "UNSEEN_PAGE", 3)
    await watch.catch_up()
    assert frozen(site) == 0
    assert await site.service.administrate("SELECT FROM case_event WHERE NOT is_seen") == []


@pytest.mark.parametrize("attack", list(ATTACKS))
async def test_rows_that_were_changed_freeze_their_case(
    site: Site, watch: CaseWatch, attack: str
) -> None:
    """Its orders are refused and an alarm rings; put right, it goes on."""
    order = await site.approved(DISCLOSE)
    before = await site.service.administrate("SELECT * FROM case_event ORDER BY seq")
    statement, reason = ATTACKS[attack]
    await site.service.administrate(statement)
    alarms = site.service.rooms.metrics.counter("vault_alarms_total").value
    await watch.look_again()
    await watch.look_again()
    assert frozen(site) == 1
    assert site.service.rooms.metrics.counter("vault_alarms_total").value == alarms + 1
    assert await code(site.carry_out(order)) == reason
    assert await code(site.office.show(order)) == reason
    assert await code(site.propose(site.order(DISCLOSE))) == reason
    assert site.shelf.asked == 0
    await site.service.administrate("DELETE FROM case_event")
    for row in before:
        await site.service.administrate(
            "INSERT INTO case_event VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", *row
        )
    await watch.look_again()
    assert frozen(site) == 0
    await site.carry_out(order)


async def test_a_fork_is_refused(site: Site, watch: CaseWatch) -> None:
    """Another history that hangs together, hash by hash, is not the one that was seen."""
    order = await site.approved(DISCLOSE)
    other = support.Chain(
        case_id=site.chain.case_id,
        registration_id=site.chain.registration_id,
        domain=site.chain.domain,
        now=site.chain.now,
    ).open()
    other.tell("noted", evidence="forged")
    await site.service.administrate("DELETE FROM case_event")
    await site.service.administrate("DELETE FROM case_file")
    await sites.keep(site.service, other)
    await watch.catch_up()
    assert frozen(site) == 1
    assert await code(site.carry_out(order)) == "case_forged"


async def test_a_case_that_was_rolled_back_gives_no_second_chance(
    site: Site, watch: CaseWatch
) -> None:
    """An objection that was seen is not unseen by yesterday's rows."""
    order = await site.approved(DISCLOSE)
    await site.tell("object", ("registrant", "registrant"), material=True)
    await watch.catch_up()
    assert await code(site.carry_out(order)) == "order_event_passed"
    await site.service.administrate("DELETE FROM case_event WHERE seq = 8")
    await site.service.administrate("UPDATE case_file SET seq = 7")
    assert await code(site.carry_out(order)) == "case_rolled_back"


async def test_the_orders_document_is_the_one_voted_on(site: Site) -> None:
    """Another recipient, other fields, another case in its place: refused."""
    order = await site.approved(DISCLOSE)
    subject = order.subject
    for change in (
        {"deed": replace(subject.deed, recipient=support.recipient(name="Mallory"))},  # type: ignore[type-var,union-attr] # a disclosure's
        {"deed": replace(subject.deed, fields=("registrant.email",))},  # type: ignore[type-var,union-attr] # a disclosure's
        {"overrides_veto": True},
    ):
        forged = order_document.render(replace(order, subject=replace(subject, **change)))
        await site.service.administrate(
            "UPDATE approval_order SET document = $2, sha256 = $3 WHERE id = $1",
            order.id, forged, bytes.fromhex(documents.digest(forged)),
        )  # fmt: skip
        assert await code(site.carry_out(order)) == "order_forged"
    assert site.shelf.asked == 0


async def test_votes_are_believed_for_their_signature_alone(site: Site) -> None:
    """Copied under other names, or from another order, they count for nothing."""
    order, other = await site.approved(DISCLOSE, ANNA, BEN), await site.approved(DISCLOSE)
    assert await code(site.carry_out(order)) == "approvals_lacking"
    await site.service.administrate(
        """INSERT INTO approval_vote SELECT $1, person, signature, voted_at FROM approval_vote
           WHERE order_id = $2 AND person = 'chris'""", order.id, other.id,
    )  # fmt: skip
    await site.service.administrate(
        """INSERT INTO approval_vote SELECT $1, 'dora', signature, voted_at FROM approval_vote
           WHERE order_id = $1 AND person = 'ben'""", order.id,
    )  # fmt: skip
    assert await code(site.carry_out(order)) == "approvals_lacking"


async def test_a_veto_is_not_deleted_with_rows(site: Site) -> None:
    """It is the vault's own memory; nothing in the database speaks of it."""
    order = site.order(DISCLOSE)
    kept = await site.propose(order)
    said = frames.ObjectToOrder(order=str(order.id), signature=CHRIS.no(kept["sha256"]))
    await site.office.ask(said, Caller.API)
    await site.service.administrate("DELETE FROM approval_vote")
    await site.service.administrate("DELETE FROM approval_order")
    site.reopen()
    assert await code(site.propose(site.order(DISCLOSE))) == "order_vetoed"


async def test_a_gag_and_a_hold_are_the_vaults_word(site: Site) -> None:
    """Events that say they are over lift neither; only an order of its kind does."""
    await site.carry_out(await site.approved(OrderKind.GAG))
    async for _ in site.watch().place_hold(
        Caller.WEB,
        frames.PlaceHold(
            tenant=str(site.item.tenant_id),
            registration=str(site.item.registration_id),
            case=str(site.chain.case_id),
        ),
    ):
        pass  # fmt: skip
    await site.tell("overlay_set", overlay="gag", until="", evidence="")
    await site.tell("overlay_cleared", overlay="gag")
    await site.service.administrate("DELETE FROM legal_hold")
    await site.service.administrate("UPDATE registration SET hold = false")
    assert await code(site.propose(site.order(DISCLOSE))) == "order_overlays"
    over = (Overlay.GAG, Overlay.HOLD)
    await site.carry_out(await site.approved(OrderKind.LIFT_GAG, overlays=over))
    await site.carry_out(await site.approved(OrderKind.LIFT_HOLD, overlays=(Overlay.HOLD,)))
    await site.propose(site.order(DISCLOSE))


async def test_a_hold_beats_erasure_whatever_rows_say(site: Site) -> None:
    """Retention, a superseded version and a replay after a restart spare what a case holds."""
    await site.watch().catch_up()
    book = CaseBook(site.service.vault.state)
    own = (site.item.tenant_id, site.item.registration_id)
    await site.service.enrol(vaults.to_seal(2, "moved", site.item.registration_id))
    await site.service.rounds.adopt()
    await site.service.administrate("UPDATE sealed_record SET superseded_at = $1 WHERE version = 1",
                                    vaults.START)  # fmt: skip
    free = vaults.to_seal(mark="other")
    await site.service.enrol(free)
    await site.service.rounds.adopt()
    for one in (site.item, free):
        await site.service.end(one, "left_service")
    book.place_hold(*own, site.chain.case_id, vaults.START)
    site.service.vault.clock.moment += timedelta(days=1000)
    await site.service.rounds.shred()
    await site.service.rounds.prepare()
    assert await living(site) == {site.item.registration_id: 2}
    assert await gone(site) == {free.registration_id}
    book.lift_hold(*own, site.chain.case_id)
    await site.service.rounds.shred()
    assert await living(site) == {}


async def test_a_hold_takes_back_an_erasure_that_was_begun(site: Site) -> None:
    """A crash between the vault's word and the rows, then a hold: the record stays readable."""
    own = (site.item.tenant_id, site.item.registration_id)
    forgetter = site.service.vault.walls.forgetter
    forgetter.begin([(openings.named(site.item, RecordClass.IDENTITY), vaults.START)])
    CaseBook(site.service.vault.state).place_hold(*own, site.chain.case_id, vaults.START)
    await site.service.rounds.prepare()
    assert await living(site) == {site.item.registration_id: 1}
    assert forgetter.erasures(None, 10) == []


async def test_the_union_of_holds_counts(site: Site) -> None:
    """While any case holds a registration, it is held (invariant 36)."""
    book, own = CaseBook(site.service.vault.state), (site.item.tenant_id, site.item.registration_id)
    other = sites.random_chain(site.item.registration_id, "x.example", vaults.START).case_id
    for case_id in (site.chain.case_id, other):
        assert book.place_hold(*own, case_id, vaults.START)
    book.lift_hold(*own, other)
    assert book.is_held(*own)
    book.lift_hold(*own, site.chain.case_id)
    assert not book.is_held(*own)
    assert not book.is_held(site.item.tenant_id, RegistrationId(uuid4()))


async def living(site: Site) -> dict[Any, int]:
    """Registrations with records that can be opened, and how many versions."""
    rows = await site.service.administrate(
        """SELECT registration_id, count(DISTINCT version) AS n FROM sealed_record
           WHERE wrapped_dek IS NOT NULL GROUP BY registration_id"""
    )
    return {row["registration_id"]: row["n"] for row in rows}


async def gone(site: Site) -> set[Any]:
    """Registrations that were erased."""
    rows = await site.service.administrate("SELECT DISTINCT registration_id FROM erasure")
    return {row["registration_id"] for row in rows}
