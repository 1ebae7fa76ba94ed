"""Reads published records from the snapshot: what an edge worker answers from (promise 2).

Holds one read-only LMDB environment per process. Opened after the process was spawned and refused
after a fork: LMDB's reader slots and locks belong to one process (lmdb.h, Caveats). Must not
write, decode records, or know the database, the vault or any key.

Fail stale, not silent: a snapshot whose follower is gone keeps answering and shows its age
(`as_of`); without any snapshot every look-up raises Unavailable, because "not found" would be a
lie. A rebuilt file is picked up within LOOK_S, checked on the way of ordinary look-ups, so nobody
has to remember to call anything.

One transaction per look-up: measured 1.4 us, so nothing older than the latest commit is ever
served and no old page is held (a transaction kept open would pin pages and grow the file).
"""

from __future__ import annotations

import os
import time
import weakref
from typing import TYPE_CHECKING, Final

import lmdb

from proxy.errors import InvalidInput, ProxyError, Unavailable
from proxy.snapshot import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from proxy.model.identifiers import ProfileId, TenantId
    from proxy.snapshot.layout import Meta

LOOK_S: Final = 0.2  # how often the link `current` is read: one readlink(2), about 2 us
READER_CHECK_S: Final = 60.0  # how often slots of dead readers are freed (design s6)


class Snapshot:
    """The latest published records, profiles, and how old they are."""

    def __init__(self, directory: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Open what `directory` holds now; a missing or damaged snapshot is no error here."""
        self._directory = directory
        self._monotonic = monotonic
        self._inherited: lmdb.Environment | None = None
        self._generation = ""
        self._environment: lmdb.Environment | None = None
        self._handles: tuple[lmdb._Database, lmdb._Database, lmdb._Database] | None = None
        self._transaction_id = -1
        self._meta: Meta | None = None
        self._look_at = 0.0
        self._check_at = 0.0
        _opened.add(self)
        self._look()

    @property
    def is_ready(self) -> bool:
        """Whether there is a snapshot to answer from, however old."""
        self._look_if_due()
        return self._environment is not None

    def get(self, domain: bytes) -> bytes | None:
        """The published value under an A-label name; raises Unavailable without a snapshot."""
        if self._monotonic() >= self._look_at:
            self._look()
        if self._environment is None or self._handles is None:
            raise self._refusal()
        try:
            with self._environment.begin(self._handles[0]) as reading:
                if reading.id() != self._transaction_id:
                    self._note(reading, self._handles[2])
                return reading.get(domain)
        except lmdb.BadValsizeError:  # empty, or longer than any name
            return None
        except lmdb.MapResizedError:  # a writer of a later release has a larger map
            self._environment.set_mapsize(0)
            return self.get(domain)
        except (lmdb.Error, InvalidInput):
            self._close()
            raise Unavailable("snapshot") from None

    def profile_bodies(self) -> Mapping[tuple[TenantId, ProfileId], bytes]:
        """Every published profile as JSON; raises Unavailable without a snapshot."""
        self._refresh()
        if self._environment is None or self._handles is None:
            raise Unavailable("snapshot")
        with self._environment.begin(self._handles[1]) as reading:
            return {layout.parse_profile_key(key): bytes(body) for key, body in reading.cursor()}

    def profiles_generation(self) -> int:
        """A number that changes when a profile does, as of the latest look-up or `refresh`."""
        return self._held().profiles_generation

    def as_of(self) -> datetime:
        """The moment up to which the snapshot is known to be current, aware, UTC."""
        return self._refresh().as_of

    def position(self) -> tuple[int, int]:
        """Epoch and position of the last journal row applied."""
        meta = self._refresh()
        return meta.epoch, meta.pos

    def entries(self) -> int:
        """How many names are published."""
        self._refresh()
        if self._environment is None or self._handles is None:
            raise Unavailable("snapshot")
        with self._environment.begin() as reading:
            return int(reading.stat(self._handles[0])["entries"])

    def close(self) -> None:
        """Let go of the file."""
        self._close()
        self._look_at = float("inf")

    def _held(self) -> Meta:
        return self._meta if self._meta is not None else self._refresh()

    def _refresh(self) -> Meta:
        self.get(b"-")  # no name: reads the meta row when a commit has come since
        if self._meta is None:
            raise Unavailable("snapshot")
        return self._meta

    def _note(self, reading: lmdb.Transaction, meta: lmdb._Database) -> None:
        self._meta = layout.decode_meta(reading.get(layout.META_KEY, db=meta))
        self._transaction_id = reading.id()

    def _refusal(self) -> Exception:
        if self._inherited is not None:
            return ForkedSnapshotError("open the snapshot after the fork, not before")
        return Unavailable("snapshot")

    def _refuse_child(self) -> None:
        # Kept and not closed: closing would free the parent's slots and locks.
        self._inherited, self._environment, self._handles = self._environment, None, None
        self._look_at = float("inf")

    def _look_if_due(self) -> None:
        if self._monotonic() >= self._look_at:
            self._look()

    def _look(self) -> None:
        """Move to the generation that `current` names; keep the old one when that fails."""
        now = self._monotonic()
        self._look_at = now + LOOK_S
        try:
            generation = os.fspath((self._directory / layout.CURRENT).readlink())
        except OSError:
            return
        if generation != self._generation:
            self._move_to(generation)
        if self._environment is not None and now >= self._check_at:
            self._check_at = now + READER_CHECK_S
            self._environment.reader_check()

    def _move_to(self, generation: str) -> None:
        try:
            environment, handles, meta = _open(self._directory / generation)
        except (lmdb.Error, OSError, ProxyError):
            return  # removed in this very moment, damaged or foreign: the next look tries again
        self._close()
        self._environment, self._handles, self._meta = environment, handles, meta
        self._generation = generation
        self._check_at = 0.0  # a worker that starts has often replaced one that died

    def _close(self) -> None:
        environment, self._environment, self._handles = self._environment, None, None
        self._generation, self._transaction_id = "", -1
        if environment is not None:
            environment.close()


_opened: Final[weakref.WeakSet[Snapshot]] = weakref.WeakSet()
"""Every snapshot of this process, for the hook below: asking for the process id in each look-up
would cost a system call, a tenth of it."""


def _refuse_in_child() -> None:
    for snapshot in tuple(_opened):
        snapshot._refuse_child()  # noqa: SLF001 - its own module


os.register_at_fork(after_in_child=_refuse_in_child)


class ForkedSnapshotError(Exception):
    """A snapshot was used in a process that inherited it: a bug of the composition root."""


def _open(
    path: Path,
) -> tuple[lmdb.Environment, tuple[lmdb._Database, lmdb._Database, lmdb._Database], Meta]:
    environment = lmdb.open(
        os.fspath(path),
        map_size=layout.MAP_OCTETS,
        max_dbs=layout.DATABASES,
        max_readers=layout.MAX_READERS,
        readonly=True,
        create=False,
        readahead=False,  # look-ups are random; a page read is a page needed
    )
    try:
        layout.check_whole(environment, (path / layout.DATA_FILE).stat().st_size)
        handles = (
            environment.open_db(layout.RECORDS, create=False),
            environment.open_db(layout.PROFILES, create=False),
            environment.open_db(layout.META, create=False),
        )
        with environment.begin(handles[2]) as reading:
            meta = layout.decode_meta(reading.get(layout.META_KEY))
    except BaseException:
        environment.close()
        raise
    return environment, handles, meta
