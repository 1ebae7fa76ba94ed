"""What the vault remembers of instructions to publish: a table of its own state.

Tenant and registration -> the newest instruction and where it stands, in JSON; and beside it a mark
for each no of a registrant that the worker has not taken yet. Rows of the database may say what
they like: when the registrant was written to, whether they said no and when the time has come is
read here. Names of fields, digests and times; never personal data.
Source: vault.md, Grants (publish), State outside PostgreSQL; FORMAT.md, Publication.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from proxy.model.identifiers import RegistrationId, TenantId
from proxy.model.publication import Deed, InstructionId, Standing
from proxy.rules import publishing
from proxy.vault import state as states

if TYPE_CHECKING:
    from proxy.vault.state import State

_KEPT, _OBJECTION = b"K", b"O"
_PERSON_OCTETS = 32


class Kept(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An instruction as the vault took it."""

    id: UUID
    document_sha256: str
    fields: tuple[str, ...]
    confirmed: tuple[str, ...]  # of these the registrar knows that they look personal
    consents_sha256: str
    version: int  # of the contacts that were agreed to
    instructed_at: datetime
    standing: Standing = Standing.WAITING
    addressed_at: datetime | None = None
    ended_at: datetime | None = None
    objected_at: datetime | None = None  # the newest no of this registrant, to whatever


_DECODER = msgspec.json.Decoder(Kept)


class Publications:
    """The table; every change is durable when the call returns."""

    def __init__(self, state: State) -> None:
        self._environment, self._table = state.table(b"publications")

    def find(self, tenant_id: TenantId, registration_id: RegistrationId) -> Kept | None:
        """The newest instruction about a registration, ended or not."""
        with self._environment.begin(db=self._table) as transaction:
            found = transaction.get(_KEPT + states.person_key(tenant_id, registration_id))
        return None if found is None else _DECODER.decode(bytes(found))

    def put(self, tenant_id: TenantId, registration_id: RegistrationId, kept: Kept) -> None:
        """A new instruction in the place of the one before it; the registrant's last no stays."""
        before = self.find(tenant_id, registration_id)
        if before is not None:
            kept = msgspec.structs.replace(kept, objected_at=before.objected_at)
        self._write(tenant_id, registration_id, kept)

    def move(
        self,
        tenant_id: TenantId,
        registration_id: RegistrationId,
        instruction: InstructionId,
        deed: Deed,
        now: datetime,
    ) -> Kept | None:
        """The instruction after a deed; None where it is another, or that can not happen."""
        kept = self.find(tenant_id, registration_id)
        if kept is None or kept.id != instruction:
            return None
        standing = publishing.after(kept.standing, deed)
        if standing is None:
            return None
        moved = msgspec.structs.replace(
            kept,
            standing=standing,
            addressed_at=now if deed is Deed.ADDRESS else kept.addressed_at,
            ended_at=None if standing in publishing.OPEN else now,
            objected_at=now if deed is Deed.OBJECT else kept.objected_at,
        )
        self._write(tenant_id, registration_id, moved, is_objected=deed is Deed.OBJECT)
        return moved

    def objections(self, limit: int) -> list[tuple[TenantId, RegistrationId, InstructionId]]:
        """Objections that were not taken yet, some at a time."""
        found = []
        with self._environment.begin(db=self._table) as transaction:
            cursor = transaction.cursor()
            if not cursor.set_range(_OBJECTION):
                return []
            for key, value in islice(cursor.iternext(), limit):
                person = bytes(key)[1:]
                found.append(
                    (
                        TenantId(UUID(bytes=person[:16])),
                        RegistrationId(UUID(bytes=person[16:_PERSON_OCTETS])),
                        InstructionId(UUID(bytes=bytes(value))),
                    )
                )
        return found

    def take_objection(
        self,
        tenant_id: TenantId,
        registration_id: RegistrationId,
        instruction: InstructionId,
    ) -> None:
        """The worker has ended what is shown: this no need not be told again."""
        key = _OBJECTION + states.person_key(tenant_id, registration_id)
        with self._environment.begin(write=True, db=self._table) as transaction:
            if transaction.get(key) == instruction.bytes:
                transaction.delete(key)

    def _write(
        self,
        tenant_id: TenantId,
        registration_id: RegistrationId,
        kept: Kept,
        *,
        is_objected: bool = False,
    ) -> None:
        person = states.person_key(tenant_id, registration_id)
        with self._environment.begin(write=True, db=self._table) as transaction:
            transaction.put(_KEPT + person, msgspec.json.encode(kept))
            if is_objected:
                transaction.put(_OBJECTION + person, kept.id.bytes)
