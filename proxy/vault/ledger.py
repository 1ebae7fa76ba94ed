"""Leaves, batches and checkpoints of the ledger: implements ports.Ledger on the vault's state.

The vault signs only extensions of its own frontier. A batch is signed and kept in the state
first, written to PostgreSQL second, confirmed third: after a crash the very same batch is written
again, so the tree neither forks nor sticks. Source: vault.md, Ledger; FORMAT.md, Ledger.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from proxy.errors import Refused
from proxy.model.ledger import LedgerBatch, LedgerEntryId
from proxy.vault import leaf, note, primitives, proofs, tree
from proxy.vault.state import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from proxy.model.ledger import LedgerEntry
    from proxy.vault.keyring import Keyring
    from proxy.vault.state import State

SIZE_CLASSES = (16, 64, 256, 1024, 4096, 16_384, 65_536)
"""Leaves per batch; what a reader can learn of a rate. The largest bounds a batch's memory."""

DUMMIES = 8
"""Uniformly up to one less of these are counted beside a batch's entries before its class is
chosen. Who knows of all entries but one, having caused them, sees that one's class change in one
batch of eight at most; without them, always, at a class's edge."""

_SALT_LABEL = b"pp-ledger-salt-v1\0"
_ORDER_OCTETS = 16  # of a random number to sort by: two alike among 65,536 never happen


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


def salt(subject_secret: bytes, entry_id: LedgerEntryId) -> bytes:
    """The salt of one leaf: an HMAC, so that proving one leaf tells nothing of a sibling."""
    return primitives.mac(subject_secret, _SALT_LABEL + entry_id.bytes)


class LedgerKeeper:
    """Extends and signs the tree."""

    def __init__(self, keyring: Keyring, state: State, random: Callable[[int], bytes]) -> None:
        self._keyring = keyring
        self._state = state
        self._random = random

    def add(self, entries: Sequence[LedgerEntry]) -> None:
        """Keep entries of the vault's own, durably, until their leaves are in the database."""
        self._state.add_entries([(one.id, leaf.canonical(one)) for one in entries])

    def oldest(self) -> datetime | None:
        """When the oldest entry of the vault's own was made that has no confirmed leaf."""
        found = self._state.entries(1)  # their ids begin with their time
        return leaf.parse(found[0][1]).at if found else None

    def recount_fault(self) -> str | None:
        """What a recount found wrong, whatever process did it; None once one found nothing."""
        found = self._state.slot(Slot.RECOUNT)
        return None if found is None else found.decode()

    def keep_recount_fault(self, detail: str | None) -> None:
        """Remember durably what a recount found, or that it found nothing."""
        self._state.set_slot(Slot.RECOUNT, None if detail is None else detail.encode())

    def frontier(self) -> tuple[int, str | None]:
        """The tree's size and the newest checkpoint that the vault has confirmed."""
        known = self._frontier()
        return known.size, known.note

    def begin_from(self, known: tree.Frontier, signed: str) -> None:
        """Have an empty state go on from a tree and its checkpoint, which were checked."""
        made = _Frontier(size=known.size, hashes=known.hashes, note=signed)
        self._state.confirm_batch(msgspec.json.encode(made), ())

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

        Entries without a canonical form are left out; they keep waiting. Takes a second or two
        for the largest batch: not for an event loop.
        """
        if self._state.slot(Slot.PREPARED) is not None:
            raise Refused("ledger_batch_unconfirmed")
        own = [content for _, content in self._state.entries(SIZE_CLASSES[-1] // 2)]
        leaves = self._leaves(own, waiting[: SIZE_CLASSES[-1] - len(own)])
        self._pad_and_shuffle(leaves)
        known = self._frontier()
        commitments = tuple(commitment for _, commitment in leaves)
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

    def tile_over(self, leaves: Sequence[bytes]) -> bytes:
        """The hashes of leaves, joined: a tile of the lowest level."""
        return b"".join([tree.leaf_hash(one) for one in leaves])

    def tile_root(self, hashes: bytes) -> bytes:
        """The root of a full tile."""
        return proofs.tile_root(hashes)

    def walk(self) -> Walk:
        """A recount of the confirmed tree, from its first leaf on."""
        return Walk(self.tree())

    def proof_salt(self, entry: LedgerEntry) -> bytes:
        """The salt of one entry, for its receipt: opens that leaf and no other."""
        return salt(self._keyring.subject_secret(entry.subject), entry.id)

    def _leaves(
        self, own: Sequence[bytes], waiting: Sequence[LedgerEntry]
    ) -> list[tuple[UUID | None, bytes]]:
        """A commitment for every entry, each id once."""
        contents: dict[LedgerEntryId, tuple[str, bytes]] = {}
        for content in own:
            entry = leaf.parse(content)
            contents[entry.id] = entry.subject, content
        for entry in waiting:
            if entry.id in contents:
                continue
            try:
                contents[entry.id] = entry.subject, leaf.canonical(entry)
            except Refused:
                continue
        secret = self._keyring.subject_secret
        return [
            (entry_id, leaf.commitment(salt(secret(subject), entry_id), content))
            for entry_id, (subject, content) in contents.items()
        ]

    def _pad_and_shuffle(self, leaves: list[tuple[UUID | None, bytes]]) -> None:
        """Fill the size class with random leaves, and put all into a uniformly random order."""
        counted = min(len(leaves) + self._random(1)[0] % DUMMIES, SIZE_CLASSES[-1])
        wanted = next(one for one in SIZE_CLASSES if one >= counted)
        padding = self._random(tree.HASH_OCTETS * (wanted - len(leaves)))
        leaves += [
            (None, padding[at : at + tree.HASH_OCTETS])
            for at in range(0, len(padding), tree.HASH_OCTETS)
        ]
        numbers = self._random(_ORDER_OCTETS * wanted)
        places = iter(range(0, len(numbers), _ORDER_OCTETS))
        leaves.sort(key=lambda _: numbers[(at := next(places)) : at + _ORDER_OCTETS])

    def _frontier(self) -> _Frontier:
        content = self._state.slot(Slot.FRONTIER)
        if content is None:
            return _Frontier(size=0, hashes=(), note=None)
        return msgspec.json.decode(content, type=_Frontier)


class Walk:
    """Counts the leaves of a database anew, up to a tree that the vault signed."""

    def __init__(self, signed: tree.Frontier) -> None:
        self._signed = signed
        self._found = tree.Frontier()

    @property
    def place(self) -> int:
        """How many leaves were taken."""
        return self._found.size

    @property
    def left(self) -> int:
        """How many leaves are missing to the signed tree."""
        return self._signed.size - self._found.size

    def take(self, leaves: Sequence[bytes]) -> None:
        """The next leaves, in order; Refused `ledger_disagrees` if they come to another tree."""
        self._found = self._found.extended(leaves)
        if not self.left and self._found != self._signed:
            raise Refused("ledger_disagrees", "The database's leaves are not those that we signed.")


def _batch(made: _Prepared) -> LedgerBatch:
    return LedgerBatch(
        first_index=made.first_index,
        leaves=made.leaves,
        indexes={LedgerEntryId(one): index for one, index in made.indexes.items()},
        own=tuple(leaf.parse(content.encode()) for content in made.own),
        note=made.note,
        at=made.at,
    )
