"""`privacyproxy doctor`: what is wrong, each with the sentence that says what to do."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from proxy.run import examine

if TYPE_CHECKING:
    import argparse

    from proxy.settings import Settings

NAME = "doctor"
HELP = "find out what is wrong and what to do"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `doctor`."""
    parser.add_argument(
        "--everything",
        action="store_true",
        help="have the vault open every record, not a sample; only counts come back",
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when all is well, 1 when something is not."""
    findings = examine.examine(settings, everything=arguments.everything)
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        table = Table("", "check", "finding", show_edge=False)
        for finding in findings:
            mark = Text("ok", style="green") if finding.is_well else Text("FAULT", style="bold red")
            table.add_row(mark, finding.check, Text(finding.sentence))
        Console().print(table)
    return int(not all(finding.is_well for finding in findings))
