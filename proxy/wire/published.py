"""Published values as bytes: MessagePack arrays, decoded once per query at the edge.

A value holds a PublicRecord and nothing else (promise 1). Typical size: under 350 octets.
"""

from __future__ import annotations

import msgspec

from proxy.errors import InvalidInput
from proxy.model.public_record import Profile, PublicRecord

_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(PublicRecord)
_profile_decoder = msgspec.json.Decoder(Profile)


def encode_record(record: PublicRecord) -> bytes:
    """The journal's and snapshot's value of `record`."""
    return _encoder.encode(record)


def decode_record(value: bytes) -> PublicRecord:
    """The record that `value` holds; raises InvalidInput on anything else."""
    try:
        return _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        raise InvalidInput("published_value") from None


def encode_profile(profile: Profile) -> bytes:
    """The profile as JSON, as edges store it."""
    return msgspec.json.encode(profile)


def decode_profile(body: bytes) -> Profile:
    """The profile that `body` holds; raises InvalidInput on anything else."""
    try:
        return _profile_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        raise InvalidInput("published_profile") from None
