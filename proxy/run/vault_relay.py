"""What the vault answers the relay: one address, sealed to the relay's key, for one message.

Checks, budgets, ledger entry, opening, answer: in this order. To whoever tries aliases out, one
that nobody had, one of an ended registration, an erased record and a record without an address
are one answer; each counts against a budget of its own, so that a flood at names that do not exist
stops nobody's mail.

Aliases stand in the database alone: who can write there may point one at another registration of
its choice and would, with the relay's key, learn that address instead. The ledger entry names the
registration that was opened, and the budgets hold.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, Refused
from proxy.run import vault_alarms as alarms
from proxy.store import openings as store
from proxy.store import sealed
from proxy.vault import grants, primitives
from proxy.vault import state as states
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.vault.relay import Address
    from proxy.wire import frames
    from proxy.wire.frames import Answer

_ALIAS = re.compile(r"[a-z0-9-]{1,64}")  # made by us: 13 letters and digits
_MESSAGE = re.compile(r"[A-Za-z0-9._-]{1,64}")  # the relay's own id, never the sender's


class Relaying:
    """Answers the relay."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def relay(self, _caller: Caller, request: frames.Relay) -> AsyncIterator[Answer]:
        """The blob. Refused `relay_nobody`, `budget`, `not_adopted`, `record_*`."""
        if not _ALIAS.fullmatch(request.alias) or not _MESSAGE.fullmatch(request.message):
            raise InvalidInput("relay_malformed", "An alias and a message id are needed.")
        rooms = self._rooms
        # In turn with the rounds: an adoption half done would look like a rolled back row.
        async with rooms.turn:
            walls = rooms.open_for_data()  # as it is now, however long the turn was waited for
            vault = VaultOpenings(rooms.keyring, walls.state)
            found = await self._find(walls, vault, request.alias)
            if found is None:
                raise self._nobody(walls, request.alias)
            name, row = found
            self._spend(walls, request, name)
            self._note(request, name)
            address = self._open(vault, name, row)
            if address is None:
                raise self._nobody(walls, request.alias)
            sealed_address = vault.seal_address(
                address, alias=request.alias, message=request.message
            )
        yield {"done": True, "sealed": base64.b64encode(sealed_address).decode()}

    async def _find(
        self, walls: Walls, vault: VaultOpenings, alias: str
    ) -> tuple[RecordName, SealedRecord] | None:
        """The newest record that the state knows, and its row; opens nothing.

        What was erased is nobody's, also where somebody put the row back: it is not looked at.
        """
        async with self._rooms.pool.acquire() as connection:
            person = await store.find_by_alias(connection, alias, self._rooms.clock.now())
            try:
                name = None if person is None else vault.newest_reach(*person)
            except Refused as refusal:
                self._spend_unready(walls)
                raise refusal from None
            if name is None:
                return None
            rows = await sealed.find_records(connection, [name])
        if not rows:
            self._spend_unready(walls)
            alarms.row(self._rooms, Grant.RELAY, name, "record_missing")
            raise Refused("record_missing")
        return name, rows[0]

    def _spend_unready(self, walls: Walls) -> None:
        now, each = self._rooms.clock.now(), self._rooms.random(16)
        if not grants.spend_from(walls.state, "relay_unready", grants.UNREADY, each, now):
            raise alarms.budget(self._rooms, Grant.RELAY, "unready")

    def _spend(self, walls: Walls, request: frames.Relay, name: RecordName) -> None:
        now, state = self._rooms.clock.now(), walls.state
        message = primitives.sha256(request.message.encode())[:16]
        limit = grants.MESSAGES_OF_ALIAS
        if not grants.spend_from(state, "relay_alias", limit, message, now, each=request.alias):
            raise alarms.budget(self._rooms, Grant.RELAY, "alias")
        limit, each = grants.REPEATS_OF_MESSAGE, f"{request.alias} {request.message}"
        again = self._rooms.random(16)
        if not grants.spend_from(state, "relay_repeat", limit, again, now, each=each):
            raise alarms.budget(self._rooms, Grant.RELAY, "repeat")
        person = states.person_key(name.tenant_id, name.registration_id)
        if not grants.spend(state, Grant.RELAY, person, now):
            raise alarms.budget(self._rooms, Grant.RELAY, "persons")

    def _nobody(self, walls: Walls, alias: str) -> Refused:
        tried = primitives.sha256(alias.encode())[:16]
        now, limit = self._rooms.clock.now(), grants.ALIASES_OF_NOBODY
        self._rooms.metrics.counter("vault_relay_nobody_total").value += 1
        if not grants.spend_from(walls.state, "relay_nobody", limit, tried, now):
            return alarms.budget(self._rooms, Grant.RELAY, "nobody")
        return Refused("relay_nobody", "Nobody's mail comes in under this alias.")

    def _note(self, request: frames.Relay, name: RecordName) -> None:
        """The ledger entry, durable before the record is opened."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.RELAY.value,
            "caller": Caller.RELAY.value,
            "records": 1,
            "class": name.record_class.value,
            "version": name.version,
            "message_sha256": primitives.sha256(request.message.encode()).hex(),
        }
        subject = str(name.registration_id)
        self._rooms.note("opened", facts, subject=subject, tenant_id=name.tenant_id)
        alarms.opened(self._rooms, Grant.RELAY)

    def _open(self, vault: VaultOpenings, name: RecordName, row: SealedRecord) -> Address | None:
        try:
            return vault.address(name, row)
        except Refused as refusal:
            alarms.row(self._rooms, Grant.RELAY, name, refusal.code)
            raise
