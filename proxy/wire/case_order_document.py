"""Orders of cases as members of a document, and back. Pure; what they need is said elsewhere.

A kind is a shape: what a kind does not speak of can not stand in it. Lists are sorted, each member
once, so that equal orders are equal texts. The name stands in both forms, and the one must be the
other. Source: vault.md, Order; FORMAT.md, Rosters and orders.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

import msgspec

from proxy.errors import InvalidInput
from proxy.model import names
from proxy.model.case import Basis, CaseId, CaseTypeId, Overlay
from proxy.model.identifiers import RecordClass, RegistrationId, TenantId
from proxy.model.order import (
    CaseSubject,
    Disclosure,
    OrderKind,
    Publication,
    Recipient,
    RecordRef,
    Silence,
)
from proxy.wire import documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REASON_LIMIT = 500  # characters: what an approver reads before signing
NAME_LIMIT = 200  # characters of a recipient's name
MOST_FIELDS = 64
MOST_RECORDS = 4

_Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Hex64 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_HexOrNone = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]
_Handle = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")]
_Nobody = Annotated[str, msgspec.Meta(pattern=r"^([a-z][a-z0-9-]{0,31})?\Z")]
_Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,47}\Z")]
_Field = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{1,16}\.[a-z][a-z0-9_]{0,31}\Z")]
_Fields = Annotated[tuple[_Field, ...], msgspec.Meta(min_length=1, max_length=MOST_FIELDS)]
_Fingerprint = Annotated[str, msgspec.Meta(pattern=r"^([0-9A-F]{40}|[0-9A-F]{64})?\Z")]


class _Struct(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    pass


class Common(_Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every order says; `kind` is which shape it has."""

    type: Literal["privacyproxy order"]
    v: Literal[1]
    deployment: _Hex32
    id: UUID
    roster_version: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    roster: _Hex64
    proposer: _Handle
    handler: _Nobody
    releaser: _Nobody
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_LIMIT)]
    not_before: str
    expires_at: str


class _Record(_Struct, frozen=True):
    record_class: RecordClass = msgspec.field(name="class")
    version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    sha256: _Hex64


_Records = Annotated[tuple[_Record, ...], msgspec.Meta(min_length=1, max_length=MOST_RECORDS)]


class _Recipient(_Struct, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LIMIT)]
    organization: Annotated[str, msgspec.Meta(max_length=NAME_LIMIT)]
    identity: _Hex64
    openpgp: _Fingerprint
    certificate: Annotated[str, msgspec.Meta(max_length=36)]


class CaseOrder(Common, frozen=True, kw_only=True, tag_field="kind"):
    """What every order of a case says beside that."""

    case: UUID
    case_type: _Code
    event: _Hex64
    tenant: UUID
    registration: UUID
    domain: Annotated[str, msgspec.Meta(min_length=3, max_length=253)]
    unicode_name: Annotated[str, msgspec.Meta(max_length=253)]
    event_date: str
    basis: Basis
    instrument: _HexOrNone
    reasons: _Hex64
    overlays: Annotated[tuple[Overlay, ...], msgspec.Meta(max_length=len(Overlay))]
    overrides_veto: bool


class _Disclosing(CaseOrder, frozen=True, kw_only=True, tag_field="kind"):
    fields: _Fields
    records: _Records
    recipient: _Recipient
    terms: _Hex64
    delete_by: str


class Disclose(_Disclosing, frozen=True, kw_only=True, tag=OrderKind.DISCLOSE.value):
    """A package for somebody."""


class DiscloseUrgently(
    _Disclosing, frozen=True, kw_only=True, tag=OrderKind.DISCLOSE_URGENTLY.value
):
    """The same within the hour, by the on-call pair."""


class Publish(CaseOrder, frozen=True, kw_only=True, tag=OrderKind.PUBLISH.value):
    """Fields for everybody."""

    fields: _Fields
    records: _Records


class Deactivate(CaseOrder, frozen=True, kw_only=True, tag=OrderKind.DEACTIVATE.value):
    """The name resolves no more."""


class ReleasePrivacy(CaseOrder, frozen=True, kw_only=True, tag=OrderKind.RELEASE_PRIVACY.value):
    """The service ends for the name."""


class LiftHold(CaseOrder, frozen=True, kw_only=True, tag=OrderKind.LIFT_HOLD.value):
    """The case holds the registration no more."""


class Gag(CaseOrder, frozen=True, kw_only=True, tag=OrderKind.GAG.value):
    """The registrant is not told; `until` is "" for a gag without an end."""

    until: str


class LiftGag(CaseOrder, frozen=True, kw_only=True, tag=OrderKind.LIFT_GAG.value):
    """The registrant may be told again."""


def subject(found: CaseOrder) -> CaseSubject:
    """What an order of a case is about; InvalidInput `document_malformed`."""
    try:
        domain = names.parse_domain_name(found.domain)
    except InvalidInput:
        raise _malformed("The order's name is no domain name.") from None
    if domain != found.domain or found.unicode_name != (names.unicode_name(domain) or ""):
        raise _malformed("The order's name is not the same in both forms.")
    return CaseSubject(
        case=CaseId(found.case),
        case_type=CaseTypeId(found.case_type),
        event=found.event,
        tenant_id=TenantId(found.tenant),
        registration_id=RegistrationId(found.registration),
        domain=domain,
        unicode_name=found.unicode_name,
        event_date=documents.moment(found.event_date),
        basis=found.basis,
        instrument=found.instrument,
        reasons=found.reasons,
        overlays=found.overlays,
        overrides_veto=found.overrides_veto,
        deed=_deed(found),
    )


def facts(one: CaseSubject) -> Mapping[str, object]:
    """The members of a document that say it."""
    return {
        "case": one.case,
        "case_type": one.case_type,
        "event": one.event,
        "tenant": one.tenant_id,
        "registration": one.registration_id,
        "domain": one.domain,
        "unicode_name": one.unicode_name,
        "event_date": documents.moment_text(one.event_date),
        "basis": one.basis,
        "instrument": one.instrument,
        "reasons": one.reasons,
        "overlays": sorted(set(one.overlays)),
        "overrides_veto": one.overrides_veto,
        **_deed_facts(one.deed),
    }


def _deed(found: CaseOrder) -> Disclosure | Publication | Silence | None:
    if isinstance(found, _Disclosing):
        return Disclosure(
            fields=found.fields,
            records=_records(found.records),
            recipient=_recipient(found.recipient),
            terms=found.terms,
            delete_by=_day(found.delete_by),
        )
    if isinstance(found, Publish):
        return Publication(fields=found.fields, records=_records(found.records))
    if isinstance(found, Gag):
        return Silence(until=documents.moment(found.until) if found.until else None)
    return None


def _deed_facts(deed: Disclosure | Publication | Silence | None) -> Mapping[str, object]:
    match deed:
        case Disclosure():
            to = deed.recipient
            return {
                **_shown(deed.fields, deed.records),
                "recipient": {
                    "name": to.name,
                    "organization": to.organization,
                    "identity": to.identity,
                    "openpgp": to.openpgp,
                    "certificate": to.certificate,
                },
                "terms": deed.terms,
                "delete_by": deed.delete_by,
            }
        case Publication():
            return _shown(deed.fields, deed.records)
        case Silence():
            return {"until": "" if deed.until is None else documents.moment_text(deed.until)}
        case None:
            return {}


def _shown(fields: Iterable[str], records: Iterable[RecordRef]) -> Mapping[str, object]:
    ordered = sorted({(one.record_class, one.version, one.sha256) for one in records})
    return {
        "fields": sorted(set(fields)),
        "records": [
            {"class": record_class, "version": version, "sha256": sha256}
            for record_class, version, sha256 in ordered
        ],
    }


def _records(found: tuple[_Record, ...]) -> tuple[RecordRef, ...]:
    if len({one.record_class for one in found}) != len(found):
        raise _malformed("The order names two records of one class.")
    return tuple(
        RecordRef(record_class=one.record_class, version=one.version, sha256=one.sha256)
        for one in found
    )


def _recipient(found: _Recipient) -> Recipient:
    """Somebody with a key and its certificate, or with neither."""
    if not documents.is_line(found.name) or not documents.is_line(found.organization):
        raise _malformed("The recipient's name holds characters that do not print.")
    if bool(found.openpgp) != bool(found.certificate):
        raise _malformed("A recipient has a key and its certificate, or neither.")
    if found.certificate and str(_uuid(found.certificate)) != found.certificate:
        raise _malformed("The recipient's certificate is named in another way.")
    return Recipient(
        name=found.name,
        organization=found.organization,
        identity=found.identity,
        openpgp=found.openpgp,
        certificate=found.certificate,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise _malformed("The order's day of deletion is no date.")


def _malformed(sentence: str) -> InvalidInput:
    return InvalidInput("document_malformed", sentence)
