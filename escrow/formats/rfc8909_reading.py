"""Reading a deposit of RFC 8909 that we wrote: does it hold what it says, and everybody it names?

What an escrow agent checks (RFC 9022 s8) and what it can not know: one pass over a stream that
can not seek. Nothing may be believed before `read` has returned: the document with the checksums
comes last. Faults name files, lines and contact ids; never a name, an address or a value.
Memory: one file of the archive, and the ids of the contacts and the names of the domains.
Source: RFC 8909 s5; RFC 9022 s4.6, s8.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from escrow.formats import rfc8909, rfc8909_tables, rfc8909_xml, tar_stream
from escrow.formats.rfc8909_tables import COUNTED, Object
from proxy.errors import InvalidInput
from proxy.model.contact import Contact
from proxy.model.deposit import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from typing import BinaryIO

    from escrow.formats.rfc8909_tables import Table
    from escrow.formats.rfc8909_xml import Document

    Take = Callable[[Table, list[str]], None]

ALGORITHMS: Final = ("CRC32", "SHA256")
_CHILD: Final = ((0, Object.DOMAIN),)
_CONTACT: Final = ((7, Object.REGISTRAR),)
NAMED: Final[Mapping[Table, tuple[tuple[int, Object], ...]]] = {
    rfc8909_tables.DOMAIN: ((2, Object.CONTACT), (3, Object.REGISTRAR)),
    rfc8909_tables.DOMAIN_CONTACTS: (*_CHILD, (1, Object.CONTACT)),
    rfc8909_tables.DOMAIN_STATUSES: _CHILD,
    rfc8909_tables.NAME_SERVERS: _CHILD,
    rfc8909_tables.DNSSEC_DS: _CHILD,
    rfc8909_tables.DNSSEC_KEY: _CHILD,
    rfc8909_tables.CONTACT: _CONTACT,
    rfc8909_tables.CONTACT_AS_GIVEN: _CONTACT,
    rfc8909_tables.CONTACT_STATUSES: ((0, Object.CONTACT),),
}
"""Which columns of a row name an object that must be there; a postal row is paired instead."""

_PAIRED: Final = frozenset(
    {
        rfc8909_tables.CONTACT,
        rfc8909_tables.CONTACT_AS_GIVEN,
        rfc8909_tables.CONTACT_POSTAL,
        rfc8909_tables.POSTAL_AS_GIVEN,
    }
)
_CONTACT_ID: Final = re.compile(r"[0-9A-Za-z]{1,14}-[RATB]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a deposit holds, after everything about it was found to be true."""

    document: Document
    objects: Mapping[Object, int]  # rows, so in an incremental deposit fewer than its totals
    domains_deleted: int
    contacts_deleted: int


def read(stream: BinaryIO, *, now: datetime, take: Take | None = None) -> Report:
    """The report of a deposit; each row goes to `take` on the way, to be believed afterwards.

    InvalidInput: `deposit_archive`, `deposit_table`, `deposit_document`, `deposit_checksum`,
    `deposit_links`, `deposit_counts`, `deposit_watermark`.
    """
    reading = _Reading(take)
    document = None
    for name, content in tar_stream.members(stream):
        if document is not None:
            raise InvalidInput("deposit_archive", "A file follows the deposit document.")
        if name.endswith(".xml"):
            document = rfc8909_xml.parse(content)
        else:
            reading.file(name, content)
    if document is None:
        raise InvalidInput("deposit_archive", "The deposit document is missing.")
    if document.watermark > now:
        raise InvalidInput("deposit_watermark", "The watermark is in the future.")
    reading.check_files(document)
    reading.check_links()
    reading.check_counts(document)
    return Report(
        document=document,
        objects=reading.objects,
        domains_deleted=reading.rows[rfc8909_tables.DOMAIN_DELETES],
        contacts_deleted=reading.rows[rfc8909_tables.CONTACT_DELETES],
    )


def person(contact: Mapping[str, str], postal: Mapping[str, str]) -> Contact:
    """The person of a contact's row and its postal row, by column; only what the format carries."""
    streets = (postal[f"street{number}"] for number in (1, 2, 3))
    return Contact(
        name=postal["name"],
        organization=postal["organization"] or None,
        street=tuple(line for line in (*streets, postal.get("street4", "")) if line),
        city=postal["city"] or None,
        state=postal["state"] or None,
        postal_code=postal["postal_code"] or None,
        country=postal["country"] or None,
        phone=contact["voice"] or contact.get("voice_given") or None,
        phone_ext=contact["voice_ext"] or None,
        fax=contact["fax"] or contact.get("fax_given") or None,
        fax_ext=contact["fax_ext"] or None,
        email=contact["email"],
    )


@dataclass(slots=True)
class _Links:
    """Ids that are defined, and those named before they were: few, since tables go side by side."""

    kind: str
    defined: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)

    def define(self, one: str) -> bool:
        """Whether it is new."""
        is_new = one not in self.defined
        self.defined.add(one)
        self.lacking.discard(one)
        return is_new

    def name(self, one: str) -> None:
        if one not in self.defined:
            self.lacking.add(one)


class _Reading:
    """One pass over the tables."""

    def __init__(self, take: Take | None) -> None:
        self.rows = dict.fromkeys(rfc8909_tables.TABLES, 0)
        self.objects = dict.fromkeys(Object, 0)
        self._take = take
        self._checksums: dict[str, dict[str, str]] = {}
        self._of = {of: _Links(of.value) for of in Object}
        self._unpaired: set[str] = set()

    def file(self, name: str, content: bytes) -> None:
        """Read a CSV file; its checksums are kept until the document says what they should be."""
        table = rfc8909_tables.table_of(name)
        if table is None:
            raise InvalidInput("deposit_archive", f"{name} is no file of a deposit.")
        self._checksums[name] = {one: rfc8909.checksum(one, content) for one in ALGORITHMS}
        required = [table.columns.index(column) for column in table.required]
        for number, row in enumerate(_rows(name, content), start=1):
            if len(row) != len(table.fields) or not all(row[place] for place in required):
                raise InvalidInput(
                    "deposit_table", f"Row {number} of {name} lacks a value or has too many."
                )
            if not self._note(table, row):
                raise InvalidInput("deposit_links", f"Row {number} of {name} is there twice.")
            if self._take is not None:
                self._take(table, row)
            self.rows[table] += 1

    def check_files(self, document: Document) -> None:
        """The document names every file, with its checksum."""
        named = [one.name for one in document.files]
        if len(set(named)) != len(named) or set(named) != self._checksums.keys():
            raise InvalidInput("deposit_checksum", "The document does not name exactly the files.")
        for one in document.files:
            if one.checksum.upper() != self._checksums[one.name][one.algorithm].upper():
                raise InvalidInput("deposit_checksum", f"{one.name} is not as it was written.")

    def check_links(self) -> None:
        """Whatever is named is there, and every contact has a name and an address."""
        for links in self._of.values():
            if links.lacking:
                raise InvalidInput(
                    "deposit_links",
                    f"{len(links.lacking)} {links.kind} objects are named and not there "
                    f"({_some(links.lacking)}).",
                )
        if self._unpaired:
            raise InvalidInput(
                "deposit_links",
                f"{len(self._unpaired)} contacts have no postal row, or no other "
                f"({_some(self._unpaired)}).",
            )

    def check_counts(self, document: Document) -> None:
        """The header's totals are what is there; in an incremental deposit, at least that."""
        for of in Object:
            total = document.totals.get(of)
            found = self.objects[of]
            is_true = total == found or (
                document.kind is not Kind.FULL and total is not None and total > found
            )
            if not is_true:
                raise InvalidInput(
                    "deposit_counts", f"The header counts {total} {of} objects, not {found}."
                )

    def _note(self, table: Table, row: list[str]) -> bool:
        """Keep what a row defines and names; whether the object it defines is new."""
        for place, of in NAMED.get(table, ()):
            if row[place]:
                self._of[of].name(row[place])
        if table in _PAIRED:
            self._unpaired ^= {row[0]}
        counted = COUNTED.get(table)
        if counted is None:
            return True
        self.objects[counted] += 1
        return self._of[counted].define(row[0])


def _rows(name: str, content: bytes) -> Iterable[list[str]]:
    try:
        yield from csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
    except (UnicodeDecodeError, csv.Error):
        raise InvalidInput("deposit_table", f"{name} is no CSV file in UTF-8.") from None


def _some(ids: Iterable[str]) -> str:
    """The first ids, of those that are made as ours are: a stranger's could be anything."""
    return ", ".join([one for one in sorted(ids) if _CONTACT_ID.fullmatch(one)][:5])
