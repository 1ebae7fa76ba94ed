"""Which client a request counts for when trusted proxies stand in front. Pure.

Only a trusted peer's X-Forwarded-For is read, from the right: each proxy appends the address it
saw, so the rightmost address that is not a trusted proxy is the last one known for sure. Anything
further left can be invented by the client. Source: RFC 7239 s7.4, s8.1 (of its successor).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address to count for: the peer's own, or what trusted proxies say of their client.

    A value that is no address ends the search: the proxy before it is the last one known.
    """
    client = peer
    if not trusted or not is_trusted(peer, trusted):
        return client
    for text in reversed(forwarded_for):
        address = _parse(text)
        if address is None:
            break
        client = str(address)
        if not is_trusted(client, trusted):
            break
    return client


def is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    """Whether `text` is the address of a trusted proxy."""
    address = _parse(text)
    return address is not None and any(address in network for network in trusted)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in `text`; an IPv4 one also when written as IPv6, with a port or brackets."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
