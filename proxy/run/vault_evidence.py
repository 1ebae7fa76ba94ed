"""What the vault answers a member of staff who reads a file of a case.

The web role carries the signed document out and the sealed parts back; it can read neither file nor
name: every part is sealed to a key that the reader's own machine made for this one reading. Which
file it is says the case's chain, not the table: id and SHA-256 are those of its event, each record
says itself which part of which file it is, and a file that does not come to its SHA-256 ends in an
alarm instead of `done`.

Some parts are opened at a time, in turn with the rounds; the turn is given back before they are
sent, so that a slow reader holds up nobody.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import msgspec

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.model.evidence import MOST_PIECES
from proxy.model.roster import StaffRole
from proxy.run import vault_alarms as alarms
from proxy.run.vault_staff import StaffDesk
from proxy.store import evidence as store
from proxy.store import sealed
from proxy.vault import evidence, grants, primitives, statements
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.wire import staff_documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from proxy.model.evidence import Piece
    from proxy.model.roster import Person
    from proxy.model.sealed import RecordName
    from proxy.run.vault_cases import Cases, KnownCase, Listed
    from proxy.run.vault_rounds import Rooms
    from proxy.run.vault_search import Authenticate
    from proxy.store.pool import Connection
    from proxy.wire import frames
    from proxy.wire.frames import Answer
    from proxy.wire.staff_documents import Reading

PIECES_AT_ONCE = 8  # half a megabyte in memory for a reading
# Who weighs what people hand in. Not the releaser, who sends what others decided, nor the auditor,
# who reads the ledger.
ROLES = frozenset(
    {
        StaffRole.INTAKE, StaffRole.HANDLER, StaffRole.VERIFIER, StaffRole.DECIDER,
        StaffRole.LEGAL, StaffRole.DPO, StaffRole.INVESTIGATOR, StaffRole.ABUSE,
        StaffRole.DIRECTOR, StaffRole.ON_CALL,
    }
)  # fmt: skip


class EvidenceReader:
    """Opens files of cases, part by part."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def names(
        self, connection: Connection, case: KnownCase, listed: Listed
    ) -> tuple[RecordName, ...]:
        """The records of a file that the case's chain has; Refused `evidence_forged`."""
        row = await store.find(connection, case.id, listed.id)
        if row is None or row.sha256 != listed.sha256 or not 1 <= row.records <= MOST_PIECES:
            raise self.forged("row")
        versions = range(row.first_version, row.first_version + row.records)
        return tuple(evidence.record_name(case.tenant_id, case.id, one) for one in versions)

    async def pieces(
        self, connection: Connection, listed: Listed, names: Sequence[RecordName], first: int
    ) -> list[Piece]:
        """The next pieces, from `first` on, opened; Refused as an opening is.

        In turn with the rounds. What was not adopted yet is `not_adopted`, without an alarm.
        """
        asked = names[first : first + PIECES_AT_ONCE]
        rows = {row.name: row for row in await sealed.find_records(connection, asked)}
        vault = VaultOpenings(self._rooms.keyring, self._rooms.open_for_data().state)
        found: list[Piece] = []
        for place, name in enumerate(asked, start=first):
            row = rows.get(name)
            if row is not None and row.kek_epoch is None:
                raise Refused("not_adopted")
            try:
                piece = vault.piece(name, row)
                evidence.check(piece, listed.id, place, len(names))
            except Refused as refusal:
                alarms.row(self._rooms, Grant.EVIDENCE, name, refusal.code)
                raise
            found.append(piece)
        return found

    async def whole(
        self, connection: Connection, case: KnownCase, listed: Listed, limit_octets: int
    ) -> bytes:
        """A short file, checked against its SHA-256; Refused `evidence_forged` if too long."""
        names = await self.names(connection, case, listed)
        if len(names) > PIECES_AT_ONCE:
            raise self.forged("length")
        pieces = await self.pieces(connection, listed, names, 0)
        content = b"".join(one.data for one in pieces)
        header = pieces[0].header
        if (
            header is None
            or header.kind != listed.kind
            or len(content) > limit_octets
            or hashlib.sha256(content).hexdigest() != listed.sha256
        ):
            raise self.forged("content")
        return content

    def forged(self, reason: str) -> Refused:
        """The refusal of a file whose rows are not what its event says; an alarm."""
        return alarms.evidence(self._rooms, reason)


class EvidenceDesk:
    """Answers readers."""

    def __init__(
        self,
        rooms: Rooms,
        cases: Cases,
        *,
        authenticate: Authenticate,
        deployment: Callable[[], str],
    ) -> None:
        self._rooms = rooms
        self._cases = cases
        self._reader = EvidenceReader(rooms)
        self._desk = StaffDesk(rooms, authenticate=authenticate, deployment=deployment)

    async def read(self, _caller: Caller, request: frames.ReadEvidence) -> AsyncIterator[Answer]:
        """The parts, sealed, each in a frame of its own; `done` once all is proven.

        NotFound `case_unknown`, `evidence_unknown`; Refused `paper_*`, `conflicted`, `budget`,
        `not_adopted`, `evidence_forged`, `record_*`, `case_*`, or as the signature is.
        """
        rooms = self._rooms
        rooms.open_for_data()
        reading = staff_documents.parse_reading(request.document)
        digest = primitives.sha256(request.document.encode())
        _check_key(reading.key)
        person = await self._desk.take(
            reading,
            request.signature,
            statements.reading(digest),
            roles=ROLES,
            grant=Grant.EVIDENCE,
        )
        async with rooms.turn:
            walls = rooms.open_for_data()  # once more: the turn may have been waited for
            async with rooms.pool.acquire() as connection:
                case = await self._cases.read(connection, reading.case_id)
                self._desk.check_conflict(case, person)
                listed = case.evidence.get(reading.evidence_id)
                if listed is None:
                    raise NotFound("evidence_unknown", "The case has no such file.")
                names = await self._reader.names(connection, case, listed)
            self._desk.spend(
                walls.state, Grant.EVIDENCE, listed.id.bytes, person, grants.EVIDENCE_IN_ALL
            )
            self._note(reading, case, person, len(names))
        async for one in self._parts(reading, digest, listed, names):
            yield one
        yield {"done": True}

    async def _parts(
        self, reading: Reading, digest: bytes, listed: Listed, names: Sequence[RecordName]
    ) -> AsyncIterator[Answer]:
        """Place 0 is the header; the file's own parts follow."""
        content = hashlib.sha256()
        for first in range(0, len(names), PIECES_AT_ONCE):
            async with self._rooms.turn, self._rooms.pool.acquire() as connection:
                pieces = await self._reader.pieces(connection, listed, names, first)
            header = pieces[0].header
            if header is not None:
                if header.kind != listed.kind:
                    raise self._reader.forged("kind")
                facts = {"media_type": header.media_type, "name": header.name, "kind": header.kind}
                yield _part(reading.key, digest, 0, msgspec.json.encode(facts), is_last=False)
            for piece in pieces:
                content.update(piece.data)
                yield _part(reading.key, digest, piece.index + 1, piece.data, is_last=piece.is_last)
        if content.hexdigest() != listed.sha256:
            raise self._reader.forged("content")

    def _note(self, reading: Reading, case: KnownCase, person: Person, records: int) -> None:
        """The ledger entry, durable before a part is opened."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.EVIDENCE.value,
            "caller": Caller.WEB.value,
            "person": person,
            "evidence": str(reading.evidence_id),
            "records": records,
            "reading": str(reading.id),
            "reason_sha256": primitives.sha256(reading.reason.encode()).hex(),
        }
        self._rooms.note("evidence_read", facts, subject=str(case.id), tenant_id=case.tenant_id)
        alarms.opened(self._rooms, Grant.EVIDENCE)


def _part(key: bytes, digest: bytes, place: int, data: bytes, *, is_last: bool) -> Answer:
    bound = statements.read_part(digest, place, is_last=is_last)
    return {"part": base64.b64encode(primitives.seal_to(key, data, bound)).decode()}


def _check_key(key: bytes) -> None:
    """Return when something can be sealed to the key: some points of the curve agree on nothing."""
    try:
        primitives.seal_to(key, b"", b"")
    except ValueError:
        raise InvalidInput("document_malformed", "Nothing can be sealed to this key.") from None
