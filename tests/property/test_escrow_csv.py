"""Any contact survives both CSV formats, as the standard library's reader and as ours see it."""

from __future__ import annotations

import csv
import io
import itertools
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escrow import checking
from escrow.formats import csv2007, csv2024, csv_parts, csv_text, sides
from escrow.model import FormatName, Options
from proxy.errors import InvalidInput
from proxy.model.contact import Contact, ContactSet
from proxy.model.identifiers import Role
from tests.support import escrow_rows as support

if TYPE_CHECKING:
    from escrow.formats.base import Format
    from escrow.model import Underlying

COLUMNS_2007 = {
    "name": "name",
    "street": "address",
    "state": "state",
    "postal_code": "zip",
    "city": "city",
    "country": "country",
    "email": "email",
    "phone": "phone",
    "fax": "fax",
}
COLUMNS_2024 = {
    "name": "name",
    "street": "street",
    "city": "city",
    "state": "state",
    "postal_code": "zip",
    "country": "country",
    "phone": "phone",
    "email": "email",
}
P_HANDLES = {
    Role.REGISTRANT: "rt-handle",
    Role.TECH: "tc-handle",
    Role.ADMIN: "ac-handle",
    Role.BILLING: "bc-handle",
}
QUOTED_ROWS = re.compile(rb'("(?:[^"]|"")*"(?:,"(?:[^"]|"")*")*\r\n)*')


def table(content: bytes) -> list[dict[str, str]]:
    """A file's rows by column, as a program that knows nothing of us reads them."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def text_of(contact: Contact | None, field: str) -> str:
    """A contact's field as a file should have it."""
    if contact is None:
        return ""
    value = getattr(contact, field)
    return ", ".join(value) if field == "street" else value or ""


def deposit(chosen: Format, rows: list[Underlying], options: Options | None = None) -> list[bytes]:
    """The data files' contents, in order of their names' places."""
    name = FormatName.CSV_2007 if isinstance(chosen, csv2007.Csv2007) else FormatName.CSV_2024
    folder, tally = support.deposit(chosen, support.head(name, options=options), rows)
    assert tally.domains == len(rows)
    contents = folder.contents()
    for file, content in contents.items():
        if "_hash_" not in file:
            assert QUOTED_ROWS.fullmatch(content)
    return list(contents.values())


@given(support.batches())
def test_every_person_survives_the_format_of_2007(rows: list[Underlying]) -> None:
    """The carried fields of whoever acts in a role stand under the handle of that role."""
    names, handles, _ = deposit(csv2007.Csv2007(), rows)
    defined = {one["handle"]: one for one in table(handles)}
    assert len(defined) == len(table(handles))
    for row, line in zip(rows, table(names), strict=True):
        side = "p" if row.registration.declared.mode in checking.MASKED_MODES else ""
        for role, column in P_HANDLES.items():
            person = row.contacts.resolve(role)
            handle = line[side + column]
            assert bool(handle) == (person is not None)
            for field, name in COLUMNS_2007.items():
                assert person is None or defined[handle][name] == text_of(person, field)
    referred = {line[one] for line in table(names) for one in line if one.endswith("-handle")}
    assert referred - {""} == set(defined)


@given(support.batches())
def test_every_person_survives_the_format_of_2024(rows: list[Underlying]) -> None:
    """The carried fields of the registrant, and the billing contact's name."""
    names, *_ = deposit(csv2024.Csv2024(), rows)
    for row, line in zip(rows, table(names), strict=True):
        side = "prt" if row.registration.declared.mode in checking.MASKED_MODES else "rt"
        for field, name in COLUMNS_2024.items():
            person = row.contacts.resolve(Role.REGISTRANT)
            assert line[f"{side}-{name}"] == text_of(person, field)
        assert line["bc-name"] == text_of(row.contacts.resolve(Role.BILLING), "name")


@given(support.batches(), st.booleans(), st.integers(1, 4_000))
def test_our_reader_gives_the_carried_fields_of_2007(
    rows: list[Underlying], is_underlying: bool, part_octets: int
) -> None:
    """Written and read again, however the files are cut."""
    options = Options(underlying_only=is_underlying, part_octets=part_octets)
    folder, _ = support.deposit(csv2007.Csv2007(), support.head(options=options), rows)
    for row, entry in zip(rows, csv2007.read(folder.streams()), strict=True):
        people = {
            role: sides.carried(person, csv2007.CARRIED)
            for role in Role
            if (person := row.contacts.resolve(role)) is not None
        }
        is_behind = is_underlying or sides.is_masked(row)
        assert entry.domain == row.registration.declared.domain
        assert (entry.behind if is_behind else entry.shown) == people
        assert is_behind or entry.behind == {}


@given(support.batches(), st.booleans(), st.integers(1, 4_000))
def test_our_reader_gives_the_carried_fields_of_2024(
    rows: list[Underlying], is_underlying: bool, part_octets: int
) -> None:
    """Written and read again, however the files are cut."""
    options = Options(underlying_only=is_underlying, part_octets=part_octets)
    head = support.head(FormatName.CSV_2024, options=options)
    folder, _ = support.deposit(csv2024.Csv2024(), head, rows)
    for row, entry in zip(rows, csv2024.read(folder.streams()), strict=True):
        person = row.contacts.resolve(Role.REGISTRANT)
        is_behind = is_underlying or sides.is_masked(row)
        found = (entry.behind if is_behind else entry.shown).get(Role.REGISTRANT)
        assert found == (None if person is None else sides.carried(person, csv2024.CARRIED))


@given(support.contact_sets(), st.sampled_from(Role))
def test_a_role_is_followed_as_the_contacts_follow_it(contacts: ContactSet, role: Role) -> None:
    """written_for ends at the contact that resolve gives."""
    found = sides.written_for(contacts, role)
    assert (None if found is None else contacts.given[found]) == contacts.resolve(role)


@given(st.lists(st.lists(support.hard_texts, min_size=1, max_size=5), max_size=5))
def test_lines_read_back_as_their_values(rows: list[list[str]]) -> None:
    """records(line(values)) == values, whatever the values hold."""
    text = "".join(csv_text.line(row) for row in rows)
    assert list(csv_text.records(text.splitlines(keepends=True))) == rows
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True)) == rows


@pytest.mark.parametrize("format_module", [csv2007, csv2024])
@given(data=st.data())
def test_a_reader_refuses_and_never_fails(format_module: object, data: st.DataObject) -> None:
    """Files with octets changed, added or cut give InvalidInput or what was written."""
    reader = csv2007 if format_module is csv2007 else csv2024
    chosen: Format = csv2007.Csv2007() if reader is csv2007 else csv2024.Csv2024()
    folder, _ = support.deposit(chosen, support.head(), support.rows(2))
    files = folder.contents()
    name = data.draw(st.sampled_from(sorted(files)))
    place = data.draw(st.integers(0, len(files[name])))
    cut = data.draw(st.integers(0, 5))
    files[name] = (
        files[name][:place] + data.draw(st.binary(max_size=5)) + files[name][place + cut :]
    )
    try:
        read = list(reader.read({one: io.BytesIO(content) for one, content in files.items()}))
    except InvalidInput:
        return
    assert files == folder.contents()
    assert len(read) == 2


def test_a_row_is_never_larger_than_the_reader_s_limit() -> None:
    """The longest contact the API lets in fits a hundred times over."""
    longest = "\U0001f9d1" * 255
    people = [
        support.person(name=longest, street=(longest,) * 4, city=longest, state=longest)
        for _ in range(4)
    ]
    contacts = ContactSet(given=dict(zip(Role, people, strict=True)), same_as={})
    lines = itertools.chain.from_iterable(
        content.split(b"\n")
        for chosen in (csv2007.Csv2007(), csv2024.Csv2024())
        for content in deposit(chosen, [support.row(contacts=contacts)])
    )
    assert max(map(len, lines)) * 50 < csv_parts.LINE_LIMIT_OCTETS
