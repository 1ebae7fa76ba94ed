"""What is logged is told: a key that is not on the list would be dropped without a word."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from proxy import logs
from tests.arch.test_tree import ROOT, python_files

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = frozenset({"debug", "info", "warning", "error", "exception"})


def logged_keys() -> Iterator[tuple[str, str]]:
    """Where a key is logged, and the key."""
    for file in python_files("proxy", "registrar_adapters", "escrow"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in LEVELS and _is_logger(node.func.value):
                place = f"{file.relative_to(ROOT)}:{node.lineno}"
                yield from ((place, str(one.arg)) for one in node.keywords if one.arg)


def _is_logger(node: ast.expr) -> bool:
    """`_log`, or `structlog.get_logger()` used at once."""
    if isinstance(node, ast.Name):
        return node.id in {"_log", "log"}
    return isinstance(node, ast.Call) and "get_logger" in ast.unparse(node.func)


def test_every_logged_key_is_on_the_list() -> None:
    """A key that the list lacks is a fact that no operator would ever see."""
    found = list(logged_keys())
    assert len(found) > 100
    assert [one for one in found if one[1] not in logs.KEYS] == []
