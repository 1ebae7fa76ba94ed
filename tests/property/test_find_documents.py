"""Search documents and the tokens of what they hold: what was handed in is found again."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from proxy.apps.api import reading
from proxy.apps.api.bodies import ContactsBody
from proxy.errors import InvalidInput
from proxy.model.contact import ContactSet
from proxy.model.identifiers import RegistrationId, ResellerId, Role, TenantId
from proxy.model.roster import DeploymentId
from proxy.vault import blind, primitives, statements
from proxy.wire import documents, find_document, read_back_document, search_document
from proxy.wire.find_document import Find
from tests.support import openings as support
from tests.support import vault as vaults

if TYPE_CHECKING:
    from proxy.model.contact import Contact

LINES = st.text(min_size=1, max_size=100).filter(documents.is_line)
ANYTHING = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
FINDS = st.builds(
    Find,
    deployment=st.binary(min_size=16, max_size=16).map(lambda one: DeploymentId(one.hex())),
    id=st.uuids(),
    tenant_id=st.uuids().map(TenantId),
    reseller=st.none() | LINES.map(ResellerId),
    field=st.sampled_from(blind.FIELDS),
    value=st.text(st.characters(codec="utf-8"), min_size=1, max_size=320),
    limit=st.integers(1, find_document.PAGE_LIMIT),
    after=st.none() | st.uuids().map(RegistrationId),
    reason=LINES,
    at=st.integers(0, 2**32).map(lambda one: datetime.fromtimestamp(one, UTC)),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ONE = Find(
    deployment=DeploymentId("0f" * 16),
    id=UUID(int=1),
    tenant_id=TenantId(UUID(int=2)),
    reseller=None,
    field="email",
    value="person@people.example",
    limit=100,
    after=None,
    reason="Ticket 17.",
    at=datetime(2026, 11, 1, 12, tzinfo=UTC),
)


@given(FINDS)
def test_what_is_rendered_is_parsed(find: Find) -> None:
    """Every search survives its document, and its document is the one text for it."""
    document = find_document.render(find)
    assert find_document.parse(document) == find
    assert find_document.render(find_document.parse(document)) == document


@given(st.text() | JSON.map(json.dumps))
def test_other_texts_are_refused(text: str) -> None:
    """Whatever a stranger sends, the parser raises InvalidInput and nothing else."""
    with pytest.raises(InvalidInput):
        find_document.parse(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"type": "privacyproxy search"},
        {"type": "privacyproxy read-back"},
        {"deployment": "0F" * 16},
        {"id": "00000000-0000-0000-0000-00000000000A"},
        {"tenant": "everybody"},
        {"reseller": None},
        {"reseller": " "},
        {"reseller": "two\nlines"},
        {"reseller": "r" * 256},
        {"field": "street"},
        {"value": ""},
        {"value": "v" * 321},
        {"value": ["a"]},
        {"limit": 0},
        {"limit": find_document.PAGE_LIMIT + 1},
        {"limit": "7"},
        {"after": "x"},
        {"after": None},
        {"reason": ""},
        {"reason": "x" * 501},
        {"reason": "hidden\u202etext"},
        {"at": "2026-11-01T12:00:00+00:00"},
        {"more": "than there is"},
    ],
)
def test_every_member_is_as_it_must_be(changes: dict[str, object]) -> None:
    """One member of another form or vocabulary and the whole document is refused."""
    facts = {**json.loads(find_document.render(ONE)), **changes}
    with pytest.raises(InvalidInput):
        find_document.parse(documents.render(facts))


def test_documents_of_one_kind_are_none_of_another() -> None:
    """A staff search, a read-back and a customer search are told apart by form and by label."""
    staff = search_document.render(support.search())
    with pytest.raises(InvalidInput):
        find_document.parse(staff)
    for parse in (search_document.parse, read_back_document.parse):
        with pytest.raises(InvalidInput):
            parse(find_document.render(ONE))
    digest = primitives.sha256(b"one")
    labels = (statements.find, statements.search, statements.read_back, statements.matching)
    assert len({one(digest) for one in labels}) == len(labels)


def test_no_repr_shows_value_or_reason() -> None:
    """Both may name somebody."""
    for hidden in ("person@", "Ticket 17"):
        assert hidden not in repr(ONE)


def key_of(field: str) -> bytes:
    """A key a field."""
    return primitives.sha256(field.encode())


def handed_in(**given_fields: str) -> Contact | None:
    """A contact as adoption sees it, after the API's own checks; None for what it refuses."""
    person = {"name": "A Person", "email": "a@people.example", **given_fields}
    try:
        body = ContactsBody.model_validate_json(json.dumps({"registrant": person}))
    except ValidationError:
        return None
    return reading._contacts(body).given[Role.REGISTRANT]


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)
PHONES = st.from_regex(r"\A\+?[0-9][0-9 .()/-]{0,20}[0-9]\Z")
EMAILS = st.builds(
    "{}@{}".format,
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    st.sampled_from(
        ["people.example", "Bücher.example", "MÜNCHEN.example", "xn--bcher-kva.example"]
    ),
)


@given(
    st.sampled_from(["name", "organization"]),
    NAMES,
    st.sampled_from([str, str.strip, "  {}\t".format]),
)
def test_names_are_found_as_they_were_handed_in(field: str, value: str, typed: object) -> None:
    """However odd a name, its own text finds it, with white space around it or composed anew."""
    check(field, value, typed)


@given(PHONES, st.sampled_from([lambda one: "".join(filter(str.isdigit, one)), " {} ".format]))
def test_numbers_are_found_by_their_digits(value: str, typed: object) -> None:
    """A number is its digits, whatever stands between them."""
    check("phone", value, typed)


@given(EMAILS, st.sampled_from([str.casefold, " {} ".format]))
def test_addresses_are_found_in_any_case(value: str, typed: object) -> None:
    """An address is found with space around it, and in any case of its letters."""
    check("email", value, typed)


def check(field: str, value: str, typed: object) -> None:
    """What adoption makes of a value as it is handed in, a search makes of it as it is typed."""
    assert callable(typed)
    contact = handed_in(**{field: value})
    if contact is None or not getattr(contact, field):
        return
    contacts = ContactSet(given={Role.REGISTRANT: contact}, same_as={Role.BILLING: Role.REGISTRANT})
    kept = blind.tokens(contacts, key_of)
    for form in ("NFC", "NFD"):
        token = blind.token(field, unicodedata.normalize(form, typed(value)), key_of(field))
        if token is None:  # punctuation alone: nothing that anybody could be found by
            assert blind.token(field, value, key_of(field)) is None
            return
        assert token in kept
        assert blind.holders(contacts, key_of, token) == (Role.REGISTRANT, Role.BILLING)


@given(ANYTHING, ANYTHING)
def test_roles_are_those_that_hold_the_value(one: str, other: str) -> None:
    """Who refers to a contact holds what it holds; who has another contact does not."""
    both = vaults.contacts()
    given_contacts = {
        Role.REGISTRANT: dataclasses.replace(both.given[Role.REGISTRANT], name=one),
        Role.TECH: dataclasses.replace(both.given[Role.TECH], name=other),
    }
    contacts = ContactSet(given=given_contacts, same_as=both.same_as)
    token = blind.token("name", one, key_of("name"))
    if token is None:
        return
    is_shared = blind.normal_text(one) == blind.normal_text(other)
    expected = tuple(Role) if is_shared else (Role.REGISTRANT, Role.ADMIN)
    assert blind.holders(contacts, key_of, token) == expected
    assert (token in blind.tokens(contacts, key_of)) is True
