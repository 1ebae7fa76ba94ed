"""Text that looks like an identifier of a person is not published before its registrar says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.api import body

if TYPE_CHECKING:
    from tests.support.api import Api, Reply

pytestmark = pytest.mark.db

NAME, STATE = "/contacts/registrant/name", "/contacts/registrant/state"
NUMBER = "ABCDE1234F"
DOUBTFUL = f"Zqmark {NUMBER}"
PATH = "/v1/registrations/kaveri.example"


def given(mode: str = "privacy", text: str = DOUBTFUL, **changes: Any) -> dict[str, Any]:
    """A body whose shown free text is `text`."""
    made = body(mode=mode, **changes)
    made["contacts"]["registrant"] |= {"name": text, "state": text}
    return made


def codes(reply: Reply) -> dict[str, str]:
    """Warnings by pointer."""
    return {one["pointer"]: one["code"] for one in reply.json["warnings"]}


async def shown(api: Api) -> bytes:
    """The published value."""
    rows = await api.rows("SELECT value FROM published WHERE value IS NOT NULL")
    found: bytes = rows[0]["value"]
    return found


async def patch(api: Api, changes: dict[str, Any]) -> Reply:
    """A PATCH of the registration."""
    return await api.call("PATCH", PATH, changes, Content_Type="application/merge-patch+json")


@pytest.mark.parametrize(("mode", "pointer"), [("privacy", NAME), ("redacted", STATE)])
async def test_a_doubtful_text_is_withheld_until_it_is_confirmed(
    api: Api, mode: str, pointer: str
) -> None:
    """Told at its place, in no published byte, and shown when the registrar confirms that field."""
    reply = await api.put(given(mode))
    assert (reply.status, codes(reply)) == (201, {pointer: "looks_personal_withheld"})
    assert NUMBER.encode() not in reply.content + await shown(api)
    other = STATE if pointer == NAME else NAME
    assert codes(await api.put(given(mode, confirmed=[other]))) == codes(reply)
    assert NUMBER.encode() not in await shown(api)
    confirmed = await api.put(given(mode, confirmed=[pointer, pointer]))
    assert (confirmed.status, codes(confirmed)) == (200, {})
    assert NUMBER.encode() in await shown(api)
    assert (await api.call("GET", PATH)).json["confirmed"] == [pointer]
    rows = await api.rows("SELECT facts FROM ledger_entry WHERE subject = $1", reply.json["id"])
    facts = [json.loads(row["facts"]).get("confirmed") for row in rows]
    assert sorted(facts, key=str) == sorted([None, [other], [pointer]], key=str)


async def test_a_plain_text_needs_no_word(api: Api) -> None:
    """A company with a number in its name is published at once, and nothing is said of it."""
    reply = await api.put(given(text="4711 GmbH"))
    assert (codes(reply), b"4711 GmbH" in await shown(api)) == ({}, True)
    rows = await api.rows("SELECT declared FROM registration")
    assert "confirmed" not in json.loads(rows[0]["declared"])  # read by programs that know none


async def test_a_confirmation_lasts_as_long_as_the_contacts(api: Api) -> None:
    """Later writes that are silent keep it; other contacts, and an empty list, end it."""
    await api.put(given(confirmed=[NAME]))
    for reply in (
        await api.put(given(customer_ref="two")),
        await patch(api, {"customer_ref": "three"}),
        await api.call("POST", f"{PATH}/rotate"),
        await patch(api, {"contacts": given()["contacts"]}),
    ):
        assert (reply.status, codes(reply)) == (200, {})
        assert NUMBER.encode() in await shown(api)
    changed = given()
    changed["contacts"]["registrant"]["city"] = "Zqelsewhere"
    assert codes(await api.put(changed)) == {NAME: "looks_personal_withheld"}
    assert NUMBER.encode() not in await shown(api)
    nothing: tuple[list[str] | None, ...] = ([], None)
    for ended in nothing:
        again = {**changed, "confirmed": [NAME]}
        assert codes(await patch(api, {"contacts": again["contacts"], "confirmed": [NAME]})) == {}
        assert NUMBER.encode() in await shown(api)
        assert (await patch(api, {"confirmed": ended})).status == 200
        assert NUMBER.encode() not in await shown(api)
        assert (await api.call("GET", PATH)).json["confirmed"] == []


async def test_another_registration_begins_without_a_confirmation(api: Api) -> None:
    """What replaces a registration is another one, with contacts of its own."""
    first = (await api.put(given(confirmed=[NAME]))).json["id"]
    later = given(replaces=first, registry_domain_id="D9-X", created_at="2026-10-01T00:00:00Z")
    assert codes(await api.put(later)) == {NAME: "looks_personal_withheld"}
    assert NUMBER.encode() not in await shown(api)


async def test_sealed_text_is_confirmed_with_its_contacts_alone(api: Api) -> None:
    """A patch without contacts can not say yes to a text that nobody here can read."""
    await api.put(given())
    reply = await patch(api, {"confirmed": [NAME]})
    assert (reply.status, reply.faults) == (422, {"/contacts": "required"})
    for pointer in ("/contacts/registrant/email", "/contacts/admin/name", "name", ""):
        refused = await api.put(given(confirmed=[pointer]))
        assert (refused.status, refused.faults) == (422, {"/confirmed/0": "choice"})
    assert NUMBER.encode() not in await shown(api)


async def test_lines_of_an_import_are_screened_as_well(api: Api) -> None:
    """Withheld without a word, shown with one; the same file again changes nothing."""
    said: list[tuple[dict[str, Any], bool]] = [
        ({}, False),
        ({"confirmed": [NAME]}, True),
        ({}, True),
    ]
    for number, (changes, is_shown) in enumerate(said):
        line = given(customer_ref=str(number), **changes)
        done = (await api.load([line])).json["id"]
        assert (await api.call("GET", f"/v1/operations/{done}")).json["failed"] == 0
        assert (NUMBER.encode() in await shown(api)) is is_shown


async def test_what_was_published_before_is_withheld_at_the_next_write(api: Api) -> None:
    """A record of the version before shows the text until the registration is written again."""
    await api.put(given(confirmed=[NAME]))
    await api.rows("UPDATE registration SET declared = declared - 'confirmed'")
    assert NUMBER.encode() in await shown(api)
    assert codes(await api.put(given())) == {NAME: "looks_personal_withheld"}
    assert NUMBER.encode() not in await shown(api)
