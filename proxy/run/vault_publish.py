"""What the vault answers about publications: takes instructions, and carries them out.

An instruction is signed by the registrar's own key, which people gave it by an order; the API role
carries it and can make none. It is kept in the vault's own state (vault.publications), and with it
everything that decides: when the relay was given the registrant's address for the letter, whether
the registrant said no, which version of the contacts was agreed to. 72 hours after the address, no
sooner, the worker gets the fields that were agreed to, in the open, for the public record of one
name. Whoever asks early, for another name, or after an end gets where it stands, and no field.

While a case holds a registration, or protects its person, nothing new is shown of it, and the
answer does not say so: who asks may not know of the case.
Source: vault.md, Grants (publish); contract, Modes; FORMAT.md, Publication.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from proxy.errors import Conflict, NotFound, Refused, Unavailable
from proxy.model.case import Overlay
from proxy.model.identifiers import Mode, Role, State
from proxy.model.public_record import PublishedContact, PublishedField, PublishedName
from proxy.model.publication import Deed, Standing
from proxy.rules import publishing
from proxy.run import vault_alarms as alarms
from proxy.run import vault_publish_end as ending
from proxy.run.vault_registrars import Kind, RegistrarDesk
from proxy.store import publications as store
from proxy.store import sealed
from proxy.vault import casebook, grants, package_fields, primitives, statements
from proxy.vault import state as states
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.vault.publications import Kept, Publications
from proxy.wire import documents, publish_document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from proxy.model.publication import Instruction
    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.run.vault_cases import Cases
    from proxy.run.vault_publish_end import Which
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.store.pool import Connection
    from proxy.store.publications import Declared
    from proxy.wire import frames
    from proxy.wire.frames import Answer

_KIND: Final = Kind(grant=Grant.INSTRUCT, code="publish", used=b"publish\0")
_PROTECTING: Final = frozenset({Overlay.SAFETY.value, Overlay.MINOR.value})

_FAULTS: Final = {
    "consent_future": "A consent is dated later than the instruction.",
    "consent_old": "A consent is older than a year: ask for it anew.",
    "consent_objected": "The registrant has objected since: ask for consent anew.",
    "extension_alone": "A telephone extension is published with its number only.",
}

_log = structlog.get_logger()


class Publishing:
    """Answers API and worker about publications."""

    def __init__(self, rooms: Rooms, cases: Cases, *, deployment: Callable[[], str]) -> None:
        self._rooms = rooms
        self._cases = cases
        self._desk = RegistrarDesk(rooms, _KIND, deployment=deployment)

    async def instruct(self, _caller: Caller, request: frames.Instruct) -> AsyncIterator[Answer]:
        """The version of the contacts that the instruction is about.

        Refused `publish_key` where the signature is of no key of the registrar that holds,
        `publish_deployment`, `publish_time`, `publish_repeated`, `consent_*`, `extension_alone`,
        `budget`; NotFound; Conflict `registration_changed`, `mode_not_published`; Unavailable
        `contacts_early`, `contacts_doubtful`.
        """
        rooms = self._rooms
        instruction = publish_document.parse(request.document)
        digest = primitives.sha256(request.document.encode())
        async with rooms.turn:
            walls = rooms.open_for_data()
            message = statements.publication(digest)
            self._desk.check(walls, instruction, message, request.signature)
            book = Publications(walls.state)
            before = book.find(instruction.tenant_id, instruction.registration_id)
            if before is not None and _is_again(before, digest):
                yield {"done": True, "version": before.version}
                return
            self._check_consents(instruction, before)
            vault = VaultOpenings(rooms.keyring, walls.state)
            async with rooms.pool.acquire() as connection:
                version = await self._find(connection, vault, instruction)
            self._spend(walls, instruction)
            self._note_instructed(instruction, digest, version)
            book.put(
                instruction.tenant_id,
                instruction.registration_id,
                _kept(instruction, digest, version, rooms.clock.now()),
            )
        yield {"done": True, "version": version}

    async def publish(self, _caller: Caller, request: frames.Publish) -> AsyncIterator[Answer]:
        """Where an instruction stands; once its time has come, the fields that it publishes.

        Refused `budget`, `not_adopted`, `record_*`; Unavailable `contacts_doubtful`.
        """
        rooms, which = self._rooms, ending.which(request)
        async with rooms.turn:
            walls, now = rooms.open_for_data(), rooms.clock.now()
            book = Publications(walls.state)
            kept = book.find(*which[:2])
            if kept is None or kept.id != which[2]:
                yield {"done": True, "standing": ""}
                return
            if publishing.has_lapsed(kept.standing, kept.instructed_at, now):
                kept = ending.end(rooms, book, which, Deed.LAPSE) or kept
            if not publishing.may_publish(kept.standing, kept.addressed_at, now):
                yield _told(kept)
                return
            vault = VaultOpenings(rooms.keyring, walls.state)
            async with rooms.pool.acquire() as connection:
                name = await self._still(connection, vault, which, kept)
                rows = [] if name is None else await sealed.find_records(connection, [name])
                is_new = kept.standing is Standing.WAITING
                is_held = is_new and await self._is_held(connection, walls, which)
            if name is None:
                yield _told(ending.end(rooms, book, which, Deed.CHANGE) or kept)
                return
            if is_held:
                yield _told(kept)
                return
            self._spend_opening(walls, which, is_new=is_new)
            self._note_published(kept, name)
            contacts, left_out = self._opened(vault, kept, name, rows[0] if rows else None)
            book.move(*which, Deed.PUBLISH, now)
        yield {
            "done": True,
            "standing": Standing.PUBLISHED.value,
            "contacts": msgspec.to_builtins(contacts),
            "left_out": left_out,
        }

    def _check_consents(self, instruction: Instruction, before: Kept | None) -> None:
        objected_at = None if before is None else before.objected_at
        code = publishing.consent_fault(instruction.consents, instruction.at, objected_at)
        if code is not None:
            raise Refused(code, _FAULTS[code])

    async def _find(
        self, connection: Connection, vault: VaultOpenings, instruction: Instruction
    ) -> int:
        """The version of the contacts, if all is as the registrar saw it; opens nothing."""
        person = (instruction.tenant_id, instruction.registration_id)
        row = await store.find_declared(connection, *person)
        if row is None or row.state is State.ENDED or row.domain != instruction.domain:
            raise NotFound("not_found")
        if row.revision != instruction.revision:
            raise Conflict("registration_changed", "The registration has changed: look again.")
        if not _may_show(row):
            raise Conflict("mode_not_published", "Its mode is not `published`, or it is not live.")
        try:
            name = vault.newest_identity(*person)
        except Refused:  # there is none so far
            raise _early() from None
        if name is None:
            raise NotFound("not_found")
        if row.record_version > name.version:
            raise _early()
        if row.record_version < name.version:  # the API never takes contacts back
            alarms.row(self._rooms, Grant.INSTRUCT, name, "record_rolled_back")
            raise _doubtful()
        return name.version

    def _spend(self, walls: Walls, instruction: Instruction) -> None:
        """Take the document's id, then the budget."""
        now, state = self._rooms.clock.now(), walls.state
        self._desk.take(walls, instruction)
        whom, each = instruction.id.bytes, str(instruction.tenant_id)
        budget = grants.BUDGETS[Grant.INSTRUCT]
        if not grants.spend_from(state, "instruct_day", budget, whom, now, each=each):
            raise alarms.budget(self._rooms, Grant.INSTRUCT, "registrar")

    async def _still(
        self,
        connection: Connection,
        vault: VaultOpenings,
        which: Which,
        kept: Kept,
    ) -> RecordName | None:
        """The contacts that were agreed to; None where they, mode or speaker are others now."""
        row = await store.find_declared(connection, *which[:2])
        name = vault.newest_identity(*which[:2])
        is_same = (
            row is not None
            and name is not None
            and _may_show(row)
            and row.record_version == kept.version == name.version
        )
        return name if is_same else None

    async def _is_held(self, connection: Connection, walls: Walls, which: Which) -> bool:
        """Whether a case holds the registration, or protects its person."""
        if casebook.CaseBook(walls.state).is_held(*which[:2]):
            return True
        for case_id in await store.open_cases(connection, *which[:2]):
            if _PROTECTING & (await self._cases.read(connection, case_id)).overlays:
                return True
        return False

    def _spend_opening(self, walls: Walls, which: Which, *, is_new: bool) -> None:
        """The budgets of what is shown; the same publication again counts once a day.

        What was shown before has one of its own: a restored database asks for all of it at once.
        """
        now, state = self._rooms.clock.now(), walls.state
        whom, each = states.person_key(*which[:2]), str(which[0])
        again, repeats = self._rooms.random(16), grants.REPEATS_OF_PUBLICATION
        if not grants.spend_from(state, "publish_repeat", repeats, again, now, each=str(which[2])):
            raise alarms.budget(self._rooms, Grant.PUBLISH, "repeat")
        if not is_new:
            if not grants.spend_from(state, "republish_all", grants.SHOWN_AGAIN, whom, now):
                raise alarms.budget(self._rooms, Grant.PUBLISH, "again")
            return
        budget = grants.BUDGETS[Grant.PUBLISH]
        if not grants.spend_from(state, "publish_day", budget, whom, now, each=each):
            raise alarms.budget(self._rooms, Grant.PUBLISH, "registrar")
        if not grants.spend_from(state, "publish_all", grants.PUBLISHED_IN_ALL, whom, now):
            raise alarms.budget(self._rooms, Grant.PUBLISH, "all")

    def _opened(
        self, vault: VaultOpenings, kept: Kept, name: RecordName, row: SealedRecord | None
    ) -> tuple[tuple[PublishedContact, ...], list[str]]:
        """The contacts to be shown, and the fields that were left out: they look personal."""
        try:
            contacts = vault.contacts(name, row)
        except Refused as refusal:
            alarms.row(self._rooms, Grant.PUBLISH, name, refusal.code)
            raise _doubtful() from None
        by_role: dict[Role, list[PublishedField]] = {}
        left_out = []
        for one in package_fields.select(contacts, kept.fields):
            role, _, field = one.name.partition(".")
            lines = (one.value,) if isinstance(one.value, str) else one.value or ()
            found = PublishedField(field=PublishedName(field), lines=lines)
            if one.name not in kept.confirmed and publishing.looks_personal(found.field, lines):
                left_out.append(one.name)
                continue
            by_role.setdefault(Role(role), []).append(found)
        shown = tuple(
            PublishedContact(role=role, fields=tuple(fields)) for role, fields in by_role.items()
        )
        return shown, left_out

    def _note_instructed(self, instruction: Instruction, digest: bytes, version: int) -> None:
        """The ledger entry, durable before the instruction is kept."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.INSTRUCT.value,
            "caller": Caller.API.value,
            "instruction": str(instruction.id),
            "document_sha256": digest.hex(),
            "fields": ",".join(instruction.fields),
            "version": version,
        }
        subject, tenant_id = str(instruction.registration_id), instruction.tenant_id
        self._rooms.note("publication_instructed", facts, subject=subject, tenant_id=tenant_id)

    def _note_published(self, kept: Kept, name: RecordName) -> None:
        """The ledger entry, durable before the record is opened."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.PUBLISH.value,
            "caller": Caller.WORKER.value,
            "instruction": str(kept.id),
            "fields": ",".join(kept.fields),
            "consents_sha256": kept.consents_sha256,
            "version": name.version,
        }
        subject, tenant_id = str(name.registration_id), name.tenant_id
        self._rooms.note("publication_opened", facts, subject=subject, tenant_id=tenant_id)
        alarms.opened(self._rooms, Grant.PUBLISH)


def _kept(instruction: Instruction, digest: bytes, version: int, now: datetime) -> Kept:
    consents = documents.render(
        {"consents": publish_document.render_consents(instruction.consents)}
    )
    return Kept(
        id=instruction.id,
        document_sha256=digest.hex(),
        fields=instruction.fields,
        confirmed=tuple(one.field for one in instruction.consents if one.confirmed),
        consents_sha256=documents.digest(consents),
        version=version,
        instructed_at=now,
    )


def _told(kept: Kept) -> Answer:
    """Where it stands; of one that waits, until when."""
    due = publishing.not_before(kept.addressed_at)
    is_waiting = kept.standing is Standing.WAITING and due is not None
    return {
        "done": True,
        "standing": kept.standing.value,
        "not_before": due.isoformat() if due is not None and is_waiting else "",
    }


def _is_again(before: Kept, digest: bytes) -> bool:
    """Whether an answer got lost: it is given again, and nothing begins anew."""
    return before.document_sha256 == digest.hex() and before.standing is Standing.WAITING


def _may_show(row: Declared) -> bool:
    return row.state is State.ACTIVE and row.mode is Mode.PUBLISHED


def _early() -> Unavailable:
    return Unavailable("contacts_early", "The contacts came in a moment ago: try again.")


def _doubtful() -> Unavailable:
    return Unavailable("contacts_doubtful", "The contacts are not as they were handed in.")
