"""The transparency report by example: a case along its chain, a half-year as it is published."""

from __future__ import annotations

from collections import Counter

import pytest

from proxy.rules.casework.report import Table
from proxy.wire import report_document
from tests.support import reports as support
from tests.support.reports import BEGINS, DAY, GOLDEN, Chain, ended, gag, lifted, opening, step

CHECKPOINT = "privacyproxy.example/ledger 4096 q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="


def test_a_case_is_folded_along_its_chain() -> None:
    """Outcome, reason, fields, gag and acts are those of the end; a reopened case is open."""
    one = support.folded((
        opening(0),
        ended(3, "lapsed"),
        step("reopen", 5),
        gag(6),
        step("object", 7),
        step("task_opened", 8, kind="outer_late", role="director"),
        lifted(9),
        step("package_sealed", 10, fields=("registrant.name",)),
        step("mark_released", 11, outcome="disclose_private"),
        step("close_released", 12, closed=True),
        step("notice_delivered", 13, closed=True),
    ))  # fmt: skip
    assert (one.type, one.country, one.outcome) == ("court_order", "DE", "disclose_private")
    assert one.turns == tuple(BEGINS + days * DAY for days in (3, 5, 12))
    assert (one.came_at, one.ended_at) == (BEGINS, BEGINS + 12 * DAY)
    assert (one.before, one.fields) == (None, ("registrant.name",))
    assert one.acts == Counter(objections=1, late=1)


def test_a_gag_that_was_ordered_anew_is_one_gag() -> None:
    """The case is told as it stood before the first; its time ends it as an order does."""
    again = (opening(-9), gag(1), step("object", 2), gag(3))
    assert support.report([again]).gagged == "0-249"
    one = support.folded(again)
    assert one.before is not None
    assert one.before.acts == Counter()
    over = support.folded((*again, step("note_gag_lifted", 4)))
    assert (over.before, over.acts) == (None, Counter(objections=1))


def test_what_as_many_cases_have_is_not_told_beside_them() -> None:
    """Where refusals or disclosures are merged, neither is what comes to the same number."""
    several: list[Chain] = [(opening(n), ended(9, "refuse", primary="fishing")) for n in range(8)]
    several += [
        (
            opening(n),
            step("package_sealed", 8, fields=("registrant.name",)),
            step("package_released", 8),
            ended(9, "disclose_private"),
        )
        for n in range(4)
    ]  # fmt: skip
    made = support.report(several)
    assert made.tables["closed_by_outcome"] == Table(cells={}, merged=12, total=12)
    assert made.tables["refused_by_primary_reason"] is None
    assert made.counts["packages_released"] is None
    assert made.counts["disclosed_in_part"] is None
    assert not any(name.startswith("field:") for name in made.counts)


def test_no_days_are_told_of_few() -> None:
    """A median of five, a 90th percentile of ten."""
    few, some, many = (
        support.report([(opening(0), ended(days + 1, "withdrawn")) for days in range(number)])
        for number in (4, 5, 10)
    )
    assert few.days == {}
    assert some.days["all"] == {"median": 3.0, "ninetieth": None}
    assert many.days["court_order"] == {"median": 5.0, "ninetieth": 9.0}


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_half_year_is_published_in_these_very_bytes(form: str) -> None:
    """Who reads reports with a program finds every one of them in the same form."""
    made = support.report(support.half_year())
    render = {"json": report_document.render_json, "csv": report_document.render_csv}[form]
    text = render(made, CHECKPOINT)
    path = GOLDEN / f"half-year.{form}"
    assert path.exists(), f"write to {path.name}:\n{text}"
    assert path.read_text("utf-8") == text


def test_a_cell_is_no_formula() -> None:
    """Whatever a table's file may have named its codes."""
    made = support.report([(opening(0, "=1+1"),) for _ in range(5)])
    assert "received_by_type,'=1+1,5" in report_document.render_csv(made, "")
