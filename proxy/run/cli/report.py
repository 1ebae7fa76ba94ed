"""`privacyproxy report transparency`: what became of requests in a period, for the public.

Uses the operator's database login. Small numbers are hidden, and cases under a gag told as a band.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput
from proxy.hosting import flags
from proxy.run import enrolling
from proxy.services import report as service
from proxy.store import pool
from proxy.wire import report_document

if TYPE_CHECKING:
    import argparse

    from proxy.services.report import Reported
    from proxy.settings import Settings

NAME = "report"
HELP = "write the transparency report of a period"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `report`."""
    made = flags.add_action(
        flags.add_actions(parser), "transparency", "what became of requests, as CSV or JSON"
    )
    made.add_argument("--from", dest="begins", metavar="DATE", required=True, help="as 2026-01-01")
    made.add_argument("--to", dest="ends", metavar="DATE", required=True, help="the day after")
    made.add_argument("--csv", action="store_true", help="print CSV, as without --json")
    made.add_argument("--out", metavar="FILE", type=Path, help="write it there")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 with the report; CSV, or JSON with --json."""
    if arguments.csv and arguments.json:
        raise InvalidInput("report_form", "Either --csv or --json.")
    begins, ends = _day(arguments.begins), _day(arguments.ends)
    if begins >= ends:
        raise InvalidInput("period", "--to is a day after --from.")
    found = asyncio.run(_report(settings, begins, ends))
    render = report_document.render_json if arguments.json else report_document.render_csv
    text = render(found.report, found.checkpoint)
    if arguments.out is None:
        print(text.rstrip("\n"))
        return 0
    arguments.out.write_text(f"{text.rstrip()}\n", "utf-8")
    print(f"Folded at the checkpoint {found.checkpoint or '(none yet)'}.", file=sys.stderr)
    return 0


async def _report(settings: Settings, begins: datetime, ends: datetime) -> Reported:
    async with pool.connected(enrolling.operator_access(settings)) as connection:
        return await service.report(connection, begins, ends)


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidInput("period", "A day is written as 2026-01-31.") from None
