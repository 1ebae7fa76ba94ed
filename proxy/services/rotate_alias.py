"""Give a registration another mask address; mail under the old one is taken for a while yet.

For an address that drew spam, or that somebody should no longer write to. Persons, reference and
record version stay: nothing is sealed anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict
from proxy.model import identifiers
from proxy.services import contended
from proxy.services.plan_registration import new_letters
from proxy.store import aliases
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
    return await contended.settled(lambda: _attempt(pool, desk, request))


async def _attempt(pool: Pool, desk: Desk, request: Request) -> Kept:
    async with pool.acquire() as connection:
        kept = await contended.expected(connection, desk, request.domain, request.precondition)
        present = kept.registration
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
