"""The format of 2024: one line a name, the mapping of its columns, and what its reader refuses."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING

import pytest

from escrow.formats import csv2024, sides
from escrow.formats.csv2024 import CARRIED, Csv2024
from escrow.model import FormatName, Head, Options
from proxy.errors import InvalidInput
from proxy.model.contact import ContactSet
from proxy.model.deposit import Gone, Kind
from proxy.model.identifiers import DomainName, Mode, Role
from tests.support import escrow_rows as support

if TYPE_CHECKING:
    from escrow.model import Tally, Underlying

NAMES = "9999_RDE_2026-03-01_full_0.csv"
MAPPING = "9999_RDE_2026-03-01_map_0.csv"
HASHES = "9999_RDE_2026-03-01_hash_0.csv"


def head(**options: object) -> Head:
    """A full deposit with these options."""
    return support.head(FormatName.CSV_2024, options=Options(**options))  # type: ignore[arg-type] # options


def written(*rows: Underlying, **options: object) -> tuple[dict[str, bytes], Tally]:
    """The files of a deposit of these rows."""
    folder, tally = support.deposit(Csv2024(), head(**options), rows)
    return folder.contents(), tally


def streams(files: dict[str, bytes]) -> dict[str, io.BytesIO]:
    """Files to be read."""
    return {name: io.BytesIO(content) for name, content in files.items()}


def table(content: bytes) -> list[dict[str, str]]:
    """A file's rows by column, as a program that knows nothing of us reads them."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def refused(files: dict[str, bytes]) -> str:
    """The code that reading is refused with."""
    with pytest.raises(InvalidInput) as refusal:
        list(csv2024.read(streams(files)))
    return refusal.value.code


def test_a_masked_name_has_the_mask_in_front_and_the_person_behind() -> None:
    """Proxy mode, octet for octet."""
    files, tally = written(support.row(7))
    assert files[NAMES].decode() == (
        '"domain","expiration-date","iana","rt-name","rt-street","rt-city","rt-state","rt-zip",'
        '"rt-country","rt-phone","rt-email","bc-name","prt-name","prt-street","prt-city",'
        '"prt-state","prt-zip","prt-country","prt-phone","prt-email"\r\n'
        '"name000007.example","2027-06-01T08:00:00Z","9999","Privacy Customer 77K3V9Q000007",'
        '"PO Box 12","Moss","Viken","1501","NO","+47.5555550100","k3v9x000007@mask.example.net",'
        '"mark7-tech Größe","mark7 Größe","mark7 Weg 1, Hof 2","mark7stadt","ZH","8001","CH",'
        '"+41.445550100","mark7@registrant.example"\r\n'
    )
    assert tally.domains == 1
    assert tally.contacts == 3


def test_privacy_mode_names_the_holder_in_front() -> None:
    """The name is the holder's, the rest is the mask, the whole person stands behind."""
    (line,) = table(written(support.row(mode=Mode.PRIVACY))[0][NAMES])
    assert line["rt-name"] == line["prt-name"] == "mark0 Größe"
    assert line["rt-email"] == "k3v9x000000@mask.example.net"
    assert line["prt-email"] == "mark0@registrant.example"


@pytest.mark.parametrize("mode", [Mode.REDACTED, Mode.PUBLISHED])
def test_without_a_service_in_front_the_person_stands_there(mode: Mode) -> None:
    """Redacted and published names have their person in rt-* and nothing in prt-*."""
    files, tally = written(support.row(mode=mode))
    (line,) = table(files[NAMES])
    assert line["rt-email"] == "mark0@registrant.example"
    assert {line[f"prt-{name}"] for name in ("name", "street", "email")} == {""}
    assert tally.contacts == 2
    (entry,) = csv2024.read(streams(files))
    assert entry.behind == {}


@pytest.mark.parametrize("roles", [tuple(Role), (Role.REGISTRANT,)])
@pytest.mark.parametrize("mode", [Mode.PROXY, Mode.PRIVACY])
def test_the_billing_name_is_the_person_s_or_the_mask_s(
    mode: Mode, roles: tuple[Role, ...]
) -> None:
    """By option, whether or not the profile publishes the role."""
    row = support.row(mode=mode, profile=support.profile(published_roles=roles))
    names = [table(written(row, billing=one)[0][NAMES])[0]["bc-name"] for one in ("person", "mask")]
    assert names == ["mark0-tech Größe", "Privacy Customer 77K3V9Q000000"]


def test_a_registrant_that_is_not_published_is_empty_in_front() -> None:
    """A profile that shows nobody gives no mask; the person stands behind all the same."""
    (line,) = table(written(support.row(profile=support.profile(published_roles=())))[0][NAMES])
    assert (line["rt-name"], line["prt-name"]) == ("", "mark0 Größe")


def test_the_iana_column_is_of_the_name_s_own_registrar() -> None:
    """Empty for an accreditation without an IANA id."""
    files, _ = written(support.row(), support.row(1, accreditation=support.GREY_SEAL))
    assert [one["iana"] for one in table(files[NAMES])] == ["9999", ""]


def test_underlying_only_has_the_person_in_every_mode() -> None:
    """What a registrar merges: the name and prt-*."""
    files, tally = written(*support.rows(3), underlying_only=True)
    lines = table(files[NAMES])
    assert [*lines[0]] == ["domain", *csv2024._BEHIND]
    assert [one["prt-name"] for one in lines] == [f"mark{number} Größe" for number in range(3)]
    assert tally.contacts == 3
    assert [entry.behind[Role.REGISTRANT]["country"] for entry in csv2024.read(streams(files))] == [
        "CH"
    ] * 3
    assert [one["Field Name"] for one in table(files[MAPPING])] == [*lines[0]]


def test_the_mapping_names_every_column_in_order() -> None:
    """8.1.1 to 8.1.11 of the policy, 3.4.1.3 and 3.4.1.5 of the agreement."""
    files, _ = written(support.row())
    rows = table(files[MAPPING])
    assert [*rows[0]] == ["ICANN RDE Spec", "Field Name", "Abbreviation"]
    assert [one["Field Name"] for one in rows] == [*table(files[NAMES])[0]]
    assert [one["ICANN RDE Spec"] for one in rows] == (
        [f"8.1.{place}" for place in range(1, 12)] + ["3.4.1.3"] + ["3.4.1.5"] * 8
    )
    assert [one["Abbreviation"] for one in rows][:4] == [
        "domainname",
        "expire",
        "ianaid",
        "rt-name",
    ]


def test_a_value_that_is_not_ascii_is_reported_and_never_changed() -> None:
    """ascii_only lists the registration by id, counts it, and transliterates nothing."""
    plain = ContactSet(given={Role.REGISTRANT: support.person(name="Marlene")}, same_as={})
    rows = [support.row(0, plain), support.row(1), support.row(2, plain)]
    files, tally = written(*rows, ascii_only=True)
    assert tally.unwritable == (str(rows[1].registration.id),)
    assert tally.domains == 3
    assert "mark1 Größe".encode() in files[NAMES]
    assert written(*rows)[1].unwritable == ()


def test_a_mask_with_nobody_behind_is_reported_by_id() -> None:
    """A registrant without an address is nobody."""
    nobody = ContactSet(given={Role.REGISTRANT: support.person(email="")}, same_as={})
    row = support.row(1, nobody)
    assert written(support.row(), row)[1].empty_persons == (str(row.registration.id),)


@pytest.mark.parametrize(
    ("role", "is_listed"), [(Role.BILLING, True), (Role.REGISTRANT, True), (Role.ADMIN, False)]
)
def test_a_reference_to_nobody_is_reported_where_the_format_has_the_role(
    role: Role, is_listed: bool
) -> None:
    """Registrant and billing alone have columns."""
    contacts = ContactSet(given={}, same_as={role: Role.TECH})
    row = support.row(1, contacts)
    assert written(support.row(), row)[1].unresolved == (str(row.registration.id),) * is_listed


def test_the_hash_file_names_every_other_file() -> None:
    """Lines as sha256sum prints them, over the plain files."""
    files, _ = written(*support.rows(2))
    assert files[HASHES].decode() == "".join(
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in (NAMES, MAPPING)
    )
    assert set(files) == {NAMES, MAPPING, HASHES}


def test_an_incremental_deposit_says_so_and_counts_what_is_gone() -> None:
    """Changed names alone; the format has no word for a name that is gone."""
    folder = support.Folder()
    changed = support.head(FormatName.CSV_2024, kind=Kind.DIFF)
    writer = Csv2024().writer(changed, folder.open_file)
    row = support.row()
    writer.add([row])
    one = row.registration
    writer.remove([Gone(domain=DomainName("gone.example"), registration_id=one.id, reference="X")])
    assert writer.finish().deletes == 1
    assert next(iter(folder.outlets)) == "9999_RDE_2026-03-01_inc_0.csv"
    assert not any(b"gone.example" in content for content in folder.contents().values())
    assert [entry.domain for entry in csv2024.read(folder.streams())] == ["name000000.example"]


def test_parts_are_cut_between_rows_under_the_limit() -> None:
    """Joined, the parts are the file of an unsplit deposit; one is open at a time."""
    rows = support.rows(20)
    folder, _ = support.deposit(Csv2024(), head(part_octets=2_000), rows)
    files = folder.contents()
    parts = [content for name, content in files.items() if "_full_" in name]
    assert len(parts) > 2
    assert b"".join(parts) == written(*rows)[0][NAMES]
    assert max(map(len, parts)) <= 2_000
    assert folder.most_open == 1
    assert len(list(csv2024.read(streams(files)))) == 20


def test_reading_gives_what_was_carried() -> None:
    """The name, its date, the mask, the billing name, the person."""
    row = support.row()
    (entry,) = csv2024.read(streams(written(row)[0]))
    person = row.contacts.resolve(Role.REGISTRANT)
    assert person is not None
    assert (entry.domain, entry.expires_at) == ("name000000.example", "2027-06-01T08:00:00Z")
    assert entry.shown[Role.REGISTRANT]["name"] == "Privacy Customer 77K3V9Q000000"
    assert entry.shown[Role.BILLING] == {"name": "mark0-tech Größe"}
    assert entry.behind == {Role.REGISTRANT: sides.carried(person, CARRIED)}


def test_what_is_no_deposit_of_ours_is_refused() -> None:
    """Changed, missing, of other columns, or of another format."""
    files, _ = written(*support.rows(2))
    assert refused(files | {NAMES: files[NAMES].replace(b"mark0", b"mark9")}) == "csv_hash"
    assert refused({name: files[name] for name in (NAMES, HASHES)}) == "csv_files"
    assert refused(files | {MAPPING: files[MAPPING].replace(b"8.1.3", b"8.1.4")}) == "csv_hash"
    for name, old, new in (
        (MAPPING, b"8.1.3", b"8.1.4"),
        (NAMES, b'"iana"', b'"ianaid"'),
        (NAMES, b'"9999",', b""),
    ):
        changed = files | {name: files[name].replace(old, new)}
        changed[HASHES] = "".join(
            f"{hashlib.sha256(changed[one]).hexdigest()}  {one}\n" for one in (NAMES, MAPPING)
        ).encode()
        assert refused(changed) == "csv_malformed"
