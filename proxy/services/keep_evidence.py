"""Keep what people hand in or write as evidence of a case: streamed, limited, hashed, sealed.

Flow: read a piece, look whether the file is what it says, seal, write; at the end the file's row
and its event, in the same transaction, so that a file that breaks off leaves nothing. Memory: a
hand-over of PIECES_AT_ONCE pieces, whatever the file's length. Nothing plain is written anywhere.

A file's versions are a block of its own that chance picks among two million. Counting on from the
last one would need the case's row held while somebody's slow line delivers a file, which would stop
the case's deadlines; and a database put back from a backup would give out numbers again that the
vault knows as another file's. Two files on one block: the second is refused, to be sent again.
Source: FORMAT.md, Evidence.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.errors import InvalidInput
from proxy.model.case import ActorKind, EvidenceId
from proxy.model.evidence import (
    MOST_PIECES,
    PIECE_OCTETS,
    Evidence,
    Header,
    Piece,
    ToSealPieces,
)
from proxy.rules import evidence_types
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.store import cases
from proxy.store import evidence as store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from proxy.model.case import CaseFile, CaseId
    from proxy.outer_ports import EvidenceSealer
    from proxy.store.pool import Connection

PIECES_AT_ONCE: Final = 8
"""Pieces in one submission and statement: half a megabyte."""

MOST_OF_A_PARTY: Final = 60
NAME_CHARACTERS: Final = 200
_PARTIES: Final = frozenset({ActorKind.REGISTRANT.value, ActorKind.REQUESTER.value})
_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
_BLOCKS: Final = (2**31 - 1) // MOST_PIECES  # versions are positive signed 32-bit integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every file is kept with."""

    sealer: EvidenceSealer = field(repr=False)
    random: Callable[[int], bytes] = field(repr=False)
    limit_octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A file as it is handed in. `actor` and `role` are those of its event."""

    case_id: CaseId
    kind: str
    media_type: str
    actor: str
    role: str
    name: str = field(default="", repr=False)


async def add(
    connection: Connection,
    desk: Desk,
    offered: Offered,
    chunks: AsyncIterator[bytes],
    *,
    now: datetime,
) -> Evidence:
    """The file, kept, with its event `evidence_added`; joins the caller's transaction.

    InvalidInput `evidence_kind`, `evidence_name`, `evidence_type` (not allowed, or not what it
    says), `evidence_empty`, `evidence_too_large`, `evidence_too_many`; NotFound
    `case_unknown`; Conflict `evidence_clash`. Then nothing is left of it.
    """
    _check(offered)
    async with connection.transaction():
        file = await cases.find(connection, offered.case_id)
        await _check_number(connection, offered)
        first = await _first_version(connection, desk, file)
        writer = _Writer(connection, desk, offered, file, first)
        async for chunk in chunks:
            await writer.take(chunk)
        return await writer.finish(now)


async def add_text(
    connection: Connection, desk: Desk, offered: Offered, text: str, *, now: datetime
) -> Evidence:
    """What somebody wrote, kept the same way; `offered.media_type` must be text/plain."""

    async def once() -> AsyncIterator[bytes]:
        try:
            yield text.encode()
        except UnicodeEncodeError:  # half a surrogate pair, which JSON may bring
            raise _not_its_type() from None

    return await add(connection, desk, offered, once(), now=now)


def _check(offered: Offered) -> None:
    if not _KIND.fullmatch(offered.kind):
        raise InvalidInput("evidence_kind", "A kind is up to 48 small letters, digits and _.")
    if offered.media_type not in evidence_types.ALLOWED:
        allowed = ", ".join(sorted(evidence_types.ALLOWED))
        raise InvalidInput("evidence_type", f"Files may be: {allowed}.")
    if len(offered.name) > NAME_CHARACTERS or not offered.name.isprintable():
        raise InvalidInput("evidence_name", "A file's name has up to 200 printable characters.")


async def _check_number(connection: Connection, offered: Offered) -> None:
    """Staff know what they do; a party's link may be in anybody's hands."""
    if offered.actor not in _PARTIES:
        return
    rows = await cases.evidence_of(connection, offered.case_id)
    if sum(one.added_by == offered.actor for one in rows) >= MOST_OF_A_PARTY:
        most = f"A party hands in up to {MOST_OF_A_PARTY} files. Write to us about more."
        raise InvalidInput("evidence_too_many", most)


async def _first_version(connection: Connection, desk: Desk, file: CaseFile) -> int:
    """The first version of a free block."""
    while True:
        block = int.from_bytes(desk.random(8)) % _BLOCKS
        first = 1 + block * MOST_PIECES
        if not await store.is_taken(connection, file.id, first, first + MOST_PIECES - 1):
            return first


class _Writer:
    """A file under way."""

    def __init__(
        self, connection: Connection, desk: Desk, offered: Offered, file: CaseFile, first: int
    ) -> None:
        self._connection = connection
        self._desk = desk
        self._offered = offered
        self._file = file
        self._first = first
        self._id = EvidenceId(UUID(bytes=desk.random(16), version=4))
        self._text = evidence_types.Text(offered.media_type)
        self._hash = hashlib.sha256()
        self._octets = 0
        self._held = bytearray()
        self._pieces: list[Piece] = []
        self._written = 0
        self._is_known = False

    async def take(self, chunk: bytes) -> None:
        """The next octets."""
        self._octets += len(chunk)
        if self._octets > min(self._desk.limit_octets, MOST_PIECES * PIECE_OCTETS):
            most = self._desk.limit_octets
            raise InvalidInput("evidence_too_large", f"A file has up to {most} octets.")
        if not self._text.may_hold(chunk):
            raise _not_its_type()
        self._hash.update(chunk)
        self._held += chunk
        # Never the last octet: the last piece says that it is, and is not empty.
        while len(self._held) > PIECE_OCTETS:
            self._cut(PIECE_OCTETS, is_last=False)
            if len(self._pieces) == PIECES_AT_ONCE:
                await self._flush()

    async def finish(self, now: datetime) -> Evidence:
        """The file's row and event, once the last piece is written."""
        if not self._octets:
            raise InvalidInput("evidence_empty", "The file is empty.")
        if not self._text.may_hold(b"", is_end=True):
            raise _not_its_type()
        self._cut(len(self._held), is_last=True)
        await self._flush()
        made = Evidence(id=self._id, sha256=self._hash.hexdigest(), octets=self._octets)
        offered, connection = self._offered, self._connection
        row = store.NewFile(
            id=made.id,
            kind=offered.kind,
            media_type=offered.media_type,
            octets=made.octets,
            sha256=self._hash.digest(),
            first_version=self._first,
            records=self._written,
            added_by=offered.actor,
            added_at=now,
        )
        await store.add(connection, offered.case_id, row)
        facts = {"evidence": str(made.id), "kind": offered.kind, "sha256": made.sha256}
        event = NewEvent(actor=offered.actor, role=offered.role, act="evidence_added", facts=facts)
        await case_events.append(
            connection, offered.case_id, [event], now=now, random=self._desk.random
        )
        return made

    def _cut(self, octets: int, *, is_last: bool) -> None:
        data = bytes(self._held[:octets])
        del self._held[:octets]
        if not self._is_known:
            if not evidence_types.begins_as(
                self._offered.media_type, data[: evidence_types.HEAD_OCTETS]
            ):
                raise _not_its_type()
            self._is_known = True
        index = self._written + len(self._pieces)
        header = None
        if index == 0:
            one = self._offered
            header = Header(kind=one.kind, media_type=one.media_type, name=one.name)
        self._pieces.append(
            Piece(evidence_id=self._id, index=index, is_last=is_last, header=header, data=data)
        )

    async def _flush(self) -> None:
        batch = self._desk.sealer.seal(
            ToSealPieces(
                tenant_id=self._file.tenant_id,
                case_id=self._file.id,
                version=self._first + self._written,
                pieces=tuple(self._pieces),
            )
        )
        await store.add_records(self._connection, batch)
        self._written += len(self._pieces)
        self._pieces.clear()


def _not_its_type() -> InvalidInput:
    return InvalidInput("evidence_type", "The file is not of the type that it says.")
