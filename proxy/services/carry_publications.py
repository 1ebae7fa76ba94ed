"""Carry publications: queue their letters, ask the vault when they are due, write what it gives.

Flow: once a round take what registrants objected to, end what could not be delivered, tell the
vault of ends that it does not know, then ask about what is due. Failure: each publication is one
transaction; what was not reached is due again after a lease. Retry: the vault gives the same fields
again while nothing has changed. Cursor: `look_at` of the row. Idempotent: a row that does not wait
is written to by nobody, and the public record is held while it is changed. Determinism: longest due
first; the letter has the instruction's id. Secrets: the fields of one name, for the length of one
transaction. No timer publishes by itself: what is carried out is a registrar's signed instruction,
announced to its registrant. Manual run: restart a worker. Logs: codes and counts; never a name.
Source: vault.md, Grants (publish).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
import structlog

from proxy.errors import ProxyError, Unavailable
from proxy.model.case import NoticeId
from proxy.model.identifiers import Mode, RegistrationId, State, TenantId
from proxy.model.letter import TEMPLATES, AboutRegistration, LetterKind, QueuedLetter
from proxy.model.notice import NoticeStanding
from proxy.model.public_record import PublishedContact
from proxy.model.publication import InstructionId, Standing
from proxy.rules import publication, publishing
from proxy.services import unpublish
from proxy.services.plan_registration import VALUE_OCTETS
from proxy.services.publish import pause
from proxy.store import notices, publications
from proxy.store import pool as pools
from proxy.store import published as journal
from proxy.store.publications import Open
from proxy.wire import frames, published

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Mapping

    from proxy.metrics import Registry
    from proxy.ports import Clock
    from proxy.store.pool import Connection, Pool
    from proxy.store.publications import Declared, Due
    from proxy.wire.frames import Answer, Request

INTERVAL_S: Final = 30.0  # a publication waits for days
ROUND_BATCHES: Final = 40  # taken in one round at most, so that what else it does is not put off
AGAIN: Final = timedelta(days=1)  # how often the vault is asked whether what is shown still holds
LEASE: Final = timedelta(minutes=2)  # above the longest answer of the vault
FOR_A_LETTER: Final = timedelta(minutes=10)  # until the relay has asked for the address
LATER: Final = timedelta(hours=6)  # due, and held for a reason that the vault keeps to itself

_LEFT: Final = frozenset({NoticeStanding.HANDED, NoticeStanding.DELIVERED})
_AWAY: Final = frozenset({"vault", "database"})  # other codes are of one record, and others go on

_log = structlog.get_logger()


class _Named(msgspec.Struct, frozen=True):
    tenant: UUID
    registration: UUID
    instruction: UUID


class _Objections(msgspec.Struct, frozen=True):
    objections: tuple[_Named, ...]


class _Seen(msgspec.Struct, frozen=True):
    standing: str
    not_before: str = ""
    contacts: tuple[PublishedContact, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrying:
    """What carrying publications needs."""

    pool: Pool
    ask: Callable[[Request], Awaitable[Answer]]
    clock: Clock
    random: Callable[[int], bytes]
    metrics: Registry


async def run(carrying: Carrying, stopping: asyncio.Event) -> None:
    """Round after round until told to stop, whatever database and vault do.

    First all that is shown is asked about: what starts us may be a copy that was put back.
    """
    is_asked = False
    while not stopping.is_set():
        try:
            if not is_asked:
                await look_soon(carrying)
                is_asked = True
            await round_of(carrying)
        except ProxyError as away:
            _log.warning("publications_wait", reason=away.code)
        except pools.BrokenConstraint as bug:
            _log.error("publications_broken", constraint=str(bug))
        await pause(stopping, INTERVAL_S)


async def look_soon(carrying: Carrying) -> None:
    """All that is shown is asked about in the next round."""
    async with carrying.pool.acquire() as connection:
        await publications.look_soon(connection, carrying.clock.now())


async def round_of(carrying: Carrying) -> int:
    """How many public records changed in one round."""
    changed = await _take_objections(carrying)
    changed += await _end_undelivered(carrying)
    await _tell_ends(carrying)
    for _ in range(ROUND_BATCHES):
        async with carrying.pool.acquire() as connection:
            now = carrying.clock.now()
            due = await publications.take_due(connection, now, now + LEASE)
        for one in due:
            changed += await _attend(carrying, one)
        if len(due) < publications.TOOK:
            break
    if changed:
        async with carrying.pool.acquire() as connection:
            await journal.wake(connection)
    return changed


async def _take_objections(carrying: Carrying) -> int:
    found = msgspec.convert(await carrying.ask(frames.ShowObjections()), _Objections)
    ended = 0
    for one in found.objections:
        which = Open(
            tenant_id=TenantId(one.tenant),
            registration_id=RegistrationId(one.registration),
            id=InstructionId(one.instruction),
        )
        shown = await _replaced(carrying, which)
        for each in (which,) if shown is None else (which, shown):
            ended += await _take_off(carrying, each, Standing.OBJECTED, is_told=True)
        await carrying.ask(_end(which, Standing.OBJECTED))
    return ended


async def _replaced(carrying: Carrying, objected: Open) -> Open | None:
    """What is open in place of what was objected to, and is nothing to the vault any more."""
    async with carrying.pool.acquire() as connection:
        newest = await publications.newest(connection, objected.tenant_id, objected.registration_id)
    if newest is None or newest.standing not in publishing.OPEN or newest.id == objected.id:
        return None
    which = replace(objected, id=newest.id)
    return None if await _standing(carrying, which) in publishing.OPEN else which


async def _standing(carrying: Carrying, which: Open) -> Standing | None:
    """Where the vault's own memory has it; None where that knows of another, or of none."""
    answer = await carrying.ask(frames.ShowPublication(**_named(which)))
    standing = msgspec.convert(answer, _Seen).standing
    return Standing(standing) if standing else None


async def _end_undelivered(carrying: Carrying) -> int:
    """Nobody was told of these: what they show is taken off, and those that wait are over."""
    async with carrying.pool.acquire() as connection:
        since = carrying.clock.now() - publications.LETTER_DAYS
        found = await publications.undelivered(connection, since)
    ended = 0
    for one in found:
        ended += await _take_off(carrying, one, Standing.UNDELIVERABLE)
    return ended


async def _tell_ends(carrying: Carrying) -> None:
    async with carrying.pool.acquire() as connection:
        found = await publications.untold(connection)
    for which, standing in found:
        if standing is not Standing.OBJECTED:  # the vault knew before anybody
            await carrying.ask(_end(which, standing))
        async with carrying.pool.acquire() as connection:
            await publications.tell(connection, which)


async def _attend(carrying: Carrying, due: Due) -> int:
    """How many public records changed: one or none."""
    if due.standing is Standing.PUBLISHED:
        return await _ask_again(carrying, due)
    if due.letter_id is None:
        async with carrying.pool.acquire() as connection, connection.transaction():
            await _write_letter(connection, due, carrying.clock.now())
        return 0
    now = carrying.clock.now()
    if due.letter not in _LEFT and not publishing.has_lapsed(due.standing, due.instructed_at, now):
        async with carrying.pool.acquire() as connection:  # its address was given, no more
            await publications.look_again(connection, due.which, now + FOR_A_LETTER, None)
        return 0
    try:
        answer = await carrying.ask(_publish(due.which))
    except Unavailable as away:
        if away.code in _AWAY:
            raise
        _log.warning("publication_refused", reason=away.code)
        return 0
    except ProxyError as refusal:  # a budget, say: its lease runs out, and it is asked again
        carrying.metrics.counter("publications_refused").value += 1
        _log.warning("publication_refused", reason=refusal.code)
        return 0
    return await _follow(carrying, due, msgspec.convert(answer, _Seen))


async def _ask_again(carrying: Carrying, due: Due) -> int:
    """Take off what the vault does not have as published: rows may be a copy of former ones."""
    standing = await _standing(carrying, due.which)
    if standing is not Standing.PUBLISHED:
        end = Standing.LAPSED if standing in {None, Standing.WAITING} else standing
        return await _take_off(carrying, due.which, end, is_told=standing is not Standing.WAITING)
    async with carrying.pool.acquire() as connection:
        again = carrying.clock.now() + AGAIN
        await publications.look_again(connection, due.which, again, None)
    return 0


async def _follow(carrying: Carrying, due: Due, seen: _Seen) -> int:
    now = carrying.clock.now()
    match seen.standing:
        case Standing.WAITING:
            not_before = datetime.fromisoformat(seen.not_before) if seen.not_before else None
            look_at = now + (FOR_A_LETTER if not_before is None else LATER)
            if not_before is not None and not_before > now:
                look_at = not_before
            async with carrying.pool.acquire() as connection:
                await publications.look_again(connection, due.which, look_at, not_before)
            return 0
        case Standing.PUBLISHED:
            return await _show(carrying, due, seen)
        case "":  # the vault's state is another one than it was: nobody knows of it any more
            return await _take_off(carrying, due.which, Standing.LAPSED, is_told=True)
        case ended:
            return await _take_off(carrying, due.which, Standing(ended), is_told=True)


async def _show(carrying: Carrying, due: Due, seen: _Seen) -> int:
    """Write the fields into the public record, if it is still what they were agreed to for."""
    now, which = carrying.clock.now(), due.which
    async with carrying.pool.acquire() as connection, connection.transaction():
        declared = await publications.hold(connection, which.tenant_id, which.registration_id)
        if declared is None:
            return 0
        standing = await _unfit(connection, declared, due)
        value = declared.value
        if standing is None and value is not None:
            record = publication.grant(published.decode_record(value), seen.contacts)
            value = published.encode_record(record)
            standing = Standing.TOO_LARGE if len(value) > VALUE_OCTETS else None
        if standing is not None or value is None:
            await unpublish.finish(
                connection,
                declared,
                which,
                standing or Standing.CHANGED,
                random=carrying.random,
                now=now,
            )
            return 0
        entry = unpublish.entry(which, declared, carrying.random, now)
        await publications.show(connection, which, value, entry, now)
        await publications.publish(connection, which, now, seen.left_out, now + AGAIN)
    carrying.metrics.counter("publications_shown").value += 1
    return 1


async def _unfit(connection: Connection, declared: Declared, due: Due) -> Standing | None:
    """Why fields can not be shown any more, while the registration is held; None when they can."""
    which = due.which
    newest = await publications.newest(connection, which.tenant_id, which.registration_id)
    is_fit = (
        newest is not None
        and (newest.id, newest.standing) == (which.id, Standing.WAITING)
        and declared.state is State.ACTIVE
        and declared.mode is Mode.PUBLISHED
        and declared.record_version == due.record_version
    )
    return None if is_fit else Standing.CHANGED


async def _write_letter(connection: Connection, due: Due, now: datetime) -> None:
    which = due.which
    letter = QueuedLetter(
        id=NoticeId(which.id),  # one letter an instruction, whoever queues it
        about=AboutRegistration(
            tenant_id=which.tenant_id,
            registration_id=which.registration_id,
            kind=LetterKind.PUBLICATION,
        ),
        template=TEMPLATES[LetterKind.PUBLICATION][0],
        domain=due.domain,
        subject=str(which.id),
        facts={"fields": due.fields},
    )
    await notices.queue_letters(connection, [letter], now)
    await publications.look_again(connection, which, now + FOR_A_LETTER, None, letter.id)


async def _take_off(
    carrying: Carrying, which: Open, standing: Standing, *, is_told: bool = False
) -> int:
    async with carrying.pool.acquire() as connection:
        return int(
            await unpublish.take_off(
                connection,
                which,
                standing,
                random=carrying.random,
                now=carrying.clock.now(),
                is_told=is_told,
            )
        )


def _named(which: Open) -> Mapping[str, str]:
    return {
        "tenant": str(which.tenant_id),
        "registration": str(which.registration_id),
        "instruction": str(which.id),
    }


def _publish(which: Open) -> frames.Publish:
    return frames.Publish(**_named(which))


def _end(which: Open, standing: Standing) -> frames.EndPublication:
    return frames.EndPublication(**_named(which), standing=standing.value)
