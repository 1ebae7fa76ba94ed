"""Passwords of staff as Argon2id hashes: made, verified, never kept. Implements Passwords.

Holds no password longer than one call; Python can not wipe its memory. No pepper: a second secret
beside the database would have to be kept on every web host, where whoever reads it has the
passwords passing by anyway; the second factor is what a stolen hash does not give.
Source: RFC 9106 (Argon2), RFC 8265 s4 (which texts are one password), OWASP password storage.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from proxy.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

SALT_OCTETS: Final = 16  # RFC 9106 s3.1
HASH_OCTETS: Final = 32
AT_ONCE: Final = 2  # hashes worked on; each takes a core and `memory_kib`
QUEUE: Final = 64  # hashes waiting; some five seconds of work. Beyond it callers are turned away
_T = TypeVar("_T")
_PHC: Final = re.compile(r"\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$[^$]+\$[^$]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one hash costs, and so one guess of whoever has the hashes."""

    memory_kib: int
    passes: int
    lanes: int = 1

    def covers(self, other: Cost) -> bool:
        """Whether nothing of it is less than of the other."""
        return (
            self.memory_kib >= other.memory_kib
            and self.passes >= other.passes
            and self.lanes == other.lanes
        )


COST: Final = Cost(memory_kib=65_536, passes=3)
"""64 MiB and three passes: RFC 9106's second choice, on one lane, since a thread of ours has one
core. 0.17 s on a small server; three times the least that OWASP asks for in memory, and more
passes. Two at once take 128 MiB of the web role."""


class Argon2Passwords:
    """Hashes and verifies off the event loop, a few at once."""

    def __init__(self, random: Callable[[int], bytes], cost: Cost = COST) -> None:
        """`random` gives octets nobody can foresee; `cost` is that of new hashes."""
        self._random = random
        self._cost = cost
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0
        # Verified where there is no hash, so that who is unknown costs what a wrong password does.
        # Nobody knows a password for it: it is that of octets that are drawn here and forgotten.
        self._nobody = _hashed(random(HASH_OCTETS), random(SALT_OCTETS), cost)

    async def hash(self, password: str) -> str:
        """The hash to keep, in PHC form; Unavailable `passwords_busy`."""
        salt = self._random(SALT_OCTETS)
        # A fresh salt each time: equal passwords have unlike hashes, and no table helps against
        # many at once. Guessing one weak password remains possible: rules.password_policy.
        return await self._apart(lambda: _hashed(_octets(password), salt, self._cost))

    async def is_right(self, password: str, kept: str | None) -> bool:
        """Whether the password is that of a hash; without one, no, after as much work."""
        phc = self._nobody if kept is None else kept
        is_same = await self._apart(lambda: _is_right(_octets(password), phc))
        return is_same and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made at less cost than new ones are."""
        found = _PHC.fullmatch(kept)
        if found is None:
            return True
        memory, passes, lanes = map(int, found.groups())
        return not Cost(memory_kib=memory, passes=passes, lanes=lanes).covers(self._cost)

    def close(self) -> None:
        """End the threads; hashes that wait are given up."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _apart(self, work: Callable[[], _T]) -> _T:
        if self._waiting >= QUEUE:
            raise Unavailable("passwords_busy", "Too many sign-ins at once; try again.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _octets(password: str) -> bytes:
    """RFC 8265 s4.2.2 (OpaqueString): composed, since keyboards differ in how they write é."""
    # A lone surrogate, which no policy lets anybody set, is no error but a wrong password.
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")


def _hashed(password: bytes, salt: bytes, cost: Cost) -> str:
    """Argon2id, whose first half pass resists side channels and the rest trade-offs of memory."""
    made = Argon2id(
        salt=salt,
        length=HASH_OCTETS,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return made.derive_phc_encoded(password)


def _is_right(password: bytes, phc: str) -> bool:
    # The parameters come from the hash: a row that names huge ones would take our memory.
    found = _PHC.fullmatch(phc)
    if found is None or int(found[1]) > 4 * COST.memory_kib or int(found[2]) > 4 * COST.passes:
        return False
    try:
        Argon2id.verify_phc_encoded(password, phc)  # compares in constant time
    except InvalidKey:
        return False
    return True
