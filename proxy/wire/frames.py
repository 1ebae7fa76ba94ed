"""Frames on the vault's sockets: four octets of length, then one JSON object. Pure.

Requests are a closed type; anything else is InvalidInput, whatever the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from proxy.errors import InvalidInput

LENGTH_OCTETS = 4
REQUEST_LIMIT_OCTETS = 4096  # the longest request is some 100 octets; bounds a caller's memory
ANSWER_LIMIT_OCTETS = 1 << 20  # a status with some thousand epochs

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
Answer = Mapping[str, Value]


class Request(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a caller may ask of the vault."""

    command: str
    everything: bool = False  # check: all records, not a sample
    compromised: bool = False  # rotate: encrypt anew
    new_root: bool = False  # rotate: a new root key as well


_REQUEST = msgspec.json.Decoder(Request)
_ANSWER = msgspec.json.Decoder(dict)


def length(prefix: bytes, limit_octets: int) -> int:
    """How many octets follow; InvalidInput `frame_length` unless 1 to the limit."""
    if len(prefix) != LENGTH_OCTETS or not 1 <= int.from_bytes(prefix) <= limit_octets:
        raise InvalidInput("frame_length", "A frame has an impossible length.")
    return int.from_bytes(prefix)


def render(message: Request | Answer) -> bytes:
    """The frame of a request or an answer."""
    body = msgspec.json.encode(message)
    return len(body).to_bytes(LENGTH_OCTETS) + body


def parse_request(body: bytes) -> Request:
    """The request; InvalidInput `frame_malformed` for anything else."""
    try:
        return _REQUEST.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("frame_malformed", "The vault does not know this request.") from None


def parse_answer(body: bytes) -> Answer:
    """The answer; InvalidInput `frame_malformed` for anything else."""
    try:
        found: Answer = _ANSWER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("frame_malformed", "The vault's answer can not be read.") from None
    return found
