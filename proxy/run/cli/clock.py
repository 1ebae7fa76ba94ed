"""`privacyproxy clock explain CASE`: why each deadline of a case falls when it does, in words.

Told are the steps of the very reckoning that gives the moment, by the calendar that the deadline
was set under.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, NotFound
from proxy.hosting import flags
from proxy.hosting.process import SystemClock
from proxy.model import identifiers
from proxy.model.case import CaseId
from proxy.model.deadline import DUE
from proxy.rules import clock, clock_words, local_days
from proxy.run import enrolling
from proxy.services import keep_deadlines
from proxy.store import calendars, cases, deadlines, pool

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from proxy.model.calendar import Calendar
    from proxy.model.deadline import KeptDeadline
    from proxy.settings import Settings

NAME = "clock"
HELP = "say why the deadlines of a case fall when they do"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `clock`."""
    explain = flags.add_action(
        flags.add_actions(parser), "explain", "every deadline of a case, step by step"
    )
    explain.add_argument("case", metavar="CASE", help="the id of the case")
    explain.add_argument("--deadline", metavar="NAME", help="this one alone")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 with the words on standard output; 1 for a case that is not there."""
    found = identifiers.canonical_uuid(arguments.case)
    if found is None:
        raise InvalidInput("case", "CASE is the id of a case, as lists show it.")
    told = asyncio.run(_told(settings, CaseId(found), arguments.deadline, SystemClock().now()))
    if arguments.json:
        print(json.dumps([facts for facts, _ in told]))
        return 0
    for number, (_, lines) in enumerate(told):
        if number:
            print()
        print("\n".join(lines))
    if not told:
        print("The case has no deadline.")
    return 0


async def _told(
    settings: Settings, case_id: CaseId, name: str | None, now: datetime
) -> Sequence[tuple[Mapping[str, object], Sequence[str]]]:
    """Each deadline as facts and as lines."""
    async with pool.connected(enrolling.operator_access(settings)) as connection:
        await cases.find(connection, case_id)
        kept = await deadlines.of_case(connection, case_id)
        if name is not None:
            kept = tuple(one for one in kept if one.name == name)
            if not kept:
                raise NotFound("deadline_unknown", "The case has no such deadline.")
        read = calendars.Calendars()
        return [
            explained(one, await read.find(connection, *deadlines.calendar_of(one)), now)
            for one in kept
        ]


def explained(
    kept: KeptDeadline, calendar: Calendar, now: datetime
) -> tuple[Mapping[str, object], Sequence[str]]:
    """A deadline as facts and as lines; Refused `calendar_ends`."""
    sentences = clock_words.explain(kept.deadline, calendar, kept.history)
    due_at = clock.due(kept.deadline, calendar, kept.history)
    standing = _standing(kept, due_at, now)
    if due_at != kept.due_at:
        kept_text = keep_deadlines.moment_text(kept.due_at)
        standing += f" What is kept says {kept_text}: somebody changed the row; tell an auditor."
    facts = {
        "deadline": kept.name,
        "round": kept.round,
        "due": keep_deadlines.moment_text(due_at),
        "calendar": calendar.id,
        "calendar_version": calendar.version,
        "standing": standing,
        "sentences": list(sentences),
    }
    return facts, (
        f"{kept.name}, round {kept.round}",
        *(f"  {one}" for one in sentences),
        f"  {standing}",
    )


def _standing(kept: KeptDeadline, due_at: datetime, now: datetime) -> str:
    zone = local_days.zone_named(kept.deadline.zone)
    if kept.ended_at is not None and not kept.is_due:
        return f"It ended before, {clock_words.moment_text(kept.ended_at, zone)}."
    if kept.is_due:
        return "It fell due, and that was acted on."
    if due_at <= now:
        return "It is due, and the worker has not acted on it yet."
    if kept.next is None or kept.next.name == DUE:
        return "It runs; nothing happens before its end."
    return (
        f"It runs; the reminder `{kept.next.name}` comes "
        f"{clock_words.moment_text(kept.next.at, zone)}."
    )
