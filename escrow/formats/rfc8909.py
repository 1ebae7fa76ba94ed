"""The RFC 8909 deposit in the CSV model of RFC 9022, made by a privacy or proxy provider.

One file, a tar archive: the tables as CSV files of a few megabytes each, written as soon as they
are full, and last the XML document that names them all with their checksums. The contacts in it are
the people behind the mask. Memory is a chunk per table, whatever the number of registrations.
Lines end in LF and rows are never cut; the RFCs order neither the archive's files nor line ends.
Source: RFC 8909; RFC 9022; gTLD Registry Agreement, Specification 2 (file names).
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from escrow import checking
from escrow.formats import rfc8909_rows, rfc8909_tables, rfc8909_xml, tar_stream
from escrow.formats.rfc8909_tables import Object
from escrow.formats.rfc8909_xml import DataFile, Document
from escrow.model import Tally
from proxy.errors import InvalidInput, Refused
from proxy.model.deposit import Kind
from proxy.model.identifiers import AccreditationId
from proxy.model.public_record import Accreditation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from escrow.formats.base import Outlet
    from escrow.formats.rfc8909_tables import Table
    from escrow.model import Head, Underlying
    from proxy.model.deposit import Gone

CHUNK_OCTETS: Final = 4 << 20
"""When a CSV file is closed; it may be larger by the rows of DRAIN_EVERY registrations."""

DRAIN_EVERY: Final = 64  # registrations; their lines wait as text

_PROVIDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_ROID_SUFFIX: Final = re.compile(r"[A-Za-z0-9_]{1,8}", re.ASCII)  # RFC 5730 roidType
_CLIENT_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,15}", re.ASCII)  # RFC 5730 clIDType


class Rfc8909Writer:
    """Writes one deposit."""

    def __init__(self, head: Head, open_file: Callable[[str], Outlet], chunk_octets: int) -> None:
        self._head = head
        self._repository = _repository(head)
        self._chunk_octets = chunk_octets
        self._registrars = {one.id: one for one in _registrars(head)}
        self._sponsors: dict[str, str] = {one: registrar_id(one) for one in self._registrars}
        self._made = rfc8909_rows.RowMaker(head.stream.options.roid_suffix, self._sponsors)
        self._pending = {table: bytearray() for table in rfc8909_tables.TABLES}
        self._numbers = dict.fromkeys(rfc8909_tables.TABLES, 0)
        self._files: list[DataFile] = []
        self._domains = self._deletes = 0
        self._unresolved: list[str] = []
        self._empty: list[str] = []
        self._unwritable: list[str] = []
        self._stem = _stem(head)
        self._tar = tar_stream.TarWriter(open_file(f"{self._stem}.tar"), head.watermark)

    def add(self, rows: Sequence[Underlying]) -> None:
        """Write registrations; what does not fit is written as far as it does, and reported."""
        for row in rows:
            self._add(row)
            self._domains += 1
            # Counted over the whole deposit: how the rows were batched must not show in the files.
            if self._domains % DRAIN_EVERY == 0:
                self._drain(self._chunk_octets)

    def remove(self, gone: Sequence[Gone]) -> None:
        """Write what an incremental deposit takes away."""
        if self._head.kind is Kind.FULL and gone:
            raise ValueError("a full deposit takes nothing away")
        for one in gone:
            self._made.remove(one.domain, one.reference)
            self._deletes += 1
            if self._deletes % DRAIN_EVERY == 0:
                self._drain(self._chunk_octets)

    def finish(self) -> Tally:
        """Write the rest of every table and the document, and close."""
        for one in self._registrars.values():
            self._made.registrar(self._sponsors[one.id], one)
        self._drain(1)
        document = rfc8909_xml.render(self._document())
        self._tar.add(f"{self._stem}.xml", document)
        self._tar.close()
        return Tally(
            domains=self._domains,
            contacts=self._made.contacts,
            unresolved=tuple(self._unresolved),
            empty_persons=tuple(self._empty),
            unwritable=tuple(self._unwritable),
            deletes=self._deletes,
        )

    def _add(self, row: Underlying) -> None:
        accreditation = row.accreditation
        if accreditation.id not in self._sponsors:
            self._registrars[accreditation.id] = accreditation
            self._sponsors[accreditation.id] = registrar_id(accreditation.id)
        if not self._made.add(row):
            self._unwritable.append(str(row.registration.id))
        if row.contacts.same_as and not rfc8909_rows.has_all(row.contacts):
            self._unresolved.append(str(row.registration.id))
        if checking.is_empty(row):
            self._empty.append(str(row.registration.id))
        if self._head.kind is not Kind.FULL and row.record_version > 1:
            self._made.remove_others(row)

    def _drain(self, at_least: int) -> None:
        """Take the lines that were made, and close the files of tables that have so many octets."""
        for table, lines in self._made.lines.items():
            pending = self._pending[table]
            if lines:
                pending += "".join(lines).encode()
                lines.clear()
            if len(pending) >= at_least:
                self._close(table, pending)

    def _close(self, table: Table, pending: bytearray) -> None:
        self._numbers[table] += 1
        name = rfc8909_tables.file_name(table, self._numbers[table])
        algorithm = self._head.stream.options.checksum
        self._tar.add(name, pending)
        self._files.append(
            DataFile(
                table=table,
                name=name,
                checksum=checksum(algorithm, pending),
                algorithm=algorithm,
            )
        )
        self._pending[table] = bytearray()

    def _document(self) -> Document:
        head = self._head
        return Document(
            id=rfc8909_xml.deposit_id(head.id),
            kind=head.kind,
            previous=_previous(head),
            resend=head.resend,
            watermark=head.watermark,
            repository=self._repository,
            totals={
                Object.DOMAIN: head.total,
                Object.CONTACT: self._made.contacts + head.other_contacts,
                Object.REGISTRAR: len(self._registrars),
            },
            files=tuple(self._files),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rfc8909:
    """The format."""

    chunk_octets: int = CHUNK_OCTETS

    def writer(self, head: Head, open_file: Callable[[str], Outlet]) -> Rfc8909Writer:
        """A writer for one deposit.

        InvalidInput `escrow_provider_id` or `escrow_roid_suffix` for options that no deposit can
        have; Refused `escrow_previous` for an incremental deposit that
        would lack what the RFCs demand.
        """
        return Rfc8909Writer(head, open_file, self.chunk_octets)


def checksum(algorithm: str, content: bytes | bytearray) -> str:
    """The checksum of a CSV file in hex (RFC 9022 s4.4): CRC32 in upper case as the RFC has it.

    SHA-256 finds damage and no more here; who made the file, the OpenPGP signature says.
    """
    match algorithm:
        case "CRC32":
            return f"{zlib.crc32(content):08X}"
        case "SHA256":
            return hashlib.sha256(content).hexdigest()
        case _:
            raise ValueError(algorithm)


def registrar_id(accreditation: str) -> str:
    """The accreditation's id where it has 3 to 16 characters, else one made of its hash."""
    if _CLIENT_ID.fullmatch(accreditation) is not None:
        return accreditation
    digest = hashlib.sha256(accreditation.encode()).digest()
    return "R" + base64.b32encode(digest)[:15].decode()


def _repository(head: Head) -> tuple[str, str]:
    options = head.stream.options
    if _ROID_SUFFIX.fullmatch(options.roid_suffix) is None:
        raise InvalidInput("escrow_roid_suffix", "roid_suffix takes 1 to 8 letters and digits.")
    if head.kind is Kind.DIFF and head.previous is None:
        raise Refused("escrow_previous", "A DIFF deposit names the deposit before it.")
    if options.provider_id:
        if _PROVIDER.fullmatch(options.provider_id) is None:
            raise InvalidInput("escrow_provider_id", "provider_id has characters of no file name.")
        return "ppsp", options.provider_id
    if head.iana_id is None:
        raise InvalidInput(
            "escrow_provider_id",
            "An rfc8909 stream needs a provider_id, or one accreditation with an IANA id.",
        )
    return "registrar", str(head.iana_id)


def _stem(head: Head) -> str:
    whose = head.stream.options.provider_id or head.stream.accreditation
    return f"{whose}_{head.watermark:%Y-%m-%d}_{head.kind}_S1_R{head.resend}"


def _previous(head: Head) -> str:
    if head.kind is Kind.FULL or head.previous is None:
        return ""
    return rfc8909_xml.deposit_id(head.previous)


def _registrars(head: Head) -> tuple[Accreditation, ...]:
    """The registrars of the stream; a deposit holds them all, of whatever kind it is."""
    own = head.stream.own_accreditation
    if own is None:
        return head.account.accreditations
    return (
        Accreditation(
            id=AccreditationId(own), registrar_name=head.registrar_name, iana_id=head.iana_id
        ),
    )
