"""How the vault makes the package of a disclosure that enough people have approved.

Flow: what is there already is given again; else, in turn with the rounds, the approved record's row
is checked against the order and the state, the recipient's certificate is read from the case, the
entry of intent is kept, and the record is opened; outside the turn the files are made, signed and
encrypted, and the ciphertext is kept in the caller's transaction. Whether the order allows it was
decided before (services.carry_out), and is not asked again here.

The contacts live in this process from the opening to the encryption; foreign certificates and the
making of the PDF are left to a child process that holds no key. A crash leaves an entry of intent
and no package, and the next attempt makes one; the package goes nowhere until the order counts as
carried out. Source: vault.md, Package; casework s7.6.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from proxy.errors import Refused
from proxy.model import identifiers
from proxy.model.case import EvidenceId
from proxy.model.evidence import CERTIFICATE_KIND
from proxy.model.identifiers import RecordClass
from proxy.model.order import BuiltPackage
from proxy.model.sealed import RecordName
from proxy.run import package_process, vault_pass_phrase
from proxy.run import vault_alarms as alarms
from proxy.run.vault_cases import Cases
from proxy.run.vault_evidence import EvidenceReader
from proxy.store import packages as store
from proxy.store import sealed
from proxy.vault import casebook, package, package_fields, package_keys
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.vault.package import Mark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.model.contact import Contact, ContactSet
    from proxy.model.order import CaseSubject, Disclosure, Order, RecordRef
    from proxy.run.vault_rounds import Rooms
    from proxy.store.pool import Connection
    from proxy.vault.package_fields import Selected

GRANT: Final = "order"
CERTIFICATE_OCTETS: Final = 262_144  # a certificate with hundreds of signatures
DESIGNATED_KIND: Final = "designated_contact"
DESIGNATED_OCTETS: Final = 8_192
LIFE: Final = timedelta(days=14)
"""How long a package waits to be released, and then to be fetched (casework s11)."""

MEMORY: Final = timedelta(days=30)  # of what was built for an order; longer than an order lives
_BUILT: Final = b"package\0"


class _Built(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the state knows of a package: rows are the database's word."""

    package: UUID
    sha256: str
    copy: str
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What the turn with the rounds brought."""

    contacts: ContactSet | None = field(repr=False)
    designated: Contact | None = field(repr=False)
    certificate: bytes


class Packaging:
    """Implements outer_ports.Packager."""

    def __init__(self, rooms: Rooms, *, contact: str) -> None:
        """`contact` is where recipients turn to with errors, misuse and appeals."""
        self._rooms = rooms
        self._contact = contact
        self._cases = Cases(rooms, casebook.CaseBook)
        self._reader = EvidenceReader(rooms)

    async def build(
        self,
        connection: Connection,
        order: Order,
        sha256: str,
        *,
        approvers: int,
        now: datetime,
    ) -> BuiltPackage:
        """The package; see outer_ports.Packager. Call it outside the turn of the rounds.

        Refused `package_order`, `package_record`, `package_certificate`, `recipient_*`, `field_*`,
        `terms_unknown`, or as an opening is; Unavailable `package_child`.
        """
        _, deed = package.parts(order)
        built = self._built(order, now)
        if built is not None and built.order == sha256:
            row = await store.find_of_order(connection, order.id)
            if row is not None and (row.id, row.sha256, row.copy_id) == (
                built.package,
                built.sha256,
                built.copy,
            ):
                return BuiltPackage(id=row.id, sha256=row.sha256, copy=row.copy_id)
        opened = await self._open(connection, order, sha256)
        selected = package_fields.select(opened.contacts, deed.fields, opened.designated)
        mark = Mark(
            package_id=UUID(bytes=self._rooms.random(16), version=4),
            copy_id=package.grouped(self._rooms.random(package.COPY_OCTETS)),
            made_at=now,
            contact=self._contact,
            approvals=approvers,
        )
        content = await self._sealed(order, sha256, selected, mark, opened)
        return await self._keep(connection, order, sha256, mark, content)

    async def _open(self, connection: Connection, order: Order, sha256: str) -> _Opened:
        """What the fields stand in, opened; a record only where a field is of one."""
        rooms, (_, deed) = self._rooms, package.parts(order)
        needed = {package_fields.is_designated(one) for one in deed.fields}
        contacts = designated = None
        async with rooms.turn:
            rooms.open_for_data()
            certificate = await self._certificate(connection, order)
            if True in needed:
                designated = await self._designated(connection, order)
            if False in needed:
                contacts = await self._contacts(connection, order, sha256)
            else:
                self._note(order, sha256, None)
        return _Opened(contacts=contacts, designated=designated, certificate=certificate)

    async def _contacts(self, connection: Connection, order: Order, sha256: str) -> ContactSet:
        rooms, (subject, deed) = self._rooms, package.parts(order)
        name, approved = _identity(subject, deed)
        row = next(iter(await sealed.find_records(connection, [name])), None)
        if row is None or hashlib.sha256(row.record).hexdigest() != approved:
            alarms.row(rooms, Grant.CARRY_OUT, name, "package_record")
            raise Refused("package_record", "The record is not the one that was approved.")
        self._note(order, sha256, name)
        try:
            return VaultOpenings(rooms.keyring, rooms.open_for_data().state).contacts(name, row)
        except Refused as refusal:
            alarms.row(rooms, Grant.CARRY_OUT, name, refusal.code)
            raise

    async def _designated(self, connection: Connection, order: Order) -> Contact:
        """The contact whom the registrant named last, by the case's own chain."""
        subject, _ = package.parts(order)
        case = await self._cases.read(connection, subject.case)
        listed = case.newest(DESIGNATED_KIND)
        if listed is None:
            raise Refused("designated_none", "The registrant named no contact in this case.")
        octets = await self._reader.whole(connection, case, listed, DESIGNATED_OCTETS)
        return package_fields.parse_designated(octets)

    async def _certificate(self, connection: Connection, order: Order) -> bytes:
        """The bytes that lie as evidence; b"" for a pass-phrase. The fingerprint judges them."""
        subject, deed = package.parts(order)
        if not deed.recipient.openpgp:
            return b""
        case = await self._cases.read(connection, subject.case)
        found = identifiers.canonical_uuid(deed.recipient.certificate)
        listed = None if found is None else case.evidence.get(EvidenceId(found))
        if listed is None or listed.kind != CERTIFICATE_KIND:
            raise Refused("package_certificate", "The case has no such certificate.")
        return await self._reader.whole(connection, case, listed, CERTIFICATE_OCTETS)

    async def _sealed(
        self,
        order: Order,
        sha256: str,
        selected: Sequence[Selected],
        mark: Mark,
        opened: _Opened,
    ) -> bytes:
        """The ciphertext. Blocking work has a thread of its own: others' requests go on."""
        facts = package.disclosure(order, sha256, selected, mark)
        keyring, (_, deed) = self._rooms.keyring, package.parts(order)
        certificate = keyring.file.package_certificate or b""
        rendered = await asyncio.to_thread(package_process.render, package.canonical(facts))
        pdf = package.spliced(rendered.octets, rendered.start, rendered.end, keyring.sign_package)
        files = package.signed_files(
            facts,
            pdf,
            certificate=package_keys.pem(certificate),
            sign=keyring.sign_package,
        )
        archive = package.archived(files)
        if deed.recipient.openpgp:
            return await asyncio.to_thread(
                package_process.seal,
                archive,
                opened.certificate,
                deed.recipient.openpgp,
                mark.made_at,
            )
        pass_phrase = package.grouped(self._rooms.random(package.PASS_PHRASE_OCTETS))
        content = await asyncio.to_thread(package_process.lock, archive, pass_phrase)
        # Before the row: a package whose pass-phrase is lost would be a package for nobody.
        vault_pass_phrase.remember(
            self._rooms, order, mark, pass_phrase, until=mark.made_at + MEMORY
        )
        return content

    async def _keep(
        self, connection: Connection, order: Order, sha256: str, mark: Mark, content: bytes
    ) -> BuiltPackage:
        if not 0 < len(content) <= package.LIMIT_OCTETS:
            raise Refused("package_length", "The package is too long.")
        subject, deed = package.parts(order)
        recipient = package.canonical({"recipient": package.recipient(deed)})
        made = store.NewPackage(
            id=mark.package_id,
            order_id=order.id,
            case_id=subject.case,
            tenant_id=subject.tenant_id,
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            copy_id=mark.copy_id,
            recipient_openpgp=deed.recipient.openpgp,
            recipient_sha256=hashlib.sha256(recipient).digest(),
            releaser=order.releaser,
            fields=deed.fields,
            terms=deed.terms,
            delete_by=date.fromisoformat(deed.delete_by),
            made_at=mark.made_at,
            expires_at=mark.made_at + LIFE,
        )
        await store.keep(connection, made)
        built = _Built(package=made.id, sha256=made.sha256, copy=made.copy_id, order=sha256)
        self._rooms.open_walls().state.passing.put(
            _BUILT + order.id.bytes,
            msgspec.json.encode(built),
            mark.made_at + MEMORY,
            mark.made_at,
        )
        return BuiltPackage(id=made.id, sha256=made.sha256, copy=made.copy_id)

    def _built(self, order: Order, now: datetime) -> _Built | None:
        found = self._rooms.open_walls().state.passing.get(_BUILT + order.id.bytes, now)
        return None if found is None else msgspec.json.decode(found, type=_Built)

    def _note(self, order: Order, sha256: str, name: RecordName | None) -> None:
        """The entry of intent, durable before the record is opened."""
        subject, deed = package.parts(order)
        facts: dict[str, str | int | bool] = {
            "grant": GRANT,
            "caller": Caller.WEB.value,
            "order": str(order.id),
            "sha256": sha256,
            "case": str(subject.case),
            "records": int(name is not None),
            "fields": " ".join(deed.fields),
        }
        if name is not None:
            facts |= {"class": name.record_class.value, "version": name.version}
        whom = str(subject.registration_id)
        self._rooms.note("opened", facts, subject=whom, tenant_id=subject.tenant_id)
        alarms.opened(self._rooms, Grant.CARRY_OUT)


def _identity(subject: CaseSubject, deed: Disclosure) -> tuple[RecordName, str]:
    """The one record that is opened, and the SHA-256 that was approved."""
    found: list[RecordRef] = [
        one for one in deed.records if one.record_class is RecordClass.IDENTITY
    ]
    if len(found) != 1:
        raise Refused("package_record", "The order names no record, or several.")
    name = RecordName(
        tenant_id=subject.tenant_id,
        registration_id=subject.registration_id,
        record_class=RecordClass.IDENTITY,
        version=found[0].version,
    )
    return name, found[0].sha256
