from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from escrow.formats import rfc8909_rows, rfc8909_xml
from proxy.errors import InvalidInput
from proxy.model.contact import Contact, ContactSet
from proxy.model.identifiers import Role
from tests.support import escrow_archives as archives
from tests.support import escrow_rows, escrow_schemas

if TYPE_CHECKING:
    from escrow.model import Underlying

_SAFE = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"])


def _texts(most: int) -> st.SearchStrategy[str]:
    """Text as the API takes it: no controls, no outer white space, not empty."""
    texts = st.text(_SAFE, min_size=1, max_size=most) | st.sampled_from(['"', '","', "''", "=1+1"])
    return texts.map(str.strip).filter(bool)


_LINES = _texts(40) | st.just("x" * 255)
_PHONES = st.from_regex(r"\A\+?[0-9][0-9 .()/-]{1,30}\Z") | st.from_regex(
    r"\A\+[0-9]{1,3}\.[0-9]{4,14}\Z"
)
taken_contacts = st.builds(
    Contact,
    name=_LINES,
    organization=st.none() | _LINES,
    street=st.lists(_LINES, max_size=4).map(tuple),
    city=st.none() | _LINES,
    state=st.none() | _LINES,
    postal_code=st.none() | _texts(16),
    country=st.none() | st.from_regex(r"\A[A-Z]{2}\Z"),
    phone=st.none() | _PHONES,
    phone_ext=st.none() | st.from_regex(r"\A[0-9]{1,10}\Z"),
    fax=st.none() | _PHONES,
    fax_ext=st.none() | st.from_regex(r"\A[0-9]{1,10}\Z"),
    email=st.from_regex(r"\A[a-z'+]{1,9}@[a-z]{1,9}\.example\Z"),
)


def carried(contact: Contact) -> Contact:
    """What of a contact the format carries."""
    return replace(contact, language=None, verified_at=None, verified_method=None)


def survivors(contact: Contact) -> tuple[bool, dict[str, Contact]]:
    """Whether the writer says that it wrote all of a contact, and who is read."""
    row = escrow_rows.row(1, ContactSet(given={Role.REGISTRANT: contact}, same_as={}))
    archive, tally = archives.written(archives.head(registrations=1, total=1), [row])
    return not tally.unwritable, archives.read(archive)[1]


@given(taken_contacts)
def test_whatever_the_api_takes_survives(contact: Contact) -> None:
    """Nobody is lost or changed for weak data, and such data never holds up a deposit."""
    is_whole, people = survivors(contact)
    assert is_whole
    assert list(people.values()) == [contact]


@given(taken_contacts)
def test_whatever_the_api_takes_is_valid_by_the_schemas(contact: Contact) -> None:
    """Every value is of its column's type, and none that must be there is empty."""
    row = escrow_rows.row(1, ContactSet(given={Role.REGISTRANT: contact}, same_as={}))
    archive = archives.full([row])
    files = archives.unpacked(archive)
    root = escrow_schemas.document(archives.document(archive))
    for csv in root.iter("{urn:ietf:params:xml:ns:rdeCsv-1.0}csv"):
        for file in csv[1]:
            for line in archives.lines(files[file.text or ""]):
                for field, value in zip(escrow_schemas.fields(csv), line, strict=True):
                    assert escrow_schemas.fault(field, value) is None, field.tag


@given(escrow_rows.contacts())
def test_any_contact_survives_or_is_reported(contact: Contact) -> None:
    """The file stays readable whatever is in it, and no loss goes unsaid."""
    is_whole, people = survivors(contact)
    if is_whole:
        assert list(people.values()) == [carried(contact)]


@given(escrow_rows.contact_sets())
def test_acting_contacts_are_those_of_the_model(contacts: ContactSet) -> None:
    """A role's contact here is the one that ContactSet.resolve finds."""
    for role in Role:
        found = rfc8909_rows.acting(contacts, role)
        assert (None if found is None else contacts.given[found]) == contacts.resolve(role)


@given(escrow_rows.batches(escrow_rows.printable_texts), st.integers(1, 2000))
def test_same_rows_give_the_same_octets(rows: list[Underlying], octets: int) -> None:
    """For any size of chunk."""
    head = archives.head(registrations=len(rows))
    first, _ = archives.written(head, rows, chunk_octets=octets, batch=1)
    assert first == archives.written(head, rows, chunk_octets=octets)[0]


_WHOLE = archives.full(escrow_rows.rows(2))
_DOCUMENT = archives.document(_WHOLE)


@given(st.integers(0, len(_WHOLE) - 1), st.binary(min_size=1, max_size=4))
def test_damaged_archive_is_refused_or_says_the_same(place: int, octets: bytes) -> None:
    """Nothing but InvalidInput is raised, and nobody changes without it."""
    damaged = _WHOLE[:place] + octets + _WHOLE[place + len(octets) :]
    try:
        _, people = archives.read(damaged)
    except InvalidInput:
        return
    assert people == archives.read(_WHOLE)[1]


@given(st.integers(0, len(_DOCUMENT) - 1), st.integers(0, 40), st.binary(max_size=20))
def test_parsing_a_document_raises_invalid_input_alone(
    place: int, length: int, octets: bytes
) -> None:
    """Whatever a stranger writes in it; what parses is rendered and parsed alike."""
    text = _DOCUMENT[:place] + octets + _DOCUMENT[place + length :]
    try:
        document = rfc8909_xml.parse(text)
    except InvalidInput:
        return
    assert rfc8909_xml.parse(rfc8909_xml.render(document)) == document
