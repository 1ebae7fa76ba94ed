"""Each edge has one table from inner errors to what its callers see, and it covers every code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from proxy import errors
from proxy.apps import problems, rdap_errors
from proxy.wire import whois_replies

PROXY = Path(__file__).parents[2] / "proxy"
CLASSES = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.ProxyError)
}


def raised_in(*globs: str) -> set[str]:
    """Every code that the modules of `globs` give to an error, read from their source."""
    files = [file for pattern in globs for file in PROXY.glob(pattern)]
    assert files, globs
    return {
        node.args[0].value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and _called(node.func) in CLASSES
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def words_of(*globs: str) -> set[str]:
    """Every text constant of the modules of `globs`."""
    return {
        node.value
        for pattern in globs
        for file in PROXY.glob(pattern)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


WHOIS = (
    "wire/whois_query.py",
    "wire/proxy_protocol.py",
    "apps/whois*.py",
    "apps/throttle.py",
    "snapshot/reader.py",
)
RDAP = ("wire/http.py", "wire/rdap.py", "model/names.py", "apps/rdap*.py", "snapshot/reader.py")
# Codes of an edge's own start-up, and of a damaged snapshot: the caller hears the one sentence of
# an error of ours, so they need no entry.
START_UP = {"throttle_table", "client_address", "snapshot_format", "snapshot_truncated"}


def test_whois_answers_every_code() -> None:
    """Every code that a WHOIS query can end in has its line."""
    raised = raised_in(*WHOIS)
    assert "whois_query" in raised
    assert raised - START_UP - set(whois_replies.CODES) == set()


def test_rdap_answers_every_code() -> None:
    """Every code that an RDAP request can end in has its error body."""
    raised = raised_in(*RDAP)
    assert {"field", "domain_name"} <= raised
    assert raised - START_UP - set(rdap_errors.PROBLEMS) == set()


@pytest.mark.parametrize(
    ("table", "globs"),
    [
        (whois_replies.CODES, ("apps/whois*.py", *WHOIS)),
        (rdap_errors.PROBLEMS, RDAP),
    ],
    ids=["whois", "rdap"],
)
def test_no_entry_is_dead(table: dict[str, object], globs: tuple[str, ...]) -> None:
    """Every entry of a table is a code that its edge really uses."""
    assert set(table) - words_of(*globs) == set()


@pytest.mark.parametrize("name", sorted(CLASSES - {"ProxyError"}))
def test_api_answers_every_class(name: str) -> None:
    """Every class of expected error has a status of its own, told by a titled problem."""
    error = vars(errors)[name]("a_code_of_no_table")
    status = problems.status_of(error)
    assert 400 <= status < 600
    assert status != 500, "only a bug is an internal error"
    assert problems.render(error).body


def test_not_found_reads_alike_on_both_edges() -> None:
    """WHOIS and RDAP say the same of a name that is not there."""
    assert rdap_errors.PROBLEMS["not_found"].description == whois_replies.NOT_FOUND


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_error_class_is_its_message(name: str) -> None:
    """The docstring of an error class is a sentence a caller may read."""
    sentence = (vars(errors)[name].__doc__ or "").strip()
    assert sentence.endswith(".")
    assert "\n" not in sentence
