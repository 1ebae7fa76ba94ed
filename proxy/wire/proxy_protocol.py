"""The PROXY protocol header that a balancer puts before a client's octets. Pure.

Versions 1 (one line of text) and 2 (binary). To be read from trusted peers only: anybody else
could claim any address. Source: HAProxy, "The PROXY protocol" (2020), s2.1 and s2.2.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from dataclasses import dataclass, field
from typing import Final

from proxy.errors import InvalidInput

MAX_HEADER_OCTETS: Final = 1_024  # an address takes 52; the rest is for a balancer's own fields
MAX_LINE_OCTETS: Final = 107  # s2.1, with its CR LF

_TEXT: Final = b"PROXY "
_BINARY: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_LINE: Final = re.compile(rb"PROXY (?:UNKNOWN(?: [^\r\n]*)?|TCP([46]) (\S+) \S+ [0-9]+ [0-9]+)\r\n")
_FIXED: Final = struct.Struct(">12sBBH")
_LOCAL: Final = 0x20  # the balancer's own connection, such as a health check
_PROXIED: Final = 0x21
_ADDRESS_OCTETS: Final = {0x11: 4, 0x21: 16}  # TCP over IPv4 and IPv6


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands before the client's own octets."""

    octets: int  # 0: there is no header
    client: str | None = field(repr=False)  # None: the balancer speaks for itself


def parse(stream: bytes) -> Header | None:
    """The header at the front of `stream`; None while it is not whole.

    A stream that begins with neither signature has none. Raises InvalidInput("proxy_header").
    """
    if _BINARY.startswith(stream[: len(_BINARY)]):
        return _parse_binary(stream)
    if _TEXT.startswith(stream[: len(_TEXT)]):
        return _parse_text(stream)
    return Header(octets=0, client=None)


def _parse_text(stream: bytes) -> Header | None:
    end = stream.find(b"\n") + 1
    if not 0 <= end <= MAX_LINE_OCTETS or (not end and len(stream) >= MAX_LINE_OCTETS):
        raise InvalidInput("proxy_header")
    if not end:
        return None
    match = _LINE.fullmatch(stream[:end])
    if match is None:
        raise InvalidInput("proxy_header")
    return Header(octets=end, client=None if match[1] is None else _address(match[2], match[1]))


def _parse_binary(stream: bytes) -> Header | None:
    if len(stream) < _FIXED.size:
        return None
    _, command, family, length = _FIXED.unpack_from(stream)
    octets = _FIXED.size + length
    if command not in {_LOCAL, _PROXIED} or octets > MAX_HEADER_OCTETS:
        raise InvalidInput("proxy_header")
    if len(stream) < octets:
        return None
    size = _ADDRESS_OCTETS.get(family)
    if command == _LOCAL or size is None:
        return Header(octets=octets, client=None)
    if length < 2 * size + 4:  # two addresses, two ports
        raise InvalidInput("proxy_header")
    source = stream[_FIXED.size : _FIXED.size + size]
    return Header(octets=octets, client=str(ipaddress.ip_address(source)))


def _address(text: bytes, family: bytes) -> str:
    try:
        found = ipaddress.ip_address(text.decode("ascii"))
    except ValueError:
        raise InvalidInput("proxy_header") from None
    if found.version != int(family):
        raise InvalidInput("proxy_header")
    return str(found)
