"""Cases as the ledger tells them, for transparency reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proxy.model.case_state import OPEN
from proxy.rules.casework import report as rules
from proxy.rules.casework import reported_case
from proxy.rules.casework.report import Report, Tally
from proxy.rules.casework.reported_case import Step, Summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from proxy.model.case import Fact

BEGINS: Final = datetime(2026, 1, 1, tzinfo=UTC)
ENDS: Final = datetime(2026, 7, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
GOLDEN: Final = Path(__file__).parent.parent / "vectors" / "reports"

Chain = tuple[Step, ...]


def step(act: str, days: float, *, closed: bool = False, **facts: Fact) -> Step:
    """A step of a case, days after the period's begin."""
    return Step(act=act, at=BEGINS + days * DAY, facts=facts, is_closed=closed)


def opening(days: float, kind: str = "court_order", who: str = "company", of: str = "DE") -> Step:
    """A case comes in."""
    return step(OPEN, days, type=kind, requester_class=who, country=of,
                fields=("registrant.name", "registrant.email"))  # fmt: skip


def gag(days: float) -> Step:
    """A gag comes."""
    return step("overlay_set", days, overlay="gag", until="")


def lifted(days: float, *, closed: bool = False) -> Step:
    """And goes."""
    return step("overlay_cleared", days, overlay="gag", closed=closed)


def ended(days: float, outcome: str, **facts: Fact) -> Step:
    """A case is closed."""
    return step("close", days, outcome=outcome, closed=True, **facts)


def folded(chain: Iterable[Step], ends: datetime = ENDS) -> Summary:
    """The summary of a chain, up to a moment."""
    return reduce(reported_case.take, (one for one in chain if one.at < ends), Summary())


def tally(chains: Iterable[Chain], begins: datetime = BEGINS, ends: datetime = ENDS) -> Tally:
    """What is counted of several cases."""
    found = Tally(begins=begins, ends=ends)
    for chain in chains:
        found.add(folded(chain, ends))
    return found


def report(chains: Sequence[Chain], begins: datetime = BEGINS, ends: datetime = ENDS) -> Report:
    """A period's report of them."""
    return rules.report(tally(chains, begins, ends))


def half_year() -> tuple[Chain, ...]:
    """The cases of a made-up half-year, the same in every run."""
    found: list[Chain] = []
    for n in range(31):
        refused = ended(20 + n, "refuse", primary="no_standing" if n % 3 else "fishing")
        found.append((opening(n, "rights_holder_request", of="DE" if n % 4 else "FR"), refused))
    for n in range(14):
        found.append((
            opening(30 + n, "third_party_claim", of="IN"),
            step("sign_indemnity", 40 + n),
            step("package_sealed", 60 + n, fields=("registrant.name",)),
            step("package_released", 61 + n),
            ended(62 + 2 * n, "disclose_private"),
        ))  # fmt: skip
        found.append((opening(31 + n, "third_party_claim"), ended(80, "resolved_direct")))
    for n in range(6):
        lapsed = ended(50 + n, "lapsed")
        found.append((opening(-20 + n, of="US"), lapsed, step("reopen", 70), step("object", 71)))
    found += [
        (opening(90 + n, "law_enforcement", "police", "US"), ended(100, "preserved"))
        for n in range(3)
    ]  # fmt: skip
    found += [(opening(100 + n, "law_enforcement", "police"), gag(101 + n))
        for n in range(4)]  # fmt: skip
    found.append((opening(-60), ended(-40, "withdrawn")))
    found.append((opening(178, "third_party_claim", "other", ""),))
    return tuple(found)
