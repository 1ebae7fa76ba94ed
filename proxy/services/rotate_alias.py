"""Give a registration another mask address; mail under the old one is taken for a while yet.

For an address that drew spam, or that somebody should no longer write to. Persons, reference and
record version stay: nothing is sealed anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict, NotFound
from proxy.model import identifiers
from proxy.rules import identity
from proxy.services.plan_registration import new_letters
from proxy.services.register import ATTEMPTS
from proxy.store import aliases, registrations
from proxy.store.registrations import LedgerEntry
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.identifiers import DomainName
    from proxy.model.registration import Registration
    from proxy.rules.identity import Precondition
    from proxy.services.plan_registration import Desk
    from proxy.store.pool import Connection, Pool
    from proxy.store.registrations import Answer, Kept

OVERLAP: Final = timedelta(days=30)
"""How long mail under the former address is taken: letters, forms and other people's lists lag."""

MOST_FORMER: Final = 8
"""Former addresses of one registration at a time: each is one more door for spam."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One rotation."""

    domain: DomainName
    precondition: Precondition
    remember: Callable[[Kept], Answer | None]


async def rotate(pool: Pool, desk: Desk, request: Request) -> Kept:
    """The registration with its new address; NotFound, Conflict `precondition_failed`.

    Conflict `too_many_rotations` while MOST_FORMER former addresses still take mail.
    """
    for _ in range(ATTEMPTS):
        try:
            return await _attempt(pool, desk, request)
        except Conflict as conflict:
            if conflict.code != "changed_meanwhile":
                raise
    raise Conflict("changed_meanwhile", "Others are changing the same name; try again.")


async def _attempt(pool: Pool, desk: Desk, request: Request) -> Kept:
    async with pool.acquire() as connection:
        found = await registrations.find(connection, desk.tenant.id, [request.domain])
        kept = found[request.domain].kept
        if kept is None or desk.reseller not in {None, kept.registration.declared.reseller}:
            raise NotFound("not_found")
        present = kept.registration
        if not identity.meets(request.precondition, present):
            raise Conflict(
                "precondition_failed", "The registration is not as the request expects it."
            )
        await _check_former(connection, present, desk)
        rotated = _rotated(kept, new_letters(desk.random))
        await aliases.rotate(
            connection,
            present,
            alias=rotated.registration.alias,
            value=rotated.value,
            accepted_until=desk.now + OVERLAP,
            entry=_entry(desk, rotated),
            answer=request.remember(rotated),
            now=desk.now,
        )
    return rotated


async def _check_former(connection: Connection, present: Registration, desk: Desk) -> None:
    if await aliases.count_former(connection, present, desk.now) >= MOST_FORMER:
        raise Conflict(
            "too_many_rotations",
            f"{MOST_FORMER} former addresses still take mail; wait until one of them lapses.",
        )


def _rotated(kept: Kept, alias: str) -> Kept:
    present, value = kept.registration, kept.value
    if value is not None:
        shown = published.decode_record(value)
        value = published.encode_record(shown.with_alias(alias))
    registration = replace(present, revision=present.revision + 1, alias=alias)
    return replace(kept, registration=registration, value=value)


def _entry(desk: Desk, kept: Kept) -> LedgerEntry:
    one = kept.registration
    return LedgerEntry(
        id=identifiers.uuid7(desk.now, desk.random(10)),
        subject=str(one.id),
        kind="registration_replaced",
        facts={
            "registration": str(one.id),
            "revision": one.revision,
            "state": one.state.value,
            "mode": one.declared.mode.value,
            "published": kept.value is not None,
        },
    )
