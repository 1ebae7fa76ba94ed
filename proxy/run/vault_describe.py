"""What the vault tells who proposes an order of a case: what the order has to name.

The newest event that the vault knows, what lies over the case by the vault's own state, and the
registration's newest identity record by version and hash. Opens nothing and tells nothing of a
person: an order that names other than this is refused by the vault anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import NotFound, Refused
from proxy.model import identifiers
from proxy.model.case import CaseId
from proxy.services import know_case
from proxy.store import sealed
from proxy.vault import primitives
from proxy.vault.casebook import CaseBook
from proxy.vault.openings import VaultOpenings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.case import Event
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.store.pool import Connection
    from proxy.vault.grants import Caller
    from proxy.wire import frames
    from proxy.wire.frames import Answer, Value


class Describing:
    """Answers who proposes."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def describe(
        self, _caller: Caller, request: frames.DescribeCase
    ) -> AsyncIterator[Answer]:
        """The facts; NotFound `case_unknown`, Refused `case_forged`, `record_*`."""
        case_id = identifiers.canonical_uuid(request.case)
        if case_id is None:
            raise NotFound("case_unknown", "There is no case by this id.")
        rooms = self._rooms
        async with rooms.turn:
            walls = rooms.open_walls()
            book = CaseBook(walls.state)
            async with rooms.pool.acquire() as connection:
                events = await know_case.chain(connection, book, CaseId(case_id))
                records = await self._records(connection, walls, events[0])
            case, now = CaseId(case_id), rooms.clock.now()
            tenant, registration = know_case.whose(events[0])
            overlays = [
                name
                for name, holds in (
                    ("gag", book.is_gagged(case, now)),
                    ("hold", book.holds(tenant, registration, case)),
                )
                if holds
            ]
        yield {
            "done": True,
            "event": events[-1].digest().hex(),
            "seq": events[-1].seq,
            "overlays": overlays,
            "vetoed": book.is_vetoed(case),
            "records": records,
        }

    async def _records(self, connection: Connection, walls: Walls, first: Event) -> list[Value]:
        """The newest identity record, if it is the one that the state knows; none when erased."""
        tenant, registration = know_case.whose(first)
        name = VaultOpenings(self._rooms.keyring, walls.state).newest_identity(tenant, registration)
        if name is None:
            return []
        rows = await sealed.find_records(connection, [name])
        if not rows:
            raise Refused("record_missing")
        digest = primitives.sha256(rows[0].record)
        fault = walls.state.disagreement(name, digest, newest=True)
        if fault is not None:
            raise Refused(fault)
        return [{"class": name.record_class.value, "version": name.version, "sha256": digest.hex()}]
