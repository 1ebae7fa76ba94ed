"""`privacyproxy case-types`: the tables as they are, and a page that is up to date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import proxy
from proxy.run.cli import main

if TYPE_CHECKING:
    import pytest

PAGE = Path(proxy.__path__[0]) / "docs" / "cases.md"


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    """Whoever changes a table draws it again."""
    assert main.main(["case-types", "diagram", "--check", "--out", str(PAGE)]) == 0


def test_a_page_that_is_out_of_date_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing or changed: exit code 1 and the command that helps; then it is up to date."""
    page = str(tmp_path / "cases.md")
    assert main.main(["case-types", "diagram", "--check", "--out", page]) == 1
    assert "out of date" in capsys.readouterr().err
    assert main.main(["case-types", "diagram", "--out", page]) == 0
    assert main.main(["case-types", "diagram", "--check", "--out", page]) == 0


def test_types_are_listed_for_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """The same rows, in words and as JSON."""
    assert main.main(["case-types", "list"]) == 0
    said = capsys.readouterr().out
    assert main.main(["case-types", "check", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {one["letter"] for one in rows} == {"a", "b", "d", "e"}
    assert all(one["title"] in said for one in rows)


def test_limits_that_break_a_bound_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An operator learns before a process does not start."""
    limits = tmp_path / "limits.toml"
    limits.write_text("[assurances]\namount = 1\n")
    config = tmp_path / "settings.toml"
    config.write_text(f'casework_limits = "{limits}"\n')
    assert main.main(["case-types", "check", "--config", str(config)]) != 0
    assert "assurances" in capsys.readouterr().err
