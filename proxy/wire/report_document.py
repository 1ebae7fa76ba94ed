"""A transparency report as JSON for programs, and as CSV: a row a number. Pure.

A hidden number is null in JSON and `<5` in CSV; a total that is hidden has no row.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from proxy.rules.casework.report import LEAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proxy.rules.casework.report import Report

HIDDEN = f"<{LEAST} or hidden with one that is"


def render_json(report: Report, entries: int) -> str:
    """The report, with what it was folded from."""
    return json.dumps(
        {
            "begins": report.begins.isoformat(),
            "ends": report.ends.isoformat(),
            "ledger_entries": entries,
            "hidden_below": LEAST,
            "movement": dict(report.movement),
            "tables": {
                name: {"cells": dict(one.cells), "total": one.total}
                for name, one in report.tables.items()
            },
            "days_to_close": dict(report.days),
            "under_a_gag": report.gagged,
        },
        indent=1,
    )


def render_csv(report: Report, entries: int) -> str:
    """The same as rows of table, key and value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("table", "key", "value"))
    writer.writerows(_rows(report, entries))
    return out.getvalue()


def _rows(report: Report, entries: int) -> Iterator[tuple[str, str, object]]:
    yield "period", "begins", report.begins.isoformat()
    yield "period", "ends", report.ends.isoformat()
    yield "ledger", "entries", entries
    for name, count in report.movement.items():
        yield "movement", name, HIDDEN if count is None else count
    for table, one in report.tables.items():
        for key, count in one.cells.items():
            yield table, key, HIDDEN if count is None else count
        if one.total is not None:
            yield table, "total", one.total
    for name, days in report.days.items():
        if days is not None:
            yield "days_to_close", name, days
    yield "under_a_gag", "cases", report.gagged
