"""For all contacts and all approved fields: the package has these fields, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from proxy.errors import Refused
from proxy.model.contact import Contact, ContactSet
from proxy.model.identifiers import Role
from proxy.rules.casework.fields import FIELD_CLASSES
from proxy.vault import package, package_fields, package_pdf
from tests.support import packages as support

if TYPE_CHECKING:
    from collections.abc import Sequence

ATTRIBUTES = tuple(one for one in Contact.__dataclass_fields__ if one != "verified_at")
CATALOGUE = sorted(FIELD_CLASSES)
DESIGNATED = "designated"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def canary(role: str, attribute: str) -> str:
    """A mark that no other field has."""
    return f"canary-{role}-{attribute}-9f3b"


def contact(role: str) -> Contact:
    """A contact with a canary in every field."""
    marks: dict[str, Any] = {one: canary(role, one) for one in ATTRIBUTES}
    return Contact(**{**marks, "street": (marks["street"],)})


def marked() -> ContactSet:
    """Every role written out."""
    return ContactSet(given={role: contact(role.value) for role in Role}, same_as={})


def canaries(fields: Sequence[str]) -> set[str]:
    """The marks of those fields."""
    return {canary(*one.split(".")) for one in fields}


ALL = {canary(role, one) for role in (*Role, DESIGNATED) for one in ATTRIBUTES}


@given(st.lists(st.sampled_from(CATALOGUE), min_size=1, unique=True))
def test_no_canary_of_a_field_that_was_not_approved(fields: list[str]) -> None:
    """Released fields are the approved ones exactly (invariant 9): JSON, PDF, manifest."""
    order = support.order({"fields": tuple(fields)})
    selected = package_fields.select(marked(), fields, contact(DESIGNATED))
    facts = package.disclosure(order, support.SHA256, selected, support.MARK)
    text = package.canonical(facts).decode()
    found = {one for one in ALL if one in text}
    assert {one["name"] for one in json.loads(text)["fields"]} == set(fields)
    assert found == canaries(fields)
    files = package.signed_files(facts, b"", certificate=b"", sign=lambda _: b"")
    outside = b"".join(
        octets for name, octets in files.by_name.items() if name != package.JSON_NAME
    )
    assert b"canary" not in outside


@given(st.lists(st.text(max_size=30) | st.sampled_from(CATALOGUE), max_size=6))
def test_names_outside_the_catalogue_give_nothing(fields: list[str]) -> None:
    """Whatever is asked for, an answer holds catalogue fields alone, or there is none."""
    try:
        found = package_fields.select(marked(), fields, contact(DESIGNATED))
    except Refused:
        assert not fields or len(set(fields)) < len(fields) or set(fields) - set(CATALOGUE)
        return
    assert [one.name for one in found] == fields
    assert set(fields) <= set(CATALOGUE)


@given(TEXT, st.lists(TEXT, min_size=1, max_size=4))
def test_any_text_comes_back_byte_for_byte(name: str, street: list[str]) -> None:
    """Whatever a registrar stored, the recipient reads the same octets."""
    contacts = ContactSet(
        given={Role.REGISTRANT: Contact(name=name, email="a@b.example", street=tuple(street))},
        same_as={},
    )
    fields = ("registrant.name", "registrant.street")
    order = support.order({"fields": fields})
    selected = package_fields.select(contacts, fields)
    facts = package.disclosure(order, support.SHA256, selected, support.MARK)
    found: dict[str, Any] = json.loads(package.canonical(facts))
    values = [one["value"] for one in found["fields"]]
    assert values == [name, street]
    assert values[0].encode() == name.encode()


@given(TEXT)
@example(" 00\U00010000\U00100000")  # carried on, the word still leaves no place for the next piece
def test_lines_hold_every_character_and_fit(text: str) -> None:
    """Nothing is lost where a line breaks, and no line is wider than its column."""
    lines = package_pdf.wrapped(text, 120.0)
    assert [one for line in lines for one in line] == package_pdf.pieces(text)
    for line in lines:
        wide = sum(package_pdf._width(one, package_pdf._SIZE) for one, _ in line)
        assert wide <= 120.0 or len(line) == 1
