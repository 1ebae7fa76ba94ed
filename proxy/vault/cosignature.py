"""Witnesses' signatures on a checkpoint, each with its time: C2SP cosignature/v1. Pure.

A cosignature says: at this time, this was the largest consistent tree that I had seen of this
log. It says nothing of the lines after the third. Source: C2SP tlog-cosignature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.vault import note, primitives, verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from proxy.vault.note import Note, Signature
    from proxy.vault.verifier import VerifierKey

TIME_LIMIT = (1 << 63) - 1  # seconds since 1970, C2SP's greatest
_TIME_OCTETS, _SIGNATURE_OCTETS = 8, 64


def message(text: str, at_s: int) -> bytes:
    """What is signed. Its first line is no origin of a log, so no note is taken for it."""
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def cosigned(text: str, key: VerifierKey, sign: Callable[[bytes], bytes], at_s: int) -> Signature:
    """The key's line for the text, as of `at_s` seconds since 1970.

    The message does not name the signer: a key must not be used under two names.
    """
    if key.kind is not verifier.Kind.COSIGNATURE:
        raise Refused("verifier_key", "A key of another kind can not cosign.")
    if not 0 < at_s <= TIME_LIMIT:
        raise Refused("cosignature_time")
    content = at_s.to_bytes(_TIME_OCTETS, "big") + sign(message(text, at_s))
    return note.Signature(name=key.name, key_id=key.id, content=content)


def check(text: str, line: Signature, key: VerifierKey) -> int:
    """The time of a cosignature that holds, in seconds since 1970.

    Refused `note_signature` if it does not hold, `cosignature_time` if no clock shows that time.
    """
    if len(line.content) != _TIME_OCTETS + _SIGNATURE_OCTETS:
        raise Refused("note_signature")
    at_s = int.from_bytes(line.content[:_TIME_OCTETS], "big")
    if not 0 < at_s <= TIME_LIMIT:
        raise Refused("cosignature_time")
    signature = line.content[_TIME_OCTETS:]
    if not primitives.is_signed(key.public_key, signature, message(text, at_s)):
        raise Refused("note_signature")
    return at_s


def witnessed(
    found: Note, keys: Sequence[VerifierKey], *, now: datetime, leeway: timedelta
) -> Mapping[VerifierKey, int]:
    """Those of `keys` (of kind COSIGNATURE) that cosigned the note, with their times.

    Refused if any known key's line does not hold, or is later than `now` and the leeway for
    clocks that differ (`cosignature_time`). No cosignature at all is an empty answer: how many
    witnesses it takes is the reader's rule.
    """
    if any(key.kind is not verifier.Kind.COSIGNATURE for key in keys):
        raise Refused("verifier_key", "A key of another kind can not check cosignatures.")
    times = {
        key: check(found.text, line, key)
        for key in keys
        if (line := note.signature_of(found, key)) is not None
    }
    if any(at_s > (now + leeway).timestamp() for at_s in times.values()):
        raise Refused("cosignature_time")
    return times
