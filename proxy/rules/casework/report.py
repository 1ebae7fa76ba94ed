"""The transparency report: counts of cases, folded from the ledger, small numbers hidden. Pure.

A case is one summary, folded step by step along its chain. Counts from 1 to 4 are hidden, and so is
what they could be computed from: in a table no hidden number stands alone, and hidden ones come to
10 at the least, or the total is hidden too. Cases under a gag are left out of every table and told
as a band alone. Source: casework s7.7; invariant 18.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from proxy.model.case import Outcome, Overlay
from proxy.model.case_state import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from proxy.model.case import Fact

LEAST: Final = 5
"""The smallest count that is told as it is, beside 0."""

BAND: Final = 250
_DISCLOSED: Final = frozenset({Outcome.DISCLOSE_PRIVATE.value, Outcome.DISCLOSE_TO_TRIBUNAL.value})
_HELD: Final = frozenset({Outcome.DEACTIVATE.value, Outcome.TEMP_HOLD.value})
_COUNTED: Final = {
    "claim_emergency": "emergencies_claimed",
    "mark_released_urgently": "emergencies_disclosed",
    "object": "objections",
    "sign_indemnity": "indemnities_given",
    "ask_reconsideration": "reconsiderations_asked",
    "confirm_reverse": "reconsiderations_reversed",
    "package_released": "packages_released",
    "order_carried_out": "orders_carried_out",
}
"""Acts whose number is told, by the name that it is told under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the ledger says of one event of a case."""

    act: str
    at: datetime
    facts: Mapping[str, Fact]
    is_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a report wants to know of a case."""

    type: str = ""
    requester_class: str = ""
    country: str = ""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str = ""
    primary: str = ""
    fields: tuple[str, ...] = ()
    gag: bool = False
    acts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Counts by key, and their sum; None is a number that is hidden."""

    cells: Mapping[str, int | None]
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A period's report. `days` are median and 90th percentile from receipt to closing."""

    begins: datetime
    ends: datetime
    movement: Mapping[str, int | None]
    tables: Mapping[str, Table]
    days: Mapping[str, float | None]
    gagged: str


def take(one: Summary, step: Step) -> Summary:
    """A case's summary after one more step; steps come in the order of their chain."""
    facts, act = step.facts, step.act
    if act == OPEN:
        one = Summary(
            type=str(facts.get("type", "")),
            requester_class=str(facts.get("requester_class", "")),
            country=str(facts.get("country", "")),
            opened_at=step.at,
        )
    if step.is_closed != (one.closed_at is not None):  # lapsed cases may be opened again
        one = replace(one, closed_at=step.at if step.is_closed else None)
    said = {name: str(facts[name]) for name in ("outcome", "primary") if facts.get(name)}
    given = facts.get("fields", ())
    if act == "package_sealed" and isinstance(given, tuple):
        one = replace(one, fields=given)
    if act in {"overlay_set", "overlay_cleared"} and facts.get("overlay") == Overlay.GAG.value:
        one = replace(one, gag=act == "overlay_set")
    if act == "task_opened" and str(facts.get("kind", "")).endswith("_late"):
        one = replace(one, acts=one.acts + Counter(late=1))
    if act in _COUNTED:
        one = replace(one, acts=one.acts + Counter({_COUNTED[act]: 1}))
    return replace(one, outcome=said.get("outcome", one.outcome),
                   primary=said.get("primary", one.primary))  # fmt: skip


def report(summaries: Iterable[Summary], begins: datetime, ends: datetime) -> Report:
    """The report of the cases that were open or came in from `begins` on, before `ends`."""
    known = [one for one in summaries if one.opened_at is not None and one.opened_at < ends]
    open_cases = [one for one in known if not one.gag]
    received = [one for one in open_cases if _opened(one) >= begins]
    closed = [one for one in open_cases if _is_within(one.closed_at, begins, ends)]
    before = [
        one for one in open_cases
        if _opened(one) < begins and (one.closed_at is None or one.closed_at >= begins)
    ]  # fmt: skip
    counts = {
        "open_before": len(before),
        "received": len(received),
        "closed": len(closed),
        "open_after": len(before) + len(received) - len(closed),
    }
    outcomes = table(Counter(one.outcome or "none" for one in closed))
    refused = Counter(one.primary or "none" for one in closed if one.outcome == Outcome.REFUSE)
    is_refused_told = outcomes.cells.get(Outcome.REFUSE.value, 0) is not None
    tables = {
        "received_by_type": table(Counter(one.type for one in received)),
        "received_by_requester_class": table(Counter(one.requester_class for one in received)),
        "received_by_country": table(Counter(one.country or "unknown" for one in received)),
        "closed_by_outcome": outcomes,
        "refused_by_primary_reason": table(refused, tells_total=is_refused_told),
        "disclosed_by_field": table(
            Counter(name for one in closed if one.outcome in _DISCLOSED for name in one.fields),
            is_sum=False,
        ),
        "acts": table(
            {name: sum(one.acts[name] for one in closed)
             for name in sorted({*_COUNTED.values(), "late"})},
            is_sum=False,
        ),
    }  # fmt: skip
    spans = sorted(one.closed_at - _opened(one) for one in closed if one.closed_at is not None)
    return Report(
        begins=begins,
        ends=ends,
        movement=_movement(counts),
        tables=tables,
        days={"median": _percentile(spans, 50), "ninetieth": _percentile(spans, 90)},
        gagged=band(sum(one.gag for one in known)),
    )


def table(counts: Mapping[str, int], *, is_sum: bool = True, tells_total: bool = True) -> Table:
    """The counts as they may be told.

    Without `is_sum` the cells are no parts of a whole: no total, and nothing to compute from it.
    """
    hidden = {name for name, count in counts.items() if 0 < count < LEAST}
    total = sum(counts.values())
    if is_sum:
        while hidden and not _is_safe(hidden, counts):
            rest = sorted(name for name, count in counts.items() if count and name not in hidden)
            if not rest:
                tells_total = False
                break
            hidden.add(rest[0])  # by name: a choice by size would say something of the size
    return Table(
        cells={name: None if name in hidden else counts[name] for name in sorted(counts)},
        total=total if is_sum and tells_total and not 0 < total < LEAST else None,
    )


def band(count: int) -> str:
    """A count in bands of 250, as 0-249."""
    first = count // BAND * BAND
    return f"{first}-{first + BAND - 1}"


def _is_safe(hidden: set[str], counts: Mapping[str, int]) -> bool:
    """Whether what is hidden can not be had by subtraction."""
    return len(hidden) > 1 and sum(counts[name] for name in hidden) >= 2 * LEAST


def _movement(counts: Mapping[str, int]) -> Mapping[str, int | None]:
    """The four numbers, of which three give the fourth: a small one takes another with it."""
    hidden = {name for name, count in counts.items() if 0 < count < LEAST}
    if len(hidden) == 1:
        rest = [name for name in counts if name not in hidden and counts[name]]
        hidden |= {rest[0]} if rest else set(counts)
    return {name: None if name in hidden else count for name, count in counts.items()}


def _percentile(spans: list[timedelta], percent: int) -> float | None:
    if len(spans) < LEAST:
        return None
    place = (len(spans) - 1) * percent // 100
    return round(spans[place].total_seconds() / 86_400, 1)


def _opened(one: Summary) -> datetime:
    assert one.opened_at is not None  # noqa: S101 - report() leaves out what was not opened
    return one.opened_at


def _is_within(at: datetime | None, begins: datetime, ends: datetime) -> bool:
    return at is not None and begins <= at < ends
