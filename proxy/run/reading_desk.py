"""How a member of staff reads evidence on their own machine: a document, a key, a file at the end.

Needs nothing of the service but what it answers. The key lives as long as one reading; what is
signed is computed here from the document. Source: vault.md, Grants (evidence).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from proxy.errors import InvalidInput
from proxy.vault import primitives, statements
from proxy.vault.reading import Parts
from proxy.wire import staff_documents
from proxy.wire.staff_documents import Match, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from proxy.model.case import CaseId, EvidenceId
    from proxy.model.evidence import Header
    from proxy.model.roster import DeploymentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document to be signed: `message` is what an approval key signs."""

    document: str = field(repr=False)
    message: bytes
    private_key: bytes = field(default=b"", repr=False)


def reading(
    deployment: DeploymentId,
    case_id: CaseId,
    evidence_id: EvidenceId,
    reason: str,
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> Prepared:
    """The document for one reading, with a key of its own; InvalidInput as the vault would say."""
    private_key = random(primitives.KEY_OCTETS)
    document = staff_documents.render_reading(
        Reading(
            deployment=deployment,
            id=UUID(bytes=random(16), version=4),
            case_id=case_id,
            evidence_id=evidence_id,
            key=primitives.x25519_public(private_key),
            reason=reason,
            at=now.replace(microsecond=0),
        )
    )
    staff_documents.parse_reading(document)
    message = statements.reading(primitives.sha256(document.encode()))
    return Prepared(document=document, message=message, private_key=private_key)


def match(
    deployment: DeploymentId,
    case_id: CaseId,
    value: tuple[str, str],
    reason: str,
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> Prepared:
    """The document that asks whether a field (first of `value`) holds a value (second)."""
    document = staff_documents.render_match(
        Match(
            deployment=deployment,
            id=UUID(bytes=random(16), version=4),
            case_id=case_id,
            field=value[0],
            value=value[1],
            reason=reason,
            at=now.replace(microsecond=0),
        )
    )
    staff_documents.parse_match(document)
    message = statements.matching(primitives.sha256(document.encode()))
    return Prepared(document=document, message=message)


async def receive(
    prepared: Prepared,
    parts: AsyncIterator[bytes],
    write: Callable[[bytes], object],
    *,
    sha256: str,
) -> Header:
    """What the file is, all of it written and proven; Refused `reading_*`.

    Until then what was written is not to be believed: the caller writes to a place of its own, and
    moves the file afterwards. `name` in the answer is a stranger's, and no path.
    """
    if not prepared.private_key:
        raise InvalidInput("reading_key", "This document asks for no file.")
    opening = Parts(prepared.private_key, prepared.document)
    async for part in parts:
        write(opening.take(part))
    return opening.finish(sha256)
