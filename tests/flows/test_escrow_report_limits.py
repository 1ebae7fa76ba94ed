"""Signed reports that unpack to far more: the process that holds keys reads little of it."""

from __future__ import annotations

import subprocess

import pytest

from escrow import envelope
from escrow.openpgp_process import Child, encoded
from proxy.errors import InvalidInput
from tests.support import openpgp

AGENT = openpgp.key()


def test_a_report_that_unpacks_to_more_than_a_report_is_refused() -> None:
    """A few octets that unpack to many do so in the child, of which the parent reads no more."""
    limit = envelope.REPORT_LIMIT_OCTETS
    agent = openpgp.public(AGENT)
    assert envelope.verify_signed(openpgp.packed(AGENT, bytes(limit)), agent) == bytes(limit)
    for octets in (limit + 1, 20 * limit):
        report = openpgp.packed(AGENT, bytes(octets))
        assert len(report) < limit
        with pytest.raises(InvalidInput) as refused:
            envelope.verify_signed(report, agent)
        assert refused.value.code == "escrow_report_too_long"


@pytest.mark.parametrize(("child_octets", "parent_octets"), [(5_000, 1 << 20), (1 << 20, 5_000)])
def test_parent_and_child_each_keep_to_a_limit(child_octets: int, parent_octets: int) -> None:
    """The child writes no more than it may, and the parent reads no more, whatever it writes."""
    job = {
        "do": "verify",
        "signature": "",
        "signer": encoded(openpgp.public(AGENT)),
        "limit_octets": child_octets,
    }
    child = Child(job, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        content = child.exchange(openpgp.packed(AGENT, bytes(1 << 20)), parent_octets)
    finally:
        child.end()
    assert content == bytes(5_000)
