"""Orders that disclose, for tests of packages; their recipients and what was approved."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from proxy.model.case import Basis, CaseId, CaseTypeId
from proxy.model.identifiers import DomainName, RecordClass, RegistrationId, TenantId
from proxy.model.order import (
    CaseSubject,
    Disclosure,
    Order,
    OrderId,
    OrderKind,
    Recipient,
    RecordRef,
)
from proxy.model.roster import DeploymentId, Person
from proxy.rules import use_terms
from proxy.vault.package import Mark

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SHA256 = "ab" * 32
FIELDS = ("registrant.name", "registrant.street", "registrant.country", "registrant.fax")
RECIPIENT = Recipient(
    name="Dr. Łucja Weiß",
    organization="Weiß & Partner",
    identity="cd" * 32,
    openpgp="",
    certificate="",
)
MARK = Mark(
    package_id=UUID("11111111-1111-4111-8111-111111111111"),
    copy_id="K7QF-2M9X-AAAA-BBBB",
    made_at=NOW,
    contact="https://privacy.example",
    approvals=2,
)


def order(deed: dict[str, Any] | None = None, **subject: Any) -> Order:
    """An order that discloses FIELDS of a registration to RECIPIENT under a pass-phrase."""
    disclosure = Disclosure(
        fields=FIELDS,
        records=(RecordRef(record_class=RecordClass.IDENTITY, version=1, sha256="ef" * 32),),
        recipient=RECIPIENT,
        terms=use_terms.NEWEST,
        delete_by="2027-05-26",
    )
    whole = CaseSubject(
        case=CaseId(UUID("22222222-2222-4222-8222-222222222222")),
        case_type=CaseTypeId("third_party"),
        event="00" * 32,
        tenant_id=TenantId(UUID("33333333-3333-4333-8333-333333333333")),
        registration_id=RegistrationId(UUID("44444444-4444-4444-8444-444444444444")),
        domain=DomainName("xn--bcher-kva.example"),
        unicode_name="bücher.example",
        event_date=NOW - timedelta(days=90),
        basis=Basis.CONTRACT_BREACH,
        instrument="",
        reasons="12" * 32,
        overlays=(),
        overrides_veto=False,
        deed=dataclasses.replace(disclosure, **(deed or {})),
    )
    return Order(
        deployment=DeploymentId("5a" * 16),
        id=OrderId(uuid4()),
        kind=OrderKind.DISCLOSE,
        roster_version=1,
        roster="34" * 32,
        proposer=Person("pia"),
        handler=Person("hana"),
        releaser=Person("rita"),
        reason="The window for assurances is over.",
        not_before=NOW - timedelta(hours=1),
        expires_at=NOW + timedelta(hours=70),
        subject=dataclasses.replace(whole, **subject),
    )
