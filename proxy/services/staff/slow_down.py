"""Count attempts by account and by client, durably, and make whoever fails wait.

A handle or address is told by a number out of 2^20, which many share: the table names nobody, can
not grow without end, and does not show whether a handle is anybody's. Failure: without the database
nobody signs in. Logs: nothing.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.errors import RateLimited
from proxy.rules import slowing
from proxy.store import staff_access

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.rules.slowing import Pace, Slowness
    from proxy.store.pool import Connection, Pool

SLOTS: Final = 1 << 20  # as apps.throttle: a used slot stands for some 4,000 IPv4 addresses
OVER: Final = timedelta(days=2)  # after which counts and old sessions mean nothing
_PACES: Final[dict[str, Pace]] = {"client": slowing.CLIENT, "person": slowing.PERSON}


async def begin(pool: Pool, client: str | None, person: str, now: datetime) -> None:
    """Return when an attempt may begin, which counts as failed; RateLimited `sign_in_slowed`.

    `client` is None where nobody is slowed down for it.
    """
    wait = 0
    async with pool.acquire() as connection, connection.transaction():
        found: list[tuple[str, int, Slowness]] = []
        for kind, slot in _slots(client, person):
            one = await staff_access.lock_slowness(connection, kind, slot, now)
            wait = max(wait, slowing.wait_s(one, now))
            found.append((kind, slot, one))
        if not wait:
            for kind, slot, one in found:
                counted = slowing.begun(one, now, _PACES[kind])
                await staff_access.set_slowness(connection, kind, slot, counted)
    if wait:
        raise RateLimited("sign_in_slowed", "Too many failures; wait.", retry_after_s=wait)


async def succeed(connection: Connection, client: str | None, person: str, now: datetime) -> None:
    """The attempt did not fail: the account's count is nought, the client's is one less."""
    for kind, slot in _slots(client, person):
        one = await staff_access.lock_slowness(connection, kind, slot, now)
        # A client that can sign in as somebody may still be guessing for somebody else.
        after = slowing.cleared(one, now) if kind == "person" else slowing.forgiven(one)
        await staff_access.set_slowness(connection, kind, slot, after)


def _slots(client: str | None, person: str) -> list[tuple[str, int]]:
    """Both numbers, always in this order, so that no two wait crosswise."""
    given = [("client", client), ("person", person)]
    return [(kind, slot_of(kind, text)) for kind, text in given if text is not None]


def slot_of(kind: str, text: str) -> int:
    """The number that stands for a handle or an address."""
    return int.from_bytes(hashlib.sha256(f"{kind} {text}".encode()).digest()) % SLOTS
