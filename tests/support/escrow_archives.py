"""Deposits of RFC 8909 to look at and to spoil: written, taken apart, put together again."""

from __future__ import annotations

import csv
import io
import tarfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from escrow.formats import rfc8909, rfc8909_reading
from escrow.model import FormatName, Options
from proxy.model.contact import ContactSet
from proxy.model.deposit import Gone
from proxy.model.identifiers import DomainName, Role
from proxy.model.registration import DnsKey, Dnssec, DsRecord, Nameserver
from tests.support import escrow_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from escrow.formats.rfc8909_reading import Report
    from escrow.formats.rfc8909_tables import Table
    from escrow.model import Head, Tally, Underlying
    from proxy.model.contact import Contact

PROVIDER = "QH-0007"
WEAK = escrow_rows.person(
    "weak",
    phone="044 555 01 00",
    fax="+41 44 555 01 01",
    street=("Hof", "Haus 2", "Tor 3", "Treppe 4"),
    city=None,
    country=None,
)
SIGNED = Dnssec(
    ds=(DsRecord(key_tag=12345, algorithm=8, digest_type=2, digest="AB" * 32),),
    keys=(DnsKey(flags=257, protocol=3, algorithm=8, public_key="AwEAAQ=="),),
)


def everything() -> list[Underlying]:
    """Registrations that together fill every table and every column."""
    idn = {
        "domain": DomainName("xn--bcher-kva.example"),
        "dnssec": SIGNED,
        "statuses": ("clientHold", "redemptionPeriod", "addPeriod"),
        "transferred_at": datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC),
        "nameservers": (Nameserver(name=DomainName("ns.example"), addresses=("2001:db8::1",)),),
        "registry_domain_id": "not an id",
    }
    plain = escrow_rows.person("plain", name="Jo Doe", organization=None)
    alone = ContactSet(given={Role.REGISTRANT: plain}, same_as={})
    weak = ContactSet(given={Role.REGISTRANT: WEAK, Role.BILLING: plain}, same_as={})
    return [
        *escrow_rows.rows(3),
        escrow_rows.row(3, alone, declared=idn),
        escrow_rows.row(4, weak, declared={"statuses": (), "created_at": None}),
    ]


def head(options: Options | None = None, **changes: object) -> Head:
    """A full deposit of provider QH-0007, with `changes`."""
    return escrow_rows.head(
        FormatName.RFC8909,
        options=options if options is not None else Options(provider_id=PROVIDER),
        **changes,  # type: ignore[arg-type]  # the fields of a head
    )


def written(
    head: Head,
    rows: Sequence[Underlying],
    gone: Sequence[Gone] = (),
    *,
    chunk_octets: int = rfc8909.CHUNK_OCTETS,
    batch: int = 500,
) -> tuple[bytes, Tally]:
    """The archive and what the writer says of it."""
    folder = escrow_rows.Folder()
    writer = rfc8909.Rfc8909(chunk_octets=chunk_octets).writer(head, folder.open_file)
    for start in range(0, len(rows), batch):
        writer.add(rows[start : start + batch])
    if gone:
        writer.remove(gone)
    tally = writer.finish()
    ((_, content),) = folder.contents().items()
    return content, tally


def full(rows: Sequence[Underlying], options: Options | None = None) -> bytes:
    """The archive of a full deposit of these rows."""
    whole = head(options, registrations=len(rows))
    return written(whole, rows)[0]


def gone(row: Underlying) -> Gone:
    """That a registration is not there any more."""
    one = row.registration
    return Gone(domain=one.declared.domain, registration_id=one.id, reference=one.reference)


def unpacked(archive: bytes) -> dict[str, bytes]:
    """The files by name, as a tar reader of others sees them."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|") as tar:
        for member in tar:
            stored = tar.extractfile(member)
            assert stored is not None, member.name
            found[member.name] = stored.read()
    return found


def packed(files: Mapping[str, bytes]) -> bytes:
    """An archive of these files, made by others."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def document(archive: bytes) -> bytes:
    """The deposit document."""
    (found,) = (one for name, one in unpacked(archive).items() if name.endswith(".xml"))
    return found


def rows_of(archive: bytes, table: Table) -> list[dict[str, str]]:
    """The rows of a table, all its files together."""
    text = "".join(
        content.decode()
        for name, content in sorted(unpacked(archive).items())
        if name.startswith(f"{table.stem}-")
    )
    return [dict(zip(table.columns, row, strict=True)) for row in lines(text.encode())]


def lines(content: bytes) -> list[list[str]]:
    """The rows of a CSV file."""
    return [*csv.reader(io.StringIO(content.decode(), newline=""), strict=True)]


def read(archive: bytes) -> tuple[Report, dict[str, Contact]]:
    """What the reader says of an archive, and the people in it by contact id."""
    contacts: dict[str, dict[str, str]] = {}
    postal: dict[str, dict[str, str]] = {}

    def take(table: Table, row: list[str]) -> None:
        values = dict(zip(table.columns, row, strict=True))
        if table.stem.startswith("contactPostal"):
            postal[values["id"]] = values
        elif "email" in table.columns:
            contacts[values["id"]] = values

    report = rfc8909_reading.read(
        Pipe(archive),  # type: ignore[arg-type]  # all that a reader may use of a file
        now=escrow_rows.WATERMARK,
        take=take,
    )
    people = {one: rfc8909_reading.person(contacts[one], postal[one]) for one in contacts}
    return report, people


class Pipe:
    """A stream that can not seek and gives less than it is asked for."""

    def __init__(self, content: bytes, at_most: int = 700) -> None:
        self._left = io.BytesIO(content)
        self._at_most = at_most

    def read(self, octets: int) -> bytes:
        """Some of what comes next."""
        return self._left.read(min(octets, self._at_most))
