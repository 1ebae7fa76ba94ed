"""What a package holds: approved fields byte for byte, a readable PDF, a signed manifest."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import secrets
import zipfile
from typing import Any

import pypdf
import pytest

from proxy.errors import Refused
from proxy.model.contact import Contact, ContactSet
from proxy.model.identifiers import Role
from proxy.rules import use_terms
from proxy.vault import package, package_fields, package_pdf
from tests.support import packages as support
from tests.support import vault as vaults

HOSTILE = "\u202eeman\u202c \u0000 ह 中 שלום e\u0301 [U+0041] \t<b>&amp;</b> / (\\)"


def facts(value: str = "", **deed: Any) -> dict[str, Any]:
    """The facts of a disclosure whose registrant is named `value`."""
    contacts = vaults.contacts()
    if value:
        one = dataclasses.replace(contacts.given[Role.REGISTRANT], name=value)
        contacts = ContactSet(given={Role.REGISTRANT: one}, same_as={})
    order = support.order(deed)
    _, disclosed = package.parts(order)
    selected = package_fields.select(contacts, disclosed.fields)
    return dict(package.disclosure(order, support.SHA256, selected, support.MARK))


def text_of(pdf: bytes) -> str:
    """The text of all pages, as another program reads it."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return "\n".join(one.extract_text() for one in pages)


def test_every_value_is_the_stored_one_byte_for_byte() -> None:
    """What is read back from the JSON is the very string of the record."""
    found = json.loads(package.canonical(facts(HOSTILE)))
    values = {one["name"]: one["value"] for one in found["fields"]}
    assert values == {
        "registrant.name": HOSTILE,
        "registrant.street": ["marlene Weg 1", "Hof 2"],
        "registrant.country": "CH",
        "registrant.fax": None,
    }


def test_the_disclosure_says_all_that_a_recipient_must_know() -> None:
    """Case, order, recipient, both forms of the name, ground, terms, date, contact, copy."""
    found = facts()
    assert set(found) == {
        "type", "v", "package", "copy", "made_at", "case", "case_type", "order", "recipient",
        "domain", "event_date", "basis", "instrument", "fields", "purpose", "terms", "delete_by",
        "accuracy", "contact",
    }  # fmt: skip
    assert found["domain"] == {"ascii": "xn--bcher-kva.example", "unicode": "bücher.example"}
    assert found["order"]["sha256"] == support.SHA256
    assert found["terms"]["sha256"] == use_terms.NEWEST
    assert hashlib.sha256("\n".join(found["terms"]["text"]).encode()).hexdigest() == (
        use_terms.NEWEST
    )


def test_terms_that_are_not_ours_make_no_package() -> None:
    """An order that names another text than one of ours is refused."""
    with pytest.raises(Refused) as refusal:
        facts(terms="00" * 32)
    assert refusal.value.code == "terms_unknown"


def test_fields_other_than_the_approved_make_no_package() -> None:
    """What was selected must be what was approved, no less and no more."""
    selected = package_fields.select(vaults.contacts(), ("registrant.name", "registrant.email"))
    with pytest.raises(Refused) as refusal:
        package.disclosure(support.order(), support.SHA256, selected, support.MARK)
    assert refusal.value.code == "field_other"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ((), "field_none"),
        (("registrant.name", "registrant.name"), "field_repeated"),
        (("registrant.language",), "field_unknown"),
        (("registrant.verified_at",), "field_unknown"),
        (("registrant.__class__",), "field_unknown"),
        (("billing.card",), "field_unknown"),
        (("owner.name",), "field_unknown"),
        (("registrant",), "field_unknown"),
    ],
)
def test_only_contact_fields_can_be_selected(fields: tuple[str, ...], code: str) -> None:
    """Whatever else is named is refused, and nothing of the rest is given."""
    with pytest.raises(Refused) as refusal:
        package_fields.select(vaults.contacts(), fields)
    assert refusal.value.code == code


def test_references_between_roles_are_followed() -> None:
    """Who is the admin by reference is given as the contact they refer to."""
    (found,) = package_fields.select(vaults.contacts(), ("admin.name",))
    assert found.value == "marlene Größe"
    assert "marlene" not in repr(found) + str(found)


def test_the_pdf_reads_as_the_json() -> None:
    """Every text of the disclosure can be read in the document, and every page is marked."""
    found = facts()
    document, start, end = package_pdf.render(found)
    text = " ".join(text_of(document).split())
    for one in (
        "marlene Größe", "marlene Weg 1", "Hof 2", "(nothing held)", "bücher.example",
        "xn--bcher-kva.example", "Dr. Łucja Weiß", "Weiß & Partner", "contract breach",
        "2027-05-26", "https://privacy.example", "registrant.fax",
    ):  # fmt: skip
        assert one in text, one
    for page in pypdf.PdfReader(io.BytesIO(document)).pages:
        assert page.extract_text().count(support.MARK.copy_id) >= 2
    assert document[start:end].strip(b"<>").strip(b"0") == b""


def test_many_fields_take_many_pages_each_marked() -> None:
    """A long disclosure goes on over the page, and no page lacks the mark."""
    found = facts("Long " * 2_000)
    document, _, _ = package_pdf.render(found)
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    assert len(pages) > 2
    assert all(support.MARK.copy_id in one.extract_text() for one in pages)
    assert text_of(document).count("Long") == 2_000


def test_the_same_facts_give_the_same_document() -> None:
    """Nothing of chance and no clock is in the document before it is signed."""
    found = facts()
    assert package_pdf.render(found) == package_pdf.render(found)


def test_what_can_not_be_shown_is_shown_by_its_code() -> None:
    """No character is left out, and none can turn the line round or hide another."""
    shown = "".join(text for text, _ in package_pdf.pieces(HOSTILE))
    codes = [text for text, is_code in package_pdf.pieces(HOSTILE) if is_code]
    assert "[U+202E]" in codes
    assert "[U+0000]" in codes
    assert "[U+0939]" in codes
    assert "[U+05E9]" in codes
    assert "[U+0301]" in codes
    assert ("[U+0041]", True) not in package_pdf.pieces(HOSTILE)
    assert "<b>&amp;</b> / (\\)" in shown
    text = text_of(package_pdf.render(facts(HOSTILE))[0])
    assert "grey box" in text
    assert "grey box" not in text_of(package_pdf.render(facts())[0])


def test_document_data_hold_no_value() -> None:
    """Title, author and the like are the same for everybody."""
    metas = []
    for name in ("", "Somebody Else"):
        document, _, _ = package_pdf.render(facts(name))
        metas.append(dict(pypdf.PdfReader(io.BytesIO(document)).metadata or {}))
    assert metas[0] == metas[1]


def test_names_of_files_are_the_same_for_everybody() -> None:
    """The archive holds six files whose names and times tell nothing; the manifest names four."""
    files = package.signed_files(facts(), b"%PDF", certificate=b"pem", sign=lambda _: b"signature")
    archive = zipfile.ZipFile(io.BytesIO(package.archived(files)))
    assert archive.namelist() == [
        "disclosure.json", "disclosure.pdf", "readme.txt", "package.pem", "manifest.json",
        "manifest.json.p7s",
    ]  # fmt: skip
    assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert archive.testzip() is None
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["files"] == {
        name: hashlib.sha256(archive.read(name)).hexdigest()
        for name in archive.namelist()
        if not name.startswith("manifest")
    }
    assert "marlene" not in archive.read("manifest.json").decode()


@pytest.mark.parametrize("octets", [0, 1, 16_000, 16_384, 200_000])
def test_an_archive_tells_little_of_its_length(octets: int) -> None:
    """Lengths are whole blocks."""
    files = package.Files(by_name={"a": b"x" * octets, "b": b"y"})
    assert len(package.archived(files)) % 16_384 == 0


def test_a_pass_phrase_keeps_all_its_bits() -> None:
    """128 bits, in groups, in an alphabet that can be read out."""
    found = {package.grouped(secrets.token_bytes(16)) for _ in range(200)}
    assert len(found) == 200
    assert all(len(one.replace("-", "")) == 26 for one in found)
    assert not set("".join(found)) & set("ILOU")
    assert package.grouped(bytes(16)) != package.grouped(bytes(15) + b"\x01")


def test_a_signature_goes_into_its_gap_alone() -> None:
    """Everything outside the gap is signed and stays; a gap that is none is refused."""
    document, start, end = package_pdf.render(facts())
    signed: list[bytes] = []

    def sign(content: bytes) -> bytes:
        signed.append(content)
        return b"\x30\x82"

    made = package.spliced(document, start, end, sign)
    assert len(made) == len(document)
    assert (made[:start], made[end:]) == (document[:start], document[end:])
    assert signed == [document[:start] + document[end:]]
    assert made[start : start + 6] == b"<30820"
    for bad in ((0, end), (start + 1, end), (start, end - 1), (end, start), (start, len(made) + 9)):
        with pytest.raises(Refused) as refusal:
            package.spliced(document, *bad, sign)
        assert refusal.value.code == "package_pdf"
    with pytest.raises(Refused):
        package.spliced(document, start, end, lambda _: bytes(5_000))
    with pytest.raises(Refused):
        package.spliced(made, start, end, sign)


def test_a_contact_without_a_field_gives_none() -> None:
    """What is not held is said to be not held, not invented."""
    contacts = ContactSet(
        given={Role.REGISTRANT: Contact(name="A", email="a@b.example")}, same_as={}
    )
    found = package_fields.select(contacts, ("registrant.street", "tech.name"))
    assert [one.value for one in found] == [None, None]


def test_a_designated_contact_stands_in_for_the_person() -> None:
    """Fields of whom the registrant named come from there; without one they are refused."""
    named = package_fields.parse_designated(
        b'{"v":1,"name":"Counsel","email":"c@law.example","street":["Court 1"]}'
    )
    found = package_fields.select(None, ("designated.name", "designated.street"), named)
    assert [one.value for one in found] == ["Counsel", ("Court 1",)]
    for contacts, fields in (
        (None, ("registrant.name",)),
        (vaults.contacts(), ("designated.name",)),
    ):
        with pytest.raises(Refused) as refusal:
            package_fields.select(contacts, fields)
        assert refusal.value.code == "field_closed"


@pytest.mark.parametrize(
    "octets",
    [b"", b"{}", b'{"v":2,"name":"A"}', b'{"v":1,"name":"A","card":"1"}', b"\xff", b"[" * 5_000],
)
def test_a_designated_contact_of_another_form_is_refused(octets: bytes) -> None:
    """What a registrant handed in is read strictly."""
    with pytest.raises(Refused) as refusal:
        package_fields.parse_designated(octets)
    assert refusal.value.code == "designated_malformed"
