"""Laws of reading agents' reports, over whatever an agent puts there."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from escrow import receipts
from escrow.receipts import Outcome, Receipt
from proxy.errors import InvalidInput
from tests.support import escrow_reports as reports

SOUND = (
    reports.notification(),
    reports.notification("DVFN"),
    reports.notification("DRFN"),
    receipts.render(reports.manifest(), (), reports.DELIVERED_AT),
    reports.listing(),
)
SCRAPS = [
    *(line for text in SOUND for line in text.split(b"<")),
    *b"<|>|</|{|}|[|]|\"|:|,|&lt;|&x;|<!DOCTYPE a [|<![CDATA[|]]>|<?xml encoding='utf-7'?>".split(
        b"|"
    ),
    b'<?xml version="1.0" encoding="big5"?>',
    b"\xff\xfe<\x00a\x00",
    b"\xef\xbb\xbf",
    b"\x00",
    b"1e999999",
]
CODES = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)


def read(content: bytes) -> Receipt | None:
    """The report; None when it is refused as it must be."""
    try:
        return receipts.parse("report", content)
    except InvalidInput:
        return None


@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(str.encode)
    | st.lists(st.sampled_from(SCRAPS), max_size=12).map(b"".join)
    | st.lists(st.sampled_from(SCRAPS), max_size=12).map(lambda some: b"<" + b"<".join(some))
)
@example(b'{"at":"9999-12-31T23:59:59-23:59"')
@example(b"[" * 100_000)
@example(b"{" * 100_000)
@example(b'{"a":' * 100_000)
def test_whatever_comes_is_a_report_or_invalid_input(content: bytes) -> None:
    """Reading never ends in another way, and what is read can be matched."""
    found = read(content)
    if found is not None:
        receipts.match(reports.deposit(), [found])


@given(st.sampled_from(SOUND), st.data())
def test_a_damaged_report_is_a_report_or_invalid_input(sound: bytes, data: st.DataObject) -> None:
    """One octet another, out or in: the signature's matter, but never an error of another kind."""
    place = data.draw(st.integers(0, len(sound) - 1))
    put_in = data.draw(st.binary(max_size=2))
    found = read(sound[:place] + put_in + sound[place + data.draw(st.integers(0, 2)) :])
    if found is not None:
        receipts.match(reports.deposit(), [found])


@given(
    st.lists(CODES, max_size=100),
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2999, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
)
def test_our_own_receipt_reads_back(reasons: list[str], at: datetime) -> None:
    """What our tool writes means the deposit and says what it was given."""
    moment = at.replace(tzinfo=UTC)
    text = receipts.render(reports.manifest(), reasons, moment)
    found = receipts.parse("report", text)
    assert found.outcome is (Outcome.FAILED if reasons else Outcome.VERIFIED)
    assert (found.reasons, found.at) == (tuple(reasons), moment)
    assert receipts.match(reports.deposit(), [found]) == found


@given(st.lists(st.sampled_from(SOUND), max_size=6).flatmap(st.permutations))
def test_the_order_of_reports_does_not_matter(contents: list[bytes]) -> None:
    """The same reports conclude the same, however they are listed."""
    found = [receipts.parse("report", one) for one in contents]
    one, other = (receipts.match(reports.deposit(), given) for given in (found, found[::-1]))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.outcome is other.outcome
        assert dataclasses.replace(one, sha256=b"").at == other.at
