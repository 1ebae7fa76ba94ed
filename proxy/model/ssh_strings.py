"""SSH's length-prefixed strings: how OpenSSH writes public keys, signatures and key files. Pure.

Source: RFC 4251 s5 (string: four octets of length, big-endian, then as many octets).
"""

from __future__ import annotations

_LENGTH_OCTETS = 4


def take(data: bytes) -> tuple[bytes, bytes]:
    """The string that `data` starts with, and what follows it; ValueError when it is cut short."""
    end = _LENGTH_OCTETS + int.from_bytes(data[:_LENGTH_OCTETS])
    if len(data) < max(end, _LENGTH_OCTETS):
        raise ValueError("ssh_string")
    return data[_LENGTH_OCTETS:end], data[end:]


def take_many(data: bytes, count: int) -> tuple[list[bytes], bytes]:
    """The first `count` strings, and what follows them; ValueError when they are cut short."""
    found = []
    for _ in range(count):
        one, data = take(data)
        found.append(one)
    return found, data


def render(*parts: bytes) -> bytes:
    """The parts as strings, one after the other."""
    return b"".join(len(part).to_bytes(_LENGTH_OCTETS) + part for part in parts)
