"""Fold the ledger into a transparency report. Reads in one transaction; changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.rules.casework import report as rules
from proxy.rules.casework import reported_case
from proxy.rules.casework.report import Tally
from proxy.rules.casework.reported_case import Step, Summary
from proxy.store import cases, public_ledger

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import Fact
    from proxy.rules.casework.report import Report
    from proxy.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report, and the ledger's newest checkpoint when it was folded; "" before the first."""

    report: Report
    checkpoint: str


async def report(connection: Connection, begins: datetime, ends: datetime) -> Reported:
    """The report of a period, from everything that the ledger says before its end."""
    tally = Tally(begins=begins, ends=ends)
    case, one = "", Summary()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        newest = await public_ledger.newest(connection)
        async for subject, text, at in cases.ledger_steps(connection, ends):
            if subject != case:
                tally.add(one)
                case, one = subject, Summary()
            one = reported_case.take(one, step(text, at))
        tally.add(one)
    return Reported(
        report=rules.report(tally), checkpoint="" if newest is None else head(newest.note)
    )


def step(text: str, at: datetime) -> Step:
    """A step out of a ledger entry's facts."""
    facts: dict[str, Fact] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(text).items()
    }
    return Step(act=str(facts["act"]), at=at, facts=facts, is_closed=facts.get("closed") is True)


def head(note: str) -> str:
    """Origin, size and root of a checkpoint, on one line (C2SP tlog-checkpoint)."""
    return " ".join(note.split("\n")[:3])
