"""ICANN's registrar format of 2024: one file of names with their contacts in the line.

rt-* is the registrant as shown, bc-name the billing contact, prt-* the person behind the mask. The
columns with p are named by us, and the file of the mapping says what each column means. Lost in
this format: every other role, name servers, organisation, fax, extensions, and deletions.
Source: protocols facts s3.3; escrow/README.md says why of each choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from escrow import checking
from escrow.formats import csv_parts, csv_text, sides
from escrow.formats.csv_parts import Entry, FileKind
from escrow.model import Tally
from proxy.errors import InvalidInput
from proxy.model.identifiers import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from escrow.formats.base import Outlet
    from escrow.formats.sides import AnyContact
    from escrow.model import Head, Underlying
    from proxy.model.deposit import Gone

CARRIED: Final = (
    "name",
    "street",
    "city",
    "state",
    "postal_code",
    "country",
    "phone",
    "email",
)
"""The fields of a contact that rt-* and prt-* have, in the order of their columns."""

_SHORT: Final = ("name", "street", "city", "state", "zip", "country", "phone", "email")
_SHOWN: Final = tuple(f"rt-{name}" for name in _SHORT)
_BEHIND: Final = tuple(f"prt-{name}" for name in _SHORT)
HEADER: Final = ("domain", "expiration-date", "iana", *_SHOWN, "bc-name", *_BEHIND)
UNDERLYING_HEADER: Final = ("domain", *_BEHIND)

MAPPING_HEADER: Final = ("ICANN RDE Spec", "Field Name", "Abbreviation")
_ABBREVIATIONS: Final = {
    "domain": "domainname",
    "expiration-date": "expire",
    "iana": "ianaid",
    "rt-email": "rt-mail",
    "prt-email": "prt-mail",
}
"""As one agent's users send them; every other column is its own abbreviation."""

_BILLING_CLAUSE: Final = "3.4.1.3"  # of the RAA: billing contact
_CUSTOMER_CLAUSE: Final = "3.4.1.5"  # of the RAA: customer of the privacy service
_ROLES: Final = (Role.REGISTRANT, Role.BILLING)

_NOBODY: Final = ("",) * len(CARRIED)


class Csv2024Writer:
    """Writes one deposit."""

    def __init__(self, head: Head, open_file: Callable[[str], Outlet]) -> None:
        options = head.stream.options
        self._head = head
        self._open_file = open_file
        self._is_underlying = options.underlying_only
        self._is_mask_billed = options.billing == "mask"
        self._is_ascii_only = options.ascii_only
        self._masks = sides.Masks()
        header = csv_text.line(UNDERLYING_HEADER if self._is_underlying else HEADER)
        self._names = csv_parts.Parts(head, csv_parts.kind_of(head), header, open_file)
        self._domains = self._contacts = self._deletes = 0
        self._unresolved: list[str] = []
        self._empty: list[str] = []
        self._unwritable: list[str] = []

    def add(self, rows: Sequence[Underlying]) -> None:
        """Write a line for each name."""
        lines: list[str] = []
        for row in rows:
            line = self._line(row)
            if self._is_ascii_only and not line.isascii():
                # Written as it is all the same: whoever overrules the refusal loses nobody.
                self._unwritable.append(str(row.registration.id))
            if checking.is_empty(row):
                self._empty.append(str(row.registration.id))
            if row.contacts.same_as and sides.is_unresolved(row.contacts, _ROLES):
                self._unresolved.append(str(row.registration.id))
            lines.append(line)
        self._names.write(lines)
        self._domains += len(rows)

    def remove(self, gone: Sequence[Gone]) -> None:
        """Count what is gone: the format has no word for it, the next full deposit lacks it."""
        self._deletes += len(gone)

    def finish(self) -> Tally:
        """Write the mapping and the hashes and close; `contacts` counts filled rt, bc and prt."""
        closed = list(self._names.close())
        header = csv_text.line(MAPPING_HEADER)
        mapping = csv_parts.Parts(self._head, FileKind.MAPPING, header, self._open_file)
        columns = UNDERLYING_HEADER if self._is_underlying else HEADER
        mapping.write([csv_text.line(row) for row in mapping_rows(columns)])
        closed += mapping.close()
        csv_parts.write_hashes(self._head, closed, self._open_file)
        return Tally(
            domains=self._domains,
            contacts=self._contacts,
            unresolved=tuple(self._unresolved),
            empty_persons=tuple(self._empty),
            unwritable=tuple(self._unwritable),
            deletes=self._deletes,
        )

    def _line(self, row: Underlying) -> str:
        declared = row.registration.declared
        person = row.contacts.resolve(Role.REGISTRANT)
        if self._is_underlying:
            # Whatever the mode: the registrar makes the shown side, and has these from us alone.
            self._contacts += person is not None
            return csv_text.line((declared.domain, *_columns(person)))
        shown: AnyContact | None = person
        billing: AnyContact | None = row.contacts.resolve(Role.BILLING)
        behind = None
        if sides.is_masked(row):
            masks = self._masks.of(row)
            is_shown = Role.REGISTRANT in row.profile.published_roles
            shown, behind = masks[Role.REGISTRANT] if is_shown else None, person
            billing = masks[Role.BILLING] if self._is_mask_billed else billing
        self._contacts += (shown is not None) + (billing is not None) + (behind is not None)
        iana_id = row.accreditation.iana_id
        return csv_text.line(
            (
                declared.domain,
                csv_text.expiry(declared),
                "" if iana_id is None else str(iana_id),
                *_columns(shown),
                _columns(billing)[0],
                *_columns(behind),
            )
        )


class Csv2024:
    """The format."""

    def writer(self, head: Head, open_file: Callable[[str], Outlet]) -> Csv2024Writer:
        """A writer for one deposit."""
        return Csv2024Writer(head, open_file)


def mapping_rows(columns: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """What each column is: clause of the policy or the RAA, its name, its abbreviation."""
    for place, column in enumerate(columns, 1):
        if column == "bc-name":
            clause = _BILLING_CLAUSE
        elif column in _BEHIND:
            clause = _CUSTOMER_CLAUSE
        else:
            clause = f"8.1.{place}"  # the first eleven columns are the policy's list in its order
        yield clause, column, _ABBREVIATIONS.get(column, column)


def read(files: Mapping[str, BinaryIO]) -> Iterator[Entry]:
    """What a deposit of ours says of each name; `files` by their plain names.

    InvalidInput `csv_files`, `csv_malformed` or, at the end, `csv_hash`: believe nothing before
    the iterator ended.
    """
    folder = csv_parts.Folder(files)
    kind = csv_parts.names_of(folder, {FileKind.MAPPING})
    names = folder.rows(kind)
    header = tuple(next(names, ()))
    if header not in {HEADER, UNDERLYING_HEADER}:
        raise InvalidInput("csv_malformed", "The file of names has other columns.")
    mapping = [tuple(row) for row in folder.rows(FileKind.MAPPING)]
    if mapping != [MAPPING_HEADER, *mapping_rows(header)]:
        raise InvalidInput("csv_malformed", "The mapping is of other columns.")
    for row in names:
        if len(row) != len(header):
            raise InvalidInput("csv_malformed", "A row of names has too few or too many columns.")
        by_column = dict(zip(header, row, strict=True))
        yield Entry(
            domain=row[0],
            expires_at=by_column.get("expiration-date", ""),
            shown=_contact(Role.REGISTRANT, by_column, _SHOWN)
            | ({Role.BILLING: {"name": name}} if (name := by_column.get("bc-name")) else {}),
            behind=_contact(Role.REGISTRANT, by_column, _BEHIND),
        )


def _columns(contact: AnyContact | None) -> Sequence[str]:
    if contact is None:
        return _NOBODY
    name = contact.organization if contact.name is None else contact.name
    return (
        name or "",
        csv_text.STREET_SEPARATOR.join(contact.street),
        contact.city or "",
        contact.state or "",
        contact.postal_code or "",
        contact.country or "",
        contact.phone or "",
        contact.email or "",
    )


def _contact(
    role: Role, by_column: Mapping[str, str], columns: Sequence[str]
) -> dict[Role, Mapping[str, str]]:
    values = [by_column.get(column, "") for column in columns]
    return {role: dict(zip(CARRIED, values, strict=True))} if any(values) else {}
