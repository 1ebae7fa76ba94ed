"""Writes the snapshot: one process alone, the follower. Fsync after every batch.

Holds the writing side of the files that `reader` reads. Must not know the database; what to write
is handed to it (ports.SnapshotFile). A rebuild goes into a new generation, in key order, which
leaves full pages (a compact file), and moves the link `current` when it is complete; until then
readers keep the old one. A snapshot that is missing, damaged or of another format reads as empty:
`position()` is None and the follower rebuilds.

What a crash leaves: LMDB keeps the last committed batch, position and rows together. A generation
without the link is thrown away at the next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Final

import lmdb

from proxy.errors import ProxyError, Unavailable
from proxy.model.journal import JournalPosition
from proxy.snapshot import layout

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from proxy.model.journal import ProfileChange, RecordChange

FILE_MODE: Final = 0o664  # readers write their slot into the lock file; their group may
DIRECTORY_MODE: Final = 0o775
_DIGEST_OCTETS: Final = 8


class Writer:
    """The one writer of a snapshot directory."""

    def __init__(self, directory: Path) -> None:
        """Lock `directory` (made when missing); raises Unavailable while another writer lives."""
        _make_directory(directory)
        self._directory = directory
        self._lock = _lock(directory)
        self._open: _Generation | None = None
        self._next: _Generation | None = None
        self._read_current()
        self._sweep()

    def position(self) -> JournalPosition | None:
        """Up to where the snapshot follows the journal; None when there is none to go on from."""
        if self._open is None:
            return None
        return JournalPosition(epoch=self._open.meta.epoch, pos=self._open.meta.pos)

    def as_of(self) -> datetime | None:
        """Up to which moment the snapshot in use is current."""
        return self._open.meta.as_of if self._open is not None else None

    def apply(
        self,
        records: Iterable[RecordChange],
        profiles: Iterable[ProfileChange],
        position: JournalPosition,
        as_of: datetime | None,
    ) -> None:
        """Commit a batch durably: changes, position and, unless None, the time of currency.

        Goes into the generation under construction when there is one. Raises Unavailable when the
        file can not be written; what it held before stays.
        """
        target = self._next if self._next is not None else self._open
        if target is None:
            raise Unavailable("snapshot", "There is no snapshot to add to.")
        try:
            target.apply(records, profiles, position, as_of)
        except lmdb.Error:
            if target is self._open:
                self.discard()
            raise Unavailable("snapshot", "The snapshot can not be written.") from None

    def begin_rebuild(self, position: JournalPosition, as_of: datetime) -> None:
        """Start an empty generation at `position`; batches go there until `finish_rebuild`."""
        self.abandon_rebuild()
        name = f"{layout.GENERATION_PREFIX}{self._latest_number() + 1:08d}"
        self._next = _Generation.create(
            self._directory / name, layout.Meta(position.epoch, position.pos, as_of, 0)
        )

    def finish_rebuild(self) -> None:
        """Bring the new generation to disk and let readers move to it."""
        if self._next is None:
            raise Unavailable("snapshot", "No rebuild was begun.")
        self._next = self._next.settle()
        link = self._directory / f"{layout.CURRENT}.new"
        link.unlink(missing_ok=True)
        link.symlink_to(self._next.path.name)
        current = self._directory / layout.CURRENT
        if current.is_dir() and not current.is_symlink():  # a copy that followed the link
            shutil.rmtree(current)
        link.replace(current)
        _sync_directory(self._directory)
        if self._open is not None:
            self._open.close()
        self._open, self._next = self._next, None
        self._sweep()

    def abandon_rebuild(self) -> None:
        """Throw away a generation under construction, if any."""
        if self._next is not None:
            self._next.close()
            shutil.rmtree(self._next.path, ignore_errors=True)
            self._next = None

    def discard(self) -> None:
        """Stop using the snapshot, so that a rebuild is due; readers keep answering from it."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def check_readers(self) -> int:
        """Free the slots of readers that died; how many there were. Due each minute."""
        return self._open.environment.reader_check() if self._open is not None else 0

    def entries(self) -> int:
        """How many names the snapshot in use holds."""
        return self._open.entries() if self._open is not None else 0

    def close(self) -> None:
        """Let go of files and lock."""
        self.abandon_rebuild()
        self.discard()
        os.close(self._lock)

    def _read_current(self) -> None:
        try:
            name = (self._directory / layout.CURRENT).readlink()
            self._open = _Generation.open(self._directory / name)
        except (OSError, lmdb.Error, ProxyError):
            self._open = None  # missing, damaged or foreign: rebuilt from empty

    def _numbers(self) -> dict[int, Path]:
        found = {}
        for path in self._directory.glob(f"{layout.GENERATION_PREFIX}*"):
            digits = path.name.removeprefix(layout.GENERATION_PREFIX)
            if digits.isdecimal():
                found[int(digits)] = path
        return found

    def _latest_number(self) -> int:
        return max(self._numbers(), default=0)

    def _sweep(self) -> None:
        """Remove every generation but the one `current` names; readers keep what they opened."""
        try:
            keep = os.fspath((self._directory / layout.CURRENT).readlink())
        except OSError:
            keep = ""
        for path in self._numbers().values():
            if path.name != keep:
                shutil.rmtree(path, ignore_errors=True)


class _Generation:
    """One LMDB environment and its meta row."""

    def __init__(self, path: Path, environment: lmdb.Environment, meta: layout.Meta) -> None:
        self.path = path
        self.environment = environment
        self.meta = meta
        self._records = environment.open_db(layout.RECORDS)
        self._profiles = environment.open_db(layout.PROFILES)
        self._meta = environment.open_db(layout.META)

    @classmethod
    def open(cls, path: Path) -> _Generation:
        """An existing generation; raises lmdb.Error, OSError or InvalidInput."""
        environment = _environment(path, is_new=False)
        try:
            layout.check_whole(environment, (path / layout.DATA_FILE).stat().st_size)
            handle = environment.open_db(layout.META, create=False)
            with environment.begin(handle) as reading:
                meta = layout.decode_meta(reading.get(layout.META_KEY))
            return cls(path, environment, meta)
        except BaseException:
            environment.close()
            raise

    @classmethod
    def create(cls, path: Path, meta: layout.Meta) -> _Generation:
        """A new, empty one that is not yet safe on disk (see `settle`)."""
        shutil.rmtree(path, ignore_errors=True)
        _make_directory(path)
        made = cls(path, _environment(path, is_new=True), meta)
        for file in (layout.DATA_FILE, layout.LOCK_FILE):
            (path / file).chmod(FILE_MODE)  # whatever the umask took away
        return made

    def apply(
        self,
        records: Iterable[RecordChange],
        profiles: Iterable[ProfileChange],
        position: JournalPosition,
        as_of: datetime | None,
    ) -> None:
        """One transaction: rows, profiles and the meta row together."""
        meta = self.meta._replace(
            epoch=position.epoch,
            pos=position.pos,
            as_of=self.meta.as_of if as_of is None else max(as_of, self.meta.as_of),
        )
        with self.environment.begin(write=True, db=self._records) as writing:
            for record in records:
                key = record.domain.encode("ascii")
                if record.value is None:
                    writing.delete(key)
                else:
                    writing.put(key, record.value)
            changed = False
            for profile in profiles:
                changed = True
                writing.put(
                    layout.profile_key(profile.tenant_id, profile.id),
                    profile.body,
                    db=self._profiles,
                )
            if changed:
                meta = meta._replace(profiles_generation=_profiles_digest(writing, self._profiles))
            writing.put(layout.META_KEY, layout.encode_meta(meta), db=self._meta)
        self.meta = meta

    def settle(self) -> _Generation:
        """The same generation, durable, opened anew so that every later commit is durable too."""
        self.environment.sync(True)  # noqa: FBT003 - lmdb takes it by position only
        self.environment.close()
        _sync_directory(self.path)
        return _Generation.open(self.path)

    def entries(self) -> int:
        """Number of names."""
        with self.environment.begin() as reading:
            return int(reading.stat(self._records)["entries"])

    def close(self) -> None:
        """Let go of the file."""
        self.environment.close()


def _environment(path: Path, *, is_new: bool) -> lmdb.Environment:
    return lmdb.open(
        os.fspath(path),
        map_size=layout.MAP_OCTETS,
        max_dbs=layout.DATABASES,
        max_readers=layout.MAX_READERS,
        create=is_new,
        sync=not is_new,  # a new generation counts only once it is whole: one sync at its end
        mode=FILE_MODE,
    )


def _profiles_digest(reading: lmdb.Transaction, profiles: lmdb._Database) -> int:
    """A number that stands for all profiles: equal content, equal number, on every edge."""
    digest = hashlib.blake2b(digest_size=_DIGEST_OCTETS)
    for key, body in reading.cursor(profiles):
        for part in (bytes(key), bytes(body)):
            digest.update(len(part).to_bytes(4, "big") + part)
    return int.from_bytes(digest.digest(), "big")


def _make_directory(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(DIRECTORY_MODE)


def _lock(directory: Path) -> int:
    descriptor = os.open(directory / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Unavailable("snapshot_writer", "Another follower writes this snapshot.") from None
    return descriptor


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
