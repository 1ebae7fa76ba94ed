"""Time-ordered identifiers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

import pytest

from proxy.model.identifiers import uuid7


def test_the_example_of_the_rfc_is_met() -> None:
    """RFC 9562 appendix A.6: time 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F."""
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=0x017F22E279B0)
    random_octets = (0xCC3 << 64 | 0x18C4DC0C0C07398F).to_bytes(10)
    assert str(uuid7(now, random_octets)) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_later_sorts_later() -> None:
    """Identifiers sort by the millisecond they were made in, whatever the randomness."""
    moment = datetime(2026, 11, 23, 1, 2, 3, 456_000, tzinfo=UTC)
    early = uuid7(moment, b"\xff" * 10)
    late = uuid7(moment + timedelta(milliseconds=1), b"\x00" * 10)
    assert early < late
    assert early.bytes < late.bytes
    assert (early.version, early.variant) == (7, RFC_4122)


@pytest.mark.parametrize("octets", [0, 9, 11])
def test_too_little_randomness_is_a_bug(octets: int) -> None:
    """Ten random octets, no fewer and no more."""
    with pytest.raises(ValueError, match=str(octets)):
        uuid7(datetime(2026, 1, 1, tzinfo=UTC), bytes(octets))
