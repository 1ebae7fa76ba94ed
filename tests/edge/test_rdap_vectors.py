"""Scenario files of RDAP: one raw request each, what must come back from a real socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonpath_rfc9535 import find

from tests.support.rdap_running import exchange, running, world

if TYPE_CHECKING:
    from typing import Any

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "rdap").glob("*.json"))
assert len(VECTORS) > 80, "vectors/rdap is empty or was moved"


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
async def test_vector(path: Path) -> None:
    """The answer has the vector's status, header fields and values, and nothing it excludes."""
    vector = _load(path)
    async with running(world()) as address:
        # A stream that is refused must be closed by the server: exchange reads to the end.
        answers = await asyncio.wait_for(exchange(address, vector["request"].encode()), 10)
    assert len(answers) == 1, "a refused or closing request is followed by nothing"
    answer = answers[0]
    assert answer.status == vector["status"], vector["rule"]
    for name, value in vector["headers"].items():
        assert answer.fields[name] == value
    assert not set(vector["no_headers"]) & set(answer.fields)
    for jsonpath, values in vector["body"].items():
        assert find(jsonpath, answer.tree).values() == values, (jsonpath, vector["rule"])
    for jsonpath in vector["absent"]:
        assert not find(jsonpath, answer.tree).values(), (jsonpath, vector["rule"])


def _load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
