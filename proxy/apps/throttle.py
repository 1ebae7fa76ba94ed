"""The table that counts requests per client for a whole host, shared by all edge workers.

A file of 2^20 slots of 8 octets (8 MiB), mapped shared by every worker. A client's slot is a keyed
hash of its IPv4 address or IPv6 /64; the slot holds one number, the client's TAT
(rules/throttling). Used by WHOIS and RDAP, each under its own label and limit.

Why no lock: a slot is one aligned int64, and `memoryview` of format "q" loads and stores it with a
fixed-size copy of 8 octets, which is one instruction on x86-64 and arm64: no reader sees half a
number. Two workers that read, decide and store one slot at the same moment lose one of the two
counts; a client gains at most one request per such meeting, never more than (workers - 1) per
request, and no other client is touched. A torn or stray number more than one period ahead is
taken for none by the rule.

Why no address is kept: of the hash only the slot number (20 bits) is used and nothing of it is
stored. With the file and its key in hand, a used slot still stands for about 4,000 IPv4
addresses. Two clients in one slot share a limit: with 10,000 clients active within one period
that is 1 in 100 of them, and it shows only when the two together exceed it.

Must not do: log or raise with an address in it. Linux and macOS: both clocks used here
(CLOCK_MONOTONIC, mach time) are one per boot and so the same in all workers.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import mmap
import os
import socket
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput, Unavailable
from proxy.rules import throttling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from proxy.rules.throttling import Limit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SLOTS: Final = 1 << 20  # 8 MiB: 1 % of 10,000 clients of one period share a slot
_HEADER_OCTETS: Final = 64  # magic and key; keeps the slots aligned to a cache line
_MAGIC: Final = b"PPTHROT1"
KEY_OCTETS: Final = 32  # BLAKE2s key; drawn anew with each new file
_FILE_OCTETS: Final = _HEADER_OCTETS + 8 * SLOTS
_SECOND_NS: Final = 1_000_000_000
_MAPPED_PREFIX: Final = bytes(10) + b"\xff\xff"  # ::ffff:0:0/96, RFC 4291 s2.5.5.2


class Table:
    """The mapped file. One per process; hand it to each Throttle."""

    def __init__(self, path: Path, new_key: bytes) -> None:
        """Map `path`, made with `new_key` when it is missing; raises Unavailable.

        `new_key` is KEY_OCTETS of randomness, used only by the one process that makes the file:
        the file appears under its name complete, by link(2), so that all workers see one key.
        """
        try:
            if not path.exists():
                _create(path, new_key)
            with path.open("r+b") as file:
                if os.fstat(file.fileno()).st_size != _FILE_OCTETS:
                    raise Unavailable("throttle_table", "The rate limit table is damaged.")
                self._map = mmap.mmap(file.fileno(), _FILE_OCTETS)
        except OSError:
            raise Unavailable("throttle_table", "The rate limit table can not be opened.") from None
        if self._map[: len(_MAGIC)] != _MAGIC:
            raise Unavailable("throttle_table", "The rate limit table is damaged.")
        self.key = self._map[len(_MAGIC) : len(_MAGIC) + KEY_OCTETS]
        self.slots = memoryview(self._map)[_HEADER_OCTETS:].cast("q")

    def close(self) -> None:
        """Unmap the file; throttles over it must not be used any more."""
        self.slots.release()
        self._map.close()


class Throttle:
    """One protocol's limit over the table: `Throttle(table, "rdap", limit, exempt)`."""

    def __init__(
        self, table: Table, label: str, limit: Limit | None, exempt: Sequence[Network] = ()
    ) -> None:
        """Count under `label`; without a limit everything is allowed."""
        self._slots = table.slots
        # The label parts the protocols (BLAKE2 personalisation): same client, another slot.
        self._hash = hashlib.blake2s(key=table.key, digest_size=4, person=label.encode())
        self._limited = limit is not None
        self._interval_ns = limit.interval_ns if limit else 1
        self._period_ns = limit.period_ns if limit else 1
        self._exempt = tuple(exempt)

    def allow(self, client: str | bytes, now_ns: int) -> int:
        """0 when `client` may ask now (and it is counted), else whole seconds to wait, at least 1.

        `client` is an address as text or packed (4 or 16 octets); `now_ns` is
        time.monotonic_ns(). Raises InvalidInput for what is no address.
        """
        if not self._limited:
            return 0
        slot = self.slot(client)
        tat = throttling.next_arrival(self._slots[slot], now_ns, self._interval_ns, self._period_ns)
        if tat > 0:
            self._slots[slot] = tat
            return 0
        # Exempt clients are looked up only here: below the limit it makes no difference.
        if self._exempt and self.is_exempt(client):
            return 0
        return -(tat // _SECOND_NS)

    def slot(self, client: str | bytes) -> int:
        """The number that stands for `client`: an IPv4 address or an IPv6 /64.

        Also good for counting open connections without keeping addresses.
        """
        client_hash = self._hash.copy()
        client_hash.update(_client_key(client))
        return int.from_bytes(client_hash.digest(), "little") & (SLOTS - 1)

    def is_exempt(self, client: str | bytes) -> bool:
        """Whether `client` lies in one of the exempt networks; raises InvalidInput."""
        packed = _client_key(client, whole=True)
        address = ipaddress.ip_address(packed)
        return any(address in network for network in self._exempt)


def _client_key(client: str | bytes, *, whole: bool = False) -> bytes:
    """The octets that name a client: 4 of IPv4, the first 8 of IPv6 (all 16 when `whole`)."""
    try:
        if isinstance(client, str):
            if ":" not in client:
                return socket.inet_pton(socket.AF_INET, client)
            client = socket.inet_pton(socket.AF_INET6, client.partition("%")[0])
    except (OSError, ValueError):
        raise InvalidInput("client_address") from None
    if len(client) == 16:  # noqa: PLR2004 - octets of an IPv6 address
        if client.startswith(_MAPPED_PREFIX):
            return client[12:]
        return client if whole else client[:8]
    if len(client) != 4:  # noqa: PLR2004 - octets of an IPv4 address
        raise InvalidInput("client_address")
    return client


def _create(path: Path, key: bytes) -> None:
    """Make the file under a name of its own, then link it to `path` unless somebody was first."""
    if len(key) != KEY_OCTETS:
        raise Unavailable("throttle_table", "The rate limit table needs a key of 32 octets.")
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, _MAGIC + key)
        os.ftruncate(descriptor, _FILE_OCTETS)  # the slots are holes: zero, no disk
        # Somebody else may have been first; then its key counts.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.close(descriptor)
        draft.unlink(missing_ok=True)
