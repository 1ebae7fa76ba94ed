"""The registrar's guide: its commands are commands that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from proxy.run.cli import main

GUIDE = Path(__file__).parents[2] / "proxy" / "docs" / "registrar-guide.md"
ANY_ID = "0198c0de-0000-7000-8000-000000000001"
COMMANDS = re.findall(r"^privacyproxy (.+)$", GUIDE.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_guide_can_be_typed(line: str) -> None:
    """It has an action and flags that are there, and nothing is missing."""
    words = shlex.split(re.sub(r"\b(REGISTRAR|WEBHOOK)\b", ANY_ID, line), comments=True)
    assert words[0] == main._parser(words).parse_args(words).command.NAME


def test_the_guide_has_commands() -> None:
    """The test above is about something."""
    assert len(COMMANDS) > 15
