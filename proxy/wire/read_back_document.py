"""The document by which a registrar asks for its own customer's contacts, and its answer. Pure.

Signed with the key that an order gave the registrar; holds for one registration as it was seen,
once, around one moment. Its reason is for who audits: it is hashed and dropped, for it may name
somebody. The answer holds persons: it is sealed at once. Source: vault.md, Grants (registrar);
FORMAT.md, Read-back.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from typing_extensions import override

from proxy.errors import InvalidInput
from proxy.model import names
from proxy.model.case import FieldClass
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.model.roster import DeploymentId
from proxy.rules.casework import fields as catalogue
from proxy.wire import documents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from proxy.model.identifiers import DomainName

REASON_LIMIT = 500  # characters: a sentence or two for who audits
PADDING_OCTETS = 1024  # hides how long names and addresses are from who carries the answer
FIELDS = frozenset(
    name for name, one in catalogue.FIELD_CLASSES.items() if one is FieldClass.PUBLIC_EQUIV
)
"""What can be read back: the contacts' own fields, by role."""

_DEPLOYMENT = re.compile(r"[0-9a-f]{32}")


class Ground(StrEnum):
    """Why a registrar reads back."""

    CUSTOMER = "customer"  # its customer asks what is held, or for help
    ACCURACY = "accuracy"  # contacts are verified or corrected
    TRANSFER = "transfer"  # a transfer, or a change of holder, is checked
    LEGAL = "legal"  # a law or an authority asks the registrar
    ABUSE = "abuse"  # a report about the name is looked into
    RECOVERY = "recovery"  # the registrar lost its own copy


class _Shape(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["privacyproxy read-back"]
    v: Literal[1]
    deployment: str
    id: str
    tenant: str
    registration: str
    revision: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    domain: Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
    fields: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=64)]
    ground: Ground
    reason: str
    at: str

    @override
    def __repr__(self) -> str:
        """Never the reason."""
        return "<_Shape>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One read-back: `fields` as in a disclosure, in order, for one `registrant.email`."""

    deployment: DeploymentId
    id: UUID
    tenant_id: TenantId
    registration_id: RegistrationId
    revision: int
    domain: DomainName
    fields: tuple[str, ...]
    ground: Ground
    reason: str = dataclasses.field(repr=False)
    at: datetime


def render(asked: Asked) -> str:
    """The document to be signed."""
    return documents.render(
        {
            "type": "privacyproxy read-back",
            "v": 1,
            "deployment": asked.deployment,
            "id": str(asked.id),
            "tenant": str(asked.tenant_id),
            "registration": str(asked.registration_id),
            "revision": asked.revision,
            "domain": asked.domain,
            "fields": asked.fields,
            "ground": asked.ground,
            "reason": asked.reason,
            "at": documents.moment_text(asked.at),
        }
    )


def parse(document: str) -> Asked:
    """What is asked; InvalidInput `document_malformed`, `document_not_canonical`, `domain_name`."""
    found = documents.parse(document, _Shape)
    if (
        not _DEPLOYMENT.fullmatch(found.deployment)
        or not 1 <= len(found.reason) <= REASON_LIMIT
        or not documents.is_line(found.reason)
        or tuple(sorted(set(found.fields))) != found.fields
        or not FIELDS.issuperset(found.fields)
        or names.parse_domain_name(found.domain) != found.domain
    ):
        raise _malformed()
    return Asked(
        deployment=DeploymentId(found.deployment),
        id=documents.uuid(found.id),
        tenant_id=TenantId(documents.uuid(found.tenant)),
        registration_id=RegistrationId(documents.uuid(found.registration)),
        revision=found.revision,
        domain=names.parse_domain_name(found.domain),
        fields=found.fields,
        ground=found.ground,
        reason=found.reason,
        at=documents.moment(found.at),
    )


def render_answer(asked: Asked, values: Mapping[str, str | tuple[str, ...] | None]) -> bytes:
    """The answer before it is sealed: canonical, with spaces behind it to hide its length."""
    said = documents.render(
        {
            "type": "privacyproxy read-back answer",
            "v": 1,
            "id": str(asked.id),
            "registration": str(asked.registration_id),
            "revision": asked.revision,
            "domain": asked.domain,
            "fields": values,
        }
    ).encode()
    return said.ljust(-(-len(said) // PADDING_OCTETS) * PADDING_OCTETS)


def _malformed() -> InvalidInput:
    return InvalidInput("document_malformed", "The read-back is damaged or of another kind.")
