"""The vault's own memory of what must be true, outside PostgreSQL: an LMDB file, fsynced.

Holds hashes, counts and the ledger's frontier; never a key, never personal data. Rows that
disagree with it were rolled back, deleted, swapped or forged, and are refused. It is written
before PostgreSQL wherever both change, so that a crash leaves the state ahead and a repetition
mends it. Losing it stops every opening: the keys alone can not tell a true row from an old one.
Source: vault.md, State outside PostgreSQL; FORMAT.md, State.
"""

from __future__ import annotations

import fcntl
import os
import struct
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

import lmdb

from proxy.errors import Unavailable
from proxy.model.identifiers import RecordClass, RegistrationId, TenantId
from proxy.model.sealed import RecordName
from proxy.vault import budgets, census, files, passing, renewals, tokens
from proxy.vault import writes as writing
from proxy.vault.record import CLASS_CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from lmdb import _Database

    from proxy.vault.writes import Write

DIRECTORY = "state"
_LOCK_NAME = "in-use"
_MAP_OCTETS = 64 << 30  # address space only; about 200 octets of disk a registration
_TABLES = (
    b"meta", b"records", b"changing", b"renewed", b"erased", b"budgets", b"entries", b"orders",
    b"passing", b"cases", b"holds", b"gags", b"tokens", b"registrar_keys", b"mailboxes",
    b"publications",
)  # fmt: skip
_VERSION = struct.Struct(">I")
_CODE_CLASSES = {code: one for one, code in CLASS_CODES.items()}
_PERSON_OCTETS = 32
_LOST = (
    "The vault's state {path} is missing, older than its key file or of other keys. Openings are"
    " stopped, because a rolled back or forged row could not be told from a true one; intake goes"
    " on. Put the state directory back from the newest backup of the key directory. Without one:"
    " `privacyproxy anchor propose --reason TEXT --out anchor.json`; members of the roster, two at"
    " the least, compare its roster's digest with what their own machines have seen and its ledger"
    " with a witness's or an older checkpoint, and sign it (`anchor sign`); then `privacyproxy"
    " anchor submit anchor.json`. Before a first roster there is only the backup."
)


class Slot(StrEnum):
    """Single values of the table `meta`."""

    STATE_ID = "state_id"
    FRONTIER = "frontier"
    PREPARED = "prepared"  # a ledger batch signed but not yet seen in PostgreSQL
    ROTATION = "rotation"
    RECOUNT = "recount_fault"  # what the last recount of the ledger found, until one finds nothing
    ROSTER = "roster_hash"  # the roster in force and the one that waits (vault.roster)


class Disagreement(StrEnum):
    """How a row can contradict the state."""

    UNKNOWN = "record_unknown"  # never adopted here
    FORGED = "record_forged"  # other bytes than those adopted
    ERASED = "record_erased"  # shredded; somebody put it back
    ROLLED_BACK = "record_rolled_back"  # a newer version is known


def lost(path: Path) -> Unavailable:
    """What is raised for a state that is not the one of these keys."""
    return Unavailable("state_lost", _LOST.format(path=path))


def create(path: Path, state_id: bytes) -> None:
    """An empty state that answers to `state_id`; one that is there gets the new id.

    Called before keys.json exists, when nothing can have been anchored yet.
    """
    files.make_directory(path)
    environment = _open_environment(path)
    with environment.begin(write=True, db=environment.open_db(b"meta")) as transaction:
        transaction.put(Slot.STATE_ID.encode(), state_id)
    environment.close()


class State:
    """The open state; one process at a time."""

    def __init__(self, path: Path, state_id: bytes) -> None:
        """Open `path`; Unavailable `state_lost` unless it is the state of these keys."""
        if not (path / "data.mdb").exists():
            raise lost(path)
        self._lock = os.open(path / _LOCK_NAME, os.O_RDWR | os.O_CREAT, files.PRIVATE_FILE)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise Unavailable("state_in_use", f"Another vault has {path} open.") from None
        try:
            self._environment = _open_environment(path)
        except lmdb.Error:
            os.close(self._lock)
            raise lost(path) from None
        self._tables = {name: self._environment.open_db(name) for name in _TABLES}
        self.budgets = budgets.Budgets(self._environment, self._tables[b"budgets"])
        self.passing = passing.Passing(self._environment, self._tables[b"passing"])
        self.tokens = tokens.Tokens(self._environment, self._tables[b"tokens"])
        self.renewals = renewals.Renewals(
            self._environment, self._tables[b"records"], self._tables[b"renewed"]
        )
        self.census = census.Census(
            self._environment, self._tables[b"records"], self._tables[b"erased"]
        )
        if self.slot(Slot.STATE_ID) != state_id:
            self.close()
            raise lost(path)

    def close(self) -> None:
        """Release the file."""
        self._environment.close()
        os.close(self._lock)

    def table(self, name: bytes) -> tuple[lmdb.Environment, _Database]:
        """A table, for a room that keeps one of its own (vault.casebook)."""
        return self._environment, self._tables[name]

    def slot(self, slot: Slot) -> bytes | None:
        """A single value."""
        with self._environment.begin(db=self._tables[b"meta"]) as transaction:
            found = transaction.get(slot.encode())
            return None if found is None else bytes(found)

    def set_slot(self, slot: Slot, value: bytes | None) -> None:
        """Set or clear a single value, durably."""
        with self._environment.begin(write=True, db=self._tables[b"meta"]) as transaction:
            if value is None:
                transaction.delete(slot.encode())
            else:
                transaction.put(slot.encode(), value)

    # Orders and the roster change together: what carries an order out may make a roster wait.

    def order(self, order_id: bytes) -> bytes | None:
        """What is kept of an order."""
        with self._environment.begin(db=self._tables[b"orders"]) as transaction:
            found = transaction.get(order_id)
            return None if found is None else bytes(found)

    def put_order(
        self,
        order_id: bytes,
        value: bytes,
        *,
        roster: bytes | None = None,
        writes: Iterable[Write] = (),
    ) -> None:
        """Keep an order and, if given, the roster slot and what else it changes: all or nothing."""
        with self._environment.begin(write=True, db=self._tables[b"orders"]) as transaction:
            transaction.put(order_id, value)
            if roster is not None:
                transaction.put(Slot.ROSTER.encode(), roster, db=self._tables[b"meta"])
            writing.write_all(transaction, writes)

    # Records: the hash of every living version.

    def disagreement(
        self,
        name: RecordName,
        record_sha256: bytes,
        *,
        newest: bool = False,
        since: datetime | None = None,
    ) -> Disagreement | None:
        """How a row contradicts the state; None when it is the row that was adopted.

        While a record is being re-encrypted its old and its new bytes are both true. With `newest`
        a version that others follow is rolled back; with `since`, unless all came at `since` or
        later.
        """
        with self._environment.begin() as transaction:
            # First of all: a row may claim a version below 1, for which there is no key.
            if name.version <= self._erased(transaction, _person(name)):
                return Disagreement.ERASED
            key = _key(name)
            known = transaction.get(key, db=self._tables[b"records"])
            if known is None:
                return Disagreement.UNKNOWN
            if record_sha256 != known and not self._is_coming(transaction, key, record_sha256):
                return Disagreement.FORGED
            if newest and not self.renewals.is_newest(transaction, key, since):
                return Disagreement.ROLLED_BACK
        return None

    def anchor(
        self, records: Sequence[tuple[RecordName, bytes]], *, adopted_at: datetime | None = None
    ) -> tuple[Disagreement | None, ...]:
        """Remember newly adopted records by hash, durably; what was refused, by place.

        The same record again is no fault (a crash came between); other bytes under a known name
        are a forgery, an erased version is a replay. `adopted_at` is for vault.renewals: only who
        makes a record known tells when, so that nobody has old contacts look new by a repetition.
        """
        answers: list[Disagreement | None] = []
        table = self._tables[b"records"]
        with self._environment.begin(write=True) as transaction:
            for name, record_sha256 in records:
                key = _key(name)
                known = transaction.get(key, db=table)
                if name.version <= self._erased(transaction, _person(name)):
                    answers.append(Disagreement.ERASED)
                elif known is not None and known != record_sha256:
                    answers.append(Disagreement.FORGED)
                else:
                    if known is None:
                        transaction.put(key, record_sha256, db=table)
                        if adopted_at is not None:
                            self.renewals.note(transaction, key, name, adopted_at)
                    answers.append(None)
        return tuple(answers)

    def begin_change(self, records: Sequence[tuple[RecordName, bytes]]) -> None:
        """Accept other bytes for these records as well, until `finish_change`."""
        with self._environment.begin(write=True, db=self._tables[b"changing"]) as transaction:
            for name, record_sha256 in records:
                transaction.put(_key(name), record_sha256)

    def finish_change(self, changed: Iterable[RecordName], dropped: Iterable[RecordName]) -> None:
        """Settle changes under way: the new bytes alone are true, or the old ones."""
        with self._environment.begin(write=True, db=self._tables[b"changing"]) as transaction:
            for name in changed:
                key = _key(name)
                following = transaction.pop(key)
                if following is not None:
                    transaction.put(key, following, db=self._tables[b"records"])
            for name in dropped:
                transaction.delete(_key(name))

    def changes(self, limit: int) -> list[tuple[RecordName, bytes]]:
        """Up to `limit` changes under way, with the new hash."""
        with self._environment.begin(db=self._tables[b"changing"]) as transaction:
            found = transaction.cursor().iternext()
            return [(_name(key), bytes(value)) for key, value in islice(found, limit)]

    def names_between(self, first: bytes, last: bytes | None) -> Iterator[RecordName]:
        """The known records with keys from `first` up to and including `last`, in order."""
        return map(_name, self.keys_between(first, last))

    def keys_between(self, first: bytes, last: bytes | None) -> Iterator[bytes]:
        """Their keys: some million in a second."""
        with self._environment.begin(db=self._tables[b"records"]) as transaction:
            cursor = transaction.cursor()
            if not cursor.set_range(first):
                return
            for key in cursor.iternext(keys=True, values=False):
                if last is not None and bytes(key) > last:
                    return
                yield bytes(key)

    def count_records(self) -> int:
        """How many record versions are anchored."""
        with self._environment.begin(db=self._tables[b"records"]) as transaction:
            return int(transaction.stat(self._tables[b"records"])["entries"])

    # Erasures: intended before PostgreSQL changes, done after.

    def begin_erasures(self, erasures: Sequence[tuple[RecordName, datetime]]) -> None:
        """Refuse these versions and older ones from now on; the class in the name is ignored."""
        self._put_erasures(erasures, is_done=False)

    def finish_erasures(self, erasures: Sequence[tuple[RecordName, datetime]]) -> None:
        """The rows are gone: forget their hashes, keep the erasure for a restored database."""
        self._put_erasures(erasures, is_done=True)

    def cancel_erasure(self, name: RecordName) -> bool:
        """Take back an erasure that was intended but not done; whether it was."""
        with self._environment.begin(write=True, db=self._tables[b"erased"]) as transaction:
            found = transaction.get(_person(name))
            if found is None or census.ERASURE.unpack(found)[2]:
                return False
            return bool(transaction.delete(_person(name)))

    def erasures(self, after: bytes, limit: int) -> list[tuple[RecordName, datetime, bool]]:
        """Erasures behind the person key `after` (b"" for the first), with time and `is_done`."""
        with self._environment.begin(db=self._tables[b"erased"]) as transaction:
            cursor = transaction.cursor()
            found: list[tuple[RecordName, datetime, bool]] = []
            if not cursor.set_range(after + b"\0" if after else b"\0"):
                return found
            for key, value in cursor.iternext():
                version, at, done = census.ERASURE.unpack(value)
                name = _name(bytes(key) + bytes([1]) + _VERSION.pack(version))
                found.append((name, datetime.fromtimestamp(at, UTC), bool(done)))
                if len(found) == limit:
                    break
            return found

    def _put_erasures(
        self, erasures: Sequence[tuple[RecordName, datetime]], *, is_done: bool
    ) -> None:
        table = self._tables[b"erased"]
        with self._environment.begin(write=True) as transaction:
            for name, at in erasures:
                version = max(name.version, self._erased(transaction, _person(name)))
                value = census.ERASURE.pack(version, int(at.timestamp()), is_done)
                transaction.put(_person(name), value, db=table)
                if is_done:
                    self._forget(transaction, name)

    def _forget(self, transaction: lmdb.Transaction, name: RecordName) -> None:
        for record_class in RecordClass:
            prefix = _person(name) + bytes([CLASS_CODES[record_class]])
            cursor = transaction.cursor(db=self._tables[b"records"])
            has_place = cursor.set_range(prefix)
            while has_place and bytes(cursor.key()).startswith(prefix):
                if _VERSION.unpack(cursor.key()[-4:])[0] > name.version:
                    break
                transaction.delete(cursor.key(), db=self._tables[b"changing"])
                self.renewals.drop(transaction, bytes(cursor.key()))
                has_place = cursor.delete() and bool(cursor.key())

    def _is_coming(self, transaction: lmdb.Transaction, key: bytes, record_sha256: bytes) -> bool:
        return transaction.get(key, db=self._tables[b"changing"]) == record_sha256

    def _erased(self, transaction: lmdb.Transaction, person: bytes) -> int:
        found = transaction.get(person, db=self._tables[b"erased"])
        return 0 if found is None else int(census.ERASURE.unpack(found)[0])

    # The ledger's own entries: durable here before anything is opened.

    def add_entries(self, entries: Sequence[tuple[UUID, bytes]]) -> None:
        """Keep entries of the vault's own until their leaves are in a signed checkpoint."""
        with self._environment.begin(write=True, db=self._tables[b"entries"]) as transaction:
            for entry_id, content in entries:
                transaction.put(entry_id.bytes, content)

    def entries(self, limit: int) -> list[tuple[UUID, bytes]]:
        """The oldest of the vault's own entries that have no leaf yet."""
        with self._environment.begin(db=self._tables[b"entries"]) as transaction:
            found = transaction.cursor().iternext()
            return [(UUID(bytes=bytes(key)), bytes(value)) for key, value in islice(found, limit)]

    def confirm_batch(self, frontier: bytes, entry_ids: Iterable[UUID]) -> None:
        """The prepared batch is in PostgreSQL: its frontier is ours, its entries are settled."""
        with self._environment.begin(write=True, db=self._tables[b"meta"]) as transaction:
            transaction.put(Slot.FRONTIER.encode(), frontier)
            transaction.delete(Slot.PREPARED.encode())
            for entry_id in entry_ids:
                transaction.delete(entry_id.bytes, db=self._tables[b"entries"])


def _open_environment(path: Path) -> lmdb.Environment:
    return lmdb.open(str(path), map_size=_MAP_OCTETS, max_dbs=len(_TABLES), mode=files.PRIVATE_FILE)


def person_key(tenant_id: TenantId, registration_id: RegistrationId) -> bytes:
    """Whom a budget or an erasure counts: tenant and registration."""
    return tenant_id.bytes + registration_id.bytes


def _person(name: RecordName) -> bytes:
    return person_key(name.tenant_id, name.registration_id)


def _key(name: RecordName) -> bytes:
    return b"%b%b%c%b" % (
        name.tenant_id.bytes,
        name.registration_id.bytes,
        CLASS_CODES[name.record_class],
        _VERSION.pack(name.version),
    )


def record_key(name: RecordName) -> bytes:
    """The key of a record, which sorts as (tenant, registration, class, version) do in SQL."""
    return _key(name)


def _name(key: bytes) -> RecordName:
    raw = bytes(key)
    return RecordName(
        tenant_id=TenantId(UUID(bytes=raw[:16])),
        registration_id=RegistrationId(UUID(bytes=raw[16:_PERSON_OCTETS])),
        record_class=_CODE_CLASSES[raw[_PERSON_OCTETS]],
        version=_VERSION.unpack(raw[_PERSON_OCTETS + 1 :])[0],
    )
