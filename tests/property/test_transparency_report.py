"""The transparency report as laws: it adds up, and what is hidden can not be computed."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from proxy.model.case import Outcome
from proxy.model.case_state import OPEN
from proxy.rules.casework import report as rules
from proxy.rules.casework.report import LEAST, Step, Summary
from proxy.wire import report_document

if TYPE_CHECKING:
    from proxy.model.case import Fact

BEGINS, ENDS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TYPES = ("third_party_claim", "court_order")
OUTCOMES = ("refuse", "disclose_private", "withdrawn", "lapsed")

counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30), max_size=6)


@st.composite
def summaries(draw: st.DrawFn) -> Summary:
    """A case that came in and perhaps ended, in the period or beside it."""
    opened = BEGINS + draw(st.integers(-200, 250)) * DAY
    closes = draw(st.none() | st.integers(0, 300))
    return Summary(
        type=draw(st.sampled_from(TYPES)),
        requester_class=draw(st.sampled_from(("company", "police"))),
        country=draw(st.sampled_from(("", "DE", "IN"))),
        opened_at=opened,
        closed_at=None if closes is None else opened + closes * DAY,
        outcome="" if closes is None else draw(st.sampled_from(OUTCOMES)),
        primary=draw(st.sampled_from(("", "no_standing", "fishing"))),
        gag=draw(st.integers(0, 9)) == 0,
    )


def told(table: rules.Table) -> tuple[tuple[tuple[str, int | None], ...], int | None]:
    """What a reader sees."""
    return tuple(table.cells.items()), table.total


@given(counts)
def test_no_small_count_is_told(given_counts: dict[str, int]) -> None:
    """Neither a cell nor a total from 1 to 4; zeros and the rest are the truth."""
    shown = rules.table(given_counts)
    for name, count in shown.cells.items():
        assert count is None or (count == given_counts[name] and not 0 < count < LEAST)
    assert shown.total is None or shown.total == sum(given_counts.values())
    assert shown.total is None or not 0 < shown.total < LEAST


def test_what_is_hidden_can_not_be_computed() -> None:
    """Another table with another number there looks the same, even to who knows the total."""
    space = [dict(zip("abc", row, strict=True)) for row in itertools.product(range(20), repeat=3)]
    seen: dict[object, list[dict[str, int]]] = {}
    for table in space:
        total = sum(table.values())
        if total >= 20:
            continue  # what looks like these is not all in the space
        known = total if total >= LEAST else None  # other tables may tell it
        seen.setdefault((told(rules.table(table)), known), []).append(table)
    for looks_alike in seen.values():
        shown = rules.table(looks_alike[0])
        for name, count in shown.cells.items():
            if count is None:
                assert len({one[name] for one in looks_alike}) > 1, looks_alike


@given(st.lists(summaries(), max_size=60))
def test_totals_reconcile(cases: list[Summary]) -> None:
    """Open before, and received, less closed is open after; outcomes sum to what was closed."""
    made = rules.report(cases, BEGINS, ENDS)
    seen = [one for one in cases if not one.gag and rules._opened(one) < ENDS]
    closed = [one for one in seen if one.closed_at and BEGINS <= one.closed_at < ENDS]
    is_open = [one for one in seen if one.closed_at is None or one.closed_at >= ENDS]
    truth = {
        "received": sum(rules._opened(one) >= BEGINS for one in seen),
        "closed": len(closed),
        "open_after": len(is_open),
    }
    for name, count in truth.items():
        assert made.movement[name] in {None, count}
    for name, size in (
        ("received_by_type", truth["received"]),
        ("received_by_country", truth["received"]),
        ("closed_by_outcome", len(closed)),
        ("refused_by_primary_reason", sum(one.outcome == Outcome.REFUSE for one in closed)),
    ):
        table = made.tables[name]
        assert table.total in {None, size}
        visible = [count for count in table.cells.values() if count is not None]
        assert sum(visible) <= size
        assert None in table.cells.values() or sum(visible) == size


@given(st.lists(summaries(), max_size=40), st.data())
def test_the_order_of_cases_is_no_matter(cases: list[Summary], data: st.DataObject) -> None:
    """The same cases in another order give the same report."""
    other = data.draw(st.permutations(cases))
    assert rules.report(other, BEGINS, ENDS) == rules.report(cases, BEGINS, ENDS)


@given(st.lists(summaries(), min_size=1, max_size=40))
def test_a_case_under_a_gag_changes_nothing_but_its_band(cases: list[Summary]) -> None:
    """Who compares a report with it and one without learns nothing."""
    without = [one for one in cases if not one.gag]
    one, other = (rules.report(several, BEGINS, ENDS) for several in (cases, without))
    assert (one.movement, one.tables, one.days) == (other.movement, other.tables, other.days)
    assert rules.band(0) == "0-249"
    assert rules.band(250) == "250-499"


@given(st.lists(summaries(), max_size=40))
def test_both_forms_say_the_same(cases: list[Summary]) -> None:
    """A row of CSV for every number that JSON has."""
    made = rules.report(cases, BEGINS, ENDS)
    as_json = json.loads(report_document.render_json(made, 7))
    rows = list(csv.reader(io.StringIO(report_document.render_csv(made, 7))))
    assert rows[0] == ["table", "key", "value"]
    found = {(table, key): value for table, key, value in rows[1:]}
    for name, table in as_json["tables"].items():
        for key, count in table["cells"].items():
            said = found[name, key]
            assert said == (report_document.HIDDEN if count is None else str(count))
        assert found.get((name, "total")) == (
            None if table["total"] is None else str(table["total"])
        )


def step(act: str, days: int, *, closed: bool = False, **facts: Fact) -> Step:
    """A step of a case."""
    return Step(act=act, at=BEGINS + days * DAY, facts=facts, is_closed=closed)


def test_a_case_is_folded_along_its_chain() -> None:
    """Outcome, reason, fields, gag and acts are those of the end; a reopened case is open."""
    one = Summary()
    for each in (
        step(OPEN, 0, type="court_order", requester_class="company", country="DE"),
        step("lapse", 3, outcome="lapsed", closed=True),
        step("reopen", 5),
        step("overlay_set", 6, overlay="gag", until=""),
        step("object", 7),
        step("task_opened", 8, kind="outer_late", role="director"),
        step("overlay_cleared", 9, overlay="gag"),
        step("package_sealed", 10, fields=("registrant.name",)),
        step("mark_released", 11, outcome="disclose_private"),
        step("close_released", 12, closed=True),
        step("notice_delivered", 13, closed=True),
    ):
        one = rules.take(one, each)
    assert (one.type, one.country, one.outcome) == ("court_order", "DE", "disclose_private")
    assert (one.closed_at, one.gag, one.fields) == (BEGINS + 12 * DAY, False, ("registrant.name",))
    assert one.acts == Counter(objections=1, late=1)
