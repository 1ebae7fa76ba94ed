"""WHOIS scenarios, one a file: the whole answer, line by line."""

from __future__ import annotations

import pytest

from tests.support import whois_vectors


@pytest.mark.parametrize("name", whois_vectors.names())
def test_vector(name: str) -> None:
    """The answer is the vector's; `python -m tests.support.whois_vectors` writes them anew."""
    vector = whois_vectors.load(name)
    hint = f"{vector['rule']} (python -m tests.support.whois_vectors regenerates)"
    assert whois_vectors.answer(vector) == vector["answer"], hint
