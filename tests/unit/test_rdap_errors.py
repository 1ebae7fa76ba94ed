"""The error table of RDAP covers what its parsers raise."""

from __future__ import annotations

import re
from pathlib import Path

from proxy.apps import rdap_errors
from proxy.model import names
from proxy.services import look_up
from proxy.snapshot import reader
from proxy.wire import http, rdap

_RAISED = re.compile(r'(?:InvalidInput|Unavailable|NotFound|Refused)\(\s*"([a-z_]+)"')
_PARSERS = (http, rdap, names, look_up, reader)
# Raised and turned into another code inside the same module.
_INNER = {"client_address"}


def test_every_code_of_the_parsers_is_in_the_table() -> None:
    """No code that can reach a client is missing, so none falls back to the sentence for bugs."""
    raised = {
        code
        for module in _PARSERS
        for code in _RAISED.findall(Path(str(module.__file__)).read_text("utf-8"))
    }
    assert len(raised) > 10
    assert raised - _INNER - {"internal"} <= set(rdap_errors.PROBLEMS)


def test_every_problem_has_a_title() -> None:
    """Each status of the table has its reason phrase."""
    assert {problem.status for problem in rdap_errors.PROBLEMS.values()} <= set(rdap_errors.TITLES)
