"""Publications under attack: fallen processes, a database superuser, other accounts, races."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from proxy.errors import ProxyError, Unavailable
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.services import carry_publications
from proxy.store import publications
from proxy.vault.grants import Caller
from proxy.wire import frames, publish_document
from tests.support import publish_desk, publishing
from tests.support.api import body
from tests.support.publish_desk import MARK, NAME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.publication import Instruction
    from tests.support.api import Api
    from tests.support.publish_desk import PublishDesk

pytestmark = pytest.mark.db

PATH = f"/v1/registrations/{NAME}"


@pytest.fixture
async def desk(api: Api) -> AsyncIterator[PublishDesk]:
    """One name of one registrar, whose key is in force."""
    made = await publish_desk.opened(api)
    yield made
    await made.pool.close()


def asking(instruction: Instruction, **changes: str) -> frames.Publish:
    """The worker's question about an instruction."""
    whole = {
        "tenant": str(instruction.tenant_id),
        "registration": str(instruction.registration_id),
        "instruction": str(instruction.id),
    }
    return frames.Publish(**(whole | changes))


async def test_a_fallen_api_publishes_nothing(desk: PublishDesk) -> None:
    """It has no key to sign with, no grant to carry out, and its rows make no letter due."""
    instruction = desk.instruction()
    forged = frames.Instruct(
        document=publish_document.render(instruction), signature="A" * 86 + "=="
    )
    ask = desk.vault_of(Caller.API)
    for request in (forged, asking(instruction), frames.ShowObjections()):
        with pytest.raises(ProxyError) as refused:
            await ask(request)
        assert refused.value.code in {"publish_key", "not_granted"}
    async with desk.api.office.pool.acquire() as connection:
        await publications.add(connection, instruction, 1, instruction.at)
    await desk.round()
    with pytest.raises(ProxyError, match="letter_over"):
        await desk.send_letter(instruction)
    await desk.later()
    await desk.round()
    assert (await desk.shown(), MARK in str(desk.heard).lower()) == ({}, False)


async def test_a_fallen_worker_gets_nothing_early_or_elsewhere(desk: PublishDesk) -> None:
    """Asked at once, for another name, or after the end, the vault names no field."""
    instruction = await desk.instruct()
    await desk.send_letter(instruction)
    other = (await desk.api.put(body("other.example", mode="published"))).json["id"]
    await desk.api.service.rounds.adopt()
    ask = desk.vault_of(Caller.WORKER)
    assert (await ask(asking(instruction)))["standing"] == "waiting"
    assert (await ask(asking(instruction, registration=other)))["standing"] == ""
    await desk.later()
    assert (await ask(asking(instruction, registration=other)))["standing"] == ""
    with pytest.raises(ProxyError, match="not_granted"):
        await ask(frames.Instruct(document="{}", signature=""))
    await desk.api.call("DELETE", f"{PATH}/publication")
    assert "contacts" not in await ask(asking(instruction))
    assert MARK not in str(desk.heard).lower()


async def test_a_superuser_moves_rows_and_times_in_vain(desk: PublishDesk) -> None:
    """Times in the past, a letter made delivered, a row made new: the vault's clock decides."""
    instruction = await desk.instruct()
    await desk.round()  # the letter is queued; nobody has got an address
    await desk.api.service.administrate(
        "UPDATE publication SET not_before = instructed_at - interval '9 days',"
        " instructed_at = instructed_at - interval '9 days', look_at = instructed_at"
    )
    await desk.api.service.administrate(
        "UPDATE notice SET state = 'delivered', delivered_at = queued_at, handed_at = queued_at,"
        " attempts = 1, try_after = NULL, message_id = 'x'"
    )
    await desk.later()
    await desk.round()
    assert (await desk.shown(), (await desk.state())["state"]) == ({}, "waiting")
    addressed = await desk.send_letter(instruction)
    await desk.vault_of(Caller.WEB)(frames.UseToken(token=addressed.token, deed="object"))
    await desk.later()
    await desk.round()
    assert (await desk.state())["state"] == "objected"
    await desk.api.service.administrate(
        "UPDATE publication SET standing = 'waiting', ended_at = NULL, look_at = instructed_at,"
        " published_at = instructed_at"
    )
    await desk.round()
    assert (await desk.shown(), (await desk.state())["state"]) == ({}, "objected")


async def test_a_contact_changed_between_answer_and_write_is_not_shown(
    desk: PublishDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault has given the fields; before they are written other contacts come in."""
    instruction = await desk.instruct()
    await desk.send_letter(instruction)
    await desk.later()
    follow = carry_publications._follow

    async def late(*given: Any) -> int:
        changed = body(NAME, mode="published")
        changed["contacts"]["registrant"]["city"] = "Elsewhere"
        await desk.api.put(changed)
        return await follow(*given)

    monkeypatch.setattr(carry_publications, "_follow", late)
    assert await desk.round() == 0
    assert (await desk.shown(), (await desk.state())["state"]) == ({}, "changed")


async def test_a_worker_that_dies_before_it_wrote_asks_again(
    desk: PublishDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is lost with it; after its lease another one gets and writes the same."""
    instruction = await desk.instruct()
    await desk.send_letter(instruction)
    await desk.later()

    async def die(*_: object, **__: object) -> None:
        raise Unavailable("dead")

    with monkeypatch.context() as patched:
        patched.setattr(publications, "show", die)
        with pytest.raises(Unavailable):
            await desk.round()
    assert (await desk.shown(), (await desk.state())["state"]) == ({}, "waiting")
    assert await desk.round() == 0  # somebody's lease
    await desk.later(carry_publications.LEASE.total_seconds() + 1)
    assert await desk.round() == 1
    assert set(await desk.shown()) == {"email", "name"}


async def test_a_no_reaches_what_an_api_that_died_left_standing(desk: PublishDesk) -> None:
    """The vault has a newer instruction that the database never heard of: the older link works."""
    _, addressed = await desk.published()
    newer = desk.instruction(revision=2)
    document = publish_document.render(newer)
    signature = desk.registrar.sign(document, publishing.LABEL)
    await desk.vault_of(Caller.API)(frames.Instruct(document=document, signature=signature))
    await desk.vault_of(Caller.WEB)(frames.UseToken(token=addressed.token, deed="object"))
    await desk.round()
    assert await desk.shown() == {}
    assert (await desk.state())["state"] == "objected"


async def test_who_waits_for_a_name_sees_what_was_written_meanwhile(desk: PublishDesk) -> None:
    """The public record is read once the registration is held, not before."""
    await desk.published()
    which = (desk.api.tenant, RegistrationId(UUID(desk.id)))
    async with desk.pool.acquire() as first, desk.pool.acquire() as second:
        async with first.transaction():
            held = await publications.hold(first, *which)
            assert held is not None

            async def wait() -> bytes | None:
                async with second.transaction():
                    found = await publications.hold(second, *which)
                    return None if found is None else found.value

            waiting = asyncio.create_task(wait())
            await blocked(desk)
            await first.execute("UPDATE published SET value = 'newer', pos = NULL")
        assert await waiting == b"newer"


async def blocked(desk: PublishDesk) -> None:
    """Returns once somebody waits for a lock."""
    for _ in range(500):
        if await desk.api.rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError


async def test_two_workers_publish_once(desk: PublishDesk) -> None:
    """Rounds beside one another: one record, one event, one row."""
    await desk.send_letter(await desk.instruct())
    await desk.later()
    assert sum(await asyncio.gather(*(desk.round() for _ in range(4)))) == 1
    assert (await desk.told()).count("registration.publication_published") == 1


async def test_a_write_and_a_withdrawal_beside_one_another(desk: PublishDesk) -> None:
    """Whoever is first: what is over is not shown, and nobody waits for ever."""
    for _ in range(3):
        await desk.send_letter(await desk.instruct())
        await desk.later()
        changed = body(NAME, mode="published", customer_ref="x")
        await asyncio.gather(
            desk.round(),
            desk.api.call("DELETE", f"{PATH}/publication"),
            desk.api.put(changed),
            return_exceptions=False,
        )
        await desk.round()
        assert (await desk.state())["state"] == "withdrawn"
        assert await desk.shown() == {}


async def test_what_is_anothers_is_not_there(desk: PublishDesk) -> None:
    """A reseller's key meets another's name, and an account another account's, as unknown."""
    key = await desk.reseller_key("somebody")
    await desk.published()
    for method, tail in (("GET", "publication"), ("DELETE", "publication")):
        theirs = await desk.api.call(method, f"{PATH}/{tail}", key=key)
        none = await desk.api.call(method, f"/v1/registrations/none.example/{tail}", key=key)
        assert (theirs.status, theirs.json) == (none.status, none.json)
        assert theirs.json["code"] == "not_found"
    posted = await desk.post(desk.instruction(), key=key)
    assert (posted.status, posted.json["code"]) == (404, "not_found")
    other = desk.instruction(tenant_id=TenantId(desk.instruction().id))
    posted = await desk.post(other)
    assert (posted.status, posted.faults) == (422, {"/document": "tenant"})
    assert set(await desk.shown()) == {"email", "name"}


async def test_a_reseller_publishes_its_own_name(desk: PublishDesk) -> None:
    """With the registrar's signature; the name that it sees is its own."""
    moved = await desk.api.call(
        "PATCH", PATH, {"reseller": "somebody"}, Content_Type="application/merge-patch+json"
    )
    assert moved.status == 200, moved.content
    key = await desk.reseller_key("somebody")
    instruction = desk.instruction(revision=moved.json["revision"])
    assert (await desk.post(instruction, key=key)).status == 202
    reply = await desk.api.call("GET", f"{PATH}/publication", key=key)
    assert reply.json["state"] == "waiting"


async def test_a_lost_state_publishes_nothing(desk: PublishDesk) -> None:
    """A vault that knows nothing of an instruction lets it lapse, whatever the rows say."""
    instruction = await desk.instruct()
    await desk.send_letter(instruction)
    environment, table = desk.api.service.vault.state.table(b"publications")
    with environment.begin(write=True) as transaction:
        transaction.drop(table, delete=False)
    await desk.later()
    await desk.round()
    assert (await desk.state())["state"] == "lapsed"
    assert await desk.shown() == {}


async def test_the_statement_that_changes_a_person_ends_it_for_any_login(
    desk: PublishDesk,
) -> None:
    """Not the API's code but the database does it: a statement of another login ends it as well."""
    await desk.published()
    await desk.api.service.administrate("UPDATE registration SET record_version = 99")
    (row,) = await desk.api.rows("SELECT standing FROM publication")
    assert row["standing"] == "changed"
