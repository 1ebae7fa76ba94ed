"""`privacyproxy case-types`: list and check the tables of case types, draw them as a page.

Reads the program's own files and an operator's limits; needs no service and no database.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput
from proxy.hosting import flags
from proxy.run import case_types
from proxy.run.cli import case_words
from proxy.wire import case_diagram

if TYPE_CHECKING:
    import argparse

    from proxy.settings import Settings

NAME = "case-types"
HELP = "list and check the tables of case types, draw them as a page"
_LIST = ("id", "letter", "title", "version", "states", "acts")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `case-types`."""
    actions = flags.add_actions(parser)
    flags.add_action(actions, "list", "the types that there are")
    flags.add_action(actions, "check", "whether tables and your own limits hold together")
    drawn = flags.add_action(actions, "diagram", "every type as a page with a diagram (Markdown)")
    drawn.add_argument("--out", metavar="FILE", type=Path, help="write it there")
    drawn.add_argument(
        "--check", action="store_true", help="only say whether the file of --out is up to date"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0; 1 for a page that is out of date. InvalidInput says all that is wrong with a table."""
    own = settings.casework_limits.read_text("utf-8") if settings.casework_limits else ""
    try:
        types = case_types.load(own)
    except InvalidInput as refusal:
        for fault in refusal.faults:
            print(f"  {fault.pointer} {fault.detail}", file=sys.stderr)
        raise
    if arguments.action == "diagram":
        return _diagram(arguments, case_diagram.page(types.values(), case_types.limits(own)))
    rows = [
        {
            "id": one.id,
            "letter": one.letter,
            "title": one.title,
            "version": one.version,
            "states": len(one.states),
            "acts": len(one.acts),
        }
        for one in types.values()
    ]
    if arguments.json:
        print(json.dumps(rows))
        return 0
    for line in case_words.table(rows, _LIST):
        print(line)
    if arguments.action == "check":
        print("All of them hold together.", file=sys.stderr)
    return 0


def _diagram(arguments: argparse.Namespace, page: str) -> int:
    out: Path | None = arguments.out
    if arguments.check:
        if out is None:
            raise InvalidInput("diagram", "--check compares with the file of --out.")
        if out.is_file() and out.read_text("utf-8") == page:
            return 0
        print(f"{out} is out of date: privacyproxy case-types diagram --out {out}", file=sys.stderr)
        return 1
    if out is None:
        print(page, end="")
    else:
        out.write_text(page, "utf-8")
    return 0
