"""Shares of the recovery key: any of enough open it, fewer never do."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
import shamir_mnemonic  # type: ignore[import-untyped]  # publishes no type information
from hypothesis import given, settings
from hypothesis import strategies as st

from escrow import recovery_key
from proxy.errors import Refused

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn


@st.composite
def splits(draw: DrawFn) -> tuple[int, int, bytes, list[int]]:
    """A threshold, holders, 256 bits, and the holders in some order."""
    holders = draw(st.integers(2, 16))
    threshold = draw(st.integers(2, holders))
    order = draw(st.permutations(range(holders)))
    return threshold, holders, draw(st.binary(min_size=32, max_size=32)), list(order)


@settings(max_examples=60)  # up to 16 shares of pure Python each time
@given(split=splits())
def test_enough_shares_open_and_fewer_never_do(split: tuple[int, int, bytes, list[int]]) -> None:
    """Whoever comes first: exactly the threshold opens, one less does not."""
    threshold, holders, secret, order = split
    made = recovery_key.make(threshold, holders, lambda octets: secret[:octets])
    brought = [made.shares[number] for number in order]
    assert recovery_key.combine(brought[:threshold]) == secret
    assert recovery_key.combine(brought) == secret
    with pytest.raises(Refused) as refused:
        recovery_key.combine(brought[: threshold - 1])
    assert refused.value.code == "escrow_shares_too_few"


@settings(max_examples=60)  # up to 16 shares of pure Python each time
@given(split=splits())
def test_fewer_shares_that_claim_to_be_enough_do_not_open(
    split: tuple[int, int, bytes, list[int]],
) -> None:
    """Rewriting a share's threshold, checksum and all, gains nothing."""
    threshold, holders, secret, order = split
    made = recovery_key.make(threshold, holders, lambda octets: secret[:octets])
    forged = [_claiming(made.shares[number], threshold - 1) for number in order[: threshold - 1]]
    with pytest.raises(Refused) as refused:
        recovery_key.combine(forged)
    assert refused.value.code == "escrow_shares_apart"


def _claiming(share: str, threshold: int) -> str:
    parsed = shamir_mnemonic.Share.from_mnemonic(share)
    forged = dataclasses.replace(parsed, member_threshold=threshold)
    return str(forged.mnemonic())
