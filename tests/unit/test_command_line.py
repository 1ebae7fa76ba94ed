"""The command line: one table of commands, exit codes 0, 1, 2, errors as sentences."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Conflict
from proxy.run.cli import bench, main, migrate

if TYPE_CHECKING:
    from proxy.settings import Settings


@pytest.mark.parametrize("name", [name for name in main.COMMANDS if name != main.ESCROW])
def test_every_command_is_what_the_table_says(name: str) -> None:
    """Each command of the table has a module with that name and that help."""
    command = main._command(name)
    assert (name, main.COMMANDS[name]) == (command.NAME, command.HELP)
    command.configure(argparse.ArgumentParser())


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """--help ends with 0 and names each command."""
    with pytest.raises(SystemExit) as ended:
        main.main(["--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert set(main.COMMANDS) <= set(said.split())


def test_escrow_is_the_program_beside_this_one(tmp_path: Path) -> None:
    """`escrow` hands its words to our own package, not to a directory that happens to be there."""
    trap = tmp_path / "escrow"
    trap.mkdir()
    (trap / "__main__.py").write_text("print('a trap')")
    done = subprocess.run(
        [Path(sys.executable).with_name("privacyproxy"), "escrow", "--help"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: privacyproxy escrow ")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["fly"],
        ["up", "--no-such-flag"],
        ["up", "--ports", "any"],
        ["bench", "nothing"],
        ["run", "nobody"],
    ],
)
def test_wrong_use_is_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is no command line of ours ends with 2 and a usage on standard error."""
    with pytest.raises(SystemExit) as ended:
        main.main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage:")


def test_a_wrong_setting_is_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A setting out of shape ends with 2 and the setting's name."""
    monkeypatch.setenv("PRIVACYPROXY_EDGE_WORKERS", "many")
    assert main.main(["doctor"]) == 2
    assert "edge_workers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Conflict("taken", "Somebody has it."), "Somebody has it."),
        (ValueError("Erika Mustermann"), "this is a bug"),
    ],
)
def test_a_failure_is_1_and_one_sentence(
    fault: Exception,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An expected failure is told in its words; a bug without the exception's text."""

    def fail(_arguments: argparse.Namespace, _settings: Settings) -> int:
        raise fault

    monkeypatch.setattr(migrate, "run", fail)
    assert main.main(["migrate", "--data-dir", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert (told.out, said in told.err, told.err.count("\n")) == ("", True, 1)
    assert "Mustermann" not in told.err


def test_a_benchmark_tells_what_it_was_measured_on() -> None:
    """Machine and versions stand beside every number."""
    assert bench.machine().keys() == {"processor", "cores", "system"}
    assert bench.versions()["asyncpg"][0].isdecimal()
