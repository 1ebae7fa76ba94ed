"""The document by which a member of staff asks who shares a value. Pure.

It holds a contact value: it is checked and dropped, never kept, logged or passed on.
Source: vault.md, Grants (search); FORMAT.md, Search.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
from typing_extensions import override

from proxy.errors import InvalidInput
from proxy.model.identifiers import TenantId
from proxy.model.roster import DeploymentId
from proxy.wire import documents

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

VALUE_LIMIT = 320  # characters: the longest e-mail address
REASON_LIMIT = 500  # characters: a sentence or two for who audits
_DEPLOYMENT = re.compile(r"[0-9a-f]{32}")


class _Shape(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["privacyproxy search"]
    v: Literal[1]
    deployment: str
    id: str
    tenant: str
    field: Literal["email", "phone", "name", "organization"]
    value: str
    reason: str
    at: str

    @override
    def __repr__(self) -> str:
        """Never the value."""
        return "<_Shape>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search: of one tenant, of one field, once."""

    deployment: DeploymentId
    id: UUID
    tenant_id: TenantId
    field: str
    value: str = dataclasses.field(repr=False)
    reason: str = dataclasses.field(repr=False)
    at: datetime


def render(search: Search) -> str:
    """The document to be signed."""
    return documents.render(
        {
            "type": "privacyproxy search",
            "v": 1,
            "deployment": search.deployment,
            "id": str(search.id),
            "tenant": str(search.tenant_id),
            "field": search.field,
            "value": search.value,
            "reason": search.reason,
            "at": documents.moment_text(search.at),
        }
    )


def parse(document: str) -> Search:
    """The search; InvalidInput `document_malformed` or `document_not_canonical`."""
    found = documents.parse(document, _Shape)
    if (
        not _DEPLOYMENT.fullmatch(found.deployment)
        or not 1 <= len(found.value) <= VALUE_LIMIT
        or not 1 <= len(found.reason) <= REASON_LIMIT
        or not found.reason.isprintable()
        or not found.reason.strip()
    ):
        raise _malformed()
    return Search(
        deployment=DeploymentId(found.deployment),
        id=documents.uuid(found.id),
        tenant_id=TenantId(documents.uuid(found.tenant)),
        field=found.field,
        value=found.value,
        reason=found.reason,
        at=documents.moment(found.at),
    )


def _malformed() -> InvalidInput:
    return InvalidInput("document_malformed", "The search is damaged or of another kind.")
