"""A transparency report as JSON for programs, and as CSV: a row a number. Pure.

What is not told is null in JSON and empty in CSV. `(merged)` is what stands under keys that are not
named, `(total)` all of a table.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

from proxy.rules.casework.report import LEAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proxy.rules.casework.report import Report

FORMAT: Final = 1
MERGED_KEY: Final = "(merged)"
TOTAL_KEY: Final = "(total)"


def render_json(report: Report, checkpoint: str) -> str:
    """The report, with the head of the ledger that it was folded from."""
    return json.dumps(
        {
            "format": FORMAT,
            "begins": report.begins.isoformat(),
            "ends": report.ends.isoformat(),
            "ledger": checkpoint,
            "merged_below": LEAST,
            "movement": dict(report.movement),
            "tables": {
                name: None if one is None else {
                    "cells": dict(one.cells), "merged": one.merged, "total": one.total,
                }
                for name, one in report.tables.items()
            },
            "counts_of_closed": dict(report.counts),
            "days_to_close": {name: dict(one) for name, one in report.days.items()},
            "under_a_gag": report.gagged,
        },
        indent=1,
    )  # fmt: skip


def render_csv(report: Report, checkpoint: str) -> str:
    """The same as rows of table, key and value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("table", "key", "value"))
    writer.writerows(_rows(report, checkpoint))
    return out.getvalue()


def _rows(report: Report, checkpoint: str) -> Iterator[tuple[str, str, object]]:
    yield "report", "format", FORMAT
    yield "report", "begins", report.begins.isoformat()
    yield "report", "ends", report.ends.isoformat()
    yield "report", "ledger", checkpoint
    yield "report", "merged_below", LEAST
    for name, number in report.movement.items():
        yield "movement", name, number
    for table, one in report.tables.items():
        if one is None:
            yield table, TOTAL_KEY, ""
            continue
        yield from ((table, _cell(key), count) for key, count in one.cells.items())
        yield table, MERGED_KEY, one.merged
        yield table, TOTAL_KEY, one.total
    for name, count in report.counts.items():
        yield "counts_of_closed", name, "" if count is None else count
    for name, several in report.days.items():
        for which, days in several.items():
            yield f"days_to_close_{which}", name, "" if days is None else days
    yield "under_a_gag", "cases", report.gagged


def _cell(key: str) -> str:
    """A key that no spreadsheet takes for a formula: codes of ours never begin so."""
    return f"'{key}" if key[:1] in "=+-@" else key
