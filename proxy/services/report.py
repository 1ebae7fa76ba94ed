"""Fold the ledger into a transparency report. Reads in one transaction; changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.rules.casework import report as rules
from proxy.rules.casework.report import Step, Summary
from proxy.store import cases

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import Fact
    from proxy.rules.casework.report import Report
    from proxy.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report, and how many entries it was folded from."""

    report: Report
    entries: int


async def report(connection: Connection, begins: datetime, ends: datetime) -> Reported:
    """The report of a period, from everything that the ledger says before its end."""
    summaries: list[Summary] = []
    case, one, entries = "", Summary(), 0
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for subject, text, at in cases.ledger_steps(connection, ends):
            if subject != case:
                summaries.append(one)
                case, one = subject, Summary()
            one = rules.take(one, step(text, at))
            entries += 1
        summaries.append(one)
    return Reported(report=rules.report(summaries, begins, ends), entries=entries)


def step(text: str, at: datetime) -> Step:
    """A step out of a ledger entry's facts."""
    facts: dict[str, Fact] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(text).items()
    }
    return Step(act=str(facts["act"]), at=at, facts=facts, is_closed=facts.get("closed") is True)
