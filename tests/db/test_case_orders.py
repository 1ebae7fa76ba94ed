"""Orders of cases in the vault, end to end: what they do, and what they are refused with."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from proxy.errors import ProxyError
from proxy.model.case import Overlay
from proxy.model.order import OrderKind, Silence
from proxy.store import approvals as store
from proxy.vault import leaf
from proxy.vault.casebook import CaseBook
from proxy.vault.grants import Caller
from proxy.vault.state import State
from proxy.wire import frames, order_document
from tests.support import case_orders as support
from tests.support import case_sites as sites
from tests.support import papers
from tests.support import vault as vaults
from tests.support.case_orders import ANNA, BEN, CHRIS, DORA, EMIL, FAY, GUS
from tests.support.crash import crashing
from tests.support.decisions import code

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.case_sites import Site
    from tests.support.database import Database

pytestmark = pytest.mark.db
DISCLOSE, GAG = OrderKind.DISCLOSE, OrderKind.GAG


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """A vault, its roster, a registration and a case of it."""
    async with sites.site(tmp_path, database) as made:
        yield made


def book(site: Site) -> CaseBook:
    """What the vault remembers of cases."""
    return CaseBook(site.service.vault.state)


def entries(site: Site, kind: str) -> list[Any]:
    """The vault's own entries of a kind."""
    found = (leaf.parse(one) for _, one in site.service.vault.state.entries(1000))
    return [one for one in found if one.kind == kind]


async def hold(site: Site, **changes: str) -> None:
    """A hold because of the case."""
    facts = {
        "tenant": str(site.item.tenant_id),
        "registration": str(site.item.registration_id),
        "case": str(site.chain.case_id),
    }
    watch = site.watch()
    async for _ in watch.place_hold(Caller.WEB, frames.PlaceHold(**(facts | changes))):
        pass


@pytest.mark.parametrize("kind", list(sites.HANDS))
async def test_every_kind_is_voted_on_and_carried_out_once(site: Site, kind: OrderKind) -> None:
    """With votes enough it is done, noted under its case, and never done again."""
    over: tuple[Overlay, ...] = ()
    if kind is OrderKind.LIFT_GAG:
        book(site).set_gag(site.chain.case_id, None)
        over = (Overlay.GAG,)
    if kind is OrderKind.LIFT_HOLD:
        await hold(site)
        over = (Overlay.HOLD,)
    order = await site.approved(kind, overlays=over)
    shown = await site.office.show(order)
    assert (shown["lacking"], shown["state"]) == ([], "open")
    answer = await site.carry_out(order)
    assert answer["kind"] == kind.value
    assert (answer["package"] is not None) == ("disclose" in kind.value)
    assert len(site.shelf.built) == ("disclose" in kind.value)
    assert (await site.office.show(order))["state"] == "carried out"
    for caller in (Caller.WORKER, Caller.WEB, Caller.OPERATOR):
        assert await code(site.carry_out(order, caller)) == "order_used"
    case, tenant = str(site.chain.case_id), site.item.tenant_id
    for what in ("order_received", "order_vote", "order_intended", "order_carried_out"):
        found = entries(site, what)
        assert {(one.subject, one.tenant_id) for one in found} == {(case, tenant)}, what
    assert len(entries(site, "order_intended")) == len(entries(site, "order_carried_out")) == 1
    is_gagged = book(site).is_gagged(site.chain.case_id, vaults.START)
    assert is_gagged == (kind is GAG)
    assert not book(site).is_held(site.item.tenant_id, site.item.registration_id)


async def test_a_gag_ends_by_its_time_or_by_an_order(site: Site) -> None:
    """And only one of either; the vault's state says so, whatever rows say."""
    until = vaults.START + timedelta(days=2)
    await site.carry_out(await site.approved(GAG, deed=Silence(until=until)))
    assert book(site).is_gagged(site.chain.case_id, until - timedelta(seconds=1))
    assert not book(site).is_gagged(site.chain.case_id, until)
    await site.carry_out(
        await site.approved(GAG, deed=Silence(until=None), overlays=(Overlay.GAG,))
    )
    assert book(site).is_gagged(site.chain.case_id, vaults.START + timedelta(days=9999))
    site.reopen()
    await site.carry_out(await site.approved(OrderKind.LIFT_GAG, overlays=(Overlay.GAG,)))
    assert not book(site).is_gagged(site.chain.case_id, vaults.START)


async def test_only_the_right_processes_propose_and_carry_out(site: Site) -> None:
    """The registrars' API, the relay and escrow do neither; the worker does not propose."""
    order = site.order(OrderKind.DEACTIVATE)
    request = frames.SubmitOrder(document=order_document.render(order))
    for caller in (Caller.API, Caller.WORKER, Caller.RELAY, Caller.ESCROW):
        assert await code(site.office.ask(request, caller)) == "not_granted"
    order = await site.approved(OrderKind.DEACTIVATE)
    for caller in (Caller.API, Caller.RELAY, Caller.ESCROW):
        assert await code(site.carry_out(order, caller)) == "not_granted"


async def test_votes_of_people_whose_work_it_is_are_refused(site: Site) -> None:
    """Handler, releaser, whoever verified or proposed, and who declared a conflict."""
    await site.tell("noted", ("dora", "investigator"), evidence="x")
    await site.tell("conflict_declared", ("fay", "decider"), person="fay")
    order = site.order(DISCLOSE)
    kept = await site.propose(order)
    for hand, reason in (
        (GUS, "vote_own_order"),
        (EMIL, "vote_own_order"),
        (DORA, "vote_own_case"),
        (FAY, "vote_own_case"),
        (papers.STRANGER, "vote_stranger"),
    ):
        assert await code(site.office.vote(order, kept, hand)) == reason
    assert (await site.office.show(order))["approvals"] == []


async def test_a_vote_is_for_one_order_of_one_case_and_scope(site: Site) -> None:
    """Votes for another order, for other fields, or for a deactivation do not count for it."""
    disclosure, other = site.order(DISCLOSE), site.order(DISCLOSE)
    less = replace(
        disclosure,
        id=papers.order_id(9),
        subject=site.chain.subject(
            deed=support.deed(DISCLOSE, fields=("registrant.name",), records=(site.record,))
        ),
    )
    stop = site.order(OrderKind.DEACTIVATE)
    kept = await site.propose(disclosure)
    for wrong in (other, less, stop):
        said = await site.propose(wrong)
        assert await code(site.office.vote(disclosure, said, ANNA)) == "signature_invalid"
    assert await code(site.carry_out(disclosure)) == "approvals_lacking"
    for hand in (ANNA, BEN, CHRIS):
        await site.office.vote(disclosure, kept, hand)
    for wrong in (other, less, stop):
        assert await code(site.carry_out(wrong)) == "approvals_lacking"
    await site.carry_out(disclosure)
    assert list(site.shelf.built) == [disclosure.id]


@pytest.mark.parametrize(
    ("act", "facts"),
    [
        ("overlay_set", {"overlay": "stay", "until": "", "evidence": ""}),
        ("overlay_set", {"overlay": "safety", "until": "", "evidence": ""}),
        ("object", {"material": True}),
        ("close", {"is_open": False, "state": "closed"}),
    ],
)
async def test_votes_are_void_once_something_matters(
    site: Site, act: str, facts: dict[str, Any]
) -> None:
    """What was voted on as of an earlier event is not carried out any more."""
    order = await site.approved(DISCLOSE)
    await site.tell(act, **facts)
    assert await code(site.carry_out(order)) in {
        "order_event_passed", "order_overlays", "order_case_closed",
    }  # fmt: skip
    assert site.shelf.asked == 0


async def test_a_newer_record_voids_an_order(site: Site) -> None:
    """What was approved is a version and its bytes; a newer one needs another order."""
    order = await site.approved(DISCLOSE)
    await site.service.enrol(vaults.to_seal(2, "moved", site.item.registration_id))
    await site.service.rounds.adopt()
    assert await code(site.carry_out(order)) == "order_records"
    site.record = await site.newest(2)
    await site.carry_out(await site.approved(DISCLOSE))


async def test_an_approval_expires_and_an_emergency_sooner(site: Site) -> None:
    """72 hours, and one."""
    order = await site.approved(DISCLOSE)
    urgent = await site.approved(OrderKind.DISCLOSE_URGENTLY)
    site.office.wait(minutes=60)
    assert await code(site.carry_out(urgent)) == "order_expired"
    site.office.wait(hours=71)
    assert await code(site.carry_out(order)) == "order_expired"
    later = site.order(
        OrderKind.DISCLOSE_URGENTLY,
        not_before=site.service.vault.clock.now() + timedelta(minutes=30),
        expires_at=site.service.vault.clock.now() + timedelta(minutes=90),
    )
    assert await code(site.propose(later)) == "order_window"


async def test_a_pair_needs_machines_of_their_own(site: Site) -> None:
    """In an emergency a vote through a web page does not count."""
    fays_passkey = papers.passkey_hand("fay")
    order = await site.approved(OrderKind.DISCLOSE_URGENTLY, BEN, fays_passkey)
    assert await code(site.carry_out(order)) == "approvals_lacking"
    order = await site.approved(DISCLOSE, papers.passkey_hand("anna"), papers.passkey_hand("ben"))
    assert "detached_lacking" in (await site.office.show(order))["lacking"]


async def test_a_veto_stays_and_is_overridden_by_two_others(site: Site) -> None:
    """The officer's no stops this order and the next; counsel and a director may override it."""
    order = await site.approved(DISCLOSE)
    sha256 = (await site.office.show(order))["sha256"]
    said = frames.ObjectToOrder(order=str(order.id), signature=CHRIS.no(sha256))
    assert await site.office.ask(said, Caller.API) == {
        "done": True, "state": "stopped", "veto": True,
    }  # fmt: skip
    assert await code(site.carry_out(order)) == "order_stopped"
    site.reopen()
    assert book(site).is_vetoed(site.chain.case_id)
    assert [one.facts["veto"] for one in entries(site, "order_stopped")] == [True]
    assert await code(site.propose(site.order(DISCLOSE))) == "order_vetoed"
    assert await code(site.propose(site.order(OrderKind.PUBLISH))) == "order_vetoed"
    bold = await site.approved(DISCLOSE, ANNA, BEN, overrides_veto=True)
    assert await code(site.carry_out(bold)) == "approvals_lacking"
    kept = await site.office.show(bold)
    assert await code(site.office.vote(bold, kept, CHRIS)) == "vote_role"
    said = frames.ObjectToOrder(order=str(bold.id), signature=CHRIS.no(kept["sha256"]))
    assert await code(site.office.ask(said, Caller.API)) == "order_overrides_veto"
    await site.office.vote(bold, kept, DORA)
    await site.carry_out(bold)
    (entry,) = entries(site, "order_carried_out")
    assert entry.facts["overrides_veto"] is True


async def test_another_members_no_is_no_veto(site: Site) -> None:
    """It stops its order, and the next may come."""
    order = site.order(DISCLOSE)
    kept = await site.propose(order)
    said = frames.ObjectToOrder(order=str(order.id), signature=BEN.no(kept["sha256"]))
    assert (await site.office.ask(said, Caller.API))["veto"] is False
    assert not book(site).is_vetoed(site.chain.case_id)
    await site.carry_out(await site.approved(DISCLOSE))
    bold = site.order(DISCLOSE, overrides_veto=True)
    assert await code(site.propose(bold)) == "order_no_veto"


async def test_without_a_maker_of_packages_nothing_is_disclosed(site: Site) -> None:
    """The order stays open, and can be carried out once there is one."""
    order = await site.approved(DISCLOSE)
    site.office.packager = None
    site.office.reopen()
    assert await code(site.carry_out(order)) == "packages_unavailable"
    site.office.packager = site.shelf
    site.office.reopen()
    await site.carry_out(order)
    assert len(entries(site, "order_intended")) == 1


async def test_racing_hands_carry_out_once(site: Site) -> None:
    """Of several at the same time one succeeds (invariant 8)."""
    order = await site.approved(DISCLOSE)
    found = await asyncio.gather(*(site.carry_out(order) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, dict) for one in found) == 1
    assert {one.code for one in found if isinstance(one, ProxyError)} == {"order_used"}
    assert site.shelf.asked == 1


@pytest.mark.parametrize("kind", [DISCLOSE, GAG])
async def test_a_crash_anywhere_leaves_it_undone_or_done(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch, kind: OrderKind
) -> None:
    """A repetition ends where an undisturbed one does: one intent, one result, one package."""
    writes: tuple[tuple[Any, str], ...] = (
        (State, "put_order"), (State, "add_entries"), (store, "put_vote"), (store, "add_order"),
        (sites.Shelf, "build"),
    )  # fmt: skip
    for place in itertools.count(1):
        folder = tmp_path / str(place)
        folder.mkdir()
        async with sites.site(folder, database) as site:
            order = site.order(kind)

            async def go_on(site: Site = site, order: Any = order) -> None:
                kept = await site.propose(order)
                if kept["state"] == "open":
                    for hand in sites.HANDS[kind]:
                        await site.office.vote(order, kept, hand)
                    await site.carry_out(order)

            with crashing(monkeypatch, place, writes) as crash:
                await go_on()
            site.reopen()
            await go_on()
            assert await code(site.carry_out(order)) == "order_used"
            assert len(entries(site, "order_intended")) == 1, place
            assert len(entries(site, "order_carried_out")) == 1, place
            assert len(site.shelf.built) == (kind is DISCLOSE), place
            assert book(site).is_gagged(site.chain.case_id, vaults.START) == (kind is GAG)
        if crash.passed < place:
            break
    assert place > 10


async def test_a_hold_is_of_the_cases_own_registration(site: Site) -> None:
    """Nobody holds what the case is not about; the same again is no news."""
    other = str(UUID(int=7))
    for wrong, reason in (
        ({"registration": other}, "hold_other"),
        ({"tenant": other}, "hold_other"),
        ({"case": other}, "case_unknown"),
        ({"case": "x"}, "case_unknown"),
    ):
        assert await code(hold(site, **wrong)) == reason
    for _ in range(2):
        await hold(site)
    assert book(site).is_held(site.item.tenant_id, site.item.registration_id)
    assert len(entries(site, "hold_placed")) == 1
