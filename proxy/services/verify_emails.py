"""Verify e-mail addresses: write to registrants, remind them, and say what came of it.

Flow: rows that are due, some at a time, each with its letters; a pure rule says the next step; the
letters, the rows and the events that triggers make of them are one transaction. Failure: what fails
is left for the next round. Cursor: none, due rows are the list; the database brings a row forward
when something becomes known of its letter. Idempotent: a letter is queued with the row that names
it, so none goes out twice and none is forgotten, also by a crash. Determinism: the longest due
first; the moment is handed in. A term that ends ends nothing but itself: no name changes by it.
Secrets: none; the address is the vault's part. Manual run: restart a worker. Logs: codes, counts.
Source: WHOIS Accuracy Program Specification s1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import ProxyError
from proxy.model import identifiers
from proxy.model.case import NoticeId
from proxy.model.letter import TEMPLATES, AboutRegistration, LetterKind, QueuedLetter
from proxy.rules import verifying
from proxy.rules.verifying import Act
from proxy.services.keep_deadlines import moment_text
from proxy.services.publish import pause
from proxy.store import email_verifications as store
from proxy.store import notices, pool

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from datetime import datetime

    from proxy.metrics import Registry
    from proxy.model.verification import Waiting
    from proxy.ports import Clock
    from proxy.store.pool import Access, Connection

INTERVAL_S: Final = 5.0
BATCH: Final = 50  # registrations held at once, some milliseconds
KIND: Final = LetterKind.EMAIL_VERIFICATION

_log = structlog.get_logger()


async def run(
    access: Access,
    clock: Clock,
    random: Callable[[int], bytes],
    metrics: Registry,
    stopping: asyncio.Event,
) -> None:
    """Look once an interval until told to stop, whatever the database does."""
    while not stopping.is_set():
        try:
            async with pool.connected(access) as connection:
                while await look(connection, clock.now(), random, metrics) == BATCH:
                    pass
        except ProxyError as away:
            _log.warning("verifications_wait", reason=away.code)
        except pool.BrokenConstraint as bug:
            _log.error("verifications_broken", constraint=str(bug))
        await pause(stopping, INTERVAL_S)


async def look(
    connection: Connection, now: datetime, random: Callable[[int], bytes], metrics: Registry
) -> int:
    """How many rows were looked at; at most BATCH."""
    letters: list[QueuedLetter] = []
    done: list[str] = []
    async with connection.transaction():
        taken = await store.take(connection, now, BATCH)
        for one in taken:
            step = verifying.decide(one, now)
            if step.act is Act.DROP:
                await store.drop(connection, one)
                continue
            first, second = one.notice_id, one.reminder_id
            if step.act in {Act.ASK, Act.REMIND}:
                letter = _letter(one, step.act, NoticeId(identifiers.uuid7(now, random(10))))
                letters.append(letter)
                first, second = (letter.id, second) if step.act is Act.ASK else (first, letter.id)
            await store.keep(connection, one, step, notice_id=first, reminder_id=second, now=now)
            done.append(step.standing.value if step.act is Act.SETTLE else step.act.value)
        if letters:
            await notices.queue_letters(connection, letters, now)
    for result in done:
        metrics.counter("email_verifications_total", result=result).value += 1
    return len(taken)


def _letter(one: Waiting, act: Act, notice_id: NoticeId) -> QueuedLetter:
    first, reminder = TEMPLATES[KIND]
    return QueuedLetter(
        id=notice_id,
        about=AboutRegistration(
            tenant_id=one.tenant_id, registration_id=one.registration_id, kind=KIND
        ),
        template=first if act is Act.ASK else reminder,
        domain=one.domain,
        subject=str(one.now.record_version),
        facts={"due": moment_text(one.now.due_at)},
    )
