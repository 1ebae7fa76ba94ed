"""Any history of operations, repeats, faults and deaths leaves the name as the page says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.adapters import wrong_adapters
from tests.adapters.histories import Histories

if TYPE_CHECKING:
    from registrar_adapters.reference import ReferenceAdapter

# Deaths, repeats and cases have to meet in one history.
LONG = settings(stateful_step_count=40)


def test_any_history_ends_as_the_page_says() -> None:
    """The reference adapter keeps to the oracle through any interleaving."""
    run_state_machine_as_test(Histories, settings=LONG)


@pytest.mark.parametrize(
    "adapter",
    [
        wrong_adapters.ForgetsTheUpdateLock,
        wrong_adapters.NothingIsBarred,
        wrong_adapters.RemembersBetweenCalls,
        wrong_adapters.TakesSilenceForSuccess,
        wrong_adapters.NewIdEachTime,
    ],
    ids=lambda one: one.__name__,
)
def test_histories_find_a_wrong_adapter_out(adapter: type[ReferenceAdapter]) -> None:
    """The histories can fail: they find what is wrong without being told where."""

    class Wrong(Histories):
        pass

    Wrong.adapter = adapter
    quick = settings(
        stateful_step_count=40, max_examples=1000, phases=[Phase.generate], derandomize=True
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Wrong, settings=settings(quick, print_blob=False))
