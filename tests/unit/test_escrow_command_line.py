"""The escrow program's command line: one table of actions, and the same flags as everywhere."""

from __future__ import annotations

import argparse
import ast
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from escrow import __main__ as program
from escrow.cli import restore
from proxy import settings
from proxy.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from escrow.opening import Unseal
    from proxy.settings import Settings

CLI = Path(program.__file__).parent / "cli"


def test_a_directory_where_nothing_ran_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a missing file of ours, but what to do."""
    assert program.main(["deposit", "--data-dir", str(tmp_path / "data")]) == 1
    assert "No service ever ran on" in capsys.readouterr().err


def test_every_action_is_in_the_table() -> None:
    """Each module of escrow.cli that takes arguments is an action, and there is no other."""
    modules = {
        file.stem
        for file in CLI.glob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "configure"
    }
    assert set(program.ACTIONS) == modules
    for name in program.ACTIONS:
        program._action(name).configure(argparse.ArgumentParser())


@pytest.mark.parametrize("words", [[], ["fly"], ["serve"], ["serve", "--boot", "x"]])
def test_wrong_use_is_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is no command line of ours ends with 2 and a usage on standard error."""
    with pytest.raises(SystemExit) as ended:
        program.main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: privacyproxy escrow")


def test_help_names_actions_and_not_the_supervisors_own(capsys: pytest.CaptureFixture[str]) -> None:
    """--help ends with 0, names each action, and keeps `serve` to the supervisor."""
    with pytest.raises(SystemExit) as ended:
        program.main(["--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(f" {name} " in said for name in program.ACTIONS)
    assert "serve" not in said


def _action(monkeypatch: pytest.MonkeyPatch, fault: Exception | None = None) -> list[str]:
    """An action called `try`, and the data directories that it was run with."""
    seen: list[str] = []

    def run(_arguments: argparse.Namespace, settings: Settings, _unseal: Unseal) -> int:
        seen.append(settings.data_dir.name)
        if fault is not None:
            raise fault
        return 0

    module = SimpleNamespace(configure=lambda _parser: None, run=run)
    monkeypatch.setattr(program, "ACTIONS", {"try": "try it"})
    monkeypatch.setattr(program, "_action", {"try": module}.__getitem__)
    return seen


def test_flags_stand_before_or_after_the_action(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The shared flags mean the same on both sides of the action, and settings come from them."""
    seen = _action(monkeypatch)
    assert program.main(["--data-dir", str(tmp_path / "before"), "try"]) == 0
    assert program.main(["try", "--data-dir", str(tmp_path / "after")]) == 0
    assert seen == ["before", "after"]


def test_a_failure_is_1_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An expected failure of an action is told in its words, under the name of the command."""
    _action(monkeypatch, Refused("no", "It may not be."))
    assert program.main(["try"]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "privacyproxy escrow: It may not be.\n")


def test_a_restore_takes_no_password_in_its_url(tmp_path: Path) -> None:
    """`--into` goes by the setting's own check, which refuses passwords and names no value."""
    given = settings.load({"data_dir": str(tmp_path / "d"), "key_dir": str(tmp_path / "k")})
    arguments = argparse.Namespace(into="postgresql://someone:hunter2@db.example/privacy")
    with pytest.raises(InvalidInput) as refused:
        restore.run(arguments, given, program._unsealing())
    assert refused.value.code == "invalid_settings"
    assert refused.value.detail.startswith("database_url: ")
    assert "hunter2" not in refused.value.detail
