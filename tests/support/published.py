"""Published records and profiles for tests of what the edge answers; all invented."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from proxy.model.identifiers import (
    AccreditationId,
    DomainName,
    Mode,
    ProfileId,
    Role,
    TenantId,
)
from proxy.model.public_record import (
    Accreditation,
    Layout,
    Profile,
    PublicContact,
    PublicRecord,
)
from proxy.model.registration import Nameserver

TENANT = TenantId(UUID(int=1))
AS_OF = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
BLUE_HERON = AccreditationId("iana-9999")
MASK = PublicContact(
    name="Privacy Customer {reference}",
    organization="Quiet Harbour Privacy AS",
    street=("PO Box 12",),
    city="Moss",
    state="Viken",
    postal_code="1501",
    country="NO",
    phone="+47.5555550100",
    phone_ext=None,
    fax=None,
    email=None,
    contact_uri=None,
)


def profile(**changes: object) -> Profile:
    """The profile of the contract's sample, with `changes`."""
    fields: dict[str, object] = {
        "tenant_id": TENANT,
        "id": ProfileId("quiet-harbour"),
        "revision": 1,
        "trust": "verified",
        "tld_tables": {
            "default": Layout(layout="gtld", proxy="allowed", contacts="thick"),
            "de": Layout(layout="plain", proxy="registry-hides", contacts="minimum"),
        },
        "affiliated": True,
        "mask": MASK,
        "published_roles": (Role.REGISTRANT,),
        "relay_domain": DomainName("mask.example.net"),
        "whois_host": "whois.registrar.example",
        "whois_notice": (
            "Access is rate limited.",
            "Terms: https://registrar.example/terms",
        ),
        "rdap_base_url": "https://rdap.registrar.example/",
        "rdap_terms_url": "https://registrar.example/terms",
        "rdap_host_names": ("rdap.registrar.example",),
        "rdap_addresses": (),
        "rdap_objects": frozenset(),
        "abuse_email": "abuse@registrar.example",
        "abuse_phone": "+1.5555550100",
        "registrar_url": "https://registrar.example",
        "contact_form_base": "https://privacy.example/contact/",
        "accreditations": {
            BLUE_HERON: Accreditation(
                id=BLUE_HERON, registrar_name="Blue Heron Registrar Ltd", iana_id=9999
            )
        },
    }
    return Profile(**(fields | changes))  # type: ignore[arg-type]  # the fields above


def record(**changes: object) -> PublicRecord:
    """A masked registration of example.com, with `changes`."""
    fields: dict[str, object] = {
        "domain": DomainName("example.com"),
        "tenant_id": TENANT,
        "profile": ProfileId("quiet-harbour"),
        "accreditation": BLUE_HERON,
        "mode": Mode.PROXY,
        "reference": "77K3V9QX2PMDA",
        "alias": "k3v9x2pq7",
        "created_at": datetime(2021, 6, 1, 8, tzinfo=UTC),
        "updated_at": datetime(2026, 1, 20, 11, 4, 9, tzinfo=UTC),
        "registry_expires_at": datetime(2027, 6, 1, 8, tzinfo=UTC),
        "registrar_expires_at": datetime(2027, 6, 1, 8, tzinfo=UTC),
        "registry_domain_id": "4417_DOMAIN_COM-VRSN",
        "statuses": ("clientTransferProhibited",),
        "nameservers": (
            Nameserver(name=DomainName("ns1.example.net")),
            Nameserver(name=DomainName("ns2.example.net")),
        ),
    }
    return PublicRecord(**(fields | changes))  # type: ignore[arg-type]  # the fields above
