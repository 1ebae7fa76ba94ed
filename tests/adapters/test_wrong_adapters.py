"""The conformance suite can fail: it finds out every adapter that is wrong in one way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.adapters import conformance, wrong_adapters
from tests.adapters.reference_bench import ReferenceBench

if TYPE_CHECKING:
    from collections.abc import Mapping

    from registrar_adapters.reference import ReferenceAdapter

    Broken = Mapping[type[ReferenceAdapter], set[str]]


async def broken_rules(adapter: type[ReferenceAdapter]) -> set[str]:
    """The rules that an adapter does not keep."""
    broken = set()
    for name, entry in conformance.RULES.items():
        try:
            await entry.rule(ReferenceBench(adapter))
        except AssertionError:
            broken.add(name)
    return broken


@pytest.fixture(scope="module")
def broken() -> Broken:
    """What each wrong adapter breaks."""
    return {one: asyncio.run(broken_rules(one)) for one in wrong_adapters.CAUGHT_BY}


@pytest.mark.parametrize("adapter", wrong_adapters.CAUGHT_BY, ids=lambda one: one.__name__)
def test_a_wrong_adapter_is_found_out(broken: Broken, adapter: type[ReferenceAdapter]) -> None:
    """The rule that speaks of its fault fails."""
    assert wrong_adapters.CAUGHT_BY[adapter] in broken[adapter]


def test_no_rule_is_idle(broken: Broken) -> None:
    """Every rule of the suite is broken by at least one of the wrong adapters."""
    assert set(conformance.RULES) - set().union(*broken.values()) == set()
