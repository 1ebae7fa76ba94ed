"""What the vault remembers of cases: how far chains go, vetoes, who may not be told, what is held.

Tables of the vault's state: `cases` (case -> number of events (4), hash of the newest (32), marks
(1)), `gags` (case -> seconds (8) when it ends, 0 without an end) and `holds` (tenant, registration,
case -> seconds (8) since when). Never personal data. Rows of the database that say something else
were edited, deleted, rolled back or forged: what stands here is what counts.
Source: vault.md, State outside PostgreSQL; casework s6.4; FORMAT.md, State.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from uuid import UUID

from proxy.errors import Refused
from proxy.model.case import FIRST_PREVIOUS, CaseId
from proxy.vault import state as states
from proxy.vault import writes as writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import lmdb

    from proxy.model.case import Event
    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.vault.state import State
    from proxy.vault.writes import Write

_SEQ = struct.Struct(">I")
_SECONDS = struct.Struct(">Q")
_HASH_OCTETS = 32
_HEAD_OCTETS = _SEQ.size + _HASH_OCTETS
_VETO = 1  # a mark of `cases`: a DPO has said no to a disclosure or publication of this case


class CaseBook:
    """The three tables; every change is durable when the call returns."""

    def __init__(self, state: State) -> None:
        self._environment, self._cases = state.table(b"cases")
        _, self._gags = state.table(b"gags")
        _, self._holds = state.table(b"holds")

    # Chains of events.

    def head(self, case_id: CaseId) -> tuple[int, bytes] | None:
        """How many events are known, and the newest one's hash; None of a case never seen."""
        found = self._get(case_id)
        if found is None or not _SEQ.unpack(found[: _SEQ.size])[0]:
            return None
        return _SEQ.unpack(found[: _SEQ.size])[0], found[_SEQ.size : _HEAD_OCTETS]

    def extend(self, case_id: CaseId, events: Sequence[Event]) -> tuple[int, bytes]:
        """The head moved over events that follow it; refused, nothing has changed.

        `events` may begin with some that are known. Refused `case_rolled_back` when they end
        before the head, `case_forged` when they do not hold together or do not lead through it.
        """
        known = self.head(case_id)
        seq, previous = self._place_before(known, events)
        for event in events:
            if (event.case_id, event.seq, event.previous) != (case_id, seq + 1, previous):
                raise _forged()
            seq, previous = event.seq, _digest(event)
            if known is not None and seq == known[0] and previous != known[1]:
                raise _forged()
        if known is not None and seq < known[0]:
            raise Refused("case_rolled_back", "Events of the case that were known are missing.")
        if (seq, previous) != known and seq:
            self._put(case_id, _SEQ.pack(seq) + previous + bytes([self._marks(case_id)]))
        return seq, previous

    @staticmethod
    def _place_before(
        known: tuple[int, bytes] | None, events: Sequence[Event]
    ) -> tuple[int, bytes]:
        """After what the events have to come: the head itself, or what they claim to follow.

        What comes before the head proves itself by leading to its hash.
        """
        if known is None:
            return 0, FIRST_PREVIOUS
        if events and 1 <= events[0].seq <= known[0]:
            first = events[0]
            return first.seq - 1, FIRST_PREVIOUS if first.seq == 1 else first.previous
        return known

    def cases_after(self, after: CaseId | None, limit: int) -> tuple[CaseId, ...]:
        """Cases that are known, in order, behind `after`."""
        found: list[CaseId] = []
        with self._environment.begin(db=self._cases) as transaction:
            cursor = transaction.cursor()
            if not cursor.set_range(b"\0" if after is None else after.bytes + b"\0"):
                return ()
            for key in cursor.iternext(keys=True, values=False):
                found.append(CaseId(UUID(bytes=bytes(key))))
                if len(found) == limit:
                    break
        return tuple(found)

    # Vetoes.

    def note_veto(self, case_id: CaseId) -> None:
        """A DPO has said no: from now on this case's orders must override that in so many words."""
        self._write(self.vetoing(case_id))

    def vetoing(self, case_id: CaseId) -> tuple[Write, ...]:
        """What has to be written for a veto, for whoever writes more along with it."""
        found = self._get(case_id) or bytes(_HEAD_OCTETS)
        marks = (found[_HEAD_OCTETS] if len(found) > _HEAD_OCTETS else 0) | _VETO
        return ((self._cases, case_id.bytes, found[:_HEAD_OCTETS] + bytes([marks])),)

    def is_vetoed(self, case_id: CaseId) -> bool:
        """Whether a DPO has ever said no to a disclosure or publication of this case."""
        return bool(self._marks(case_id) & _VETO)

    # Gags.

    def is_gagged(self, case_id: CaseId, now: datetime) -> bool:
        """Whether the registrant may not be told, by an order."""
        with self._environment.begin(db=self._gags) as transaction:
            found = transaction.get(case_id.bytes)
        if found is None:
            return False
        until: int = _SECONDS.unpack(bytes(found))[0]
        return not until or now.timestamp() < until

    def set_gag(self, case_id: CaseId, until: datetime | None) -> None:
        """Nobody tells the registrant until then; without an end until it is lifted."""
        self._write(self.gagging(case_id, until))

    def lift_gag(self, case_id: CaseId) -> None:
        """The registrant may be told again."""
        self._write(self.ungagging(case_id))

    def gagging(self, case_id: CaseId, until: datetime | None) -> tuple[Write, ...]:
        """What has to be written for a gag, as for a veto."""
        seconds = 0 if until is None else max(1, int(until.timestamp()))
        return ((self._gags, case_id.bytes, _SECONDS.pack(seconds)),)

    def ungagging(self, case_id: CaseId) -> tuple[Write, ...]:
        """What has to be written to lift a gag."""
        return ((self._gags, case_id.bytes, None),)

    # Holds: nothing of a registration is erased while any case holds it.

    def place_hold(
        self, tenant: TenantId, registration: RegistrationId, case: CaseId, now: datetime
    ) -> bool:
        """Hold a registration because of a case; whether it was not held by that case before."""
        key = states.person_key(tenant, registration) + case.bytes
        with self._environment.begin(write=True, db=self._holds) as transaction:
            value = _SECONDS.pack(int(now.timestamp()))
            return bool(transaction.put(key, value, overwrite=False))

    def lift_hold(self, tenant: TenantId, registration: RegistrationId, case: CaseId) -> None:
        """This case holds the registration no more; others may."""
        self._write(self.releasing(tenant, registration, case))

    def releasing(
        self, tenant: TenantId, registration: RegistrationId, case: CaseId
    ) -> tuple[Write, ...]:
        """What has to be written to lift a case's hold."""
        return ((self._holds, states.person_key(tenant, registration) + case.bytes, None),)

    def is_held(self, tenant: TenantId, registration: RegistrationId) -> bool:
        """Whether any case holds a registration: the union of holds counts."""
        return bool(self.held([(tenant, registration)]))

    def holds(self, tenant: TenantId, registration: RegistrationId, case: CaseId) -> bool:
        """Whether this case holds a registration."""
        key = states.person_key(tenant, registration) + case.bytes
        with self._environment.begin(db=self._holds) as transaction:
            return transaction.get(key) is not None

    def held(
        self, registrations: Iterable[tuple[TenantId, RegistrationId]]
    ) -> frozenset[tuple[TenantId, RegistrationId]]:
        """Those that any case holds."""
        with self._environment.begin(db=self._holds) as transaction:
            cursor = transaction.cursor()
            return frozenset(one for one in registrations if _is_under(cursor, one))

    def _get(self, case_id: CaseId) -> bytes | None:
        with self._environment.begin(db=self._cases) as transaction:
            found = transaction.get(case_id.bytes)
            return None if found is None else bytes(found)

    def _marks(self, case_id: CaseId) -> int:
        found = self._get(case_id)
        return 0 if found is None or len(found) <= _HEAD_OCTETS else found[_HEAD_OCTETS]

    def _put(self, case_id: CaseId, value: bytes) -> None:
        self._write(((self._cases, case_id.bytes, value),))

    def _write(self, writes: Sequence[Write]) -> None:
        with self._environment.begin(write=True) as transaction:
            writing.write_all(transaction, writes)


def _is_under(cursor: lmdb.Cursor, one: tuple[TenantId, RegistrationId]) -> bool:
    prefix = states.person_key(*one)
    return cursor.set_range(prefix) and bytes(cursor.key()).startswith(prefix)


def _digest(event: Event) -> bytes:
    try:
        return event.digest()
    except ValueError:  # a number that no event of ours holds: the row was written by hand
        raise _forged() from None


def _forged() -> Refused:
    return Refused("case_forged", "The events of the case do not hold together with those known.")
