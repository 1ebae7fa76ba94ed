from __future__ import annotations

from dataclasses import replace

import pytest

from escrow.formats import rfc8909_rows, rfc8909_tables
from escrow.formats.rfc8909_tables import Object
from escrow.model import EVERY_ACCREDITATION, FormatName, Options
from proxy.model.contact import ContactSet
from proxy.model.deposit import Account
from proxy.model.identifiers import AccreditationId, Role
from proxy.model.public_record import Accreditation
from tests.support import escrow_archives as archives
from tests.support import escrow_rows


def test_roles_that_refer_to_another_share_its_contact() -> None:
    """The registrant is the person; references make no object of their own."""
    row = escrow_rows.row(1)
    archive = archives.full([row])
    reference = row.registration.reference
    (domain,) = archives.rows_of(archive, rfc8909_tables.DOMAIN)
    assert domain["registrant"] == f"{reference}-R"
    links = archives.rows_of(archive, rfc8909_tables.DOMAIN_CONTACTS)
    assert {one["type"]: one["id"] for one in links} == {
        "admin": f"{reference}-R",
        "tech": f"{reference}-T",
        "billing": f"{reference}-T",
    }
    _, people = archives.read(archive)
    assert people.keys() == {f"{reference}-R", f"{reference}-T"}


def test_references_that_end_nowhere_and_empty_masks_are_reported() -> None:
    """The self-check refuses such a deposit by the registration's id."""
    lost = ContactSet(
        given={Role.REGISTRANT: escrow_rows.person()}, same_as={Role.ADMIN: Role.TECH}
    )
    rows = [escrow_rows.row(1, lost), escrow_rows.row(2, ContactSet(given={}, same_as={}))]
    _, tally = archives.written(archives.head(registrations=2), rows)
    assert tally.unresolved == (str(rows[0].registration.id),)
    assert tally.empty_persons == (str(rows[1].registration.id),)


def test_weak_data_is_kept_as_it_was_given() -> None:
    """A number that is none of E.164, a fourth street line, no city: in tables of their own."""
    row = escrow_rows.row(1, ContactSet(given={Role.REGISTRANT: archives.WEAK}, same_as={}))
    archive = archives.full([row])
    (given,) = archives.rows_of(archive, rfc8909_tables.CONTACT_AS_GIVEN)
    assert (given["voice"], given["voice_given"]) == ("", "044 555 01 00")
    (postal,) = archives.rows_of(archive, rfc8909_tables.POSTAL_AS_GIVEN)
    assert (postal["city"], postal["street4"]) == ("", "Treppe 4")
    assert archives.rows_of(archive, rfc8909_tables.CONTACT) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "two\nlines"},
        {"organization": "x" * 256},
        {"city": "\x00"},
        {"state": "\u2028"},
        {"postal_code": "1" * 17},
        {"country": "CHE"},
        {"street": ("a", "b", "c", "d", "e")},
        {"email": " "},
    ],
)
def test_what_epp_has_no_room_for_is_reported(changes: dict[str, object]) -> None:
    """The API takes no such value; if one is there, nobody may believe it was deposited."""
    contact = replace(escrow_rows.person(), **changes)  # type: ignore[arg-type]  # a contact's
    row = escrow_rows.row(1, ContactSet(given={Role.REGISTRANT: contact}, same_as={}))
    archive, tally = archives.written(archives.head(registrations=1), [row])
    assert tally.unwritable == (str(row.registration.id),)
    assert b"two\nlines" not in archive


@pytest.mark.parametrize(
    ("given", "pairs"),
    [
        ((), [("ok", "")]),
        (("ok",), [("ok", "")]),
        (("ok", "clientHold"), [("clientHold", "")]),
        (("addPeriod",), [("ok", "addPeriod")]),
        (("ok", "redemptionPeriod"), [("pendingDelete", "redemptionPeriod")]),
        (
            ("clientHold", "renewPeriod", "addPeriod"),
            [("clientHold", "renewPeriod"), ("clientHold", "addPeriod")],
        ),
        (
            ("pendingDelete", "clientHold", "pendingRestore"),
            [("pendingDelete", "pendingRestore"), ("clientHold", "")],
        ),
    ],
)
def test_statuses_are_those_of_epp(given: tuple[str, ...], pairs: list[tuple[str, str]]) -> None:
    """`ok` alone or not at all; a grace period with the status that it is a part of."""
    found, is_known = rfc8909_rows.status_pairs(given)
    assert (list(found), is_known) == (pairs, True)
    assert not rfc8909_rows.status_pairs((*given, "locked"))[1]


def test_domain_row_has_its_unicode_name_its_id_and_the_registry_dates() -> None:
    """A registry's object id where it is one, else ours; dates in UTC."""
    archive = archives.full(archives.everything())
    by_name = {one["name"]: one for one in archives.rows_of(archive, rfc8909_tables.DOMAIN)}
    idn = by_name["xn--bcher-kva.example"]
    assert idn["unicode_name"] == "bücher.example"
    assert idn["roid"] == "77K3V9Q000003-PRIVACY"
    assert idn["transferred"] == "2024-02-29T01:02:03Z"
    assert by_name["name000000.example"]["roid"] == "0_DOMAIN-EXAMPLE"
    assert by_name["name000000.example"]["expires"] == "2027-06-01T08:00:00Z"


def test_ascii_people_are_internationalized_and_others_localized() -> None:
    """One form each: both say the same, and `int` allows ASCII alone (RFC 9022 s4.6.3)."""
    archive = archives.full(archives.everything())
    rows = archives.rows_of(archive, rfc8909_tables.CONTACT_POSTAL)
    assert {one["form"] for one in rows} == {"int", "loc"}
    for one in rows:
        assert (one["form"] == "int") is "".join(one.values()).isascii()


def test_every_registrar_of_the_stream_is_there() -> None:
    """Of a stream of all accreditations, whatever rows come; ids and names fit their types."""
    far = Accreditation(
        id=AccreditationId("a-registrar-with-a-long-name"),
        registrar_name="Zürcher Register",
        iana_id=None,
    )
    account = Account(
        name="", created_at=escrow_rows.WATERMARK, accreditations=(escrow_rows.BLUE_HERON, far)
    )
    stream = escrow_rows.stream(
        FormatName.RFC8909,
        accreditation=EVERY_ACCREDITATION,
        options=Options(provider_id="QH-0007"),
    )
    head = archives.head(registrations=1, stream=stream, account=account, iana_id=None)
    archive, _ = archives.written(head, [escrow_rows.row(1, accreditation=far)])
    (near,) = archives.rows_of(archive, rfc8909_tables.REGISTRAR)
    (local,) = archives.rows_of(archive, rfc8909_tables.REGISTRAR_LOCAL)
    assert near == {"id": "iana-9999", "name": "Blue Heron Registrar Ltd", "iana_id": "9999"}
    assert local["id"] == archives.rows_of(archive, rfc8909_tables.DOMAIN)[0]["sponsor"]
    assert (len(local["id"]), local["name"]) == (16, "Zürcher Register")
    assert archives.read(archive)[0].objects[Object.REGISTRAR] == 2


def test_registrar_that_only_a_row_knows_is_there_too() -> None:
    """A linked registrar must be present (RFC 9022 s8), whatever the head said."""
    archive = archives.full([escrow_rows.row(1, accreditation=escrow_rows.GREY_SEAL)])
    ids = [one["id"] for one in archives.rows_of(archive, rfc8909_tables.REGISTRAR)]
    assert ids == ["iana-9999", "grey-seal"]
    assert archives.read(archive)[0].objects[Object.REGISTRAR] == 2
