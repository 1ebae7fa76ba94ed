"""The document by which a registrar has fields of its customer published. Pure.

Signed with the key that an order gave the registrar; holds for one registration as it was seen,
once, around one moment. Of each field it says when and how its person agreed, and the digest of
what the registrar keeps of that. No value of a person, so it can be kept and shown.
Source: vault.md, Grants (publish); FORMAT.md, Publication.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from proxy.errors import InvalidInput
from proxy.model import names
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.model.publication import Consent, Instruction, InstructionId, Method
from proxy.model.roster import DeploymentId
from proxy.rules import publishing
from proxy.wire import documents

_DEPLOYMENT = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class _Consent(msgspec.Struct, forbid_unknown_fields=True):
    confirmed: bool
    evidence: str
    field: str
    given_at: str
    method: Method


class _Shape(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["privacyproxy publish"]
    v: Literal[1]
    deployment: str
    id: str
    tenant: str
    registration: str
    revision: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    domain: Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
    fields: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=64)]
    consents: Annotated[tuple[_Consent, ...], msgspec.Meta(max_length=64)]
    at: str


def render(instruction: Instruction) -> str:
    """The document to be signed."""
    return documents.render(
        {
            "type": "privacyproxy publish",
            "v": 1,
            "deployment": instruction.deployment,
            "id": str(instruction.id),
            "tenant": str(instruction.tenant_id),
            "registration": str(instruction.registration_id),
            "revision": instruction.revision,
            "domain": instruction.domain,
            "fields": instruction.fields,
            "consents": render_consents(instruction.consents),
            "at": documents.moment_text(instruction.at),
        }
    )


def render_consents(consents: tuple[Consent, ...]) -> list[dict[str, object]]:
    """The consents as their list stands in the document."""
    return [
        {
            "confirmed": one.confirmed,
            "evidence": one.evidence,
            "field": one.field,
            "given_at": documents.moment_text(one.given_at),
            "method": one.method.value,
        }
        for one in consents
    ]


def parse(document: str) -> Instruction:
    """What is instructed.

    InvalidInput `document_malformed`, `document_not_canonical`, `domain_name`, and
    `consent_missing` where the consents are not one for each field, in the same order.
    """
    found = documents.parse(document, _Shape)
    if (
        not _DEPLOYMENT.fullmatch(found.deployment)
        or tuple(sorted(set(found.fields))) != found.fields
        or not publishing.FIELDS.issuperset(found.fields)
        or names.parse_domain_name(found.domain) != found.domain
        or not all(_SHA256.fullmatch(one.evidence) for one in found.consents)
    ):
        raise InvalidInput("document_malformed", "The instruction is damaged or of another kind.")
    if tuple(one.field for one in found.consents) != found.fields:
        raise InvalidInput(
            "consent_missing", "Give one consent for each field, in the order of the fields."
        )
    return Instruction(
        deployment=DeploymentId(found.deployment),
        id=InstructionId(documents.uuid(found.id)),
        tenant_id=TenantId(documents.uuid(found.tenant)),
        registration_id=RegistrationId(documents.uuid(found.registration)),
        revision=found.revision,
        domain=names.parse_domain_name(found.domain),
        consents=tuple(
            Consent(
                field=one.field,
                given_at=documents.moment(one.given_at),
                method=one.method,
                evidence=one.evidence,
                confirmed=one.confirmed,
            )
            for one in found.consents
        ),
        at=documents.moment(found.at),
    )
