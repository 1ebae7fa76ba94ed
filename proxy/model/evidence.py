"""Evidence of a case: what people hand in or write, sealed piece by piece. Frozen; bytes only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from proxy.model.case import CaseId, EvidenceId
    from proxy.model.identifiers import TenantId

PIECE_OCTETS: Final = 65_536
"""Of a file in one record: what a reader, a round of adoption (500 records) and a hand-over hold in
memory at once is a multiple of this, not of a file."""

MOST_PIECES: Final = 1_024
CLAIM_KIND: Final = "claim"
"""Of what is passed on to a registrant, who is asked to answer it."""

CERTIFICATE_KIND: Final = "recipient_certificate"
"""Of the OpenPGP certificate to which a package is encrypted, as an order names it."""

"""Of one file, 64 MiB: the versions that one file has to itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file is, as who handed it in says; `name` is theirs and may hold anything."""

    kind: str
    media_type: str
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a file; the first one has the header."""

    evidence_id: EvidenceId
    index: int
    is_last: bool
    header: Header | None
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSealPieces:
    """Pieces of one file on their way to the sealer, as consecutive versions from `version` on."""

    tenant_id: TenantId
    case_id: CaseId
    version: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was kept, as events and answers name it."""

    id: EvidenceId
    sha256: str
    octets: int
