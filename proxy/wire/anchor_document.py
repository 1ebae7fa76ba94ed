"""Anchors as documents and back. Pure; whether one holds is said by rules.anchoring.

Source: FORMAT.md, Anchor.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from proxy.errors import InvalidInput
from proxy.model.anchor import Anchor, Surveyed
from proxy.model.roster import DeploymentId
from proxy.wire import documents

REASON_LIMIT = 500  # characters: what a member reads before signing

_Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Hex64 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]  # RFC 8785 s3.2.2.3: exact in any reader


class _Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    type: Literal["privacyproxy anchor"]
    v: Literal[1]
    deployment: _Hex32
    id: UUID
    roster: _Hex64
    roster_version: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    ledger_size: _Count
    ledger_root: _Hex64
    records: _Count
    records_root: _Hex64
    left_out: _Count
    erasures: _Count
    erasures_root: _Hex64
    lost_ledger: bool
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_LIMIT)]
    made_at: str


def parse(document: str) -> Anchor:
    """The anchor; InvalidInput `document_malformed` or `document_not_canonical`."""
    found = documents.parse(document, _Document)
    if not found.reason.isprintable():
        # A member reads it on a terminal: nothing in it may move the cursor or hide text.
        raise InvalidInput("document_malformed", "The reason holds characters that do not print.")
    anchor = Anchor(
        deployment=DeploymentId(found.deployment),
        id=found.id,
        roster=found.roster,
        roster_version=found.roster_version,
        found=Surveyed(
            ledger_size=found.ledger_size,
            ledger_root=found.ledger_root,
            records=found.records,
            records_root=found.records_root,
            left_out=found.left_out,
            erasures=found.erasures,
            erasures_root=found.erasures_root,
        ),
        has_lost_ledger=found.lost_ledger,
        reason=found.reason,
        made_at=documents.moment(found.made_at),
    )
    if render(anchor) != document:  # an id with capitals, for one
        raise InvalidInput("document_malformed", "The anchor is written in another way than it is.")
    return anchor


def render(anchor: Anchor) -> str:
    """The anchor's document."""
    found = anchor.found
    return documents.render(
        {
            "type": "privacyproxy anchor",
            "v": 1,
            "deployment": anchor.deployment,
            "id": anchor.id,
            "roster": anchor.roster,
            "roster_version": anchor.roster_version,
            "ledger_size": found.ledger_size,
            "ledger_root": found.ledger_root,
            "records": found.records,
            "records_root": found.records_root,
            "left_out": found.left_out,
            "erasures": found.erasures,
            "erasures_root": found.erasures_root,
            "lost_ledger": anchor.has_lost_ledger,
            "reason": anchor.reason,
            "made_at": documents.moment_text(anchor.made_at),
        }
    )
