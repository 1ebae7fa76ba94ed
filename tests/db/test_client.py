"""The client against the real API: every call, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from proxy.apps.api.bodies import RegistrationBody
from proxy.client import registrar, uploading
from proxy.client.calling import Access
from proxy.client.registrar import Once
from proxy.errors import Conflict, InvalidInput, NotFound
from proxy.model.identifiers import EndReason
from tests.support import hooks
from tests.support.api import body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.client.registrar import Client
    from tests.support.api import Api
    from tests.support.database import Database

pytestmark = pytest.mark.db
NAME = "kaveri.example"


def access(api: Api) -> Access:
    """What its registrar needs."""
    return Access(url=str(api.client.make_url("/")), key=api.key)


@pytest.fixture
async def client(api: Api) -> AsyncIterator[Client]:
    """The client of its registrar."""
    async with registrar.connected(access(api)) as made:
        yield made


async def test_a_registration_from_enrolment_to_end(client: Client) -> None:
    """Each call gives what the service answers, as its own type, with the tag for the next one."""
    made = await client.put(body(customer_ref="first"), Once(create_only=True))
    assert (made.is_new, made.value.state, made.value.revision) == (True, "active", 1)
    with pytest.raises(Conflict, match="precondition_failed"):
        await client.put(body(), Once(create_only=True))

    known = await client.get("KAVERI.example.")
    assert (known.etag, known.value.customer_ref) == (made.etag, "first")
    assert known.value.created_at is not None
    patched = await client.patch(NAME, {"customer_ref": None}, Once(if_match=made.etag))
    assert patched.value.revision == 2
    with pytest.raises(Conflict, match="precondition_failed"):
        await client.rotate(NAME, Once(if_match=made.etag))
    rotated = await client.rotate(NAME, Once(if_match=patched.etag))
    was, is_now = (one.value.public_contacts["registrant"].email for one in (made, rotated))
    assert was != is_now

    ended = await client.delete(NAME, EndReason.REGISTRY_DELETED)
    assert ended.value.state == "ended"
    with pytest.raises(NotFound):
        await client.get(NAME)
    kept = await client.get_by_id(UUID(made.value.id))
    assert kept.value.end_reason == "registry_deleted"
    assert (await client.status_by_id(UUID(made.value.id))).state == "ended"


async def test_a_typed_body_says_what_is_in_it(client: Client) -> None:
    """The type that validates can be sent; what was not set is not declared."""
    typed = RegistrationBody.model_validate(body(nameservers=[{"name": "ns1.hosting.example"}]))
    assert "Zqmark" not in repr(typed)
    made = await client.put(typed)
    again = await client.put(body())
    assert again.value.id == made.value.id
    assert (await client.status(NAME)).domain == NAME


async def test_a_key_of_the_callers_makes_a_write_happen_once(client: Client) -> None:
    """After a crash of its own a caller sends the same again, and learns what was answered."""
    once = Once(idempotency_key="order-1")
    made = await client.put(body(), once)
    await client.patch(NAME, {"customer_ref": "later"})
    again = await client.put(body(), once)
    assert (again.is_new, again.value.revision) == (True, 1)
    assert again.value.id == made.value.id
    with pytest.raises(InvalidInput, match="idempotency_key_reused"):
        await client.put(body(customer_ref="other"), once)


async def test_every_fault_of_a_body_comes_by_its_place(client: Client) -> None:
    """The pointers of the service; and no value of a person in the error."""
    wrong = body(mode="hidden", unknown=1)
    wrong["contacts"]["registrant"]["email"] = "zqmark"
    with pytest.raises(InvalidInput) as raised:
        await client.put(wrong)
    assert {one.pointer for one in raised.value.faults} == {
        "/mode", "/unknown", "/contacts/registrant/email",
    }  # fmt: skip
    assert "zqmark" not in f"{raised.value!r}{raised.value.faults}{raised.value.detail}".lower()


async def test_another_registrars_names_are_not_there(api: Api, client: Client) -> None:
    """The same error as for a name that never was, for each way to ask."""
    made = await client.put(body())
    other_api = await api.other_tenant()
    async with registrar.connected(access(other_api)) as other:
        for ask in (
            other.get(NAME),
            other.get_by_id(UUID(made.value.id)),
            other.status(NAME),
            other.rotate(NAME),
            other.patch(NAME, {}),
            other.delete(NAME, EndReason.ERROR),
        ):
            with pytest.raises(NotFound, match="not_found"):
                await ask
        assert [one async for one in other.registrations()] == []
        assert (await other.account()).registrar != (await client.account()).registrar


async def test_lists_go_on_from_their_cursors(client: Client) -> None:
    """Every registration once, in one order, whatever the size of a page."""
    names = [f"name-{number}.example" for number in range(5)]
    for number, name in enumerate(names):
        await client.put(body(name, registry_domain_id=f"D{number}"))
    assert sorted([one.domain async for one in client.registrations()]) == names
    pages = [page async for page in client.pages(limit=2)]
    assert [len(page.registrations) for page in pages] == [2, 2, 1]
    rest = [page async for page in client.pages(cursor=pages[0].next_cursor, limit=2)]
    assert [page.next_cursor for page in rest] == [page.next_cursor for page in pages[1:]]
    last = pages[-1].registrations[-1].enrolled_at
    assert [one async for one in client.registrations(updated_since=last)]
    later = last + timedelta(days=1)
    assert [one async for one in client.registrations(updated_since=later)] == []


async def test_a_file_is_taken_and_its_failed_lines_are_told(
    api: Api, client: Client, tmp_path: Path
) -> None:
    """The lines that can be are enrolled; the others come by number with their faults."""
    lines = [body("first.example", registry_domain_id="D1"), {"domain": "x"}, {"mode": "proxy"}]
    file = tmp_path / "file.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in lines))
    operation = uuid4()
    sent: list[int] = []
    done = await uploading.upload(
        uploading.Upload(
            api_url=str(api.client.make_url("/")),
            api_key=api.key,
            file=file,
            operation_id=operation,
            progress=sent.append,
        )
    )
    assert (done.state, done.done, done.failed) == ("succeeded", 3, 2)
    assert sent == [file.stat().st_size]
    told = [one async for one in client.line_problems(operation)]
    assert [one.line for one in told] == [2, 3]
    assert {"/domain", "/mode", "/contacts"} == {one.pointer for one in told[0].errors}
    with pytest.raises(NotFound):
        await client.operation(uuid4())


async def test_a_key_that_is_none_is_refused_at_once(api: Api) -> None:
    """With the service's own code."""
    wrong = Access(url=str(api.client.make_url("/")), key="pp_0011223344556677_no")
    async with registrar.connected(wrong) as client:
        with pytest.raises(InvalidInput, match="unauthorized"):
            await client.account()


async def test_events_and_what_is_published_are_followed(
    api: Api, database: Database, client: Client
) -> None:
    """Pages and lines go on from their cursors; a cursor of another history is a Conflict."""
    now = api.service.vault.clock.now()
    async with hooks.leading(database, now) as lead:
        for name in ("a.example", "b.example"):
            await client.put(body(name, registry_domain_id=f"D-{name}"))
        await hooks.stamp(lead, now)
        pages = [page async for page in client.events(limit=1)]
        told = [one.data.domain for page in pages for one in page.events]
        assert told == ["a.example", "b.example"]
        lines = [line async for line in client.public_records()]
        assert sorted(str(one.domain) for one in lines if one.domain) == ["a.example", "b.example"]
        cursor = str(lines[-1].next)
        await client.delete("a.example", EndReason.ERROR)
        await hooks.stamp(lead, now)
        (later,) = [page async for page in client.events(after=pages[-1].next)]
        assert [one.type for one in later.events] == ["registration.ended"]
        gone = [line async for line in client.public_records(after=cursor)]
        assert [(line.domain, line.record) for line in gone if line.domain] == [("a.example", None)]
        for followed in (client.events(after="A" * 22), client.public_records(after="A" * 22)):
            with pytest.raises(Conflict, match="cursor_gone"):
                await anext(followed)
