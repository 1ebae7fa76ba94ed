"""Idempotency-Key: the same request gives the same answer for 24 hours, and happens once.

The body is kept as a keyed MAC together with method and path. A request under way is known to this
process; two processes racing are told apart by the table's primary key, inside the write itself.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from proxy.errors import Conflict, InvalidInput
from proxy.store import idempotency
from proxy.store.registrations import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proxy.apps.api.access import Caller
    from proxy.apps.api.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One key on one route, and the MAC of what was asked."""

    route: str
    key_sha256: bytes = field(repr=False)
    body_mac: bytes = field(repr=False)

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> Answer:
        """The answer as it is remembered."""
        return Answer(
            route=self.route,
            key_sha256=self.key_sha256,
            body_mac=self.body_mac,
            status=status,
            headers=headers,
            response=body,
        )


def begin(
    office: Office,
    caller: Caller,
    request: web.Request,
    *,
    route: str,
    key: str | None,
    body: bytes,
) -> Replay | None:
    """The replay of a request with a key, or None without one."""
    if key is None:
        return None
    # The path tells two names apart that a DELETE without body would not.
    asked = f"{request.method} {request.raw_path}\n".encode() + body
    return Replay(
        route=route,
        # A reseller's keys are its own: no other reseller of the tenant meets its answers.
        key_sha256=hashlib.sha256(f"{caller.key.reseller or ''}\n{key}".encode()).digest(),
        body_mac=office.sealer.body_mac(caller.tenant.id, asked),
    )


async def remembered(office: Office, caller: Caller, replay: Replay) -> web.Response | None:
    """What was answered before; raises `idempotency_key_reused` for another body."""
    async with office.pool.acquire() as connection:
        answer = await idempotency.find(
            connection, caller.tenant.id, replay.route, replay.key_sha256, office.clock.now()
        )
    if answer is None:
        return None
    if answer.body_mac != replay.body_mac:
        raise InvalidInput(
            "idempotency_key_reused", "This Idempotency-Key was used for another request."
        )
    return web.Response(
        status=answer.status,
        body=answer.response,
        headers={**answer.headers, "Content-Type": "application/json"},
    )


@contextlib.contextmanager
def under_way(office: Office, caller: Caller, replay: Replay | None) -> Iterator[None]:
    """Marks the key as in flight for the block; raises Conflict where it is already."""
    if replay is None:
        yield
        return
    mark = (caller.tenant.id, replay.route, replay.key_sha256)
    if mark in office.in_flight:
        raise Conflict("in_flight", "A request with this Idempotency-Key is under way.")
    office.in_flight.add(mark)
    try:
        yield
    finally:
        office.in_flight.discard(mark)
