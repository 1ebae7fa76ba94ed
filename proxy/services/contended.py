"""Writes that others race: read, decide, write if it is still so, else all of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from proxy.errors import Conflict, NotFound
from proxy.rules import identity
from proxy.store import registrations

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.model.identifiers import DomainName
    from proxy.rules.identity import Precondition
    from proxy.services.plan_registration import Desk
    from proxy.store.pool import Connection
    from proxy.store.registrations import Found, Kept

ATTEMPTS: Final = 5
"""Times a write is tried while others change the same name; more means a fault, not a race."""

_T = TypeVar("_T")


async def settled(attempt: Callable[[], Awaitable[_T]]) -> _T:
    """What an attempt gives that nobody got in the way of; Conflict `changed_meanwhile`."""
    for _ in range(ATTEMPTS):
        try:
            return await attempt()
        except Conflict as conflict:
            if conflict.code != "changed_meanwhile":
                raise
    raise Conflict("changed_meanwhile", "Others are changing the same name; try again.")


async def live(connection: Connection, desk: Desk, domain: DomainName) -> tuple[Kept, Found]:
    """The live registration that a caller may change; NotFound for none, or another reseller's."""
    found = (await registrations.find(connection, desk.tenant.id, [domain]))[domain]
    kept = found.kept
    if kept is None or desk.reseller not in {None, kept.registration.declared.reseller}:
        raise NotFound("not_found")
    return kept, found


async def expected(
    connection: Connection, desk: Desk, domain: DomainName, precondition: Precondition
) -> Kept:
    """The same, as the request expects it; Conflict `precondition_failed`."""
    kept, _ = await live(connection, desk, domain)
    if not identity.meets(precondition, kept.registration):
        raise Conflict("precondition_failed", "The registration is not as the request expects it.")
    return kept
