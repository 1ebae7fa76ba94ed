"""Find who sponsors names, by asking their registries, and let the sponsor speak.

Flow: once a round add names that are new, then take what is due; ask the registry, look for tokens
in DNS, keep what was seen with its moment, settle the name in one transaction, say when to look
again. Failure: a registry that does not answer costs its own names their turn, nobody else's: after
some misses in a row it is left until the next round; registries are asked beside one another, and
a round ends in time. A worker that dies leaves a lease that runs out. Retry: later each time, to
two days. Cursor: the due moment in the row; the place among new names goes in circles. Idempotent:
the same sight twice changes nothing (rules/speaking). Determinism: oldest first; a registry's
budget of a minute is shared by all workers. Secrets: tokens are made here and not kept. Logs:
counts and codes; never a name. Manual run: restart a worker, names that are due are looked at.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import Conflict, Unavailable
from proxy.model.identifiers import State
from proxy.model.sponsor import NOT_ASKED, Missed, Seen, Standing
from proxy.rules import looking, speaking
from proxy.services import speak
from proxy.services.publish import pause
from proxy.store import published, speakers, sponsor_looks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from proxy.metrics import Registry
    from proxy.model.registration import Registration
    from proxy.outer_ports import Sponsors
    from proxy.ports import Clock
    from proxy.store.pool import Connection, Pool
    from proxy.store.sponsor_looks import Due

INTERVAL_S: Final = 10.0  # between rounds; budgets are of a minute
ROUND_S: Final = 45.0  # no registry keeps a round longer; its other names are due after a lease
BESIDE: Final = 8  # registries asked at a time
MOST_MISSES: Final = 3  # in a row, after which a registry is left until the next round

_ANSWERS: Final = frozenset({NOT_ASKED, "not_found", "no_iana_id", "two_sponsors", "another_name"})
"""Misses of a registry that is there."""

_AGAINST: Final = frozenset({Standing.CONTRADICTED, Standing.OUT})
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What finding sponsors needs."""

    pool: Pool
    sponsors: Sponsors
    budgets: Mapping[str, int]  # looks a minute, by registry
    clock: Clock
    random: Callable[[int], bytes]
    metrics: Registry


async def run(finding: Finding, stopping: asyncio.Event) -> None:
    """Round after round until told to stop, whatever database and registries do."""
    after = ""
    while not stopping.is_set():
        try:
            after = await round_of(finding, after)
        except Unavailable as away:
            _log.warning("sponsors_wait", reason=away.code)
        await pause(stopping, INTERVAL_S)


async def round_of(finding: Finding, after: str) -> str:
    """One round; from where the next one adds names."""
    now = finding.clock.now()
    async with finding.pool.acquire() as connection:
        last = await sponsor_looks.add(connection, after, finding.budgets, now)
        due = await sponsor_looks.take(connection, finding.budgets, now)
    by_registry: dict[str, list[Due]] = defaultdict(list)
    for one in due:
        by_registry[one.registry].append(one)
    beside = asyncio.Semaphore(BESIDE)
    moved = await asyncio.gather(
        *(_attend(finding, beside, names) for names in by_registry.values())
    )
    finding.metrics.counter("sponsor_speakers_changed").value += sum(moved)
    if sum(moved):
        async with finding.pool.acquire() as connection:
            await published.wake(connection)
        _log.info("sponsors_moved_names", count=sum(moved))
    return last


async def _attend(finding: Finding, beside: asyncio.Semaphore, names: Sequence[Due]) -> int:
    """How many names of one registry changed their speaker."""
    moved = misses = 0
    async with beside:
        try:
            async with asyncio.timeout(ROUND_S):
                for one in names:
                    try:
                        is_answered, is_moved = await _look(finding, one)
                    except Conflict as conflict:  # others change the name all the time: its lease
                        _log.warning("sponsor_not_settled", reason=conflict.code)
                        continue
                    moved += is_moved
                    misses = 0 if is_answered else misses + 1
                    if misses >= MOST_MISSES:
                        break
        except TimeoutError:
            _log.warning("sponsors_round_too_long", count=len(names))
    return moved


async def _look(finding: Finding, due: Due) -> tuple[bool, bool]:
    """Whether the registry is there, and whether the speaker changed."""
    async with finding.pool.acquire() as connection:
        holders = await sponsor_looks.holders(connection, due.domain)
        speaker = await _speaker(connection, due)
    marks = () if speaker is None else (speaker.alias, speaker.reference)
    found = await finding.sponsors.look(due.domain, marks)
    shown = [
        (one, await finding.sponsors.shows(due.domain, looking.token(one.secret, due.domain)))
        for one in holders
    ]
    now = finding.clock.now()
    async with finding.pool.acquire() as connection:
        if isinstance(found, Seen):
            mask_of = None if speaker is None else speaker.id
            await sponsor_looks.see(
                connection, due.domain, found, mask_of, now=now, fresh=speaking.FRESH
            )
        else:
            await sponsor_looks.miss(connection, due.domain, found.reason)
            finding.metrics.counter("sponsor_looks_missed").value += 1
        for one, is_shown in shown:
            if is_shown is not None:
                await sponsor_looks.show(connection, one, now, is_shown=is_shown)
        is_moved = await speak.settle_alone(connection, due.domain, finding.random, now)
        await _look_again(connection, due, found, now)
    finding.metrics.counter("sponsor_looks").value += 1
    return isinstance(found, Seen) or found.reason in _ANSWERS, is_moved


async def _speaker(connection: Connection, due: Due) -> Registration | None:
    held = await speakers.holdings(connection, due.domain)
    return next((one.registration for one in held if one.holding.state is not State.CLAIMED), None)


async def _look_again(
    connection: Connection, due: Due, found: Seen | Missed, now: datetime
) -> None:
    held = await speakers.holdings(connection, due.domain)
    if not held:
        await sponsor_looks.forget(connection, due.domain)
        return
    sighting = await speakers.sighting(connection, due.domain)
    is_disputed = len(held) > 1
    is_doubted = any(
        one.state is State.ENDING or speaking.standing(one, sighting, now) in _AGAINST
        for one in (each.holding for each in held)
    )
    if isinstance(found, Missed) and found.reason != NOT_ASKED:
        wait = looking.after_miss(due.misses + 1)
    else:
        wait = looking.after_sight(is_disputed=is_disputed, is_doubted=is_doubted)
    await sponsor_looks.look_again(
        connection, due.domain, now + wait, is_urgent=is_disputed or is_doubted
    )
