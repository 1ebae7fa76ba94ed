"""What the vault answers a registrar who asks for its own customer: contacts, sealed to its key.

The API role carries the signed document and the answer, can read no person in it and, for it bears
the vault's signature, put none in its place. Whose key it
is stands in the vault's own state (vault.registrar_keys); whose contacts they are is bound by the
record itself, for tenant and registration are those that were signed for, never a row's. Somebody
else's registration, one that never was and one that is over look alike. An answer that gets lost on
the way is lost: sign another document. Source: vault.md, Grants (registrar); FORMAT.md, Read-back.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import Conflict, NotFound, Refused, Unavailable
from proxy.model.identifiers import State
from proxy.run import vault_alarms as alarms
from proxy.store import openings as store
from proxy.store import sealed
from proxy.vault import grants, package_fields, primitives, statements
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.vault.registrar_keys import RegistrarKeys
from proxy.wire import documents, read_back_document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.vault.registrar_keys import KeptKey
    from proxy.wire import frames
    from proxy.wire.frames import Answer
    from proxy.wire.read_back_document import Asked

WINDOW: Final = timedelta(minutes=5)  # how far a document's time may be from ours
_USED: Final = b"read-back\0"
# Some key, for the same work where a registrar has none; what it signs counts for nothing.
_NOBODYS: Final = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

_log = structlog.get_logger()


class ReadingBack:
    """Answers registrars."""

    def __init__(self, rooms: Rooms, *, deployment: Callable[[], str]) -> None:
        self._rooms = rooms
        self._deployment = deployment
        self._refused = rooms.metrics.counter("vault_read_back_refused_total")

    async def read_back(self, _caller: Caller, request: frames.ReadBack) -> AsyncIterator[Answer]:
        """The contacts, sealed, and the ledger entry that tells of it.

        Refused `read_back_key` where the signature is of no key of the registrar that holds,
        `read_back_deployment`, `read_back_time`, `read_back_repeated`, `budget`; NotFound;
        Conflict `registration_changed`; Unavailable `contacts_early`, `contacts_doubtful`.
        """
        rooms = self._rooms
        walls = rooms.open_for_data()
        asked = read_back_document.parse(request.document)
        digest = primitives.sha256(request.document.encode())
        self._check(walls, asked, digest, request.signature)
        vault = VaultOpenings(rooms.keyring, walls.state)
        await self._find(vault, asked)  # before anything is used up
        self._spend(walls, asked)
        async with rooms.turn:
            # Once more: the turn may have been waited for, and the key be gone since.
            walls = rooms.open_for_data()
            key = self._check(walls, asked, digest, request.signature)
            name, row = await self._find(vault, asked)
            entry = self._note(asked, key, name)
            said = self._opened(vault, asked, name, row)
        bound = statements.read_back_sealed(digest)
        sealed_answer = primitives.seal_to(bytes.fromhex(key.sealing), said, bound)
        yield {
            "done": True,
            "sealed": base64.b64encode(sealed_answer).decode(),
            "signature": base64.b64encode(
                rooms.keyring.sign_read_back(digest, sealed_answer)
            ).decode(),
            "entry": entry,
        }

    def _check(self, walls: Walls, asked: Asked, digest: bytes, signature: str) -> KeptKey:
        """The key that signed, if it is the registrar's own and holds; Refused if not.

        Who has no key and who did not sign get one answer, after the same work.
        """
        now = self._rooms.clock.now()
        if asked.deployment != self._deployment():
            raise Refused("read_back_deployment", "This was signed for another installation.")
        if abs(now - asked.at) > WINDOW:
            raise Refused("read_back_time", "This was signed too long ago, or its clock is off.")
        key = RegistrarKeys(walls.state).in_force(asked.tenant_id, now)
        public = _NOBODYS if key is None else bytes.fromhex(key.signing)
        is_signed = primitives.is_signed(
            public, documents.octets(signature), statements.read_back(digest)
        )
        if key is None or not is_signed:
            self._refused.value += 1
            _log.error(
                "vault_refused",
                role=Caller.API.value,
                grant=Grant.READ_BACK.value,
                reason="read_back_key",
            )
            raise Refused(
                "read_back_key", "No key of this registrar that is in force has signed this."
            )
        return key

    async def _find(
        self, vault: VaultOpenings, asked: Asked
    ) -> tuple[RecordName, SealedRecord | None]:
        """The newest record of the registration, if it is what the registrar saw; opens nothing."""
        async with self._rooms.pool.acquire() as connection:
            row = await store.find_declared(connection, asked.tenant_id, asked.registration_id)
            if row is None or row.state is State.ENDED or row.domain != asked.domain:
                raise NotFound("not_found")
            if row.revision != asked.revision:
                raise Conflict("registration_changed", "The registration has changed: look again.")
            name = _newest(vault, asked)
            if name is None:
                raise NotFound("not_found")
            if row.record_version > name.version:
                raise _early()
            if row.record_version < name.version:  # the API never takes contacts back
                alarms.row(self._rooms, Grant.READ_BACK, name, "record_rolled_back")
                raise _doubtful()
            found = await sealed.find_records(connection, [name])
        return name, found[0] if found else None

    def _spend(self, walls: Walls, asked: Asked) -> None:
        """Take the document's id, for as long as it could be used, then the budgets."""
        now, state = self._rooms.clock.now(), walls.state
        until = asked.at + WINDOW + timedelta(seconds=1)
        used = _USED + asked.tenant_id.bytes + asked.id.bytes
        if not state.passing.claim(used, until, now):
            raise Refused("read_back_repeated", "This was answered before: sign another.")
        whom, each = asked.id.bytes, str(asked.tenant_id)
        for purpose, budget in (
            ("read_back_hour", grants.BUDGETS[Grant.READ_BACK]),
            ("read_back_day", grants.READ_BACKS_OF_DAY),
        ):
            if not grants.spend_from(state, purpose, budget, whom, now, each=each):
                raise alarms.budget(self._rooms, Grant.READ_BACK, purpose)
        if not grants.spend_from(state, Grant.READ_BACK, grants.READ_BACKS_IN_ALL, whom, now):
            raise alarms.budget(self._rooms, Grant.READ_BACK, "all")

    def _note(self, asked: Asked, key: KeptKey, name: RecordName) -> str:
        """The ledger entry, durable before the record is opened; its id."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.READ_BACK.value,
            "caller": Caller.API.value,
            "fields": ",".join(asked.fields),
            "ground": asked.ground.value,
            "reason_sha256": primitives.sha256(asked.reason.encode()).hex(),
            "request": str(asked.id),
            "key_order": key.order,
            "revision": asked.revision,
            "version": name.version,
        }
        subject = str(asked.registration_id)
        entry = self._rooms.note("read_back", facts, subject=subject, tenant_id=asked.tenant_id)
        alarms.opened(self._rooms, Grant.READ_BACK)
        return str(entry)

    def _opened(
        self, vault: VaultOpenings, asked: Asked, name: RecordName, row: SealedRecord | None
    ) -> bytes:
        try:
            contacts = vault.contacts(name, row)
        except Refused as refusal:
            alarms.row(self._rooms, Grant.READ_BACK, name, refusal.code)
            raise _doubtful() from None
        chosen = package_fields.select(contacts, asked.fields)
        return read_back_document.render_answer(asked, {one.name: one.value for one in chosen})


def _newest(vault: VaultOpenings, asked: Asked) -> RecordName | None:
    try:
        return vault.newest_identity(asked.tenant_id, asked.registration_id)
    except Refused:  # there is none so far
        raise _early() from None


def _early() -> Unavailable:
    return Unavailable("contacts_early", "The contacts came in a moment ago: try again.")


def _doubtful() -> Unavailable:
    return Unavailable("contacts_doubtful", "The contacts are not as they were handed in.")
