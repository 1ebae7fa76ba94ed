from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from escrow.formats import rfc8909, rfc8909_tables, rfc8909_xml
from escrow.formats.rfc8909_tables import Object
from escrow.model import Options
from proxy.errors import ProxyError
from proxy.model.deposit import DepositId, Kind
from tests.support import escrow_archives as archives
from tests.support import escrow_rows, escrow_schemas

if TYPE_CHECKING:
    from escrow.model import Head

PREVIOUS = DepositId(UUID("01890000-0000-7000-8000-00000000c001"))


def incremental(kind: Kind, **changes: object) -> Head:
    """The head of an incremental deposit of a stream that holds 40 names and 70 contacts."""
    fields: dict[str, object] = {"previous": PREVIOUS, "total": 40, "other_contacts": 66}
    return archives.head(**(fields | {"kind": kind} | changes))  # type: ignore[arg-type]  # a head's


# What the schemas say


def test_schemas_are_those_of_the_rfcs() -> None:
    """The judges are the IETF's text; nobody may mend a deposit by mending them."""
    assert (escrow_schemas.FOLDER / "MANIFEST").read_text() == escrow_schemas.manifest()
    assert len(escrow_schemas.manifest().splitlines()) == 13


@pytest.mark.parametrize("kind", Kind)
def test_document_and_every_value_are_valid_by_the_schemas(kind: Kind) -> None:
    """The document by its schema, and each value of each file by the type of its field."""
    rows = archives.everything()
    is_full = kind is Kind.FULL
    head = archives.head(registrations=5, total=5) if is_full else incremental(kind)
    gone = [] if is_full else [archives.gone(escrow_rows.row(90))]
    archive, tally = archives.written(head, rows, gone)
    assert (tally.unwritable, tally.unresolved, tally.empty_persons) == ((), (), ())
    files = archives.unpacked(archive)
    root = escrow_schemas.document(archives.document(archive))
    checked = set()
    for csv in root.iter("{urn:ietf:params:xml:ns:rdeCsv-1.0}csv"):
        for file in csv[1]:
            table = rfc8909_tables.table_of(file.text or "")
            assert table is not None
            for row in archives.rows_of(archive, table):
                for field, value in zip(escrow_schemas.fields(csv), row.values(), strict=True):
                    assert escrow_schemas.fault(field, value) is None, (file.text, field.tag)
            checked.add(file.text)
    assert checked == {name for name in files if name.endswith(".csv")}
    assert len(checked) == (12 if is_full else 14)


def test_required_columns_are_those_of_the_schemas() -> None:
    """What our tables say may not be empty is what the schemas and our overrides say."""
    tables = dict.fromkeys(rfc8909_tables.TABLES, 0)
    files = [
        rfc8909_xml.DataFile(
            table=one, name=rfc8909_tables.file_name(one, 1), checksum="0", algorithm="CRC32"
        )
        for one in tables
    ]
    document = rfc8909_xml.Document(
        id="A",
        kind=Kind.DIFF,
        previous="B",
        resend=0,
        watermark=escrow_rows.WATERMARK,
        repository=("ppsp", "x"),
        totals=dict.fromkeys(Object, 1),
        files=tuple(files),
    )
    root = escrow_schemas.document(rfc8909_xml.render(document))
    for csv in root.iter("{urn:ietf:params:xml:ns:rdeCsv-1.0}csv"):
        table = rfc8909_tables.table_of(csv[1][0].text or "")
        assert table is not None
        required = {
            column
            for column, field in zip(table.columns, escrow_schemas.fields(csv), strict=True)
            if escrow_schemas.is_required(field)
        }
        assert table.required == required, table.stem
    assert rfc8909_xml.parse(rfc8909_xml.render(document)) == document


def test_checksums_are_those_of_the_rfc() -> None:
    """RFC 9022 s5.3.2.2.1 and s5.4.2.2.1 print files and their CRC32: LF between lines."""
    contacts = [
        f"domain{number}{role}" for number in (1, 2) for role in ("admin", "tech", "billing")
    ]
    assert rfc8909.checksum("CRC32", "\n".join(contacts).encode()) == "0C4B70DC"
    assert rfc8909.checksum("CRC32", b"registrarZ") == "5CB20A52"


# The document


def test_full_deposit_says_who_when_and_how_many() -> None:
    """Type, provider, watermark and totals; no previous deposit and nothing taken away."""
    archive = archives.full(escrow_rows.rows(3))
    report, _ = archives.read(archive)
    said = report.document
    assert (said.kind, said.previous, said.resend) == (Kind.FULL, "", 0)
    assert said.repository == ("ppsp", "QH-0007")
    assert said.watermark == escrow_rows.WATERMARK
    assert said.totals == {Object.DOMAIN: 3, Object.CONTACT: 6, Object.REGISTRAR: 1}
    assert b"deletes" not in archives.document(archive)


def test_names_are_those_of_the_registry_specification() -> None:
    """Provider, day, kind, series and resend; the document bears the archive's name."""
    folder = escrow_rows.Folder()
    head = incremental(Kind.DIFF, resend=2)
    rfc8909.Rfc8909().writer(head, folder.open_file).finish()
    ((name, content),) = folder.contents().items()
    assert name == "QH-0007_2026-03-01_diff_S1_R2.tar"
    *_, last = archives.unpacked(content)
    assert last == "QH-0007_2026-03-01_diff_S1_R2.xml"
    assert b'resend="2"' in archives.document(content)


def test_registrar_deposits_under_its_iana_id_without_a_provider_id() -> None:
    """The header's other choice; the file is named after the accreditation."""
    report, _ = archives.read(archives.full(escrow_rows.rows(1), Options()))
    assert report.document.repository == ("registrar", "9999")


@pytest.mark.parametrize("kind", [Kind.DIFF, Kind.INCR])
def test_incremental_deposit_names_the_one_before_and_counts_all(kind: Kind) -> None:
    """Counts are of the whole repository; what is gone goes with every contact it may have had."""
    gone = escrow_rows.row(7)
    archive, tally = archives.written(incremental(kind), escrow_rows.rows(2), [archives.gone(gone)])
    report, _ = archives.read(archive)
    assert report.document.previous == rfc8909_xml.deposit_id(PREVIOUS)
    assert report.document.totals == {Object.DOMAIN: 40, Object.CONTACT: 70, Object.REGISTRAR: 1}
    assert report.objects == {Object.DOMAIN: 2, Object.CONTACT: 4, Object.REGISTRAR: 1}
    assert (tally.domains, tally.contacts, tally.deletes) == (2, 4, 1)
    names = archives.rows_of(archive, rfc8909_tables.DOMAIN_DELETES)
    assert names == [{"name": gone.registration.declared.domain}]
    ids = {one["id"] for one in archives.rows_of(archive, rfc8909_tables.CONTACT_DELETES)}
    assert ids == {f"{gone.registration.reference}-{letter}" for letter in "RATB"}


def test_all_that_is_gone_is_said_however_much_it_is() -> None:
    """Deletes are written in chunks like everything else."""
    gone = [archives.gone(one) for one in escrow_rows.rows(130)]
    archive, tally = archives.written(incremental(Kind.INCR), [], gone, chunk_octets=1)
    names = archives.rows_of(archive, rfc8909_tables.DOMAIN_DELETES)
    assert [one["name"] for one in names] == [one.domain for one in gone]
    assert (tally.deletes, archives.read(archive)[0].contacts_deleted) == (130, 4 * 130)
    assert "domainDeletes-0003.csv" in archives.unpacked(archive)


def test_contacts_that_a_changed_person_may_have_lost_are_taken_away() -> None:
    """Only where contacts ever changed, and only in an incremental deposit."""
    changed, fresh = escrow_rows.row(1, record_version=9), escrow_rows.row(2)
    archive, _ = archives.written(incremental(Kind.DIFF), [changed, fresh])
    ids = {one["id"] for one in archives.rows_of(archive, rfc8909_tables.CONTACT_DELETES)}
    assert ids == {f"{changed.registration.reference}-{letter}" for letter in "AB"}
    assert archives.rows_of(archives.full([changed]), rfc8909_tables.CONTACT_DELETES) == []


def test_deposit_ids_are_short_differ_and_sort_by_time() -> None:
    """RFC 8909 depositIdType; a function of our own id, so that the next one can name it."""
    ids = [
        rfc8909_xml.deposit_id(DepositId(UUID(int=time << 80 | 7 << 76 | 2 << 62 | low)))
        for time in (0x0189_0000_0000, 0x0189_0000_0001, 0x9189_0000_0000)
        for low in (1, 2)
    ]
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"[0-9A-V]{13}", one) for one in ids)


# The archive


def test_same_rows_give_the_same_octets_however_they_come() -> None:
    """Neither the clock nor the size of batches shows."""
    rows = escrow_rows.rows(150)
    head = archives.head(registrations=150)
    first, _ = archives.written(head, rows, chunk_octets=5000, batch=150)
    second, _ = archives.written(head, rows, chunk_octets=5000, batch=7)
    assert first == second


def test_chunks_end_with_a_row_and_lose_none() -> None:
    """Small files hold together what a large one holds, and are numbered without a gap."""
    rows = escrow_rows.rows(200)
    head = archives.head(registrations=200)
    large, _ = archives.written(head, rows)
    small, _ = archives.written(head, rows, chunk_octets=1)
    files = archives.unpacked(small)
    for table in (rfc8909_tables.DOMAIN, rfc8909_tables.CONTACT_POSTAL):
        names = [one for one in files if one.startswith(f"{table.stem}-")]
        assert names == [f"{table.stem}-{number:04d}.csv" for number in (1, 2, 3, 4)]
        assert all(files[one].endswith(b"\n") for one in names)
        assert archives.rows_of(small, table) == archives.rows_of(large, table)
    assert archives.read(small)[0].objects == archives.read(large)[0].objects
    escrow_schemas.document(archives.document(small))


def test_one_file_is_open_and_ends_as_tar_wants_it() -> None:
    """Whole records of 10,240 octets; owner, mode and time are fixed."""
    archive = archives.full(escrow_rows.rows(2))
    assert len(archive) % 10_240 == 0
    assert archive[100:108] == b"0000600\0"
    assert int(archive[136:147], 8) == int(escrow_rows.WATERMARK.timestamp())


# Refusals


@pytest.mark.parametrize(
    ("options", "changes", "code"),
    [
        (Options(), {"iana_id": None}, "escrow_provider_id"),
        (Options(provider_id="../x"), {}, "escrow_provider_id"),
        (Options(provider_id="x", roid_suffix="TOO-LONG"), {}, "escrow_roid_suffix"),
        (
            Options(provider_id="x"),
            {"kind": Kind.DIFF, "total": 1},
            "escrow_previous",
        ),
    ],
)
def test_deposit_that_could_not_be_valid_is_not_begun(
    options: Options, changes: dict[str, object], code: str
) -> None:
    """Before a file is opened, with a code for each cause."""
    folder = escrow_rows.Folder()
    with pytest.raises(ProxyError) as refusal:
        rfc8909.Rfc8909().writer(archives.head(options, **changes), folder.open_file)
    assert (refusal.value.code, folder.outlets) == (code, {})


def test_full_deposit_takes_nothing_away() -> None:
    """RFC 8909 s5.1.3."""
    folder = escrow_rows.Folder()
    writer = rfc8909.Rfc8909().writer(archives.head(), folder.open_file)
    with pytest.raises(ValueError, match="takes nothing away"):
        writer.remove([archives.gone(escrow_rows.row(1))])
