"""Checks notes and proofs of a ledger given as JSON on stdin; prints a verdict for each.

Written from RFC 6962 section 2.1 and C2SP signed-note and tlog-cosignature alone: it imports
nothing of the program that it judges, and checks proofs by the RFC's recursion rather than by
the loops of RFC 9162. Input: a list of pairs, each one of
  "note", {"text": signed note, "key": verifier key}
  "cosignature", the same
  "inclusion", {"index", "size", "leaf": hex, "proof": [hex], "root": hex}
  "consistency", {"first", "second", "first_root", "second_root", "proof"}
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def node(left: bytes, right: bytes) -> bytes:
    """RFC 6962 section 2.1: the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def half(count: int) -> int:
    """The largest power of two smaller than `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root_by_path(place: int, count: int, leaf: bytes, path: list[bytes]) -> bytes:
    """PATH(m, D[n]) read backwards: the root that it comes to."""
    if count == 1:
        if path:
            raise ValueError("nodes left over")
        return leaf
    left = half(count)
    if place < left:
        return node(root_by_path(place, left, leaf, path[:-1]), path[-1])
    return node(path[-1], root_by_path(place - left, count - left, leaf, path[:-1]))


def roots_by_proof(
    old: int, new: int, path: list[bytes], known: bytes | None
) -> tuple[bytes, bytes]:
    """SUBPROOF(m, D[n], b) read backwards: the roots of both trees; `known` stands for b."""
    if old == new:
        if known is not None:
            if path:
                raise ValueError("nodes left over")
            return known, known
        (only,) = path
        return only, only
    left = half(new)
    if old <= left:
        first, second = roots_by_proof(old, left, path[:-1], known)
        return first, node(second, path[-1])
    first, second = roots_by_proof(old - left, new - left, path[:-1], None)
    return node(path[-1], first), node(path[-1], second)


def is_included(given: dict[str, Any]) -> bool:
    """Whether the leaf stands where the proof says."""
    if not 0 <= given["index"] < given["size"]:
        return False
    leaf = hashlib.sha256(b"\x00" + bytes.fromhex(given["leaf"])).digest()
    path = [bytes.fromhex(one) for one in given["proof"]]
    try:
        found = root_by_path(given["index"], given["size"], leaf, path)
    except (ValueError, IndexError):
        return False
    return found.hex() == given["root"]


def is_consistent(given: dict[str, Any]) -> bool:
    """Whether the second tree begins with the first."""
    old, new = given["first"], given["second"]
    if not 0 < old <= new:
        return False
    path = [bytes.fromhex(one) for one in given["proof"]]
    try:
        found = roots_by_proof(old, new, path, bytes.fromhex(given["first_root"]))
    except (ValueError, IndexError):
        return False
    return [one.hex() for one in found] == [given["first_root"], given["second_root"]]


def is_signed(given: dict[str, str], kind: int) -> bool:
    """Whether the key of that kind signed the note."""
    name, key_id, encoded = given["key"].split("+", 2)
    key = base64.b64decode(encoded)
    wanted = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if key[0] != kind or wanted.hex() != key_id:
        return False
    text, _, lines = given["text"].rpartition("\n\n")
    message = text + "\n"
    for line in lines.splitlines():
        dash, signer, blob = line.split(" ")
        octets = base64.b64decode(blob)
        if dash != "\u2014" or signer != name or octets[:4] != wanted:
            continue
        signature = octets[4:]
        if kind == 4:
            time = int.from_bytes(signature[:8], "big")
            message, signature = f"cosignature/v1\ntime {time}\n{message}", signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature, message.encode())
        except InvalidSignature:
            return False
        return True
    return False


def main() -> None:
    """Judge what stdin holds."""
    given = json.load(sys.stdin)
    checks = {
        "note": lambda one: is_signed(one, 1),
        "cosignature": lambda one: is_signed(one, 4),
        "inclusion": is_included,
        "consistency": is_consistent,
    }
    print(json.dumps([[name, checks[name](one)] for name, one in given]))


if __name__ == "__main__":
    main()
