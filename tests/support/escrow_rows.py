"""Registrations with the people behind them, heads of deposits, outlets that keep what they got.

All invented. The strategies make contacts that are hard to write: quotes, line ends, right-to-left
text, combining marks, emoji, long lines, and what a spreadsheet would take for a formula.
"""

from __future__ import annotations

import functools
import hashlib
import io
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from escrow.model import FormatName, Head, Options, Schedule, Stream, Underlying, Whose
from proxy.model.contact import Contact, ContactSet
from proxy.model.deposit import Account, DepositId, Kind, StreamId
from proxy.model.identifiers import (
    AccreditationId,
    DomainName,
    Mode,
    ProfileId,
    RegistrationId,
    Role,
    State,
)
from proxy.model.public_record import Accreditation
from proxy.model.registration import Declaration, Nameserver, Registration
from proxy.vault import persons
from tests.support import published

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from escrow.formats.base import Format, Writer
    from escrow.model import Tally
    from proxy.model.public_record import Profile

WATERMARK = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
EXPIRES = datetime(2027, 6, 1, 8, tzinfo=UTC)
TENANT = published.TENANT
BLUE_HERON = Accreditation(
    id=AccreditationId("iana-9999"), registrar_name="Blue Heron Registrar Ltd", iana_id=9999
)
GREY_SEAL = Accreditation(id=AccreditationId("grey-seal"), registrar_name="Grey Seal", iana_id=None)


# Rows


def person(mark: str = "marlene", **changes: object) -> Contact:
    """A contact with every field that a format may carry; `mark` stands in each text."""
    fields: dict[str, object] = {
        "name": f"{mark} Größe",
        "organization": f"{mark} & Söhne",
        "street": (f"{mark} Weg 1", "Hof 2"),
        "city": f"{mark}stadt",
        "state": "ZH",
        "postal_code": "8001",
        "country": "CH",
        "phone": "+41.445550100",
        "phone_ext": "12",
        "fax": "+41.445550101",
        "fax_ext": "13",
        "email": f"{mark}@registrant.example",
        "language": "de",
        "verified_at": datetime(2025, 5, 1, tzinfo=UTC),
        "verified_method": "email",
    }
    return Contact(**(fields | changes))  # type: ignore[arg-type]  # the fields above


def people(mark: str = "marlene") -> ContactSet:
    """A registrant and a technical contact, written out; the other two refer to them."""
    return ContactSet(
        given={Role.REGISTRANT: person(mark), Role.TECH: person(f"{mark}-tech")},
        same_as={Role.ADMIN: Role.REGISTRANT, Role.BILLING: Role.TECH},
    )


def profile(**changes: object) -> Profile:
    """A profile that shows all four roles, with `changes`."""
    return published.profile(**({"published_roles": tuple(Role)} | changes))


def registration(
    number: int = 0, *, declared: Declaration | None = None, **changes: object
) -> Registration:
    """The registration of that number; ids, names, references and aliases differ and sort alike."""
    fields: dict[str, object] = {
        "tenant_id": TENANT,
        "id": RegistrationId(UUID(int=0x01890000_0000_7000_8000_000000000000 + number)),
        "revision": 1,
        "state": State.ACTIVE,
        "declared": declared if declared is not None else declaration(number),
        "reference": f"77K3V9Q{number:06d}",
        "alias": f"k3v9x{number:06d}",
        "enrolled_at": datetime(2025, 1, 1, tzinfo=UTC),
    }
    return Registration(**(fields | changes))  # type: ignore[arg-type]  # the fields above


def declaration(number: int = 0, **changes: object) -> Declaration:
    """What a registrar declared about the name of that number, in proxy mode."""
    fields: dict[str, object] = {
        "domain": DomainName(f"name{number:06d}.example"),
        "mode": Mode.PROXY,
        "accreditation": BLUE_HERON.id,
        "profile": ProfileId("quiet-harbour"),
        "registry_domain_id": f"{number}_DOMAIN-EXAMPLE",
        "created_at": datetime(2021, 6, 1, 8, tzinfo=UTC),
        "updated_at": datetime(2026, 1, 20, 11, 4, 9, tzinfo=UTC),
        "registry_expires_at": EXPIRES,
        "registrar_expires_at": EXPIRES + timedelta(days=30),
        "statuses": ("clientTransferProhibited",),
        "nameservers": (
            Nameserver(name=DomainName("ns1.example.net")),
            Nameserver(name=DomainName("ns2.example.net"), addresses=("192.0.2.1",)),
        ),
    }
    return Declaration(**(fields | changes))  # type: ignore[arg-type]  # the fields above


def row(
    number: int = 0,
    contacts: ContactSet | None = None,
    *,
    mode: Mode = Mode.PROXY,
    declared: Mapping[str, object] | None = None,
    registered: Mapping[str, object] | None = None,
    **changes: object,
) -> Underlying:
    """The registration of that number with the people behind it.

    `declared` and `registered` change fields of the declaration and of the registration.
    """
    said = declaration(number, mode=mode, **(declared or {}))
    behind = contacts if contacts is not None else people(f"mark{number}")
    fields: dict[str, object] = {
        "registration": registration(number, declared=said, **(registered or {})),
        "record_version": 1,
        "changed_at": datetime(2026, 2, 1, tzinfo=UTC),
        "lapses_at": None,
        "hold": False,
        "profile": profile(),
        "accreditation": BLUE_HERON,
        "contacts": behind,
        "identity": persons.pad(persons.render_identity(behind)),
        "declared": msgspec.json.encode(said).decode(),
    }
    return Underlying(**(fields | changes))  # type: ignore[arg-type]  # the fields above


def rows(count: int) -> list[Underlying]:
    """That many registrations in order of their id, in the three masking modes by turns."""
    modes = itertools.cycle((Mode.PROXY, Mode.PRIVACY, Mode.REDACTED))
    return [row(number, mode=mode) for number, mode in zip(range(count), modes, strict=False)]


# Heads


def stream(chosen: FormatName = FormatName.CSV_2007, **changes: object) -> Stream:
    """A weekly stream of one accreditation, with `changes`."""
    fields: dict[str, object] = {
        "id": StreamId("blue-heron-weekly"),
        "tenant_id": TENANT,
        "accreditation": BLUE_HERON.id,
        "whose": Whose.OURS,
        "format": chosen,
        "agent": "harbour-escrow",
        "schedule": Schedule(
            time_zone="Etc/UTC",
            full_days=frozenset({6}),
            incremental_days=frozenset(),
            hour=4,
            minute=30,
        ),
        "options": Options(),
        "cool_down_s": 0,
        "receipt_within_s": 86_400,
        "directory": "incoming",
        "user": "blue-heron",
        "receipts": "*.txt",
        "receipts_directory": "reports",
        "unsigned_receipts": False,
    }
    return Stream(**(fields | changes))  # type: ignore[arg-type]  # the fields above


def head(
    chosen: FormatName = FormatName.CSV_2007,
    *,
    options: Options | None = None,
    registrations: int = 0,
    **changes: object,
) -> Head:
    """A full deposit of Blue Heron's registrations, with `changes`."""
    fields: dict[str, object] = {
        "id": DepositId(UUID("01890000-0000-7000-8000-00000000d001")),
        "stream": stream(chosen, options=options if options is not None else Options()),
        "kind": Kind.FULL,
        "watermark": WATERMARK,
        "sequence": 1,
        "resend": 0,
        "previous": None,
        "iana_id": BLUE_HERON.iana_id,
        "registrar_name": BLUE_HERON.registrar_name,
        "registrations": registrations,
        "total": registrations,
        "account": Account(name="Blue Heron Registrar Ltd", created_at=WATERMARK),
    }
    return Head(**(fields | changes))  # type: ignore[arg-type]  # the fields above


# Outlets


@dataclass(slots=True)
class MemoryOutlet:
    """An Outlet that keeps its octets."""

    name: str
    buffer: io.BytesIO = field(default_factory=io.BytesIO, repr=False)
    is_closed: bool = False

    @property
    def octets(self) -> int:
        """How much was written."""
        return self.buffer.tell()

    @property
    def content(self) -> bytes:
        """What was written."""
        return self.buffer.getvalue()

    def write(self, data: bytes) -> None:
        """Append; a closed file takes no more."""
        assert not self.is_closed, self.name
        self.buffer.write(data)

    def close(self) -> str:
        """Finish, once."""
        assert not self.is_closed, self.name
        self.is_closed = True
        return hashlib.sha256(self.content).hexdigest()


@dataclass(slots=True)
class Folder:
    """Where a format opens its files: `open_file` of a MemoryOutlet per name, in order."""

    outlets: dict[str, MemoryOutlet] = field(default_factory=dict)
    most_open: int = 0  # how many were open at once

    def open_file(self, name: str) -> MemoryOutlet:
        """A new file; a name is given once."""
        assert name not in self.outlets, name
        self.outlets[name] = MemoryOutlet(name=name)
        self.most_open = max(
            self.most_open, sum(not one.is_closed for one in self.outlets.values())
        )
        return self.outlets[name]

    def contents(self) -> dict[str, bytes]:
        """Every file, in the order they were opened; all must be closed."""
        assert all(one.is_closed for one in self.outlets.values())
        return {name: one.content for name, one in self.outlets.items()}

    def streams(self) -> dict[str, io.BytesIO]:
        """Every file, to be read."""
        return {name: io.BytesIO(content) for name, content in self.contents().items()}


def deposit(
    chosen: Format, head: Head, rows: Sequence[Underlying], *, batch: int = 500
) -> tuple[Folder, Tally]:
    """Rows written in batches, and what the format says it wrote."""
    folder = Folder()
    writer: Writer = chosen.writer(head, folder.open_file)
    for start in range(0, len(rows), batch):
        writer.add(rows[start : start + batch])
    return folder, writer.finish()


# Strategies

_NASTY = (
    '"',
    '""',
    '","',
    '"\r\n"',
    "\r",
    "\r\n",
    ",",
    "=1+1",
    '=HYPERLINK("https://x.example";"y")',
    "+47",
    "-2",
    "@sum(a1)",
    "\tx",
    " x ",
    "\\N",
    "\ufeff",
    "\u200f\u05d0\u05d1",
    "\u202e\u0627\u0644",
    "e\u0301",
    "é",
    "\U0001f9d1\u200d\U0001f33e",
    "\u2028",
    "\x85",
    "\x00",
    "\x1a",
    "<&>",
    "x" * 255,
    "ß" * 255,
)
printable_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40
)
"""Text without control characters, as the API lets in."""

hard_texts = (
    st.sampled_from(_NASTY)
    | st.text(st.sampled_from("".join(one for one in _NASTY if len(one) < 4)), min_size=1)
    | st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
)
"""Any text that UTF-8 can hold, mostly of the kind that breaks files."""

_MOMENTS = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    datetime(2090, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))


@functools.cache  # a strategy that is made again for each draw costs more than what it draws
def contacts(texts: st.SearchStrategy[str] = hard_texts) -> st.SearchStrategy[Contact]:
    """Contacts whose every text is one of `texts`."""
    maybe = st.none() | texts
    return st.builds(
        Contact,
        name=texts,
        organization=maybe,
        street=st.lists(texts, max_size=4).map(tuple),
        city=maybe,
        state=maybe,
        postal_code=maybe,
        country=maybe,
        phone=maybe,
        phone_ext=maybe,
        fax=maybe,
        fax_ext=maybe,
        email=texts,
        language=maybe,
        verified_at=st.none() | _MOMENTS,
        verified_method=maybe,
    )


_BOOLEANS, _WRITTEN = st.booleans(), st.sets(st.sampled_from(Role), min_size=1)


@st.composite
def contact_sets(
    draw: st.DrawFn, texts: st.SearchStrategy[str] = hard_texts, *, whole: bool = False
) -> ContactSet:
    """Some roles written out, some of the others by reference; `whole`: nobody left out."""
    written = draw(_WRITTEN)
    same_as = {
        role: draw(st.sampled_from(sorted(written)))
        for role in Role
        if role not in written and (whole or draw(_BOOLEANS))
    }
    return ContactSet(given={role: draw(contacts(texts)) for role in written}, same_as=same_as)


modes = st.sampled_from([Mode.PROXY, Mode.PRIVACY, Mode.REDACTED])


@st.composite
def underlying(
    draw: st.DrawFn, texts: st.SearchStrategy[str] = hard_texts, *, number: int = 0
) -> Underlying:
    """A registration in any masking mode with anybody behind it."""
    return row(number, draw(contact_sets(texts)), mode=draw(modes))


@st.composite
def batches(
    draw: st.DrawFn, texts: st.SearchStrategy[str] = hard_texts, *, most: int = 2
) -> list[Underlying]:
    """None or a few registrations in order of their id."""
    return [draw(underlying(texts, number=number)) for number in range(draw(st.integers(0, most)))]
