"""A verifier that shares no code with ours, written from the standards, judges our ledger.

Always run: it needs the standard library and `cryptography` alone.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

from tests.support import ledger_cases

DRIVER = Path(__file__).parent / "drivers" / "independent_ledger.py"


def test_the_independent_verifier_is_independent() -> None:
    """It imports nothing of the program."""
    nodes = list(ast.walk(ast.parse(DRIVER.read_text())))
    names = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {one.partition(".")[0] for one in names} - {"cryptography"} <= sys.stdlib_module_names


def test_the_independent_verifier_agrees() -> None:
    """What is good holds there too, and what was changed does not."""
    cases = ledger_cases.cases()
    done = subprocess.run(
        [sys.executable, "-I", DRIVER],
        input=json.dumps([[kind, case] for kind, case, _ in cases]),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    verdicts = [(kind, verdict) for kind, verdict in json.loads(done.stdout)]
    assert verdicts == [(kind, is_good) for kind, _, is_good in cases]
    assert {True, False} == {verdict for _, verdict in verdicts}
