"""The bytes of a sealed record and what its associated data binds. Pure; no key, no cipher.

Source: FORMAT.md, Record. Offsets: 0 format, 1 suite, 2 class, 3 key epoch (8), 11 tenant (16),
27 registration (16), 43 record version (4), 47 nonce (12), 59 commitment (32), 91 ciphertext.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput
from proxy.model.identifiers import RecordClass

if TYPE_CHECKING:
    from proxy.model.identifiers import SubmissionId
    from proxy.model.sealed import RecordName

FORMAT = 1
SUITE = 1  # AES-256-GCM, HMAC-SHA-256 commitment
SEALED_BY_VAULT = 0  # key epoch of a record that the vault sealed itself (re-encryption)

# Alphabetical, so that the vault's state sorts records as PostgreSQL does.
CLASS_CODES = {
    RecordClass.EVIDENCE: 1,
    RecordClass.IDENTITY: 2,
    RecordClass.REACH: 3,
    RecordClass.SECRET: 4,
}
_CODES = frozenset(CLASS_CODES.values())
_HEADER = struct.Struct(">BBBQ16s16sI")
_NONCE_AT = _HEADER.size
_COMMITMENT_AT = _NONCE_AT + 12
_CIPHERTEXT_AT = _COMMITMENT_AT + 32
_TAG_OCTETS = 16
RECORD_LIMIT_OCTETS = (1 << 20) + 4096  # protects the parser's memory; see PLAINTEXT_LIMIT_OCTETS


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedRecord:
    """A record taken apart; nothing in it is believed before the commitment and the tag held."""

    header: bytes = field(repr=False)
    key_epoch: int
    nonce: bytes = field(repr=False)
    commitment: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


def render_header(name: RecordName, key_epoch: int) -> bytes:
    """The 47 octets before the nonce."""
    return _HEADER.pack(
        FORMAT,
        SUITE,
        CLASS_CODES[name.record_class],
        key_epoch,
        name.tenant_id.bytes,
        name.registration_id.bytes,
        name.version,
    )


def associated_data(header: bytes) -> bytes:
    """What GCM and the commitment bind. Openers render `header` from what was asked for."""
    return b"pp-record-v1\0" + header


def render(header: bytes, nonce: bytes, commitment: bytes, ciphertext: bytes) -> bytes:
    """The record as stored."""
    return header + nonce + commitment + ciphertext


def parse(data: bytes) -> ParsedRecord:
    """The parts of a stored record; InvalidInput `record_malformed` for anything else."""
    if not _CIPHERTEXT_AT + _TAG_OCTETS <= len(data) <= RECORD_LIMIT_OCTETS:
        raise InvalidInput("record_malformed", "A sealed record has an impossible length.")
    fields = _HEADER.unpack_from(data)
    if fields[:2] != (FORMAT, SUITE) or fields[2] not in _CODES:
        raise InvalidInput("record_malformed", "A sealed record is of an unknown format or suite.")
    return ParsedRecord(
        header=data[:_NONCE_AT],
        key_epoch=fields[3],
        nonce=data[_NONCE_AT:_COMMITMENT_AT],
        commitment=data[_COMMITMENT_AT:_CIPHERTEXT_AT],
        ciphertext=data[_CIPHERTEXT_AT:],
    )


def intake_associated_data(
    submission_id: SubmissionId, header: bytes, record_sha256: bytes
) -> bytes:
    """What the wrapping of a DEK under its intake key binds."""
    return b"pp-intake-dek-v1\0" + submission_id.bytes + header + record_sha256
