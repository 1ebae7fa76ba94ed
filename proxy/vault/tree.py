"""The right edge of an RFC 6962 tree: enough to append leaves and to know the root. Pure.

Source: RFC 6962 s2.1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()
_LEAF, _NODE = b"\x00", b"\x01"  # RFC 6962 s2.1: a leaf can not be taken for a node


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """A tree of `size` leaves by the roots of its full subtrees, largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def extended(self, leaves: tuple[bytes, ...]) -> Frontier:
        """The frontier after appending `leaves`, in order."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            node = hashlib.sha256(_LEAF + leaf).digest()
            carried = size
            while carried & 1:
                node = hashlib.sha256(_NODE + hashes.pop() + node).digest()
                carried >>= 1
            hashes.append(node)
            size += 1
        return Frontier(size=size, hashes=tuple(hashes))

    def root(self) -> bytes:
        """The Merkle tree hash."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for node in reversed(self.hashes[:-1]):
            root = hashlib.sha256(_NODE + node + root).digest()
        return root
