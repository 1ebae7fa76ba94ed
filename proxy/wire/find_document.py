"""The document by which a registrar asks which of its names hold a person's value. Pure.

Signed with the key that an order gave the registrar, as a read-back is; holds for one page of one
search, once, around one moment. It holds a contact value: it is looked up and dropped, never kept,
logged or passed on. Source: vault.md, Grants (registrar, search); FORMAT.md, Customer search.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from typing_extensions import override

from proxy.errors import InvalidInput
from proxy.model.identifiers import RegistrationId, ResellerId, TenantId
from proxy.model.roster import DeploymentId
from proxy.wire import documents

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

VALUE_LIMIT = 320  # characters: the longest e-mail address
REASON_LIMIT = 500  # characters: a sentence or two for who audits
PAGE_LIMIT = 200  # registrations in one answer: each is opened, while other work waits
_RESELLER_LIMIT = 255
_DEPLOYMENT = re.compile(r"[0-9a-f]{32}")

Field = Literal["email", "phone", "name", "organization"]


class _Shape(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["privacyproxy customer search"]
    v: Literal[1]
    deployment: str
    id: str
    tenant: str
    reseller: str
    field: Field
    value: str
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_LIMIT)]
    after: str
    reason: str
    at: str

    @override
    def __repr__(self) -> str:
        """Never the value."""
        return "<_Shape>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """One page of a search: of a registrar's names or of one reseller's, of one field."""

    deployment: DeploymentId
    id: UUID
    tenant_id: TenantId
    reseller: ResellerId | None
    field: Field
    value: str = dataclasses.field(repr=False)
    limit: int
    after: RegistrationId | None  # where the page before ended
    reason: str = dataclasses.field(repr=False)
    at: datetime


def render(find: Find) -> str:
    """The document to be signed."""
    return documents.render(
        {
            "type": "privacyproxy customer search",
            "v": 1,
            "deployment": find.deployment,
            "id": str(find.id),
            "tenant": str(find.tenant_id),
            "reseller": find.reseller or "",
            "field": find.field,
            "value": find.value,
            "limit": find.limit,
            "after": "" if find.after is None else str(find.after),
            "reason": find.reason,
            "at": documents.moment_text(find.at),
        }
    )


def parse(document: str) -> Find:
    """The search; InvalidInput `document_malformed` or `document_not_canonical`."""
    found = documents.parse(document, _Shape)
    if (
        not _DEPLOYMENT.fullmatch(found.deployment)
        or not 1 <= len(found.value) <= VALUE_LIMIT
        or not 1 <= len(found.reason) <= REASON_LIMIT
        or not documents.is_line(found.reason)
        or len(found.reseller) > _RESELLER_LIMIT
        or not documents.is_line(found.reseller)
    ):
        raise InvalidInput("document_malformed", "The search is damaged or of another kind.")
    return Find(
        deployment=DeploymentId(found.deployment),
        id=documents.uuid(found.id),
        tenant_id=TenantId(documents.uuid(found.tenant)),
        reseller=ResellerId(found.reseller) if found.reseller else None,
        field=found.field,
        value=found.value,
        limit=found.limit,
        after=RegistrationId(documents.uuid(found.after)) if found.after else None,
        reason=found.reason,
        at=documents.moment(found.at),
    )
