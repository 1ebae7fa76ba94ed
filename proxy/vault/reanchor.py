"""A new state for a vault that has lost its own: implements ports.Surveyor.

What a database comes to is found by building the state it would give, in a directory beside; what
members did not sign is thrown away. The records here open with the keys alone, without a state to
say which is true: that is what the members' signatures are for. Plaintext is dropped at once.
Source: vault.md, State outside PostgreSQL; FORMAT.md, Anchor.
"""

from __future__ import annotations

import itertools
import shutil
import struct
from typing import TYPE_CHECKING

import msgspec

from proxy.errors import InvalidInput, Refused
from proxy.model import approval_key
from proxy.model.anchor import Surveyed
from proxy.model.identifiers import RecordClass
from proxy.model.sealed import RecordName
from proxy.rules import reasons
from proxy.vault import (
    checkpoint,
    files,
    note,
    primitives,
    shredding,
    signatures,
    sshsig,
    tree,
    unseal,
)
from proxy.vault import state as states
from proxy.vault.ledger import LedgerKeeper
from proxy.vault.roster import RosterKeeper
from proxy.vault.state import State
from proxy.wire import documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import Self

    from proxy.model.anchor import Certified
    from proxy.model.ledger import LedgerEntry
    from proxy.model.order import KeptOrder, OrderId
    from proxy.model.roster import Person, Roster
    from proxy.model.sealed import SealedRecord
    from proxy.vault.checkpoint import Checkpoint
    from proxy.vault.keyring import Keyring

NEW_NAME = "state.new"
OLD_NAME = "state.lost"  # what lay in the place of the state, kept for who wants to look at it
_ERASURE = struct.Struct(">16s16sIQ")  # tenant, registration, version, seconds since 1970


def open_state(directory: Path, keyring: Keyring) -> State:
    """The state in KEYDIR/vault; Unavailable `state_lost` unless it is the one of these keys.

    A state that knows an older roster than keys.json was put back from an old backup: whoever has
    left since would be in force again.
    """
    path = directory / states.DIRECTORY
    known = State(path, keyring.file.state_id)
    standing = RosterKeeper(known, keyring.note_roster).standing()
    if (standing.version if standing else 0) < keyring.file.roster_version:
        known.close()
        raise states.lost(path)
    return known


def signers(of: Roster, document: str, armored: Iterable[str]) -> frozenset[Person]:
    """The members whose detached signatures these are; Refused when a single one is wrong.

    A passkey signs no anchor: its page could show another text than it has signed. A signature
    has no nonce and needs none: the document says until when it holds and of what it is true.
    """
    owners = {key.id: (one.person, key) for one in of.members for key in one.keys}
    found = set()
    for one in armored:
        try:
            key_id = approval_key.parse_public_blob(sshsig.parse(one).public).id
        except InvalidInput:
            raise Refused("signature_malformed", "A signature is of another kind of key.") from None
        if key_id not in owners:
            raise Refused("signature_stranger", "A signature is of no member of the roster.")
        person, key = owners[key_id]
        signatures.verify(key, one, document.encode(), relying_party=None)
        found.add(person)
    return frozenset(found)


def read_checkpoint(keyring: Keyring, signed: str) -> Checkpoint:
    """The checkpoint of a note that this vault's ledger key signed; else `anchor_checkpoint`."""
    try:
        return checkpoint.opened(signed, note.log_key(keyring.file.ledger_public))
    except (InvalidInput, Refused):
        sentence = reasons.SENTENCES["anchor_checkpoint"]
        raise InvalidInput("anchor_checkpoint", sentence) from None


class Building:
    """A state under construction, in a directory beside; gone at the block's end unless placed."""

    def __init__(
        self,
        directory: Path,
        keyring: Keyring,
        random: Callable[[int], bytes],
        *,
        seen: Checkpoint | None = None,
    ) -> None:
        """`seen` is a checkpoint that the ledger should lead to; see `departs`."""
        self._directory, self._keyring, self._seen = directory, keyring, seen
        self._path = directory / NEW_NAME
        shutil.rmtree(self._path, ignore_errors=True)  # of an attempt that was cut short
        states.create(self._path, keyring.file.state_id)
        self._state = State(self._path, keyring.file.state_id)
        self._ledger = LedgerKeeper(keyring, self._state, random)
        self._leaves, self._records, self._erasures = (tree.Frontier() for _ in range(3))
        self._left_out = 0
        self._is_open = True
        self._passed: bytes | None = tree.EMPTY_ROOT  # the root at the size that was seen

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the files; remove what was not placed, but for a process that is ending."""
        self._close()
        if kind is None or issubclass(kind, Exception):
            shutil.rmtree(self._path, ignore_errors=True)

    def erase(self, erasures: Sequence[Certified]) -> None:
        """Refuse these versions and older ones for ever."""
        self._erasures = self._erasures.extended(
            _ERASURE.pack(
                one.tenant_id.bytes,
                one.registration_id.bytes,
                one.version,
                int(one.erased_at.timestamp()),
            )
            for one in erasures
        )
        self._state.finish_erasures([(_erased_name(one), one.erased_at) for one in erasures])

    def take(self, records: Sequence[SealedRecord]) -> tuple[str | None, ...]:
        """Anchor the records that open; of the others the reason."""
        faults = [self._fault(one) for one in records]
        good = [
            (one.name, primitives.sha256(one.record))
            for one, fault in zip(records, faults, strict=True)
            if fault is None
        ]
        answers = iter(self._state.anchor(good))
        found = tuple(next(answers) if fault is None else fault for fault in faults)
        refused = iter(fault for fault, own in zip(found, faults, strict=True) if own is None)
        self._records = self._records.extended(
            digest for (_, digest), fault in zip(good, refused, strict=True) if fault is None
        )
        self._left_out += sum(fault is not None for fault in found)
        return found

    def take_leaves(self, leaves: Sequence[bytes]) -> None:
        """Go on in the ledger; notice the root at the size that was seen."""
        wanted = 0 if self._seen is None else self._seen.size
        before = self._leaves
        self._leaves = before.extended(leaves)
        if before.size < wanted <= self._leaves.size:
            self._passed = before.extended(leaves[: wanted - before.size]).root()

    def end_leaves(self, size: int, signed: str | None) -> None:
        """Make the leaves the frontier, if our own newest checkpoint is over exactly these."""
        is_whole = size == self._leaves.size
        if signed is None and is_whole and size == 0:
            return
        if signed is None or not is_whole or not self._is_over_leaves(signed):
            raise Refused("anchor_ledger", reasons.SENTENCES["anchor_ledger"])
        self._ledger.begin_from(self._leaves, signed)

    def stop(self, orders: Sequence[tuple[OrderId, KeptOrder]]) -> None:
        """Keep orders as over: none of them is voted on or carried out again."""
        for order_id, kept in orders:
            self._state.put_order(order_id.bytes, msgspec.json.encode(kept))

    def departs(self) -> str | None:
        """How the ledger fails to lead to the checkpoint that was seen, as a code."""
        if self._seen is None:
            return None
        if self._leaves.size < self._seen.size:
            return "anchor_ledger_behind"
        return None if self._passed == self._seen.root else "anchor_ledger_other"

    def found(self) -> Surveyed:
        """What the database came to."""
        return Surveyed(
            ledger_size=self._leaves.size,
            ledger_root=self._leaves.root().hex(),
            records=self._records.size,
            records_root=self._records.root().hex(),
            left_out=self._left_out,
            erasures=self._erasures.size,
            erasures_root=self._erasures.root().hex(),
        )

    def finish(
        self, document: str, version: int, stopped: Sequence[str], entry: LedgerEntry, now: datetime
    ) -> None:
        """The roster in force, with nothing waiting, and the entry that tells of it all.

        Budgets and what passes begin empty: it takes two people to get there, so nobody gains
        more than one span of each budget by losing a state.
        """
        rosters = RosterKeeper(self._state, self._keyring.note_roster)
        rosters.refound(documents.digest(document), version, document, stopped, now)
        self._ledger.add([entry])

    def place(self) -> None:
        """Put the finished state in its place; what lay there stays beside, under another name.

        Every table was fsynced as it was written; a crash leaves the state missing, which is
        lost, or the whole new one.
        """
        self._close()
        place = self._directory / states.DIRECTORY
        if place.exists():
            asides = (self._directory / f"{OLD_NAME}-{number}" for number in itertools.count(1))
            files.move(place, next(one for one in asides if not one.exists()))
        files.move(self._path, place)

    def _is_over_leaves(self, signed: str) -> bool:
        try:
            said = read_checkpoint(self._keyring, signed)
        except InvalidInput:
            return False
        return (said.size, said.root) == (self._leaves.size, self._leaves.root())

    def _fault(self, row: SealedRecord) -> str | None:
        name = row.name
        if row.kek_epoch is None:
            return "not_adopted"
        try:
            dek = self._keyring.unwrap_dek(name.record_class, row.kek_epoch, row.wrapped_dek)
            shredding.check_plaintext(name.record_class, unseal.open_record(dek, name, row.record))
        except (Refused, InvalidInput) as fault:
            return fault.code
        return None

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._state.close()


def _erased_name(one: Certified) -> RecordName:
    return RecordName(
        tenant_id=one.tenant_id,
        registration_id=one.registration_id,
        record_class=RecordClass.IDENTITY,  # an erasure is of all classes; the state ignores it
        version=one.version,
    )
