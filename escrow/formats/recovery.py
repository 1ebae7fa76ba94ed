"""The recovery deposit: everything we hold of a registrar's names, byte for byte. No field is lost.

Lines of JSON, each ended by LF: a head, one line a registration in order of its id, one line for
each that is gone, and an end that counts them and hashes all lines before it. Files are parts of
one text, cut between lines; only the first has the head and only the last the end. The identity
record's plaintext stands in the line as the JSON it is, without its padding, which is a function
of its length; a plaintext for which that would not give the same octets again is written in base64.
Source: escrow/README.md, Recovery deposit; vault/FORMAT.md, Plaintext.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import msgspec
from typing_extensions import override

from escrow import checking
from escrow.model import Tally
from proxy.errors import InvalidInput
from proxy.model.deposit import Gone, Kind
from proxy.model.identifiers import DomainName, RegistrationId
from proxy.vault import persons
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from escrow.formats.base import Outlet
    from escrow.model import Head, Underlying

TYPE = "privacyproxy recovery deposit"
VERSION = 1
LINE_LIMIT_OCTETS = 4 << 20  # a record holds a megabyte at most; protects the reader's memory


class KeyLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API key: its hash, not the key."""

    id: str
    secret_sha256: str
    scopes: tuple[str, ...]
    reseller: str | None
    created_at: datetime


class AccreditationLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An accreditation."""

    id: str
    registrar_name: str
    iana_id: int | None


class HeadLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line: what this is, and what its registrations refer to."""

    type: str
    v: int
    deposit: UUID
    stream: str
    kind: Kind
    watermark: datetime
    previous: UUID | None
    tenant: UUID
    tenant_name: str
    tenant_created_at: datetime | None
    registrations: int
    total: int
    accreditations: tuple[AccreditationLine, ...]
    profiles: tuple[msgspec.Raw, ...]
    keys: tuple[KeyLine, ...]


class AliasLine(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A former alias and until when it is accepted."""

    alias: str
    until: datetime


_NO_IDENTITY = msgspec.Raw(b"null")


class RegistrationLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registration whole. Personal data inside."""

    id: UUID
    domain: str
    state: str
    revision: int
    record_version: int
    reference: str
    alias: str
    enrolled_at: datetime
    changed_at: datetime
    lapses_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    hold: bool
    former_aliases: tuple[AliasLine, ...]
    declared: msgspec.Raw
    identity: msgspec.Raw = _NO_IDENTITY  # `Raw | None` would read as null alone
    identity_base64: str | None = None

    @override
    def __repr__(self) -> str:
        """Never the person."""
        return f"<RegistrationLine {self.id}>"

    def plaintext(self) -> bytes:
        """The identity record's plaintext, padding included; InvalidInput `deposit_malformed`."""
        bare = bytes(self.identity)
        is_plain = bare != bytes(_NO_IDENTITY)
        if is_plain == (self.identity_base64 is not None):
            raise _malformed(f"registration {self.id} must have one identity")
        if is_plain:
            return persons.pad(bare)
        try:
            return base64.b64decode(self.identity_base64 or "", validate=True)
        except ValueError:
            raise _malformed(f"the identity of registration {self.id}") from None


class GoneLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registration that is not ours any more."""

    gone: UUID
    domain: str
    reference: str


class EndLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last line."""

    end: bool
    registrations: int
    deletes: int
    sha256: str


_T = TypeVar("_T")
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines


class RecoveryWriter:
    """Writes one recovery deposit."""

    def __init__(self, head: Head, open_file: Callable[[str], Outlet]) -> None:
        self._head = head
        self._open = open_file
        self._part = 1
        self._hash = hashlib.sha256()
        self._domains = self._deletes = 0
        self._empty: list[str] = []
        self._outlet = open_file(self._name())
        self._write(_encode(_head_line(head)) + b"\n")

    def add(self, rows: Sequence[Underlying]) -> None:
        """Write registrations, a line each."""
        self._write(_encode_lines([_line(row) for row in rows]))
        self._domains += len(rows)
        self._empty += [str(row.registration.id) for row in rows if checking.is_empty(row)]

    def remove(self, gone: Sequence[Gone]) -> None:
        """Write what is gone, a line each."""
        self._deletes += len(gone)
        for one in gone:
            line = GoneLine(gone=one.registration_id, domain=one.domain, reference=one.reference)
            self._write(_encode(line) + b"\n")

    def finish(self) -> Tally:
        """Write the end and close."""
        end = EndLine(
            end=True,
            registrations=self._domains,
            deletes=self._deletes,
            sha256=self._hash.hexdigest(),
        )
        self._outlet.write(_encode(end) + b"\n")
        self._outlet.close()
        return Tally(
            domains=self._domains,
            contacts=self._domains,
            unresolved=(),
            empty_persons=tuple(self._empty),
            unwritable=(),
            deletes=self._deletes,
        )

    def _write(self, lines: bytes) -> None:
        if self._outlet.octets >= self._head.stream.options.part_octets:
            self._outlet.close()
            self._part += 1
            self._outlet = self._open(self._name())
        self._hash.update(lines)
        self._outlet.write(lines)

    def _name(self) -> str:
        head = self._head
        at = head.watermark.strftime("%Y-%m-%dT%H%M%SZ")
        return f"{head.stream.id}_{at}_{head.kind}_{self._part:04d}.ndjson"


class Recovery:
    """The format."""

    def writer(self, head: Head, open_file: Callable[[str], Outlet]) -> RecoveryWriter:
        """A writer for one deposit."""
        return RecoveryWriter(head, open_file)


Line = RegistrationLine | Gone


def read(lines: Iterable[bytes]) -> Iterator[HeadLine | Line]:
    """The head, then every registration and every one that is gone.

    InvalidInput `deposit_malformed` or, after the last line, `deposit_incomplete`: whoever reads
    must not believe what came before until the iterator ended. Messages name registrations by id.
    """
    hashed = hashlib.sha256()
    counted = {RegistrationLine: 0, GoneLine: 0}
    source = iter(lines)
    first = next(source, b"")
    head = parse_head(first)
    hashed.update(first)
    yield head
    for line in source:
        if line.startswith(b'{"end"'):
            end = _decoded(line, EndLine, "the last line")
            said = (end.registrations, end.deletes, end.sha256)
            if said != (*counted.values(), hashed.hexdigest()) or next(source, None) is not None:
                raise _incomplete()
            # Fewer than the snapshot had: some ended and were shredded while the deposit was made.
            if end.registrations > head.registrations:
                raise _incomplete()
            return
        hashed.update(line)
        if line.startswith(b'{"gone"'):
            counted[GoneLine] += 1
            yield _gone(_decoded(line, GoneLine, "a line of what is gone"))
        else:
            counted[RegistrationLine] += 1
            place = f"registration line {counted[RegistrationLine]}"
            yield _decoded(line, RegistrationLine, place)
    raise _incomplete()


def parse_head(line: bytes) -> HeadLine:
    """The first line of a deposit; InvalidInput `deposit_malformed`."""
    head = _decoded(line, HeadLine, "the first line")
    if (head.type, head.v) != (TYPE, VERSION):
        raise _malformed("this is no recovery deposit of a version we know")
    return head


def _decoded(line: bytes, kind: type[_T], place: str) -> _T:
    if not line.endswith(b"\n") or len(line) > LINE_LIMIT_OCTETS:
        raise _malformed(place)
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _malformed(place) from None


def _gone(line: GoneLine) -> Gone:
    return Gone(
        domain=DomainName(line.domain),
        registration_id=RegistrationId(line.gone),
        reference=line.reference,
    )


def _head_line(head: Head) -> HeadLine:
    account = head.account
    return HeadLine(
        type=TYPE,
        v=VERSION,
        deposit=head.id,
        stream=head.stream.id,
        kind=head.kind,
        watermark=head.watermark,
        previous=head.previous,
        tenant=head.stream.tenant_id,
        tenant_name=account.name,
        tenant_created_at=account.created_at,
        registrations=head.registrations,
        total=head.total,
        accreditations=tuple(
            AccreditationLine(id=one.id, registrar_name=one.registrar_name, iana_id=one.iana_id)
            for one in account.accreditations
        ),
        profiles=tuple(msgspec.Raw(published.encode_profile(one)) for one in account.profiles),
        keys=tuple(
            KeyLine(
                id=one.id,
                secret_sha256=one.secret_sha256.hex(),
                scopes=one.scopes,
                reseller=one.reseller,
                created_at=one.created_at,
            )
            for one in account.keys
        ),
    )


def _line(row: Underlying) -> RegistrationLine:
    registration = row.registration
    bare = row.identity.rstrip(b" ")
    # White space around a value is no part of it for a reader of JSON.
    is_plain = persons.pad(bare) == row.identity and bare.strip() == bare and b"\n" not in bare
    return RegistrationLine(
        id=registration.id,
        domain=registration.declared.domain,
        state=registration.state,
        revision=registration.revision,
        record_version=row.record_version,
        reference=registration.reference,
        alias=registration.alias,
        enrolled_at=registration.enrolled_at,
        changed_at=row.changed_at,
        lapses_at=row.lapses_at,
        ended_at=registration.ended_at,
        end_reason=registration.end_reason,
        hold=row.hold,
        former_aliases=tuple(AliasLine(alias, until) for alias, until in row.former_aliases),
        declared=msgspec.Raw(row.declared.encode()),
        identity=msgspec.Raw(bare) if is_plain else _NO_IDENTITY,
        identity_base64=None if is_plain else base64.b64encode(row.identity).decode(),
    )


def _malformed(place: str) -> InvalidInput:
    return InvalidInput("deposit_malformed", f"The recovery deposit can not be read: {place}.")


def _incomplete() -> InvalidInput:
    return InvalidInput(
        "deposit_incomplete",
        "The recovery deposit is not whole: lines are missing, changed or too many.",
    )
