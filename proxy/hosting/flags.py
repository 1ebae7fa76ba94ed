"""The flags that every command takes, before and after its action alike."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Actions = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - the library's only name for it


def add_shared(parser: argparse.ArgumentParser, *, is_action: bool = False) -> None:
    """Add them; of an action without defaults, which would undo what stood before it."""
    nothing: dict[str, Any] = {"default": argparse.SUPPRESS} if is_action else {}
    parser.add_argument("--data-dir", metavar="DIR", help="everything but keys", **nothing)
    parser.add_argument(
        "--key-dir", metavar="DIR", help="keys; by default beside as DIR.keys", **nothing
    )
    parser.add_argument("--config", metavar="FILE", type=Path, help="settings in TOML", **nothing)
    parser.add_argument("--json", action="store_true", help="print JSON, for programs", **nothing)


def add_actions(parser: argparse.ArgumentParser) -> Actions:
    """The place for a command's actions, one of which must be given."""
    return parser.add_subparsers(dest="action", metavar="ACTION", required=True)


def add_action(actions: Actions, name: str, sentence: str) -> argparse.ArgumentParser:
    """An action that takes the shared flags as well."""
    made = actions.add_parser(name, help=sentence, description=sentence, allow_abbrev=False)
    add_shared(made, is_action=True)
    return made
