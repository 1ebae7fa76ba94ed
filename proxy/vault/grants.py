"""Who may have what opened: one table, default deny, and budgets. No other way to an opening.

Source: vault.md, Grants. This table grows with the issues that bring relay, web and worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.vault.state import State


class Caller(StrEnum):
    """Processes that have a socket of their own at the vault."""

    OPERATOR = "operator"
    WORKER = "worker"


class Grant(StrEnum):
    """What an opening may be for; also its purpose in budgets, metrics and the ledger."""

    CHECK = "check"  # doctor: a sample of records opens; counts only
    PREFLIGHT = "preflight"  # doctor --all: every record opens; counts only


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most `per_hour` distinct persons, or runs where nobody's data can leave."""

    per_hour: int
    counts_runs: bool


# role x grant: what is not here is denied.
GRANTS = frozenset({(Caller.OPERATOR, Grant.CHECK), (Caller.OPERATOR, Grant.PREFLIGHT)})

BUDGETS = {
    # A sample of 200 records a run, a handful of runs an hour: far below what a thief would want.
    Grant.CHECK: Budget(per_hour=2000, counts_runs=False),
    # Counting persons would make a check of everything impossible; it returns numbers alone.
    Grant.PREFLIGHT: Budget(per_hour=6, counts_runs=True),
}


def may(caller: Caller, grant: Grant) -> bool:
    """Whether the table has the pair."""
    return (caller, grant) in GRANTS


def spend(state: State, grant: Grant, whom: bytes, now: datetime) -> bool:
    """Whether one more person (or run) fits this hour; counted durably when it does."""
    return state.spend(grant, now, whom, BUDGETS[grant].per_hour)
