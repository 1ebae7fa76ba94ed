"""The shape of the snapshot on disk, shared by its one writer and its many readers.

A directory holds one LMDB environment per generation (`gen-<number>/`) and a symbolic link
`current` that names the one to read. A rebuild fills the next generation beside the one in use and
moves the link over in one rename(2), so a reader sees the old file or the new one, never a half.

Inside: `records` (A-label name -> published value), `profiles` (16 octets of tenant id and the
profile's id -> JSON body) and `meta` (one row, below). Everything in it is public; no key, no
person. Sources: design s6; LMDB 0.9 (lmdb.h, Caveats).
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from proxy.errors import InvalidInput
from proxy.model.identifiers import ProfileId, TenantId

if TYPE_CHECKING:
    import lmdb

FORMAT: Final = 1
"""Raised when an old reader could misread a new file; a file of another format is rebuilt."""

MAP_OCTETS: Final = 64 << 30
"""Address space, not disk: from the start, so that growing never needs a new map (design s6)."""

MAX_READERS: Final = 1024
"""Slots of the reader table: 256 edge workers, their successors and every tool beside them."""

DATABASES: Final = 4  # three in use
RECORDS: Final = b"records"
PROFILES: Final = b"profiles"
META: Final = b"meta"
META_KEY: Final = b"meta"
CURRENT: Final = "current"
GENERATION_PREFIX: Final = "gen-"
DATA_FILE: Final = "data.mdb"
LOCK_FILE: Final = "lock.mdb"

_META: Final = struct.Struct(">HQQqQ")
_ZERO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TENANT_OCTETS: Final = 16


class Meta(NamedTuple):
    """Up to where a snapshot follows the journal, and what it holds."""

    epoch: int
    pos: int
    as_of: datetime  # the snapshot is known to be current up to this moment
    profiles_generation: int  # another number means other profiles


def encode_meta(meta: Meta) -> bytes:
    """The one row of `meta`."""
    as_of_us = (meta.as_of - _ZERO) // _MICROSECOND
    return _META.pack(FORMAT, meta.epoch, meta.pos, as_of_us, meta.profiles_generation)


def decode_meta(value: bytes | memoryview | None) -> Meta:
    """The row that `value` holds; raises InvalidInput when it is none of this format."""
    if value is None or len(value) != _META.size:
        raise InvalidInput("snapshot_meta")
    number, epoch, pos, as_of_us, generation = _META.unpack(value)
    if number != FORMAT:
        raise InvalidInput("snapshot_format")
    return Meta(epoch, pos, _ZERO + timedelta(microseconds=as_of_us), generation)


def profile_key(tenant_id: TenantId, profile_id: ProfileId) -> bytes:
    """The key of a profile in `profiles`."""
    return tenant_id.bytes + profile_id.encode("ascii")


def parse_profile_key(key: bytes) -> tuple[TenantId, ProfileId]:
    """Whose profile stands under `key`."""
    tenant_id = TenantId(UUID(bytes=key[:_TENANT_OCTETS]))
    return tenant_id, ProfileId(key[_TENANT_OCTETS:].decode("ascii"))


def check_whole(environment: lmdb.Environment, data_octets: int) -> None:
    """Raises InvalidInput when a data file of that length lacks pages its own root speaks of.

    Reading past the end of a mapped file kills the process (SIGBUS); LMDB does not look.
    """
    last_page = environment.info()["last_pgno"]
    if (last_page + 1) * environment.stat()["psize"] > data_octets:
        raise InvalidInput("snapshot_truncated")
