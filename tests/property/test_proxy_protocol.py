"""The PROXY protocol parser: total, and never reads past its header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.wire import proxy_protocol

if TYPE_CHECKING:
    import ipaddress

ADDRESSES = st.ip_addresses()


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda b: b"PROXY " + b)))
def test_parsing_is_total(stream: bytes) -> None:
    """Any octets give a header, a wish for more, or InvalidInput; a header lies within them."""
    try:
        header = proxy_protocol.parse(stream)
    except InvalidInput:
        return
    assert header is None or 0 <= header.octets <= len(stream)


@given(ADDRESSES, st.binary(max_size=50))
def test_both_versions_tell_the_same_client(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, rest: bytes
) -> None:
    """The address comes back whole, and what follows the header is left alone."""
    version = address.version
    text = f"PROXY TCP{version} {address} {address} 1 43\r\n".encode()
    packed = address.packed * 2 + b"\0\x01\0\x2b"
    family = b"\x11" if version == 4 else b"\x21"
    binary = b"\r\n\r\n\0\r\nQUIT\n\x21" + family + len(packed).to_bytes(2, "big") + packed
    fields = b"\x02\0\x04asks\x05\0\x02id"  # what a balancer adds of its own
    told = packed + fields
    added = b"\r\n\r\n\0\r\nQUIT\n\x21" + family + len(told).to_bytes(2, "big") + told
    for header in (text, binary, added):
        found = proxy_protocol.parse(header + rest)
        assert found is not None
        assert (found.client, found.octets) == (str(address), len(header))
        for cut in range(1, len(header)):
            assert proxy_protocol.parse(header[:cut]) is None
