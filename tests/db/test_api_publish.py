"""Publications from the registrar's call to the public record, and back to nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from proxy.client import registrar
from proxy.client.calling import Access
from proxy.errors import NotFound, Refused, Unavailable
from proxy.model.identifiers import USUAL_SCOPES, Scope
from proxy.rules import publishing as rules
from proxy.vault.grants import Caller
from proxy.wire import frames, publish_document
from tests.support import notice_texts, publish_desk, publishing
from tests.support.api import body
from tests.support.publish_desk import FIELDS, MARK, NAME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.wire.frames import Answer, Request
    from tests.support.api import Api
    from tests.support.publish_desk import PublishDesk

pytestmark = pytest.mark.db

PATH = f"/v1/registrations/{NAME}"
MERGE = "application/merge-patch+json"
GRANTED = {"email": ("zqmark@people.example",), "name": ("Zqmark Person",)}


@pytest.fixture
async def desk(api: Api) -> AsyncIterator[PublishDesk]:
    """One name of one registrar, whose key is in force."""
    made = await publish_desk.opened(api)
    yield made
    await made.pool.close()


async def test_consented_fields_are_shown_after_the_delay(desk: PublishDesk) -> None:
    """Instructed, announced, 72 hours later shown: those fields, and of the others none."""
    before = (await desk.api.call("GET", PATH)).json
    instruction = await desk.instruct()
    waiting = await desk.state()
    assert (waiting["state"], waiting["fields"], waiting["not_before"]) == (
        "waiting", list(FIELDS), None,
    )  # fmt: skip
    addressed = await desk.send_letter(instruction)
    assert addressed.email == "zqmark@people.example"
    await desk.later(rules.DELAY.total_seconds() - 60)
    assert await desk.round() == 0
    assert (await desk.state())["not_before"] is not None
    assert (await desk.api.call("GET", PATH)).json == before
    assert await desk.shown() == {}
    await desk.later(61)
    assert await desk.round() == 1
    assert await desk.shown() == GRANTED
    after = (await desk.api.call("GET", PATH)).json
    registrant = after["public_contacts"]["registrant"]
    assert (registrant["name"], registrant["email"]) == ("Zqmark Person", "zqmark@people.example")
    assert {"name", "email"}.isdisjoint(registrant["withheld"])
    assert (registrant["city"], "contact_uri" in registrant) == (None, False)
    assert after["revision"] == before["revision"] + 1
    told = await desk.state()
    assert (told["state"], told["left_out"]) == ("published", [])
    assert told["published_at"] is not None
    assert await desk.told() == [
        "registration.enrolled",
        "registration.changed",
        "registration.publication_published",
    ]
    assert await desk.round() == 0


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "hi"])
async def test_the_letter_says_what_and_when_and_no_value(desk: PublishDesk, language: str) -> None:
    """As the worker queues it, in every language: the fields by name, 72 hours, the link."""
    await desk.instruct()
    await desk.round()
    (row,) = await desk.api.rows("SELECT template, facts::text AS facts, purpose FROM notice")
    said = notice_texts.catalogue().render(
        row["template"], language, json.loads(row["facts"]), link=notice_texts.LINK
    )
    assert (row["purpose"], said.language) == ("object", language)
    assert NAME in said.subject
    for part in (NAME, desk.id, "72", notice_texts.LINK):
        assert part in said.body
    assert MARK not in said.body.lower()


async def test_before_the_grant_no_process_hears_of_a_person(desk: PublishDesk) -> None:
    """Neither API nor worker gets a value before the 72 hours are over; then two fields alone."""
    instruction = await desk.instruct()
    await desk.send_letter(instruction)
    await desk.later(rules.DELAY.total_seconds() - 60)
    await desk.round()
    assert MARK not in str(desk.heard).lower()
    await desk.later(61)
    await desk.round()
    assert str(desk.heard).lower().count(MARK) == 2
    for said in (
        await desk.api.rows("SELECT row_to_json(one)::text AS said FROM publication one"),
        await desk.api.rows("SELECT row_to_json(one)::text AS said FROM notice one"),
        await desk.api.rows("SELECT row_to_json(one)::text AS said FROM event one"),
        await desk.api.rows("SELECT row_to_json(one)::text AS said FROM ledger_entry one"),
    ):
        assert said
        assert MARK not in str([row["said"] for row in said]).lower()


async def test_a_later_write_keeps_what_is_shown(desk: PublishDesk) -> None:
    """PUT with the same contacts, PATCH of anything else and a new mask address change nothing."""
    await desk.published()
    same = body(NAME, mode="published", statuses=["clientHold"])
    assert (await desk.api.put(same)).status == 200
    assert await desk.shown() == GRANTED
    reply = await desk.api.call("PATCH", PATH, {"statuses": []}, Content_Type=MERGE)
    assert reply.json["public_contacts"]["registrant"]["name"] == "Zqmark Person"
    assert (await desk.api.call("POST", f"{PATH}/rotate")).status == 200
    assert await desk.shown() == GRANTED
    await desk.round()
    assert (await desk.state())["state"] == "published"


@pytest.mark.parametrize("change", ["contacts", "mode", "holder", "patch_mode", "end", "replaces"])
async def test_another_person_or_mode_ends_it_at_once(desk: PublishDesk, change: str) -> None:
    """In the very statement that changes contacts, holder, mode or the name's life."""
    await desk.published()
    first = desk.id
    changed = body(NAME, mode="published")
    match change:
        case "contacts":
            changed["contacts"]["registrant"]["city"] = "Elsewhere"
            await desk.api.put(changed)
        case "mode":
            await desk.api.put(body(NAME, mode="redacted"))
        case "holder":
            await desk.api.put({**changed, "holder_change": True})
        case "patch_mode":
            await desk.api.call("PATCH", PATH, {"mode": "redacted"}, Content_Type=MERGE)
        case "replaces":
            changed |= {"registry_domain_id": "D9-X", "replaces": first}
            assert (await desk.api.put(changed)).status == 201
        case _:
            await desk.api.call("DELETE", f"{PATH}?reason=error")
    rows = await desk.api.rows("SELECT value FROM published WHERE domain = $1", NAME)
    assert MARK.encode() not in (rows[0]["value"] or b"").lower()
    (row,) = await desk.api.rows("SELECT standing, is_told FROM publication")
    assert (row["standing"], row["is_told"]) == ("changed", False)
    await desk.round()  # the vault is told, and whoever asks it gets no field any more
    (row,) = await desk.api.rows("SELECT is_told FROM publication")
    assert row["is_told"]
    assert "registration.publication_changed" in await desk.told()
    if change != "end":
        await desk.api.put(body(NAME, mode="published") | {"registry_domain_id": None})
        assert await desk.shown() == {}


async def test_withdrawing_takes_off_at_once(desk: PublishDesk) -> None:
    """By DELETE, while it waits or when it is shown; again it stays; the vault knows."""
    instruction = await desk.instruct()
    await desk.send_letter(instruction)
    reply = await desk.api.call("DELETE", f"{PATH}/publication")
    assert (reply.status, reply.json["state"]) == (200, "withdrawn")
    await desk.later()
    assert await desk.round() == 0
    await desk.published()
    assert (await desk.api.call("DELETE", f"{PATH}/publication")).json["state"] == "withdrawn"
    assert await desk.shown() == {}
    ended = (await desk.state())["ended_at"]
    assert (await desk.api.call("DELETE", f"{PATH}/publication")).json["ended_at"] == ended
    assert (await desk.state())["state"] == "withdrawn"


async def test_withdrawing_needs_no_vault(desk: PublishDesk) -> None:
    """What is shown goes although the vault is away; the worker tells it later."""
    instruction, _ = await desk.published()

    async def away(_: Request) -> Answer:
        raise Unavailable("vault")

    desk.api.door.ask = away
    assert (await desk.api.call("DELETE", f"{PATH}/publication")).json["state"] == "withdrawn"
    assert await desk.shown() == {}
    asked = frames.Publish(
        tenant=str(instruction.tenant_id),
        registration=str(instruction.registration_id),
        instruction=str(instruction.id),
    )
    await desk.round()
    answer = await desk.vault_of(Caller.WORKER)(asked)
    assert (answer["standing"], "contacts" in answer) == ("withdrawn", False)


@pytest.mark.parametrize("is_shown", [False, True])
async def test_the_registrants_no_takes_it_off(desk: PublishDesk, *, is_shown: bool) -> None:
    """The link's deed ends it in the vault; the worker's next round takes off what is shown."""
    if is_shown:
        _, addressed = await desk.published()
    else:
        addressed = await desk.send_letter(await desk.instruct())
    use = frames.UseToken(token=addressed.token, deed="object")
    await desk.vault_of(Caller.WEB)(use)
    await desk.later()
    await desk.round()
    assert await desk.shown() == {}
    assert (await desk.state())["state"] == "objected"
    assert "registration.publication_objected" in await desk.told()


@pytest.mark.parametrize("is_shown", [False, True])
async def test_a_letter_that_comes_back_ends_it(desk: PublishDesk, *, is_shown: bool) -> None:
    """Nobody was told: before the time or after it, nothing of it is shown."""
    if is_shown:
        await desk.published()
    else:
        await desk.send_letter(await desk.instruct())
    await desk.api.service.administrate(
        "UPDATE notice SET state = 'bounced', bounced_at = queued_at, try_after = NULL,"
        " attempts = 1, message_id = 'x', reason = 'host_refused'"
    )
    await desk.round()
    await desk.later()
    await desk.round()
    assert await desk.shown() == {}
    assert (await desk.state())["state"] == "undeliverable"


async def test_a_letter_that_has_not_left_publishes_nothing(desk: PublishDesk) -> None:
    """Its address was given and no host took it: whatever the time, the letter comes first."""
    instruction = await desk.instruct()
    await desk.send_letter(instruction, is_handed=False)
    await desk.later()
    assert await desk.round() == 0
    assert (await desk.state())["state"] == "waiting"
    await desk.hand_over(instruction)
    await desk.later(601)
    assert await desk.round() == 1


async def test_silence_of_a_host_takes_nothing_off(desk: PublishDesk) -> None:
    """A route that took the letter and tells nothing more is no bounce."""
    await desk.published()
    await desk.api.service.administrate(
        "UPDATE notice SET state = 'bounced', bounced_at = queued_at, reason = 'unproven'"
    )
    await desk.round()
    assert (await desk.state())["state"] == "published"


async def test_a_record_too_large_is_not_published(desk: PublishDesk) -> None:
    """What no journal could hold is told and ends; the name is shown as before."""
    hosts = [{"name": f"ns{one}.{'x' * 60}.example"} for one in range(13)]
    large = body(NAME, mode="published", nameservers=hosts)
    large["contacts"]["registrant"]["street"] = ["Zqmark " * 35] * 3
    reply = await desk.api.put(large)
    assert reply.status == 200, reply.content
    await desk.api.service.rounds.adopt()
    fields = ("admin.street", "registrant.street")
    now = desk.api.service.vault.clock.moment
    consents = tuple(publishing.consent(one, given_at=now) for one in fields)
    await desk.send_letter(await desk.instruct(consents=consents))
    await desk.later()
    await desk.round()
    assert (await desk.state())["state"] == "too_large"
    assert await desk.shown() == {}


async def test_a_newer_instruction_starts_anew(desk: PublishDesk) -> None:
    """What the older one shows is taken off until the newer one's time has come."""
    await desk.published()
    await desk.instruct()
    assert await desk.shown() == {}
    rows = await desk.api.rows("SELECT standing FROM publication ORDER BY instructed_at")
    assert [row["standing"] for row in rows] == ["replaced", "waiting"]


async def test_the_same_document_again_is_the_same_instruction(desk: PublishDesk) -> None:
    """A call whose answer got lost is made again: one row, one letter."""
    instruction = await desk.instruct()
    again = await desk.post(instruction)
    assert (again.status, again.json["instruction"]) == (202, str(instruction.id))
    assert len(await desk.api.rows("SELECT id FROM publication")) == 1


async def test_it_is_so_too_where_it_took_something_off(desk: PublishDesk) -> None:
    """The name's revision rose by what the instruction itself took off."""
    await desk.published()
    instruction = await desk.instruct()
    again = await desk.post(instruction)
    assert (again.status, again.json["instruction"]) == (202, str(instruction.id))


async def test_the_client_publishes_and_withdraws(desk: PublishDesk) -> None:
    """The same calls as Python: typed answers, and NotFound where there never was one."""
    access = Access(url=str(desk.api.client.make_url("/")), key=desk.api.key)
    async with registrar.connected(access) as client:
        with pytest.raises(NotFound, match="publication_none"):
            await client.publication(NAME)
        instruction = desk.instruction()
        document = publish_document.render(instruction)
        signature = desk.registrar.sign(document, publishing.LABEL)
        taken = await client.publish(NAME, document, signature)
        assert (taken.instruction, taken.state) == (str(instruction.id), "waiting")
        assert await client.publication(NAME) == taken
        assert (await client.withdraw(NAME)).state == "withdrawn"
        with pytest.raises(Refused, match="publish_repeated"):
            await client.publish(NAME, document, signature)


async def test_a_key_needs_the_scope(desk: PublishDesk) -> None:
    """No key has it by default: neither to instruct nor to withdraw."""
    assert Scope.PUBLISH not in USUAL_SCOPES
    key = await desk.api.register(scopes=frozenset(Scope) - {Scope.PUBLISH})
    instruction = desk.instruction()
    reply = await desk.post(instruction, key=key)
    assert (reply.status, reply.json["code"]) == (403, "scope")
    reply = await desk.api.call("DELETE", f"{PATH}/publication", key=key)
    assert (reply.status, reply.json["code"]) == (403, "scope")


@pytest.mark.parametrize(
    ("changes", "path", "status", "code"),
    [
        ({}, "other.example", 422, "invalid_body"),
        ({"domain": "other.example"}, "", 404, "not_found"),
        ({"revision": 7}, "", 409, "registration_changed"),
        ({"deployment": "00" * 16}, "", 403, "publish_deployment"),
    ],
)
async def test_what_does_not_fit_is_refused(
    desk: PublishDesk, changes: dict[str, Any], path: str, status: int, code: str
) -> None:
    """Another name, revision or installation; nothing is kept of it."""
    reply = await desk.post(desk.instruction(**changes), path=path)
    assert (reply.status, reply.json["code"]) == (status, code)
    assert await desk.api.rows("SELECT id FROM publication") == []
    state = await desk.api.call("GET", f"{PATH}/publication")
    assert (state.status, state.json["code"]) == (404, "publication_none")
