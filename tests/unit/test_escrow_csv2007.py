"""The format of 2007: names, handles, hashes; what its reader gives back."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from escrow.formats import csv2007, sides
from escrow.formats.csv2007 import CARRIED, Csv2007
from escrow.model import EVERY_ACCREDITATION, Options
from proxy.model.contact import ContactSet
from proxy.model.deposit import Gone, Kind
from proxy.model.identifiers import DomainName, Mode, Role, State
from proxy.model.registration import Nameserver
from tests.support import escrow_rows as support
from tests.support import published

if TYPE_CHECKING:
    from escrow.model import Head, Tally, Underlying

NAMES = "9999_RDE_2026-03-01_full_0.csv"
HANDLES = "9999_RDE_2026-03-01_hdl_0.csv"
HASHES = "9999_RDE_2026-03-01_hash_0.csv"
UNDERLYING = Options(underlying_only=True)


def written(*rows: Underlying, head: Head | None = None) -> tuple[dict[str, bytes], Tally]:
    """The files of a deposit of these rows."""
    folder, tally = support.deposit(Csv2007(), head or support.head(), rows)
    return folder.contents(), tally


def streams(files: dict[str, bytes]) -> dict[str, io.BytesIO]:
    """Files to be read."""
    return {name: io.BytesIO(content) for name, content in files.items()}


def table(content: bytes) -> list[dict[str, str]]:
    """A file's rows by column, as a program that knows nothing of us reads them."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def test_a_masked_name_shows_the_mask_and_names_the_people_behind() -> None:
    """Proxy mode: rt, tc, ac, bc are the mask; p-columns are people, references share a handle."""
    files, tally = written(support.row(7))
    assert files[NAMES] == (
        b'"domain","ns1","ns2","ns3","ns4","expiration_date","rt-handle","tc-handle","ac-handle",'
        b'"bc-handle","prt-handle","ptc-handle","pac-handle","pbc-handle"\r\n'
        b'"name000007.example","ns1.example.net","ns2.example.net","","","2027-06-01T08:00:00Z",'
        b'"77K3V9Q000007-M","77K3V9Q000007-M","77K3V9Q000007-M","77K3V9Q000007-M",'
        b'"77K3V9Q000007-R","77K3V9Q000007-T","77K3V9Q000007-R","77K3V9Q000007-T"\r\n'
    )
    assert files[HANDLES].decode() == (
        '"handle","name","address","state","zip","city","country","email","phone","fax"\r\n'
        '"77K3V9Q000007-R","mark7 Größe","mark7 Weg 1, Hof 2","ZH","8001","mark7stadt","CH",'
        '"mark7@registrant.example","+41.445550100","+41.445550101"\r\n'
        '"77K3V9Q000007-T","mark7-tech Größe","mark7-tech Weg 1, Hof 2","ZH","8001",'
        '"mark7-techstadt","CH","mark7-tech@registrant.example","+41.445550100",'
        '"+41.445550101"\r\n'
        '"77K3V9Q000007-M","Privacy Customer 77K3V9Q000007","PO Box 12","Viken","1501","Moss",'
        '"NO","k3v9x000007@mask.example.net","+47.5555550100",""\r\n'
    )
    assert (tally.domains, tally.contacts) == (1, 3)
    assert (tally.unresolved, tally.empty_persons, tally.unwritable) == ((), (), ())


def test_privacy_mode_names_the_holder_on_the_mask() -> None:
    """The registrant's shown contact has the holder's name and our address, others the mask."""
    files, _ = written(support.row(mode=Mode.PRIVACY))
    (name,) = table(files[NAMES])
    handles = {one["handle"]: one for one in table(files[HANDLES])}
    assert name["rt-handle"] != name["ac-handle"] == name["tc-handle"] == name["bc-handle"]
    assert handles[name["rt-handle"]]["name"] == "mark0 Größe"
    assert handles[name["rt-handle"]]["email"] == "k3v9x000000@mask.example.net"
    assert handles[name["rt-handle"]]["address"] == "PO Box 12"
    assert handles[name["prt-handle"]]["email"] == "mark0@registrant.example"


@pytest.mark.parametrize("mode", [Mode.REDACTED, Mode.PUBLISHED])
def test_without_a_service_in_front_the_people_stand_there(mode: Mode) -> None:
    """Redacted and published names have their people, whole, in rt to bc and empty p-columns."""
    files, tally = written(support.row(mode=mode))
    (name,) = table(files[NAMES])
    assert name["rt-handle"] == name["ac-handle"] == "77K3V9Q000000-R"
    assert name["tc-handle"] == name["bc-handle"] == "77K3V9Q000000-T"
    assert {name[f"p{role}-handle"] for role in ("rt", "tc", "ac", "bc")} == {""}
    assert {one["name"] for one in table(files[HANDLES])} == {"mark0 Größe", "mark0-tech Größe"}
    assert tally.contacts == 2


def test_a_role_that_is_not_published_is_empty_in_front_and_kept_behind() -> None:
    """Only the billing contact, a record whether shown or not, has a handle in front."""
    profile = support.profile(published_roles=(Role.REGISTRANT,))
    (name,) = table(written(support.row(profile=profile))[0][NAMES])
    assert (name["rt-handle"], name["tc-handle"], name["ac-handle"]) == ("77K3V9Q000000-M", "", "")
    assert name["bc-handle"] == name["pbc-handle"] == "77K3V9Q000000-T"
    assert (name["ptc-handle"], name["pac-handle"]) == ("77K3V9Q000000-T", "77K3V9Q000000-R")


def test_an_unpublished_billing_contact_may_be_the_mask() -> None:
    """Option billing=mask puts the mask there."""
    profile = support.profile(published_roles=(Role.REGISTRANT,))
    head = support.head(options=Options(billing="mask"))
    files, _ = written(support.row(profile=profile), head=head)
    (name,) = table(files[NAMES])
    assert name["bc-handle"] == "77K3V9Q000000-M"


def test_a_mask_without_a_name_goes_by_its_organisation() -> None:
    """The handle file has no column for organisations."""
    mask = replace(published.MASK, name=None)
    files, _ = written(support.row(profile=support.profile(mask=mask)))
    assert table(files[HANDLES])[-1]["name"] == "Quiet Harbour Privacy AS"


def test_a_reservation_has_its_people_too() -> None:
    """A name that is not published yet has the bare mask in front and people behind."""
    row = support.row(mode=Mode.PRIVACY, registered={"state": State.RESERVED})
    (entry,) = csv2007.read(streams(written(row)[0]))
    assert entry.shown[Role.REGISTRANT]["name"] == "Quiet Harbour Privacy AS"
    assert entry.behind[Role.REGISTRANT]["name"] == "mark0 Größe"


def test_underlying_only_has_the_people_in_every_mode() -> None:
    """What a registrar merges: names and people, no mask, nothing it has itself."""
    rows = support.rows(3)
    files, tally = written(*rows, head=support.head(options=UNDERLYING))
    assert files[NAMES].startswith(
        b'"domain","prt-handle","ptc-handle","pac-handle","pbc-handle"\r\n'
        b'"name000000.example","77K3V9Q000000-R",'
    )
    assert b"mask.example.net" not in files[HANDLES]
    assert tally.contacts == 6
    entries = list(csv2007.read(streams(files)))
    assert [one.behind[Role.BILLING]["name"] for one in entries] == [
        f"mark{number}-tech Größe" for number in range(3)
    ]
    assert [one.shown for one in entries] == [{}, {}, {}]


def test_a_role_nobody_acts_in_has_no_handle() -> None:
    """A contact that was never given is empty, and no fault."""
    row = support.row(
        contacts=ContactSet(given={Role.REGISTRANT: support.person()}, same_as={}),
        mode=Mode.REDACTED,
    )
    files, tally = written(row)
    (name,) = table(files[NAMES])
    assert name["tc-handle"] == name["ac-handle"] == name["bc-handle"] == ""
    assert tally.unresolved == ()


@pytest.mark.parametrize("mode", [Mode.PROXY, Mode.REDACTED])
def test_a_reference_to_nobody_is_reported_by_id(mode: Mode) -> None:
    """A dangling reference writes no handle and lists the registration."""
    row = support.row(
        contacts=ContactSet(
            given={Role.REGISTRANT: support.person()}, same_as={Role.BILLING: Role.TECH}
        ),
        mode=mode,
    )
    files, tally = written(support.row(1), row)
    assert tally.unresolved == (str(row.registration.id),)
    assert list(csv2007.read(streams(files)))


def test_references_that_turn_in_a_circle_end() -> None:
    """Nobody is found, and the registration is listed."""
    contacts = ContactSet(given={}, same_as={Role.TECH: Role.ADMIN, Role.ADMIN: Role.TECH})
    row = support.row(contacts=contacts)
    assert written(row)[1].unresolved == (str(row.registration.id),)


@pytest.mark.parametrize(
    "contacts",
    [
        ContactSet(given={}, same_as={}),
        ContactSet(given={Role.TECH: support.person()}, same_as={}),
        ContactSet(given={Role.REGISTRANT: support.person(name=" ")}, same_as={}),
        ContactSet(given={Role.REGISTRANT: support.person(email="")}, same_as={}),
    ],
)
def test_a_mask_with_nobody_behind_is_reported_by_id(contacts: ContactSet) -> None:
    """No registrant, or one without name or address: listed, and the name still counted."""
    row = support.row(contacts=contacts)
    _, tally = written(support.row(1), row)
    assert tally.empty_persons == (str(row.registration.id),)
    assert tally.domains == 2


def test_name_servers_after_the_fourth_are_lost() -> None:
    """The format has four columns; more servers are no failure."""
    servers = tuple(Nameserver(name=DomainName(f"ns{n}.example.net")) for n in range(1, 7))
    (name,) = table(written(support.row(declared={"nameservers": servers}))[0][NAMES])
    assert [name[f"ns{n}"] for n in range(1, 5)] == [one.name for one in servers[:4]]


def test_the_registrar_s_expiry_stands_in_and_none_is_empty() -> None:
    """The registry's date first, then the registrar's, else nothing."""
    files, _ = written(
        support.row(0, declared={"registry_expires_at": None}),
        support.row(1, declared={"registry_expires_at": None, "registrar_expires_at": None}),
    )
    assert [one["expiration_date"] for one in table(files[NAMES])] == ["2027-07-01T08:00:00Z", ""]


def test_the_hash_file_names_every_data_file() -> None:
    """Lines as sha256sum prints them, over the plain files."""
    files, _ = written(*support.rows(2))
    assert files[HASHES].decode() == "".join(
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in (NAMES, HANDLES)
    )
    assert set(files) == {NAMES, HANDLES, HASHES}


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"kind": Kind.DIFF}, "9999_RDE_2026-03-01_inc_0.csv"),
        ({"kind": Kind.INCR}, "9999_RDE_2026-03-01_inc_0.csv"),
        ({"iana_id": None}, "iana-9999_RDE_2026-03-01_full_0.csv"),
        (
            {"iana_id": None, "stream": support.stream(accreditation=EVERY_ACCREDITATION)},
            "blue-heron-weekly_RDE_2026-03-01_full_0.csv",
        ),
    ],
)
def test_file_names_say_whose_and_when(changes: dict[str, object], first: str) -> None:
    """IANA id or our own, the watermark's day, the kind, the part; readable again."""
    files, _ = written(support.row(), head=support.head(**changes))  # type: ignore[arg-type] # changes
    assert next(iter(files)) == first
    assert len(list(csv2007.read(streams(files)))) == 1


@pytest.mark.parametrize("batch", [1, 7, 500])
def test_parts_are_cut_between_rows_under_the_limit(batch: int) -> None:
    """Joined, the parts are the file of an unsplit deposit; the header is in part 0 alone."""
    rows = support.rows(40)
    whole, _ = written(*rows)
    head = support.head(options=Options(part_octets=2_000))
    folder, tally = support.deposit(Csv2007(), head, rows, batch=batch)
    files = folder.contents()
    for kind, name in (("full", NAMES), ("hdl", HANDLES)):
        count = sum(f"_{kind}_" in one for one in files)
        parts = [files[f"9999_RDE_2026-03-01_{kind}_{part}.csv"] for part in range(count)]
        assert count > 3
        assert b"".join(parts) == whole[name]
        assert max(map(len, parts)) <= 2_000
        assert all(part.startswith(b'"') and part.endswith(b'"\r\n') for part in parts)
        assert all(part.count(b'"') % 2 == 0 for part in parts)
    assert folder.most_open == 2
    assert tally.domains == len(list(csv2007.read(streams(files)))) == 40


def test_more_than_ten_parts_are_read_in_order() -> None:
    """Part 10 comes after part 9; a row larger than the limit is a part of its own."""
    rows = support.rows(12)
    files, _ = written(*rows, head=support.head(options=Options(part_octets=1)))
    assert "9999_RDE_2026-03-01_full_11.csv" in files
    read = [entry.domain for entry in csv2007.read(streams(files))]
    assert read == [row.registration.declared.domain for row in rows]


def test_the_same_rows_give_the_same_octets() -> None:
    """However they come in batches."""
    rows = support.rows(9)
    whole, _ = support.deposit(Csv2007(), support.head(), rows)
    single, _ = support.deposit(Csv2007(), support.head(), rows, batch=1)
    assert whole.contents() == single.contents()


def test_an_empty_deposit_has_headers_and_hashes() -> None:
    """No registrations: three files, readable, nothing in them."""
    files, tally = written()
    assert set(files) == {NAMES, HANDLES, HASHES}
    assert list(csv2007.read(streams(files))) == []
    assert (tally.domains, tally.contacts) == (0, 0)


def test_removals_are_counted_and_not_written() -> None:
    """The format has no word for a name that is gone."""
    folder = support.Folder()
    writer = Csv2007().writer(support.head(kind=Kind.DIFF), folder.open_file)
    one = support.registration(3)
    writer.remove([Gone(domain=DomainName("gone.example"), registration_id=one.id, reference="X")])
    assert writer.finish().deletes == 1
    assert not any(b"gone.example" in content for content in folder.contents().values())


def test_values_are_never_altered_for_spreadsheets() -> None:
    """Formulas, quotes, line ends and spaces stand as they are, quoted; no BOM."""
    hard = support.person(
        name='=HYPERLINK("https://x.example")', city=" a\r\nb\t", state="@x", street=("+1", "-2")
    )
    files, _ = written(support.row(contacts=ContactSet(given={Role.REGISTRANT: hard}, same_as={})))
    assert b'"=HYPERLINK(""https://x.example"")","+1, -2","@x",' in files[HANDLES]
    assert b'" a\r\nb\t"' in files[HANDLES]
    assert files[HANDLES].startswith(b'"handle"')


def test_reading_gives_what_was_carried() -> None:
    """Names, dates, servers, both sides, by role."""
    row = support.row(mode=Mode.PRIVACY)
    (entry,) = csv2007.read(streams(written(row)[0]))
    assert entry.domain == "name000000.example"
    assert entry.expires_at == "2027-06-01T08:00:00Z"
    assert entry.nameservers == ("ns1.example.net", "ns2.example.net")
    assert set(entry.shown) == set(entry.behind) == set(Role)
    for role in Role:
        person = row.contacts.resolve(role)
        assert person is not None
        assert entry.behind[role] == sides.carried(person, CARRIED)
    assert "Größe" not in repr(entry)
