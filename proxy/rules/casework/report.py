"""The transparency report: counts of cases, small ones merged so that none can be computed. Pure.

A table names a key only where 5 cases or more stand under it; all others are one number, of two
keys and 10 cases at the least, or the table names none. So totals always add up, are told as they
are, and give nothing away. Cases under a gag are a band.
Source: casework s7.7; invariants 18 and 19.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from proxy.model.case import Outcome
from proxy.rules.casework import reported_case
from proxy.rules.casework.reported_case import COUNTS, PARTIAL, RELEASED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from proxy.rules.casework.reported_case import Summary

LEAST: Final = 5
"""The smallest count that is told under its name."""

MERGED: Final = 2 * LEAST
"""The smallest number that small ones are merged into; and of spans, that has a 90th percentile."""

BAND: Final = 250
ALL: Final = "all"
UNKNOWN: Final = "unknown"
_DISCLOSED: Final = (Outcome.DISCLOSE_PRIVATE.value, Outcome.DISCLOSE_TO_TRIBUNAL.value)
_LAST: Final = frozenset({Outcome.REFUSE.value, *_DISCLOSED})
"""What is merged last, as readers look for it first."""

_TABLES: Final = ("received_by_type", "received_by_requester_class", "received_by_country",
                  "closed_by_outcome", "refused_by_primary_reason")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Counts by key, and `merged`, what stands under keys that are not named."""

    cells: Mapping[str, int]
    merged: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A period's report; None is a number, or a table, that is not told.

    `counts` are parts of no whole. `days` are from receipt to closing: median and 90th percentile.
    """

    begins: datetime
    ends: datetime
    movement: Mapping[str, int]
    tables: Mapping[str, Table | None]
    counts: Mapping[str, int | None]
    days: Mapping[str, Mapping[str, float | None]]
    gagged: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """What is counted on the way; the only thing here that changes."""

    begins: datetime
    ends: datetime
    movement: Counter[str] = field(default_factory=Counter)
    tables: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    spans: dict[str, list[timedelta]] = field(default_factory=lambda: defaultdict(list))
    gagged: int = 0

    def add(self, case: Summary) -> None:
        """Count a case that was folded up to the end of the period."""
        self.gagged += case.before is not None
        one = reported_case.told(case, self.begins)
        if one is None or not one.is_there(self.ends):
            return
        is_ended = not one.is_open and one.turns[-1] >= self.begins
        if one.was_open(self.begins):
            self.movement["open_before"] += 1
        elif not one.is_there(self.begins):
            self._receive(one)
        elif one.is_open or is_ended:
            self.movement["reopened"] += 1
        if one.is_open:
            self.movement["open_after"] += 1
        elif is_ended:
            self._close(one)

    def merge(self, other: Tally) -> None:
        """Count what another tally of the same period has counted of other cases."""
        self.movement += other.movement
        for name, counts in other.tables.items():
            self.tables[name] += counts
        for name, spans in other.spans.items():
            self.spans[name] += spans
        self.gagged += other.gagged

    def _receive(self, one: Summary) -> None:
        self.movement["received"] += 1
        self.tables["received_by_type"][one.type] += 1
        self.tables["received_by_requester_class"][one.requester_class] += 1
        self.tables["received_by_country"][one.country or UNKNOWN] += 1

    def _close(self, one: Summary) -> None:
        self.movement["closed"] += 1
        self.tables["closed_by_outcome"][one.outcome or UNKNOWN] += 1
        if one.outcome == Outcome.REFUSE:
            self.tables["refused_by_primary_reason"][one.primary or UNKNOWN] += 1
        self.tables["counts"] += one.acts
        if one.outcome in _DISCLOSED:
            self.tables["fields"] += Counter(one.fields)
            self.tables["counts"][PARTIAL] += bool(set(one.asked) - set(one.fields))
        if one.came_at is not None and one.ended_at is not None:
            for name in (ALL, one.type):
                self.spans[name].append(one.ended_at - one.came_at)


def report(tally: Tally) -> Report:
    """What may be told of what was counted."""
    outcomes = tally.tables["closed_by_outcome"]
    tables: dict[str, Table | None] = {name: table(tally.tables[name]) for name in _TABLES}
    is_told = {one: _is_told(one, outcomes) for one in (Outcome.REFUSE.value, *_DISCLOSED)}
    if not is_told[Outcome.REFUSE.value]:  # its total would be the number that was merged
        tables["refused_by_primary_reason"] = None
    counts = {name: _large(tally.tables["counts"][name]) for name in COUNTS}
    fields = {f"field:{name}": _large(count) for name, count in tally.tables["fields"].items()}
    if not all(is_told[one] for one in _DISCLOSED):  # each of these may be as many as they are
        counts |= {RELEASED: None, PARTIAL: None}
        fields = {}
    movement = ("open_before", "received", "reopened", "closed", "open_after")
    return Report(
        begins=tally.begins,
        ends=tally.ends,
        movement={name: tally.movement[name] for name in movement},
        tables=tables,
        counts=counts | dict(sorted(fields.items())),
        days={
            name: {"median": _percentile(spans, 50, LEAST),
                   "ninetieth": _percentile(spans, 90, MERGED)}
            for name, spans in sorted(tally.spans.items()) if len(spans) >= LEAST
        },
        gagged=band(tally.gagged),
    )  # fmt: skip


def table(counts: Mapping[str, int]) -> Table:
    """The counts as they may be told."""
    hidden = _hidden(counts)
    return Table(
        cells={
            name: counts[name] for name in sorted(counts) if counts[name] and name not in hidden
        },
        merged=sum(counts[name] for name in hidden),
        total=sum(counts.values()),
    )


def band(count: int) -> str:
    """A count in bands of 250, as 0-249."""
    first = count // BAND * BAND
    return f"{first}-{first + BAND - 1}"


def _hidden(counts: Mapping[str, int]) -> frozenset[str]:
    """The keys that are not named: small ones, and others with them until none can be computed."""
    hidden = {name for name, count in counts.items() if 0 < count < LEAST}
    rest = sorted(
        (name for name, count in counts.items() if count and name not in hidden),
        key=lambda name: (name in _LAST, name),  # not by size: that would say something of the size
    )
    while hidden and rest and not _is_safe(hidden, counts):
        hidden.add(rest.pop(0))
    return frozenset(hidden)


def _is_safe(hidden: set[str], counts: Mapping[str, int]) -> bool:
    return len(hidden) > 1 and sum(counts[name] for name in hidden) >= MERGED


def _is_told(key: str, counts: Mapping[str, int]) -> bool:
    """Whether a reader knows a key's count: it is named, or there is none and nothing hidden."""
    hidden = _hidden(counts)
    return key not in hidden and (counts.get(key, 0) > 0 or not hidden)


def _large(count: int) -> int | None:
    return count if count >= LEAST or count == 0 else None


def _percentile(spans: list[timedelta], percent: int, least: int) -> float | None:
    if len(spans) < least:
        return None
    place = (len(spans) - 1) * percent // 100
    return round(sorted(spans)[place].total_seconds() / 86_400, 1)
