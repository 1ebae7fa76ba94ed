"""The documents by which a member of staff reads evidence, or asks whether a value is held. Pure.

Each is signed with a key of the roster and holds for one case, once, around one moment; that of a
match holds a contact value: it is checked and dropped, never kept, logged or passed on.
Source: vault.md, Grants; FORMAT.md, Evidence and Match.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
from typing_extensions import override

from proxy.errors import InvalidInput
from proxy.model.case import CaseId, EvidenceId
from proxy.model.roster import DeploymentId
from proxy.wire import documents
from proxy.wire.search_document import REASON_LIMIT, VALUE_LIMIT

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

_DEPLOYMENT = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[0-9a-f]{64}")


class _Reading(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["privacyproxy evidence"]
    v: Literal[1]
    deployment: str
    id: str
    case: str
    evidence: str
    key: str
    reason: str
    at: str


class _Match(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["privacyproxy match"]
    v: Literal[1]
    deployment: str
    id: str
    case: str
    field: Literal["email", "phone", "name", "organization"]
    value: str
    reason: str
    at: str

    @override
    def __repr__(self) -> str:
        """Never the value."""
        return "<_Match>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file that a member of staff reads: sealed to `key`, X25519, of their own machine."""

    deployment: DeploymentId
    id: UUID
    case_id: CaseId
    evidence_id: EvidenceId
    key: bytes
    reason: str = dataclasses.field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Whether a case's registration holds a value, now."""

    deployment: DeploymentId
    id: UUID
    case_id: CaseId
    field: str
    value: str = dataclasses.field(repr=False)
    reason: str = dataclasses.field(repr=False)
    at: datetime


def render_reading(reading: Reading) -> str:
    """The document to be signed."""
    return documents.render(
        {
            "type": "privacyproxy evidence",
            "v": 1,
            "deployment": reading.deployment,
            "id": str(reading.id),
            "case": str(reading.case_id),
            "evidence": str(reading.evidence_id),
            "key": reading.key.hex(),
            "reason": reading.reason,
            "at": documents.moment_text(reading.at),
        }
    )


def parse_reading(document: str) -> Reading:
    """The reading; InvalidInput `document_malformed` or `document_not_canonical`."""
    found = documents.parse(document, _Reading)
    _check(found.deployment, found.reason)
    if not _KEY.fullmatch(found.key):
        raise _malformed()
    return Reading(
        deployment=DeploymentId(found.deployment),
        id=documents.uuid(found.id),
        case_id=CaseId(documents.uuid(found.case)),
        evidence_id=EvidenceId(documents.uuid(found.evidence)),
        key=bytes.fromhex(found.key),
        reason=found.reason,
        at=documents.moment(found.at),
    )


def render_match(match: Match) -> str:
    """The document to be signed."""
    return documents.render(
        {
            "type": "privacyproxy match",
            "v": 1,
            "deployment": match.deployment,
            "id": str(match.id),
            "case": str(match.case_id),
            "field": match.field,
            "value": match.value,
            "reason": match.reason,
            "at": documents.moment_text(match.at),
        }
    )


def parse_match(document: str) -> Match:
    """The match; InvalidInput `document_malformed` or `document_not_canonical`."""
    found = documents.parse(document, _Match)
    _check(found.deployment, found.reason)
    if not 1 <= len(found.value) <= VALUE_LIMIT:
        raise _malformed()
    return Match(
        deployment=DeploymentId(found.deployment),
        id=documents.uuid(found.id),
        case_id=CaseId(documents.uuid(found.case)),
        field=found.field,
        value=found.value,
        reason=found.reason,
        at=documents.moment(found.at),
    )


def _check(deployment: str, reason: str) -> None:
    if (
        not _DEPLOYMENT.fullmatch(deployment)
        or not 1 <= len(reason) <= REASON_LIMIT
        or not reason.isprintable()
        or not reason.strip()
    ):
        raise _malformed()


def _malformed() -> InvalidInput:
    return InvalidInput("document_malformed", "The document is damaged or of another kind.")
