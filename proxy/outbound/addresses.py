"""Which addresses belong to the public internet: a stranger's names shall not lead us to our own.

Source: RFC 6890 (special-purpose addresses), RFC 6052 (IPv4 behind IPv6).
"""

from __future__ import annotations

import ipaddress
from typing import Final

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: any IPv4 address behind it


def is_public(text: str) -> bool:
    """Whether an address belongs to the public internet; one inside IPv6 counts as itself."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        teredo = address.teredo
        if inner is not None or teredo is not None or address in _NAT64:
            return inner is not None and address.sixtofour is None and is_public(str(inner))
    return address.is_global and not address.is_multicast
