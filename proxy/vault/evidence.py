"""The plaintext inside an evidence record: one piece of a file. Pure.

A piece says whose it is, which one it is and whether it is the last, so that a file can not lose
its end, or get another's middle, by changes to the table alone; which case it belongs to is bound
by the record's associated data. Nothing here reads a file's content.
Source: FORMAT.md, Evidence.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import msgspec
from typing_extensions import override

from proxy.errors import InvalidInput, Refused
from proxy.model.case import EvidenceId
from proxy.model.evidence import MOST_PIECES, PIECE_OCTETS, Header, Piece
from proxy.model.identifiers import RecordClass, RegistrationId
from proxy.model.sealed import RecordName

if TYPE_CHECKING:
    from proxy.model.case import CaseId
    from proxy.model.identifiers import TenantId

_LABEL = b"pp-evidence-v1\0"
_HEAD = struct.Struct(f">{len(_LABEL)}s16sIBHI")  # label, evidence, index, last, header, data
_HEADER_OCTETS = 4_096  # a file name of 200 characters and two short words

_ENCODER = msgspec.json.Encoder(order="sorted")


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    media_type: str
    name: str
    v: Literal[1]

    @override
    def __repr__(self) -> str:
        """Never a file's name."""
        return "<_Header>"


_HEADERS = msgspec.json.Decoder(_Header)


def record_name(tenant_id: TenantId, case_id: CaseId, version: int) -> RecordName:
    """The name of a case's evidence record: the case stands where a registration does."""
    return RecordName(
        tenant_id=tenant_id,
        registration_id=RegistrationId(case_id),
        record_class=RecordClass.EVIDENCE,
        version=version,
    )


def render(piece: Piece) -> bytes:
    """The plaintext of a piece, without padding; ValueError for one that can not be."""
    header = b""
    if piece.header is not None:
        one = piece.header
        header = _ENCODER.encode(
            {"v": 1, "kind": one.kind, "media_type": one.media_type, "name": one.name}
        )
    if (
        (piece.header is None) == (piece.index == 0)
        or not 0 <= piece.index < MOST_PIECES
        or len(header) > _HEADER_OCTETS
        or not _fits(len(piece.data), is_last=piece.is_last)
    ):
        raise ValueError("piece")
    head = _HEAD.pack(
        _LABEL,
        piece.evidence_id.bytes,
        piece.index,
        piece.is_last,
        len(header),
        len(piece.data),
    )
    return head + header + piece.data


def parse(plaintext: bytes) -> Piece:
    """The piece of a padded plaintext; InvalidInput `plaintext_malformed` for anything else."""
    if len(plaintext) < _HEAD.size:
        raise _malformed()
    label, evidence_id, index, last, header_octets, octets = _HEAD.unpack_from(plaintext)
    body = plaintext[_HEAD.size :]
    end = header_octets + octets
    if (
        label != _LABEL
        or last not in (0, 1)
        or index >= MOST_PIECES
        or header_octets > _HEADER_OCTETS
        or (header_octets == 0) == (index == 0)
        or not _fits(octets, is_last=bool(last))
        or len(body) < end
        or body[end:].strip(b" ")
    ):
        raise _malformed()
    return Piece(
        evidence_id=EvidenceId(UUID(bytes=evidence_id)),
        index=index,
        is_last=bool(last),
        header=_header(body[:header_octets]) if header_octets else None,
        data=body[header_octets:end],
    )


def check(piece: Piece, evidence_id: EvidenceId, index: int, records: int) -> None:
    """Return when this is piece `index` of a file of so many; Refused `evidence_forged` if not."""
    if (piece.evidence_id, piece.index, piece.is_last) != (
        evidence_id,
        index,
        index == records - 1,
    ):
        raise Refused("evidence_forged")


def _fits(octets: int, *, is_last: bool) -> bool:
    """All pieces but the last are full; none is empty."""
    return 0 < octets <= PIECE_OCTETS and (is_last or octets == PIECE_OCTETS)


def _header(octets: bytes) -> Header:
    try:
        found = _HEADERS.decode(octets)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _malformed() from None
    return Header(kind=found.kind, media_type=found.media_type, name=found.name)


def _malformed() -> InvalidInput:
    return InvalidInput("plaintext_malformed")
