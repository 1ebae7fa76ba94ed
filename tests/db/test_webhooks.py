"""Webhooks on a real database and over real HTTP: order, retries, dead letters, isolation."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from proxy.model.identifiers import ResellerId
from proxy.model.webhook import HookState, WebhookId
from proxy.rules import webhook_retries
from proxy.store import events, webhooks
from proxy.store import pool as pools
from proxy.store.webhooks import Troubled
from proxy.wire import webhook_message
from tests.support import hooks
from tests.support.api import body
from tests.support.vault import START

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from proxy.store.pool import Connection
    from proxy.store.webhooks import Listed
    from tests.support.api import Api
    from tests.support.database import Database
    from tests.support.hooks import Got
    from tests.support.vault import StillClock

pytestmark = pytest.mark.db


def clock(api: Api) -> StillClock:
    """The clock of the service."""
    return api.service.vault.clock


async def enrol(api: Api, *names: str, **changes: object) -> None:
    """Enrols or changes names."""
    for name in names:
        reply = await api.put(body(name, registry_domain_id=f"D-{name}", **changes))
        assert reply.status in {200, 201}, reply.json


async def as_operator(database: Database, act: Callable[[Connection], Awaitable[object]]) -> object:
    """What the operator's login does."""
    async with pools.connected(database.access("operator")) as connection:
        return await act(connection)


async def only(database: Database, api: Api) -> Listed:
    """The one webhook of the tenant."""
    async with pools.connected(database.access("operator")) as connection:
        (found,) = await webhooks.of_tenant(connection, api.tenant)
    return found


async def troubled(database: Database, since: datetime) -> Troubled:
    """What `doctor` counts, of webhooks that fail since a moment."""
    async with pools.connected(database.access("operator")) as connection:
        return await webhooks.troubled(connection, since)


async def test_events_arrive_signed_once_and_in_order(api: Api, database: Database) -> None:
    """What happens after a webhook was added is posted to it, with its secret's signature."""
    now = clock(api).now()
    async with hooks.sink() as sink, hooks.leading(database, now) as lead:
        await enrol(api, "before.example")
        await hooks.stamp(lead, now)
        hook = await hooks.add(database, api.tenant, sink.url, now)
        await enrol(api, "a.example", "b.example")
        await enrol(api, "a.example", customer_ref="c-1")
        await hooks.stamp(lead, now)
        async with hooks.delivering(database, clock(api)) as deliverer:
            await hooks.deliver(deliverer)
            assert not await deliverer.take()
    assert sorted(sink.told()) == [("a.example", 1), ("a.example", 2), ("b.example", 1)]
    assert [one for one in sink.told() if one[0] == "a.example"] == [
        ("a.example", 1),
        ("a.example", 2),
    ]
    secret = webhook_message.secret(hooks.KEY, hook, 1)
    for one in sink.got:
        given = one.headers["webhook-id"], one.headers["webhook-timestamp"]
        assert one.headers["webhook-signature"] == webhook_message.signature(
            secret, *given, one.body
        )
        assert b"Zqmark" not in one.body
    assert (await only(database, api)).behind == 0


async def test_anothers_events_are_never_sent(api: Api, database: Database) -> None:
    """A registrar gets its own, a reseller's webhook its reseller's."""
    now = clock(api).now()
    other = await api.other_tenant()
    async with hooks.sink() as mine, hooks.sink() as theirs, hooks.leading(database, now) as lead:
        await hooks.add(database, api.tenant, mine.url, now, ResellerId("webworks"))
        await hooks.add(database, other.tenant, theirs.url, now)
        await enrol(api, "own.example")
        await enrol(api, "sold.example", reseller="webworks")
        await enrol(other, "foreign.example")
        await hooks.stamp(lead, now)
        async with hooks.delivering(database, clock(api)) as deliverer:
            await hooks.deliver(deliverer)
    assert mine.told() == [("sold.example", 1)]
    assert theirs.told() == [("foreign.example", 1)]


async def test_an_event_that_is_refused_holds_back_its_name_alone(
    api: Api, database: Database
) -> None:
    """The others go on; after two days it is a dead letter, which a command sends again."""
    now = clock(api).now()

    def refuse(one: Got) -> int:
        return 500 if one.data == bad.data else 204

    async with hooks.sink() as sink, hooks.leading(database, now) as lead:
        hook = await hooks.add(database, api.tenant, sink.url, now)
        await enrol(api, "bad.example", "good.example")
        await enrol(api, "bad.example", customer_ref="c-1")
        await hooks.stamp(lead, now)
        bad = hooks.Got({}, b'{"data": {}}')
        sink.answer = lambda one: 500 if one.data["domain"] == "bad.example" else 204
        async with hooks.delivering(database, clock(api)) as deliverer:
            await hooks.deliver(deliverer)
            assert sorted(set(sink.told())) == [("bad.example", 1), ("good.example", 1)]
            bad = next(one for one in sink.got if one.data["domain"] == "bad.example")
            sink.answer = refuse
            for _ in range(webhook_retries.MOST_TRIES):
                clock(api).moment += timedelta(days=1)
                await hooks.deliver(deliverer)
            tries = [one for one in sink.told() if one == ("bad.example", 1)]
            assert len(tries) == webhook_retries.MOST_TRIES
            assert sink.told().count(("good.example", 1)) == 1
            assert sink.told()[-1] == ("bad.example", 2)
            listed = await only(database, api)
            assert (listed.dead, listed.waiting, listed.behind) == (1, 0, 0)
            assert await troubled(database, now) == Troubled(dead=1, holding=1)
            sink.answer = lambda _: 200
            revived = await as_operator(
                database,
                lambda one: webhooks.revive(one, hook, None, clock(api).now()),
            )
            await hooks.deliver(deliverer)
    assert revived == 1
    assert hooks.ids(sink.got)[-1] == hooks.ids([bad])[0]  # the same id as at the first try
    assert (await only(database, api)).dead == 0


async def test_one_dead_letter_is_listed_and_revived_by_its_event(
    api: Api, database: Database
) -> None:
    """Lists name the event and why; another webhook's letters stay as they are."""
    now = clock(api).now()
    async with hooks.sink() as sink, hooks.leading(database, now) as lead:
        hook = await hooks.add(database, api.tenant, sink.url, now)
        await enrol(api, "a.example", "b.example")
        await hooks.stamp(lead, now)
        sink.answer = lambda _: 400
        async with hooks.delivering(database, clock(api)) as deliverer:
            for _ in range(webhook_retries.MOST_TRIES + 1):
                await hooks.deliver(deliverer)
                clock(api).moment += timedelta(days=1)
        async with pools.connected(database.access("operator")) as connection:
            found = [one for _, one in await webhooks.dead_letters(connection, hook, 0, 10)]
            assert {(one.kind, one.reason) for one in found} == {
                ("registration.enrolled", "http_400")
            }
            chosen = [found[0].event_id]
            assert await webhooks.revive(connection, WebhookId(uuid4()), chosen, now) == 0
            assert await webhooks.revive(connection, hook, chosen, now) == 1
            left = await webhooks.dead_letters(connection, hook, 0, 10)
    assert [one.event_id for _, one in left] == [found[1].event_id]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_an_endpoint_that_is_away_keeps_its_place(
    api: Api, database: Database, status: int
) -> None:
    """It is asked later and later, nothing is given up, and then it gets all in order."""
    now = clock(api).now()
    async with hooks.sink() as sink, hooks.leading(database, now) as lead:
        await hooks.add(database, api.tenant, sink.url, now)
        await enrol(api, "a.example")
        await enrol(api, "a.example", customer_ref="c-1")
        await hooks.stamp(lead, now)
        sink.answer = lambda _: status
        async with hooks.delivering(database, clock(api)) as deliverer:
            await hooks.deliver(deliverer)
            assert not await deliverer.take()  # not now
            for _ in range(50):
                clock(api).moment += timedelta(hours=1)
                await hooks.deliver(deliverer)
            listed = await only(database, api)
            assert (listed.behind, listed.waiting, listed.dead) == (2, 0, 0)
            assert listed.webhook.reason == f"http_{status}"
            assert listed.webhook.failing_since == now
            assert await troubled(database, now) == Troubled(failing=1)
            assert await troubled(database, now - timedelta(seconds=1)) == Troubled()
            sink.answer = lambda _: 204
            sink.got.clear()
            clock(api).moment += timedelta(hours=1)
            await hooks.deliver(deliverer)
    assert sink.told() == [("a.example", 1), ("a.example", 2)]
    assert (await only(database, api)).webhook.failing_since is None


async def test_a_slow_endpoint_delays_no_other(api: Api, database: Database) -> None:
    """While one answers nothing, another gets all that is its own."""
    now = clock(api).now()
    other = await api.other_tenant()
    async with hooks.sink() as slow, hooks.sink() as quick, hooks.leading(database, now) as lead:
        slow.gate = asyncio.Event()
        await hooks.add(database, api.tenant, slow.url, now)
        await hooks.add(database, other.tenant, quick.url, now)
        await enrol(api, *(f"slow{n}.example" for n in range(5)))
        async with hooks.delivering(database, clock(api)) as deliverer:
            for turn in range(3):
                await enrol(other, "quick.example", customer_ref=f"c-{turn}")
                await hooks.stamp(lead, now)
                await deliverer.take()
                async with asyncio.timeout(20):
                    while len(quick.got) <= turn:
                        await deliverer.take()
                        await asyncio.sleep(0.01)
            assert quick.told() == [("quick.example", turn + 1) for turn in range(3)]
            slow.gate.set()
            await deliverer.settle()
    assert len(set(slow.told())) == 5


async def test_an_endpoint_that_wants_no_more_is_asked_no_more(
    api: Api, database: Database
) -> None:
    """410 ends it, until somebody has it go on."""
    now = clock(api).now()
    async with hooks.sink() as sink, hooks.leading(database, now) as lead:
        hook = await hooks.add(database, api.tenant, sink.url, now)
        await enrol(api, "a.example")
        await hooks.stamp(lead, now)
        sink.answer = lambda _: 410
        async with hooks.delivering(database, clock(api)) as deliverer:
            await hooks.deliver(deliverer)
            clock(api).moment += timedelta(days=2)
            assert not await deliverer.take()
            assert (await only(database, api)).webhook.state is HookState.GONE
            assert await troubled(database, now) == Troubled(gone=1)
            sink.answer = lambda _: 204
            await as_operator(
                database,
                lambda one: webhooks.set_state(one, hook, HookState.ON, clock(api).now()),
            )
            await hooks.deliver(deliverer)
    assert sink.told() == [("a.example", 1), ("a.example", 1)]


async def test_a_webhook_is_replayed_from_a_cursor(api: Api, database: Database) -> None:
    """What it has had since a place, or since ever, is sent again under the same ids."""
    now = clock(api).now()
    async with hooks.sink() as sink, hooks.leading(database, now) as lead:
        hook = await hooks.add(database, api.tenant, sink.url, now)
        await enrol(api, "a.example")
        await hooks.stamp(lead, now)
        async with hooks.delivering(database, clock(api)) as deliverer:
            await hooks.deliver(deliverer)
            place = (await only(database, api)).webhook.position
            await enrol(api, "b.example")
            await hooks.stamp(lead, now)
            await hooks.deliver(deliverer)
            for to in (place, events.FROM_THE_START):
                async with pools.connected(database.access("operator")) as connection:
                    await webhooks.rewind(connection, hook, to, now)
                await hooks.deliver(deliverer)
    names = [name for name, _ in sink.told()]
    assert names[:3] == ["a.example", "b.example", "b.example"]
    assert sorted(names[3:]) == ["a.example", "b.example"]
    assert len(set(hooks.ids(sink.got))) == 2


async def test_two_workers_never_send_for_the_same_webhook(api: Api, database: Database) -> None:
    """One has the lease; the other finds nothing to do, however often it looks."""
    now = clock(api).now()
    async with hooks.sink() as sink, hooks.leading(database, now) as lead:
        sink.gate = asyncio.Event()
        await hooks.add(database, api.tenant, sink.url, now)
        await enrol(api, "a.example")
        await hooks.stamp(lead, now)
        async with (
            hooks.delivering(database, clock(api)) as first,
            hooks.delivering(database, clock(api)) as second,
        ):
            assert await first.take() == 1
            assert await second.take() == 0
            sink.gate.set()
            await first.settle()
            assert await second.take() == 0
    assert len(sink.got) == 1


async def test_a_worker_that_dies_costs_a_repeat_and_a_minute(api: Api, database: Database) -> None:
    """Its lease runs out, and another sends what was not written down, under the same id."""
    now = clock(api).now()
    async with hooks.sink() as sink, hooks.leading(database, now) as lead:
        await hooks.add(database, api.tenant, sink.url, now)
        await enrol(api, "a.example")
        await hooks.stamp(lead, now)
        async with pools.connected(database.access("worker")) as connection:
            dead = await webhooks.take(connection, now, now + timedelta(seconds=60), uuid4(), 8)
        assert len(dead) == 1
        async with hooks.delivering(database, clock(api)) as deliverer:
            assert await deliverer.take() == 0
            clock(api).moment += timedelta(seconds=61)
            await hooks.deliver(deliverer)
    assert sink.told() == [("a.example", 1)]


async def test_letters_and_webhooks_go_with_what_they_are_of(api: Api, database: Database) -> None:
    """Forgotten events take their letters along; a removed webhook all of its own."""
    now = clock(api).now()
    async with hooks.sink() as sink, hooks.leading(database, now) as lead:
        hook = await hooks.add(database, api.tenant, sink.url, now)
        await enrol(api, "a.example", "b.example")
        await hooks.stamp(lead, now)
        sink.answer = lambda _: 400
        async with hooks.delivering(database, clock(api)) as deliverer:
            await hooks.deliver(deliverer)
        assert len(await api.rows("SELECT 1 FROM webhook_letter")) == 2
        async with pools.connected(database.access("worker")) as connection:
            await events.forget(connection, now + timedelta(days=1))
        assert not await api.rows("SELECT 1 FROM webhook_letter")
        await as_operator(database, lambda one: webhooks.remove(one, hook))
        assert not await api.rows("SELECT 1 FROM webhook")


async def test_commands_say_that_there_is_none(database: Database) -> None:
    """An id of no webhook, or of no registrar, is told so and changes nothing."""
    nothing = WebhookId(UUID(int=3))
    async with pools.connected(database.access("operator")) as connection:
        for act in (
            webhooks.remove(connection, nothing),
            webhooks.rotate_secret(connection, nothing, START),
            webhooks.set_state(connection, nothing, HookState.PAUSED, START),
            webhooks.rewind(connection, nothing, events.FROM_THE_START, START),
        ):
            with pytest.raises(type(webhooks.NO_WEBHOOK)):
                await act
