"""A merge patch is merged as RFC 7396 says; its examples are those of appendix A."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.apps.api import patching


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": "x"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_examples_of_the_standard(
    target: dict[str, Any], patch: dict[str, Any], merged: dict[str, Any]
) -> None:
    """What is left out stays, null takes away, objects merge, lists are replaced whole."""
    before = repr(target)
    assert patching.merge(target, patch) == merged
    assert repr(target) == before
