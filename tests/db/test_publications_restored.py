"""Publications in a database that was set back: what the vault remembers decides, not the rows."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from proxy.model.publication import Deed
from proxy.services import carry_publications, doubt_publications
from proxy.store import published
from proxy.vault import publications
from proxy.vault.grants import Caller
from proxy.wire import frames
from tests.support import anchors, publish_desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from proxy.store.pool import Connection
    from tests.support.api import Api
    from tests.support.publish_desk import PublishDesk

pytestmark = pytest.mark.db


@pytest.fixture
async def desk(api: Api) -> AsyncIterator[PublishDesk]:
    """One name of one registrar, whose key is in force."""
    made = await publish_desk.opened(api)
    await lead(made)
    yield made
    await made.pool.close()


async def lead(desk: PublishDesk) -> None:
    """A sequencer takes the lead, as it does when a worker starts."""

    async def restored(connection: Connection, now: datetime) -> None:
        await doubt_publications.doubt(connection, secrets.token_bytes, now)

    service = desk.api.service
    async with published.leading(service.database.access("worker")) as leading:
        assert await leading.take()
        await leading.begin_epoch(service.vault.clock.now(), uuid4(), restored)


async def set_back(desk: PublishDesk) -> None:
    """The copy comes back, on another machine."""
    await anchors.restore(desk.api.service)
    await anchors.tamper(desk.api.service, "UPDATE journal_epoch SET cluster = 'elsewhere'")
    await lead(desk)


async def test_what_was_objected_to_since_is_not_shown_again(desk: PublishDesk) -> None:
    """Not for a moment: the copy shows nothing of a grant until the vault was asked; it says no."""
    _, addressed = await desk.published()
    await anchors.back_up(desk.api.service)
    use = frames.UseToken(token=addressed.token, deed="object")
    await desk.vault_of(Caller.WEB)(use)
    await desk.round()
    await set_back(desk)
    assert await desk.shown() == {}
    assert (await desk.state())["state"] == "waiting"
    await desk.round()
    assert await desk.shown() == {}
    assert (await desk.state())["state"] == "objected"


async def test_a_copy_that_looks_like_the_same_database_is_asked_about(desk: PublishDesk) -> None:
    """A file system's snapshot put back has the old identity: a worker that starts asks."""
    _, addressed = await desk.published()
    await anchors.back_up(desk.api.service)
    use = frames.UseToken(token=addressed.token, deed="object")
    await desk.vault_of(Caller.WEB)(use)
    await desk.round()
    await anchors.restore(desk.api.service)
    await lead(desk)
    assert await desk.shown() != {}
    await carry_publications.look_soon(desk.carrying)
    await desk.round()
    assert await desk.shown() == {}
    assert (await desk.state())["state"] == "objected"


async def test_what_is_shown_is_asked_about_every_day(desk: PublishDesk) -> None:
    """A row that says published is not enough for long, and nothing is opened by asking."""
    instruction, _ = await desk.published()
    shown, heard = await desk.shown(), len(desk.heard)
    await desk.later(86_401)
    assert await desk.round() == 0
    assert await desk.shown() == shown
    assert publish_desk.MARK not in str(desk.heard[heard:]).lower()
    book = publications.Publications(desk.api.service.rooms.open_walls().state)
    which = (instruction.tenant_id, instruction.registration_id, instruction.id)
    book.move(*which, Deed.WITHDRAW, desk.api.service.vault.clock.now())
    await desk.later(86_401)
    await desk.round()
    assert await desk.shown() == {}
    assert (await desk.state())["state"] == "withdrawn"


async def test_what_still_holds_is_shown_again_by_the_vaults_word(desk: PublishDesk) -> None:
    """Off with the copy, back with the worker's next round, and the registrar is told of both."""
    await desk.published()
    shown = await desk.shown()
    await anchors.back_up(desk.api.service)
    await set_back(desk)
    assert await desk.shown() == {}
    assert await desk.round() == 1
    assert await desk.shown() == shown
    assert (await desk.state())["state"] == "published"
    assert (await desk.told())[-4:] == [
        "registration.publication_waiting",
        "registration.changed",
        "registration.changed",
        "registration.publication_published",
    ]


async def test_a_worker_that_starts_again_takes_nothing_off(desk: PublishDesk) -> None:
    """The same database, another lead: what is shown stays."""
    await desk.published()
    shown = await desk.shown()
    await lead(desk)
    assert await desk.shown() == shown
    assert (await desk.state())["state"] == "published"
