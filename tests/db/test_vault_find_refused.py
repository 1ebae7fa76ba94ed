"""Who may search a registrar's customers, and how often: its key, a fresh document, budgets."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
import structlog

from proxy.errors import Refused
from proxy.run import vault_registrars
from proxy.vault import grants
from proxy.vault.grants import Budget, Grant
from proxy.wire import frames
from tests.support import openings as support
from tests.support import read_back, registrar_keys
from tests.support import vault as vaults
from tests.support.finding import request
from tests.support.openings import ask, code, entries
from tests.support.papers import CHRIS
from tests.support.read_back import THEIRS, their_customer
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


async def test_no_key_and_a_wrong_signature_are_one_answer(site: Site) -> None:
    """Without the registrar's signature no guess is tested, and nothing is used up."""
    await their_customer(site)
    good = request(site)
    before = len(entries(site.service))
    read_back_of_it = REGISTRAR.sign(good.document)
    bad = [
        request(site, OTHER),  # a key that no order gave
        request(site, THEIRS),  # another registrar's key
        request(site, REGISTRAR, tenant_id=THEIRS.tenant_id),
        request(site, tenant_id=uuid4()),  # of a registrar that has no key
        frames.Find(document=good.document, signature=""),
        frames.Find(document=good.document, signature="ö" * 88),
        frames.Find(document=good.document, signature=read_back_of_it),  # signed as another thing
        frames.Find(document=good.document, signature=request(site).signature),
    ]
    with structlog.testing.capture_logs() as logs:
        told = {(type(one).__name__, one.code, one.detail) for one in
                [await support.refusal(site.room, each) for each in bad]}  # fmt: skip
    assert [one[:2] for one in told] == [("Refused", "search_key")]
    assert {one["reason"] for one in logs} == {"search_key"}
    counter = site.service.rooms.metrics.counter("vault_find_refused_total")
    assert counter.value == len(bad)
    assert len(entries(site.service)) == before
    await ask(site.room, good)


async def test_another_time_or_installation_is_refused(site: Site) -> None:
    """A document is good around its moment, and here."""
    now = site.service.vault.clock.moment
    window = vault_registrars.WINDOW + timedelta(seconds=1)
    for changes, reason in (
        ({"at": now - window}, "search_time"),
        ({"at": now + window}, "search_time"),
        ({"deployment": "00" * 16}, "search_deployment"),
    ):
        assert await code(site.room, request(site, **changes)) == reason


async def test_a_document_is_answered_once(site: Site) -> None:
    """Also after a restart; another registrar's of the same id is another one."""
    await their_customer(site)
    one = request(site)
    await ask(site.room, one)
    assert await code(site.room, one) == "search_repeated"
    site.service.reopen()
    assert await code(site.room, one) == "search_repeated"
    same = UUID(json.loads(one.document)["id"])
    await ask(site.room, request(site, THEIRS, tenant_id=THEIRS.tenant_id, id=same))


async def test_a_read_backs_id_is_not_used_up_by_a_search(site: Site) -> None:
    """Each kind of document has its own ids."""
    same = uuid4()
    await ask(site.room, request(site, id=same))
    await ask(site.room, site.request(id=same))


async def test_of_many_at_once_one_is_answered(site: Site) -> None:
    """The same document sent by many hands at one moment gives one answer and one leaf."""
    room, one = site.room, request(site)
    answers = await asyncio.gather(*(ask(room, one) for _ in range(20)), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, Refused)]
    assert {each.code for each in refused} == {"search_repeated"}
    assert len(refused) == len(answers) - 1
    assert [each["kind"] for each in entries(site.service)].count("searched") == 1


async def test_budgets_hold_for_each_registrar_and_for_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many pages an hour and a day, in the vault's own state; the alarm says which."""
    await their_customer(site)
    monkeypatch.setitem(grants.BUDGETS, Grant.FIND, Budget(most=2))
    monkeypatch.setattr(grants, "FINDS_OF_DAY", Budget(most=3, hours=24))
    monkeypatch.setattr(grants, "FINDS_IN_ALL", Budget(most=3))
    for _ in range(2):
        await ask(site.room, request(site))
    with structlog.testing.capture_logs() as logs:
        assert await code(site.room, request(site)) == "budget"
    assert [one["reason"] for one in logs] == ["find_hour"]
    site.service.reopen()
    assert await code(site.room, request(site)) == "budget"
    await ask(site.room, request(site, THEIRS, tenant_id=THEIRS.tenant_id))
    assert (
        await code(site.room, request(site, THEIRS, tenant_id=THEIRS.tenant_id)) == "budget"
    )  # of all together
    counter = site.service.rooms.metrics.counter("vault_budget_refused_total", purpose="find")
    assert counter.value == 3
    await site.read()  # read-backs have budgets of their own
    await site.service.later(hours=1)
    await ask(site.room, request(site))
    with structlog.testing.capture_logs() as logs:
        assert await code(site.room, request(site)) == "budget"
    assert [one["reason"] for one in logs] == ["find_day"]
    await site.service.later(days=1)
    await ask(site.room, request(site))


async def test_a_budget_is_not_passed_by_many_at_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many requests come at one moment, so many are answered and no more."""
    monkeypatch.setitem(grants.BUDGETS, Grant.FIND, Budget(most=5))
    room = site.room
    answers = await asyncio.gather(
        *(ask(room, request(site)) for _ in range(20)), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, Refused)]
    assert {one.code for one in refused} == {"budget"}
    assert len(answers) - len(refused) == 5


async def test_a_key_that_is_gone_finds_nobody(site: Site) -> None:
    """Revoked by one member: no search any more."""
    await ask(site.room, request(site))
    await site.office.ask(registrar_keys.revocation(site.order, CHRIS), caller=grants.Caller.API)
    assert await code(site.room, request(site)) == "search_key"


async def test_a_key_that_goes_while_a_turn_is_waited_for_finds_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was checked is checked again once it is this request's turn."""
    spend = vault_registrars.RegistrarDesk.spend
    entry = site.service.rooms.entry("registrar_key_revoked", {}, tenant_id=vaults.TENANT)

    def spending(self: vault_registrars.RegistrarDesk, *given: Any, **more: Any) -> None:
        spend(self, *given, **more)
        site.service.vault.walls.orders.revoke_key(site.order.id, entry)

    monkeypatch.setattr(vault_registrars.RegistrarDesk, "spend", spending)
    assert await code(site.room, request(site)) == "search_key"
    assert "searched" not in {one["kind"] for one in entries(site.service)}
