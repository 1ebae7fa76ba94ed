"""What the vault keeps of registrants' mailboxes: whom it spares a letter, and whom it does not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from proxy.model.identifiers import RecordClass
from proxy.model.letter import AboutRegistration
from proxy.store import notices
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from proxy.vault import grants
from proxy.vault.grants import Budget
from tests.support import openings, verifying
from tests.support import vault as vaults
from tests.support.api import body
from tests.support.verifying import EMAIL, of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.api import Api
    from tests.support.verifying import House

pytestmark = pytest.mark.db

WAITING = """SELECT 1 FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock'"""


@pytest_asyncio.fixture
async def house(api: Api) -> AsyncIterator[House]:
    """A registrar whose profile asks for verifications."""
    async with verifying.house(api) as made:
        yield made


async def test_an_erased_registrant_leaves_no_mailbox(house: House) -> None:
    """Token and link to the registration go with the record."""
    await house.api.put(body())
    (sent,) = await house.turn()
    await house.click(sent)
    (row,) = await house.api.rows("SELECT tenant_id, id FROM registration")
    service = house.api.service
    vault = service.vault.state
    environment, table = vault.table(b"mailboxes")
    with environment.begin(db=table) as transaction:
        assert transaction.stat(table)["entries"] == 2
    item = vaults.to_seal(person=row["id"])
    name = openings.named(item, RecordClass.IDENTITY)
    object.__setattr__(name, "tenant_id", row["tenant_id"])
    forgetter = service.vault.walls.forgetter
    forgetter.begin([(name, vaults.START)])
    forgetter.finish([(name, vaults.START)])
    with environment.begin(db=table) as transaction:
        assert transaction.stat(table)["entries"] == 0


async def test_replaced_contacts_leave_the_mailbox_of_who_lives(house: House) -> None:
    """Old contacts are erased, and again at every start: who confirmed is not asked once more."""
    await house.api.put(body())
    (sent,) = await house.turn()
    await house.click(sent)
    await house.api.put(of("kaveri.example", phone="+91.4455550199"))
    assert await house.turn() == []
    await house.api.rows(
        "UPDATE sealed_record SET superseded_at = $1 WHERE version = 1",
        vaults.START - timedelta(days=540),
    )
    service = house.api.service
    await service.rounds.shred()
    assert await house.api.rows("SELECT 1 FROM erasure WHERE version = 1") != []
    service.reopen()
    await service.rounds.prepare()
    await house.api.put(of("two.example"))
    assert await house.turn() == []
    assert (await house.standing("two.example"))["reason"] == "earlier"


async def test_who_names_anothers_address_does_not_hold_up_its_own_name(house: House) -> None:
    """A stranger's name was asked first, and nobody answers: half of the term, not all, goes by."""
    await house.api.put(of("strangers.example"))
    (asked,) = await house.turn()
    await house.later(days=1)
    await house.api.put(body())
    assert await house.turn() == []
    await house.later(days=7, hours=11)
    assert [one for one in await house.turn() if one.notice.template == "n17_verify_email"] == []
    await house.later(hours=13)
    mine = [one for one in await house.turn() if one.notice.template == "n17_verify_email"]
    assert [one.email for one in mine] == [EMAIL]
    await house.click(mine[0])
    assert (await house.standing())["state"] == "verified"
    assert (await house.standing("strangers.example"))["state"] == "asked"
    assert asked.token != mine[0].token


async def test_an_answer_at_the_moment_of_the_end_counts(house: House) -> None:
    """It is being noted while the worker looks: it is not lost, whoever is first."""
    await house.api.put(body())
    (sent,) = await house.turn()
    await house.later(days=15)
    about, now = sent.notice.about, house.api.service.vault.clock.now()
    assert isinstance(about, AboutRegistration)
    database = house.api.service.database
    async with pools.connected(database.access(LoginRole.WEB)) as web:
        async with web.transaction():
            assert await notices.acknowledge_letter(
                web, sent.notice.id, about.tenant_id, about.registration_id, now=now
            )
            looking = asyncio.create_task(house.look())
            while not looking.done() and not await house.api.rows(WAITING):
                pass
        await looking
    await house.look()
    assert (await house.standing())["state"] == "verified"


async def test_one_mailbox_is_not_flooded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by a registrar that gives an address to one name after another and takes it away."""
    monkeypatch.setattr(grants, "LETTERS_TO_MAILBOX", Budget(most=2, hours=24))
    for number in range(4):
        await house.api.put(of(f"n{number}.example"))
        await house.turn()
        await house.api.rows("UPDATE registration SET state = 'active'")
        await house.api.put(of(f"n{number}.example", f"else{number}@people.example"))
        await house.later(minutes=1)
        await house.turn()
    assert [one.email for one in house.sent].count(EMAIL) == 2
    assert len({one.email for one in house.sent}) == 5
