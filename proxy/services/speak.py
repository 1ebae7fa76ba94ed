"""Settle who speaks for a name: the loser ends, the claim is published, in one transaction.

Flow: whoever makes a claim, ends a speaker or learns of another sponsor takes the name's lock,
changes its own, and settles. Under the lock nobody else adds a claim or ends a speaker, so that no
claim is overlooked by an end that runs beside it. A claim is published without fields of persons,
as nobody here can open what it sealed; its registrar's next PUT adds them. Failure and retry: all
or nothing, by the caller's transaction. What is done costs the same whether others hold the name
or not: the statement that lets a claim speak is always run, on nothing where there is none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from proxy.errors import Conflict
from proxy.model import identifiers
from proxy.model.identifiers import EndReason, State
from proxy.rules import publication, speaking
from proxy.services import contended
from proxy.services.plan_registration import VALUE_OCTETS
from proxy.store import speakers
from proxy.store.registrations import LedgerEntry
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from proxy.model.identifiers import DomainName
    from proxy.model.registration import Registration
    from proxy.services.plan_registration import Desk, Planned
    from proxy.store.pool import Connection
    from proxy.store.speakers import Held

_T = TypeVar("_T")
_NOBODY: Final = (UUID(int=0), UUID(int=0), 0)


async def locked(
    connection: Connection,
    decide: Callable[[], Awaitable[_T]],
    contended: Callable[[_T], frozenset[DomainName]],
) -> _T:
    """What `decide` gives once the locks of the names that it contends for are held.

    Inside a transaction that has written nothing yet. Conflict `changed_meanwhile` where it then
    contends for others.
    """
    decided = await decide()
    names = contended(decided)
    if not names:
        return decided
    await speakers.lock(connection, names)
    decided = await decide()
    if contended(decided) - names:
        raise Conflict("changed_meanwhile")
    return decided


async def follow(connection: Connection, planned: Sequence[Planned], desk: Desk) -> None:
    """What follows from writes: a name that was vacated goes to its claim; claims are looked at."""
    for one in planned:
        if one.vacates:
            await settle(connection, one.registration.declared.domain, desk.random, desk.now)
    claims = [
        one.registration.declared.domain
        for one in planned
        if one.row is not None and one.registration.state is State.CLAIMED
    ]
    if claims:
        await speakers.look_soon(connection, claims, desk.now)


async def settle_alone(
    connection: Connection, domain: DomainName, random: Callable[[int], bytes], now: datetime
) -> bool:
    """The same for whoever learnt something of a name and changes nothing itself."""

    async def attempt() -> bool:
        async with connection.transaction():
            await speakers.lock(connection, [domain])
            return await settle(connection, domain, random, now)

    return await contended.settled(attempt)


async def settle(
    connection: Connection, domain: DomainName, random: Callable[[int], bytes], now: datetime
) -> bool:
    """Whether anything changed; the caller holds the name's lock. Conflict `changed_meanwhile`."""
    held = [one for one in await speakers.holdings(connection, domain) if _may_be_shown(one)]
    sighting = await speakers.sighting(connection, domain)
    outcome = speaking.decide([one.holding for one in held], sighting, now)
    by_id = {one.holding.id: one.registration for one in held}
    if outcome.ends is not None:
        loser = by_id[outcome.ends.id]
        await speakers.leave(connection, loser, _ended(loser, random, now), now)
    winner = None if outcome.speaks is None else by_id[outcome.speaks.id]
    await _let_speak(connection, winner, random, now)
    return outcome.ends is not None or outcome.speaks is not None


async def _let_speak(
    connection: Connection,
    claim: Registration | None,
    random: Callable[[int], bytes],
    now: datetime,
) -> None:
    if claim is None:
        nothing = _entry(None, random, now)
        await speakers.speak(connection, _NOBODY, None, nothing, now)
        return
    one = replace(claim, state=State.ACTIVE, revision=claim.revision + 1)
    value = _bare(claim)
    present = (claim.tenant_id, claim.id, claim.revision)
    if not await speakers.speak(connection, present, value, _entry(one, random, now), now):
        raise Conflict("changed_meanwhile")


def _may_be_shown(held: Held) -> bool:
    """Not so a claim that no journal could hold: the end of another's name must not fail by it."""
    if held.holding.state is not State.CLAIMED:
        return True
    value = _bare(held.registration)
    return value is not None and len(value) <= VALUE_OCTETS


def _bare(claim: Registration) -> bytes | None:
    """What is published of a claim when it comes to speak: no field of a person."""
    record = publication.project(replace(claim, state=State.ACTIVE), None)
    return None if record is None else published.encode_record(record)


def _entry(one: Registration | None, random: Callable[[int], bytes], now: datetime) -> LedgerEntry:
    facts = {}
    if one is not None:
        facts = {
            "registration": str(one.id),
            "revision": one.revision,
            "state": one.state.value,
            "mode": one.declared.mode.value,
            "published": True,
        }
    return LedgerEntry(
        id=identifiers.uuid7(now, random(10)),
        subject="" if one is None else str(one.id),
        kind="registration_replaced",
        facts=facts,
    )


def _ended(loser: Registration, random: Callable[[int], bytes], now: datetime) -> LedgerEntry:
    return LedgerEntry(
        id=identifiers.uuid7(now, random(10)),
        subject=str(loser.id),
        kind="registration_ended",
        facts={
            "registration": str(loser.id),
            "revision": loser.revision + 1,
            "state": State.ENDED.value,
            "reason": (loser.end_reason or EndReason.TRANSFERRED_OUT).value,
        },
    )
