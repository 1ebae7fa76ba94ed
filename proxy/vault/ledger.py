"""Leaves, batches and checkpoints of the ledger: implements ports.Ledger on the vault's state.

The vault signs only extensions of its own frontier. A batch is signed and kept in the state
first, written to PostgreSQL second, confirmed third: after a crash the very same batch is written
again, so the tree neither forks nor sticks. Source: vault.md, Ledger; FORMAT.md, Ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import rfc8785

from proxy.errors import Refused
from proxy.model.identifiers import TenantId
from proxy.model.ledger import LedgerBatch, LedgerEntry, LedgerEntryId
from proxy.vault import note, primitives, tree
from proxy.vault.state import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from proxy.vault.keyring import Keyring
    from proxy.vault.state import State

SIZE_CLASSES = (4, 16, 64, 256, 1024, 4096)  # leaves per batch; what a reader can learn of a rate
LEAF_LABEL = b"pp-ledger-leaf-v1\0"
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    id: UUID
    tenant: UUID | None
    subject: str
    kind: str
    facts: Mapping[str, str | int | bool]
    at: str


class _Frontier(msgspec.Struct, forbid_unknown_fields=True):
    size: int
    hashes: tuple[bytes, ...]
    note: str | None


class _Prepared(msgspec.Struct, forbid_unknown_fields=True):
    first_index: int
    leaves: tuple[bytes, ...]
    indexes: dict[UUID, int]
    own: tuple[str, ...]
    note: str
    at: datetime
    frontier: _Frontier


def canonical(entry: LedgerEntry) -> bytes:
    """The entry as RFC 8785 JSON; Refused `ledger_entry` if it has no such form."""
    try:
        return rfc8785.dumps(
            {
                "v": 1,
                "id": str(entry.id),
                "tenant": None if entry.tenant_id is None else str(entry.tenant_id),
                "subject": entry.subject,
                "kind": entry.kind,
                "facts": dict(entry.facts),
                "at": entry.at.astimezone(UTC).strftime(_TIME),
            }
        )
    except rfc8785.CanonicalizationError:
        raise Refused("ledger_entry") from None


def parse(content: bytes) -> LedgerEntry:
    """An entry out of its canonical form."""
    found = msgspec.json.decode(content, type=_Entry)
    return LedgerEntry(
        id=LedgerEntryId(found.id),
        tenant_id=None if found.tenant is None else TenantId(found.tenant),
        subject=found.subject,
        kind=found.kind,
        facts=found.facts,
        at=datetime.strptime(found.at, _TIME).replace(tzinfo=UTC),
    )


def salt(subject_secret: bytes, entry_id: LedgerEntryId) -> bytes:
    """The salt of one leaf: an HMAC, so that proving one leaf tells nothing of a sibling."""
    return primitives.mac(subject_secret, b"pp-ledger-salt-v1\0" + entry_id.bytes)


def commitment(salt_octets: bytes, content: bytes) -> bytes:
    """The public leaf: SHA-256 over label, salt and entry. Hides while the salt is secret."""
    return primitives.sha256(LEAF_LABEL + salt_octets + content)


class LedgerKeeper:
    """Extends and signs the tree."""

    def __init__(self, keyring: Keyring, state: State, random: Callable[[int], bytes]) -> None:
        self._keyring = keyring
        self._state = state
        self._random = random

    def add(self, entries: Sequence[LedgerEntry]) -> None:
        """Keep entries of the vault's own, durably, until their leaves are in the database."""
        self._state.add_entries([(one.id, canonical(one)) for one in entries])

    def frontier(self) -> tuple[int, str | None]:
        """The tree's size and the newest checkpoint that the vault has confirmed."""
        known = self._frontier()
        return known.size, known.note

    def tree(self) -> tree.Frontier:
        """The right edge of the confirmed tree: what all leaves together must come to."""
        known = self._frontier()
        return tree.Frontier(size=known.size, hashes=known.hashes)

    def prepared(self) -> LedgerBatch | None:
        """The batch that was signed and not confirmed."""
        content = self._state.slot(Slot.PREPARED)
        return None if content is None else _batch(msgspec.json.decode(content, type=_Prepared))

    def prepare(self, waiting: Sequence[LedgerEntry], now: datetime) -> LedgerBatch:
        """The next batch, signed and durable in the state; Refused if one is unconfirmed.

        Entries without a canonical form are left out; they keep waiting.
        """
        if self._state.slot(Slot.PREPARED) is not None:
            raise Refused("ledger_batch_unconfirmed")
        own = tuple(content for _, content in self._state.entries(SIZE_CLASSES[-1] // 2))
        leaves = self._leaves(own, waiting[: SIZE_CLASSES[-1] - len(own)])
        wanted = next(one for one in SIZE_CLASSES if one >= len(leaves))
        leaves += [(None, self._random(32)) for _ in range(wanted - len(leaves))]
        leaves.sort(key=lambda _: self._random(16))  # a uniformly random order
        known = self._frontier()
        commitments = tuple(leaf for _, leaf in leaves)
        grown = self.tree().extended(commitments)
        public = self._keyring.file.ledger_public
        text = note.checkpoint_text(public, grown.size, grown.root())
        signed = note.signed(public, text, self._keyring.sign_checkpoint)
        made = _Prepared(
            first_index=known.size,
            leaves=commitments,
            indexes={
                entry_id: known.size + place
                for place, (entry_id, _) in enumerate(leaves)
                if entry_id is not None
            },
            own=tuple(content.decode() for content in own),
            note=signed,
            at=now,
            frontier=_Frontier(size=grown.size, hashes=grown.hashes, note=signed),
        )
        self._state.set_slot(Slot.PREPARED, msgspec.json.encode(made))
        return _batch(made)

    def confirm(self, batch: LedgerBatch) -> None:
        """The batch is in the database: its frontier is ours now."""
        content = self._state.slot(Slot.PREPARED)
        made = None if content is None else msgspec.json.decode(content, type=_Prepared)
        if made is None or made.note != batch.note:
            raise Refused("ledger_batch_unknown")
        self._state.confirm_batch(
            msgspec.json.encode(made.frontier), (entry.id for entry in batch.own)
        )

    def _leaves(
        self, own: tuple[bytes, ...], waiting: Sequence[LedgerEntry]
    ) -> list[tuple[UUID | None, bytes]]:
        """A commitment for every entry, each id once."""
        contents = {parse(content).id: content for content in own}
        subjects = {parse(content).id: parse(content).subject for content in own}
        for entry in waiting:
            try:
                contents.setdefault(entry.id, canonical(entry))
            except Refused:
                continue
            subjects.setdefault(entry.id, entry.subject)
        return [
            (entry_id, commitment(salt(self._secret(subjects[entry_id]), entry_id), content))
            for entry_id, content in contents.items()
        ]

    def _secret(self, subject: str) -> bytes:
        return self._keyring.subject_secret(subject)

    def _frontier(self) -> _Frontier:
        content = self._state.slot(Slot.FRONTIER)
        if content is None:
            return _Frontier(size=0, hashes=(), note=None)
        return msgspec.json.decode(content, type=_Frontier)


def _batch(made: _Prepared) -> LedgerBatch:
    return LedgerBatch(
        first_index=made.first_index,
        leaves=made.leaves,
        indexes={LedgerEntryId(one): index for one, index in made.indexes.items()},
        own=tuple(parse(content.encode()) for content in made.own),
        note=made.note,
        at=made.at,
    )
