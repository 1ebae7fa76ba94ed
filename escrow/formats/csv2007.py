"""ICANN's registrar format of 2007: a file of names, a file of handles, a file of hashes.

A name line refers to contacts by handle: rt, tc, ac, bc are those shown, and prt, ptc, pac, pbc the
people behind. Lost in this format, because it has no column: name servers after the fourth,
organisation, extensions, language, verification, dates but one, and deletions; the recovery format
keeps them. Source: protocols facts s3.2; escrow/README.md says why of each choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from escrow import checking
from escrow.formats import csv_parts, csv_text, sides
from escrow.formats.csv_parts import Entry, FileKind
from escrow.model import Tally
from proxy.errors import InvalidInput
from proxy.model.identifiers import Mode, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from escrow.formats.base import Outlet
    from escrow.formats.sides import AnyContact
    from escrow.model import Head, Underlying
    from proxy.model.deposit import Gone

ROLES: Final = (Role.REGISTRANT, Role.TECH, Role.ADMIN, Role.BILLING)
"""In the order of the columns: rt, tc, ac, bc and again with p."""

CARRIED: Final = (
    "name",
    "street",
    "state",
    "postal_code",
    "city",
    "country",
    "email",
    "phone",
    "fax",
)
"""The fields of a contact that the handle file has, in the order of its columns."""

NAMESERVERS: Final = 4  # columns

_BEHIND: Final = ("prt-handle", "ptc-handle", "pac-handle", "pbc-handle")
HEADER: Final = (
    "domain",
    *(f"ns{number}" for number in range(1, NAMESERVERS + 1)),
    "expiration_date",
    "rt-handle",
    "tc-handle",
    "ac-handle",
    "bc-handle",
    *_BEHIND,
)
UNDERLYING_HEADER: Final = ("domain", *_BEHIND)
HANDLE_HEADER: Final = (
    "handle",
    "name",
    "address",
    "state",
    "zip",
    "city",
    "country",
    "email",
    "phone",
    "fax",
)

# A handle is the registration's reference and one of these: unique, and the same in each deposit.
_MASK: Final = "-M"
_NAMED_MASK: Final = "-H"  # privacy mode: the holder is named, the rest is masked
_PERSON: Final = {Role.REGISTRANT: "-R", Role.ADMIN: "-A", Role.TECH: "-T", Role.BILLING: "-B"}

_NOBODY: Final = ("",) * len(ROLES)


class Csv2007Writer:
    """Writes one deposit."""

    def __init__(self, head: Head, open_file: Callable[[str], Outlet]) -> None:
        options = head.stream.options
        self._head = head
        self._open_file = open_file
        self._is_underlying = options.underlying_only
        self._is_mask_billed = options.billing == "mask"
        self._masks = sides.Masks()
        header = csv_text.line(UNDERLYING_HEADER if self._is_underlying else HEADER)
        self._names = csv_parts.Parts(head, csv_parts.kind_of(head), header, open_file)
        self._handles = csv_parts.Parts(
            head, FileKind.HANDLES, csv_text.line(HANDLE_HEADER), open_file
        )
        self._domains = self._contacts = self._deletes = 0
        self._unresolved: list[str] = []
        self._empty: list[str] = []

    def add(self, rows: Sequence[Underlying]) -> None:
        """Write a line for each name and one for each contact it refers to."""
        names: list[str] = []
        handles: list[str] = []
        for row in rows:
            defined: dict[str, AnyContact] = {}
            people = _people(row, defined)
            names.append(self._name_line(row, people, defined))
            handles += [_handle_line(handle, one) for handle, one in defined.items()]
            if checking.is_empty(row):
                self._empty.append(str(row.registration.id))
            if "" in people and sides.is_unresolved(row.contacts, ROLES):
                self._unresolved.append(str(row.registration.id))
        self._names.write(names)
        self._handles.write(handles)
        self._domains += len(rows)
        self._contacts += len(handles)

    def remove(self, gone: Sequence[Gone]) -> None:
        """Count what is gone: the format has no word for it, the next full deposit lacks it."""
        self._deletes += len(gone)

    def finish(self) -> Tally:
        """Write the hashes and close."""
        closed = [*self._names.close(), *self._handles.close()]
        csv_parts.write_hashes(self._head, closed, self._open_file)
        return Tally(
            domains=self._domains,
            contacts=self._contacts,
            unresolved=tuple(self._unresolved),
            empty_persons=tuple(self._empty),
            unwritable=(),
            deletes=self._deletes,
        )

    def _name_line(
        self, row: Underlying, people: Sequence[str], defined: dict[str, AnyContact]
    ) -> str:
        """The name's line; masks it refers to are added to `defined` by handle."""
        declared = row.registration.declared
        if self._is_underlying:
            # Whatever the mode: the registrar makes the shown side, and has these from us alone.
            return csv_text.line((declared.domain, *people))
        if sides.is_masked(row):
            shown, behind = self._shown(row, people, defined), people
        else:
            shown, behind = people, _NOBODY
        servers: list[str] = [one.name for one in declared.nameservers[:NAMESERVERS]]
        servers += [""] * (NAMESERVERS - len(servers))
        return csv_text.line(
            (declared.domain, *servers, csv_text.expiry(declared), *shown, *behind)
        )

    def _shown(
        self, row: Underlying, people: Sequence[str], defined: dict[str, AnyContact]
    ) -> Sequence[str]:
        masks = self._masks.of(row)
        mask = registrant_mask = row.registration.reference + _MASK
        if row.registration.declared.mode is Mode.PRIVACY:
            registrant_mask = row.registration.reference + _NAMED_MASK
        published = row.profile.published_roles
        handles: list[str] = []
        for role, person in zip(ROLES, people, strict=True):
            if role in published or (role is Role.BILLING and self._is_mask_billed):
                handle = registrant_mask if role is Role.REGISTRANT else mask
                defined[handle] = masks[role]
                handles.append(handle)
            else:
                # A billing contact is a record the registrar must keep, shown or not (RAA 3.4.1.3).
                handles.append(person if role is Role.BILLING else "")
        return handles


class Csv2007:
    """The format."""

    def writer(self, head: Head, open_file: Callable[[str], Outlet]) -> Csv2007Writer:
        """A writer for one deposit."""
        return Csv2007Writer(head, open_file)


def read(files: Mapping[str, BinaryIO]) -> Iterator[Entry]:
    """What a deposit of ours says of each name; `files` by their plain names.

    Handles are read along with the names, and forgotten when used: memory stays flat because we
    write them in the order of the names. InvalidInput `csv_files`, `csv_malformed`, `csv_handle`
    or, at the end, `csv_hash`: believe nothing before the iterator ended.
    """
    folder = csv_parts.Folder(files)
    kind = csv_parts.names_of(folder, {FileKind.HANDLES})
    names = folder.rows(kind)
    handles = _Handles(folder)
    header = tuple(next(names, ()))
    if header not in {HEADER, UNDERLYING_HEADER}:
        raise InvalidInput("csv_malformed", "The file of names has other columns.")
    for row in names:
        if len(row) != len(header):
            raise InvalidInput("csv_malformed", "A row of names has too few or too many columns.")
        if header == HEADER:
            used = handles.take(row[NAMESERVERS + 2 :])
            shown, behind = used[: len(ROLES)], used[len(ROLES) :]
            servers, expires_at = row[1 : NAMESERVERS + 1], row[NAMESERVERS + 1]
        else:
            shown, behind = [None] * len(ROLES), handles.take(row[1:])
            servers, expires_at = [], ""
        yield Entry(
            domain=row[0],
            expires_at=expires_at,
            nameservers=tuple(server for server in servers if server),
            shown=_by_role(shown),
            behind=_by_role(behind),
        )
    handles.end()


class _Handles:
    """The handle file, read as far as the names need it."""

    def __init__(self, folder: csv_parts.Folder) -> None:
        self._rows = folder.rows(FileKind.HANDLES)
        if tuple(next(self._rows, ())) != HANDLE_HEADER:
            raise InvalidInput("csv_malformed", "The file of handles has other columns.")
        self._waiting: dict[str, Mapping[str, str]] = {}

    def take(self, handles: Sequence[str]) -> list[Mapping[str, str] | None]:
        """The contacts of one name, None for an empty handle; no other name may use them."""
        wanted = set(handles) - {""}
        while not wanted <= self._waiting.keys():
            row = next(self._rows, None)
            if row is None:
                raise InvalidInput("csv_handle", "A name refers to a handle that is not defined.")
            self._define(row)
        found = {handle: self._waiting.pop(handle) for handle in wanted}
        return [found.get(handle) for handle in handles]

    def end(self) -> None:
        """Read the rest: there must be none."""
        if self._waiting or next(self._rows, None) is not None:
            raise InvalidInput("csv_handle", "A handle is defined that no name refers to.")

    def _define(self, row: list[str]) -> None:
        if len(row) != len(HANDLE_HEADER):
            raise InvalidInput("csv_malformed", "A row of handles has too few or too many columns.")
        if row[0] in self._waiting:
            raise InvalidInput("csv_handle", "A handle is defined twice.")
        self._waiting[row[0]] = dict(zip(CARRIED, row[1:], strict=True))


def _people(row: Underlying, defined: dict[str, AnyContact]) -> Sequence[str]:
    """A handle for each role, "" for nobody; the people are added to `defined` by handle.

    A role that refers to another has its handle.
    """
    contacts = row.contacts
    handles: list[str] = []
    for role in ROLES:
        writer = sides.written_for(contacts, role)
        if writer is None:
            handles.append("")
            continue
        handle = row.registration.reference + _PERSON[writer]
        defined[handle] = contacts.given[writer]
        handles.append(handle)
    return handles


def _handle_line(handle: str, contact: AnyContact) -> str:
    # Written out rather than by sides.carried, which takes three times as long.
    name = contact.organization if contact.name is None else contact.name
    return csv_text.line(
        (
            handle,
            name or "",
            csv_text.STREET_SEPARATOR.join(contact.street),
            contact.state or "",
            contact.postal_code or "",
            contact.city or "",
            contact.country or "",
            contact.email or "",
            contact.phone or "",
            contact.fax or "",
        )
    )


def _by_role(contacts: Sequence[Mapping[str, str] | None]) -> Mapping[Role, Mapping[str, str]]:
    return {role: one for role, one in zip(ROLES, contacts, strict=True) if one is not None}
