"""The transparency report as laws: it adds up, and what is hidden can not be computed."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from proxy.model.case import Outcome
from proxy.rules.casework import report as rules
from proxy.rules.casework import reported_case
from proxy.rules.casework.report import LEAST, MERGED
from proxy.wire import report_document
from tests.support import reports as support
from tests.support.reports import BEGINS, DAY, ENDS, Chain, ended, gag, lifted, opening, step

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.rules.casework.report import Report

TYPES = ("third_party_claim", "court_order")
OUTCOMES = ("refuse", "disclose_private", "withdrawn", "lapsed")
HALVES = (BEGINS - 184 * DAY, BEGINS, ENDS, ENDS + 184 * DAY)
"""Three half-years, one after the other."""

counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30), max_size=6)


# Made once: strategies that are made again for each draw cost more than what they draw.
_BOOLEANS = st.booleans()
_KINDS = st.sampled_from(TYPES)
_WHO = st.sampled_from(("company", "police"))
_WHERE = st.sampled_from(("", "DE", "IN"))
_WHY = st.sampled_from(("no_standing", "fishing"))
_ENDS = st.sampled_from(OUTCOMES)
_CAME, _LASTS, _RESTS = st.integers(-180, 340), st.integers(0, 150), st.integers(0, 60)
_LATER, _ONE_OF_FIVE = st.integers(0, 200), st.integers(0, 4)


@st.composite
def chains(draw: st.DrawFn, *, has_gag: bool | None = None) -> Chain:
    """A case that came in, was closed perhaps, opened again perhaps, under a gag perhaps."""
    came = draw(_CAME)
    kind, who = draw(_KINDS), draw(_WHO)
    found = [opening(came, kind, who, draw(_WHERE))]
    at = came + draw(_LASTS)
    if draw(_BOOLEANS):
        reason = draw(_WHY)
        found.append(ended(at, draw(_ENDS), primary=reason))
        if draw(_ONE_OF_FIVE) == 0:
            found.append(step("reopen", at + draw(_RESTS)))
    if draw(_ONE_OF_FIVE) == 0 if has_gag is None else has_gag:
        since = came + draw(_LATER)
        found.append(gag(since))
        if draw(_BOOLEANS):
            found.append(lifted(since + draw(_LATER)))
    found.sort(key=lambda one: one.at)  # stable: what comes in comes first
    return tuple(_marked(found))


def _marked(steps: list[reported_case.Step]) -> list[reported_case.Step]:
    """The steps, each saying as the ledger does whether its case is closed then."""
    is_closed, found = False, []
    for one in steps:
        is_closed = one.act == "close" or (is_closed and one.act != "reopen")
        found.append(step(one.act, (one.at - BEGINS) / DAY, closed=is_closed, **one.facts))
    return found


@given(counts)
def test_no_small_count_is_told(given_counts: dict[str, int]) -> None:
    """A key is named with 5 cases or more; the rest are one number, and all add up to the total."""
    shown = rules.table(given_counts)
    for name, count in shown.cells.items():
        assert count == given_counts[name] >= LEAST
    assert sum(shown.cells.values()) + shown.merged == shown.total == sum(given_counts.values())
    assert not shown.cells or shown.merged == 0 or shown.merged >= MERGED
    assert shown.merged == 0 or not shown.cells or len(set(given_counts) - set(shown.cells)) > 1


def test_what_is_hidden_can_not_be_computed() -> None:
    """For every table that hides a small number another looks the same and has another there."""
    # So even who knows the total, all keys and how they are merged can not tell.
    space = [dict(zip("abc", row, strict=True)) for row in itertools.product(range(24), repeat=3)]
    seen: dict[object, list[dict[str, int]]] = {}
    for counted in space:
        if sum(counted.values()) < 24:  # what looks like these is all in the space
            shown = rules.table(counted)
            seen.setdefault((tuple(shown.cells.items()), shown.merged), []).append(counted)
    for looks_alike in seen.values():
        for name in "abc":
            values = {one[name] for one in looks_alike}
            assert len(values) > 1 or values.isdisjoint(range(1, LEAST)), looks_alike


@given(st.lists(chains(), max_size=50))
def test_totals_reconcile(cases: list[Chain]) -> None:
    """What was open or came in is closed or open after; parts sum to their whole."""
    made = support.report(cases)
    moved = made.movement
    assert moved["open_before"] + moved["received"] + moved["reopened"] == (
        moved["closed"] + moved["open_after"]
    )
    for name, whole in (
        ("received_by_type", moved["received"]),
        ("received_by_requester_class", moved["received"]),
        ("received_by_country", moved["received"]),
        ("closed_by_outcome", moved["closed"]),
    ):
        table = made.tables[name]
        assert table is not None
        assert sum(table.cells.values()) + table.merged == table.total == whole
    outcomes, reasons = made.tables["closed_by_outcome"], made.tables["refused_by_primary_reason"]
    assert outcomes is not None
    if reasons is not None:
        assert reasons.total == outcomes.cells.get(Outcome.REFUSE, 0)


@given(st.lists(chains(has_gag=False), max_size=50))
def test_a_report_is_the_truth(cases: list[Chain]) -> None:
    """Counted anew in another way, from where each case stands at the period's two ends."""
    moved: Counter[str] = Counter()
    for chain in cases:
        before, after = (_standing(chain, at) for at in (BEGINS, ENDS))
        has_closed = any(one.act == "close" and BEGINS <= one.at < ENDS for one in chain)
        moved["open_before"] += before == "open"
        moved["received"] += before == "" and after != ""
        moved["reopened"] += before == "closed" and (after == "open" or has_closed)
        moved["closed"] += after == "closed" and has_closed
        moved["open_after"] += after == "open"
    made = support.report(cases).movement
    assert made == {name: moved[name] for name in made}


def _standing(chain: Chain, at: datetime) -> str:
    known = [one for one in chain if one.at < at]
    return "" if not known else "closed" if known[-1].is_closed else "open"


@given(st.lists(chains(), max_size=40), st.data())
def test_the_order_of_cases_is_no_matter(cases: list[Chain], data: st.DataObject) -> None:
    """The same cases in another order give the same report."""
    assert support.report(data.draw(st.permutations(cases))) == support.report(cases)


@given(st.lists(chains(), max_size=40), st.data())
def test_counting_in_pieces_is_counting_whole(cases: list[Chain], data: st.DataObject) -> None:
    """Cases in two heaps, and a case's chain in two parts: nothing depends on where it is cut."""
    cut = data.draw(st.integers(0, len(cases)))
    whole, other = support.tally(cases[:cut]), support.tally(cases[cut:])
    whole.merge(other)
    assert rules.report(whole) == support.report(cases)
    for chain in cases:
        cut = data.draw(st.integers(0, len(chain)))
        one = support.folded(chain[:cut])
        for each in chain[cut:]:
            one = reported_case.take(one, each) if each.at < ENDS else one
        assert one == support.folded(chain)


@given(st.lists(chains(has_gag=False), max_size=30), st.lists(chains(), max_size=10))
def test_one_report_goes_on_where_the_one_before_ended(
    plain: list[Chain], rest: list[Chain]
) -> None:
    """What is open after one half-year is open before the next, gags or no gags."""
    # So the difference of two reports tells nothing of a gag that began or ended between them.
    several = [support.report([*plain, *rest], *one) for one in itertools.pairwise(HALVES)]
    for one, following in itertools.pairwise(several):
        assert one.movement["open_after"] == following.movement["open_before"]


@given(st.lists(chains(has_gag=False), max_size=30), st.integers(1, 180), st.data())
def test_a_case_under_a_gag_changes_nothing_but_its_band(
    cases: list[Chain], came: int, data: st.DataObject
) -> None:
    """Came in and gagged in the period: a report with it and one without are the same (19)."""
    chain = (
        opening(came),
        gag(data.draw(st.integers(came, 180))),
        step("order_carried_out", data.draw(st.integers(180, 181)) - 0.5),
    )
    one, other = support.report([*cases, chain]), support.report(cases)
    assert (one.movement, one.tables, one.counts, one.days) == (
        other.movement, other.tables, other.counts, other.days,
    )  # fmt: skip
    assert one.gagged == other.gagged == "0-249"
    assert rules.band(250) == "250-499"


@given(st.integers(1, 180), st.integers(1, 150))
def test_what_was_told_before_a_gag_stays_told(since: int, more: int) -> None:
    """A case of an earlier half-year stands as it stood; its end is told when the gag is over."""
    chain: Chain = (opening(-10), gag(since))
    closed: Chain = (*chain, ended(since + 0.1, "disclose_private"))
    assert _plain(support.report([chain])) == _plain(support.report([closed]))
    assert support.report([closed]).movement["open_after"] == 1
    over: Chain = (*closed, lifted(since + more, closed=True))
    late = BEGINS + timedelta(days=since + more)
    made = support.report([over], late, late + DAY)
    assert (made.movement["open_before"], made.movement["closed"]) == (1, 1)


def _plain(made: Report) -> tuple[object, ...]:
    return made.movement, made.tables, made.counts, made.days, made.gagged


@given(st.lists(chains(), max_size=40))
def test_both_forms_say_the_same(cases: list[Chain]) -> None:
    """A row of CSV for every number that JSON has, and no other."""
    made = support.report(cases)
    as_json = json.loads(report_document.render_json(made, "ledger 7 root"))
    rows = list(csv.reader(io.StringIO(report_document.render_csv(made, "ledger 7 root"))))
    assert rows[0] == ["table", "key", "value"]
    found = {(table, key): value for table, key, value in rows[1:]}
    assert len(found) == len(rows) - 1
    assert found.pop(("report", "ledger")) == as_json["ledger"]
    for name, number in as_json["movement"].items():
        assert found.pop(("movement", name)) == str(number)
    for name, table in as_json["tables"].items():
        total = "" if table is None else str(table["total"])
        assert found.pop((name, report_document.TOTAL_KEY)) == total
        if table is not None:
            assert found.pop((name, report_document.MERGED_KEY)) == str(table["merged"])
            for key, count in table["cells"].items():
                assert found.pop((name, key)) == str(count)
    for name, count in as_json["counts_of_closed"].items():
        assert found.pop(("counts_of_closed", name)) == ("" if count is None else str(count))
    for name, several in as_json["days_to_close"].items():
        for which, days in several.items():
            said = found.pop((f"days_to_close_{which}", name))
            assert said == ("" if days is None else str(days))
    assert found.pop(("under_a_gag", "cases")) == as_json["under_a_gag"]
    assert {table for table, _ in found} == {"report"}
