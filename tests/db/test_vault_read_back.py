"""What a registrar's signed request gets of the vault: its own customer's contacts, and a leaf."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
import structlog
from cryptography.exceptions import InvalidSignature

from proxy.errors import Refused
from proxy.model.identifiers import DomainName
from proxy.run import vault_read_back, vault_registrars
from proxy.store import pool as pools
from proxy.vault import grants
from proxy.vault.grants import Budget, Grant
from proxy.wire import frames
from tests.support import openings as support
from tests.support import read_back, registrar_keys
from tests.support import vault as vaults
from tests.support.openings import ask, code, entries
from tests.support.papers import CHRIS
from tests.support.read_back import FIELDS, THEIRS, signed, their_customer
from tests.support.registrar_keys import OTHER, REGISTRAR

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.read_back import Site

pytestmark = pytest.mark.db


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """A registrar with a key in force and one customer."""
    async with read_back.opened(tmp_path, database) as made:
        yield made


async def test_a_registrar_reads_its_own_customer(site: Site) -> None:
    """The fields it named as they were handed in, and no other; only its key opens the answer."""
    found = await site.read(fields=(*FIELDS, "tech.fax"))
    assert found["fields"] == {
        "registrant.email": "marlene@registrant.example",
        "registrant.name": "marlene Größe",
        "registrant.street": ["marlene Weg 1", "Hof 2"],
        "tech.fax": None,
    }
    assert found["registration"] == str(site.item.registration_id)
    request = site.request()
    answer = await ask(site.room, request)
    assert set(answer) == {"done", "sealed", "signature", "entry"}
    pin = site.service.vault.ring.file.vault_public
    REGISTRAR.check(request.document, answer, pin)
    # Who carries the answer can seal to a public key as well: it can not sign.
    for document, forged in (
        (site.request().document, answer),
        (request.document, {**answer, "sealed": answer["sealed"][:-8] + "AAAAAAA="}),
    ):
        with pytest.raises(InvalidSignature):
            REGISTRAR.check(document, forged, pin)
    for opener, document in ((OTHER, request.document), (REGISTRAR, site.request().document)):
        with pytest.raises(Exception, match=r"^$"):
            opener.open(document, answer["sealed"])


async def test_roles_that_refer_to_another_are_followed(site: Site) -> None:
    """An admin who is the registrant has the registrant's values."""
    found = await site.read(fields=("admin.email", "billing.email"))
    assert found["fields"] == {
        "admin.email": "marlene@registrant.example",
        "billing.email": "marlene@tech.example",
    }


async def test_the_leaf_says_what_why_and_by_which_key(site: Site) -> None:
    """Of the registration, so that its registrant learns it; the reason only as a hash."""
    before = len(entries(site.service))
    asked = site.asked()
    answer = await ask(site.room, signed(asked))
    (entry,) = entries(site.service)[before:]
    assert (entry["id"], entry["kind"]) == (answer["entry"], "read_back")
    assert (entry["tenant"], entry["subject"]) == (
        str(vaults.TENANT),
        str(site.item.registration_id),
    )
    kept = site.office.service.vault.walls.orders.find(site.order.id)
    assert entry["facts"] == {
        "grant": "read_back",
        "caller": "api",
        "fields": ",".join(FIELDS),
        "ground": "customer",
        "reason_sha256": hashlib.sha256(asked.reason.encode()).hexdigest(),
        "request": str(asked.id),
        "key_order": kept.sha256,
        "revision": 1,
        "version": 1,
    }


async def test_the_leaf_is_durable_before_anything_is_opened(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vault that dies while it opens has the entry already."""

    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    before = len(entries(site.service))
    monkeypatch.setattr("proxy.vault.openings.VaultOpenings.contacts", dying)
    with pytest.raises(KeyboardInterrupt):
        await ask(site.room, site.request())
    assert [one["kind"] for one in entries(site.service)[before:]] == ["read_back"]


async def test_what_cannot_become_a_leaf_is_not_read(site: Site) -> None:
    """Nothing is read back while the database's ledger is not the one the vault signed."""
    site.service.rooms.ledger_trust.recount_fault = Refused("ledger_disagrees")
    assert await code(site.room, site.request()) == "ledger_disagrees"


async def test_no_key_and_a_wrong_signature_are_one_answer(site: Site) -> None:
    """Whatever is signed by whomever: who carries requests learns not even who has a key."""
    theirs = await their_customer(site)
    nobody = uuid4()
    good = site.request()
    before = len(entries(site.service))
    bad = [
        site.request(OTHER),  # a key that no order gave
        site.request(THEIRS),  # another registrar's key
        site.request(REGISTRAR, theirs),  # for another registrar's customer
        site.request(REGISTRAR, tenant_id=nobody),  # of a registrar that has no key
        frames.ReadBack(document=good.document, signature=""),
        frames.ReadBack(document=good.document, signature="x" * 88),
        frames.ReadBack(document=good.document, signature=site.request().signature),
        frames.ReadBack(document=site.request().document, signature=good.signature),
    ]
    told = set()
    for request in bad:
        refusal = await support.refusal(site.room, request)
        told.add((type(refusal).__name__, refusal.code, refusal.detail))
    assert {one[:2] for one in told} == {("Refused", "read_back_key")}
    assert len(told) == 1
    assert len(entries(site.service)) == before
    await ask(site.room, good)  # what was not signed has used nothing up


async def test_what_is_not_theirs_is_not_there(site: Site) -> None:
    """Another's registration under one's own name and signature, one that never was, one over."""
    theirs = await their_customer(site)
    over = vaults.to_seal()
    await support.enrol(site.service, over)
    await site.service.end(over, "transferred_out", site.service.vault.clock.moment)
    told = set()
    for request in (
        site.request(item=theirs, tenant_id=vaults.TENANT),
        site.request(THEIRS, tenant_id=THEIRS.tenant_id),
        site.request(registration_id=uuid4()),
        site.request(item=over),
        site.request(domain=DomainName("other.example")),
    ):
        refusal = await support.refusal(site.room, request)
        told.add((type(refusal).__name__, refusal.code, refusal.detail))
    assert len(told) == 1
    assert [one[:2] for one in told] == [("NotFound", "not_found")]


async def test_another_time_installation_or_revision_is_refused(site: Site) -> None:
    """A document is good around its moment, here, and for what was seen."""
    now = site.service.vault.clock.moment
    window = vault_registrars.WINDOW + timedelta(seconds=1)
    for changes, reason in (
        ({"at": now - window}, "read_back_time"),
        ({"at": now + window}, "read_back_time"),
        ({"deployment": "00" * 16}, "read_back_deployment"),
        ({"revision": 2}, "registration_changed"),
    ):
        assert await code(site.room, site.request(**changes)) == reason


async def test_a_request_is_answered_once(site: Site) -> None:
    """Also after a restart; another registrar's request of the same id is another one."""
    theirs = await their_customer(site)
    request = site.request()
    await ask(site.room, request)
    assert await code(site.room, request) == "read_back_repeated"
    site.service.reopen()
    assert await code(site.room, request) == "read_back_repeated"
    same = UUID(json.loads(request.document)["id"])
    await ask(site.room, site.request(THEIRS, theirs, id=same))


async def test_of_many_at_once_one_is_answered(site: Site) -> None:
    """The same request sent by many hands at one moment gives one answer and one leaf."""
    room, request = site.room, site.request()
    found = await asyncio.gather(
        *(ask(room, request) for _ in range(20)), return_exceptions=True
    )  # fmt: skip
    refused = [one for one in found if isinstance(one, Refused)]
    assert {one.code for one in refused} == {"read_back_repeated"}
    assert len(refused) == len(found) - 1
    assert [one["kind"] for one in entries(site.service)].count("read_back") == 1


async def test_a_budget_is_not_passed_by_many_at_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many requests come at one moment, so many are answered and no more."""
    monkeypatch.setitem(grants.BUDGETS, Grant.READ_BACK, Budget(most=5))
    room = site.room
    found = await asyncio.gather(
        *(ask(room, site.request()) for _ in range(20)), return_exceptions=True
    )
    refused = [one for one in found if isinstance(one, Refused)]
    assert {one.code for one in refused} == {"budget"}
    assert len(found) - len(refused) == 5
    assert [one["kind"] for one in entries(site.service)].count("read_back") == 5


async def test_a_key_that_is_gone_reads_nothing(site: Site) -> None:
    """Revoked by one member, ended by an order, or not yet in force: no read-back."""
    await ask(site.room, site.request())
    await site.office.ask(registrar_keys.revocation(site.order, CHRIS), caller=grants.Caller.API)
    assert await code(site.room, site.request()) == "read_back_key"
    change = registrar_keys.change(OTHER.key)
    made = registrar_keys.order(site.office, site.roster, change)
    await site.office.carry_out(await registrar_keys.voted(site.office, made))
    assert await code(site.room, site.request(OTHER)) == "read_back_key"
    await registrar_keys.pass_by(site.office, site.roster.delay_s)
    await site.read(OTHER)


async def test_a_key_that_goes_while_a_turn_is_waited_for_reads_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was checked is checked again once it is this request's turn."""
    spend = vault_read_back.ReadingBack._spend
    revocation = registrar_keys.revocation(site.order, CHRIS)
    entry = site.service.rooms.entry("registrar_key_revoked", {}, tenant_id=vaults.TENANT)

    def spending(self: vault_read_back.ReadingBack, *given: Any) -> None:
        spend(self, *given)
        site.service.vault.walls.orders.revoke_key(site.order.id, entry)

    assert revocation.order == str(site.order.id)
    monkeypatch.setattr(vault_read_back.ReadingBack, "_spend", spending)
    assert await code(site.room, site.request()) == "read_back_key"
    assert "read_back" not in {one["kind"] for one in entries(site.service)}


async def test_budgets_hold_for_each_registrar_and_for_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many answers an hour and a day, in the vault's own state; the alarm says which."""
    theirs = await their_customer(site)
    monkeypatch.setitem(grants.BUDGETS, Grant.READ_BACK, Budget(most=2))
    monkeypatch.setattr(grants, "READ_BACKS_OF_DAY", Budget(most=3, hours=24))
    monkeypatch.setattr(grants, "READ_BACKS_IN_ALL", Budget(most=3))
    for _ in range(2):
        await site.read()
    with structlog.testing.capture_logs() as logs:
        assert await code(site.room, site.request()) == "budget"
    assert [one["reason"] for one in logs] == ["read_back_hour"]
    site.service.reopen()
    assert await code(site.room, site.request()) == "budget"
    await ask(site.room, site.request(THEIRS, theirs))
    assert await code(site.room, site.request(THEIRS, theirs)) == "budget"  # of all together
    await site.service.later(hours=1)
    await site.read()
    with structlog.testing.capture_logs() as logs:
        assert await code(site.room, site.request()) == "budget"
    assert [one["reason"] for one in logs] == ["read_back_day"]
    await site.service.later(days=1)
    await site.read()


async def test_contacts_just_handed_in_are_waited_for(site: Site) -> None:
    """Before they are adopted nothing older is given in their place; the request stays good."""
    newer = vaults.to_seal(2, "newer", site.item.registration_id)
    await site.service.enrol(newer)
    request = site.request()
    assert await code(site.room, request) == "contacts_early"
    await site.service.rounds.adopt()
    answer = await ask(site.room, request)
    found = REGISTRAR.open(request.document, answer["sealed"])
    assert found["fields"]["registrant.name"] == "newer Größe"
    fresh = vaults.to_seal()
    await site.service.enrol(fresh)
    assert await code(site.room, site.request(item=fresh)) == "contacts_early"


async def test_nobody_stands_in_answers_logs_or_state(site: Site) -> None:
    """Neither the persons nor the reason are kept, logged, or legible on the way."""
    mark, reason = f"mark{uuid4().hex}", f"reason{uuid4().hex}"
    item = vaults.to_seal(mark=mark)
    await support.enrol(site.service, item)
    request = site.request(item=item, reason=reason)
    with structlog.testing.capture_logs() as logs:
        answer = await ask(site.room, request)
        again = await support.refusal(site.room, request)
    assert mark in str(REGISTRAR.open(request.document, answer["sealed"]))
    for said in (str(answer), again.detail, str(again), str(logs), repr(site.asked(item))):
        assert mark not in said
        assert reason not in said
    assert support.holds(site.service, mark, reason) == []
    async with pools.connected(site.service.database.superuser()) as connection:
        kept = await connection.fetch("SELECT facts::text AS facts FROM ledger_entry")
    assert not any(mark in row["facts"] or reason in row["facts"] for row in kept)


async def test_answers_show_no_lengths(site: Site) -> None:
    """A long name and a short one give answers of one size."""
    sizes = set()
    for mark in ("a", "a" * 40):
        item = vaults.to_seal(mark=mark)
        await support.enrol(site.service, item)
        sizes.add(len((await ask(site.room, site.request(item=item)))["sealed"]))
    assert len(sizes) == 1
