"""Invented profiles and records for RDAP tests, and a look-up that holds them in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from proxy.errors import Unavailable
from proxy.model.identifiers import (
    AccreditationId,
    DomainName,
    Mode,
    ProfileId,
    ResellerId,
    Role,
    TenantId,
)
from proxy.model.public_record import (
    Accreditation,
    ConsentedField,
    ConsentedName,
    Ground,
    Layout,
    Profile,
    PublicContact,
    PublicRecord,
    PublishedContact,
    PublishedField,
    PublishedName,
)
from proxy.model.registration import Dnssec, DsRecord, Nameserver

if TYPE_CHECKING:
    from collections.abc import Iterable

TENANT = TenantId(UUID(int=1))
OTHER_TENANT = TenantId(UUID(int=2))
AS_OF = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
CREATED = datetime(2021, 6, 1, 8, tzinfo=UTC)

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


def make_profile(
    *,
    tenant: TenantId = TENANT,
    name: str = "quiet-harbour",
    roles: tuple[Role, ...] = (Role.REGISTRANT,),
    hosts: tuple[str, ...] = ("rdap.registrar.example",),
    addresses: tuple[str, ...] = (),
    offered: Iterable[str] = (),
    base_url: str = "https://rdap.registrar.example/",
    revision: int = 1,
    mask: PublicContact = MASK,
) -> Profile:
    """A profile with a gTLD default and a plain row for `de`."""
    return Profile(
        tenant_id=tenant,
        id=ProfileId(name),
        revision=revision,
        trust="verified",
        tld_tables={
            "default": Layout(layout="gtld", proxy="allowed", contacts="thick"),
            "de": Layout(layout="plain", proxy="registry-hides", contacts="minimum"),
        },
        affiliated=True,
        mask=mask,
        published_roles=roles,
        relay_domain=DomainName("mask.example.net"),
        whois_host="whois.registrar.example",
        whois_notice=("Terms: https://registrar.example/terms",),
        rdap_base_url=base_url,
        rdap_terms_url="https://registrar.example/terms",
        rdap_host_names=hosts,
        rdap_addresses=addresses,
        rdap_objects=frozenset(offered),
        abuse_email="abuse@registrar.example",
        abuse_phone="+1.5555550100",
        registrar_url="https://registrar.example",
        contact_form_base="https://privacy.example/c/",
        accreditations={
            AccreditationId("iana-9999"): Accreditation(
                id=AccreditationId("iana-9999"),
                registrar_name="Blue Heron Registrar Ltd",
                iana_id=9999,
            ),
            AccreditationId("none"): Accreditation(
                id=AccreditationId("none"), registrar_name="Grey Heron", iana_id=None
            ),
        },
    )


CONSENTED = {
    Mode.PROXY: (),
    Mode.PRIVACY: (
        ConsentedField(field=ConsentedName.NAME, value='Zoë "Z" <Ng>', ground=Ground.MODE),
    ),
    Mode.REDACTED: (
        ConsentedField(field=ConsentedName.STATE, value="Tamil Nadu", ground=Ground.POLICY),
        ConsentedField(field=ConsentedName.COUNTRY, value="IN", ground=Ground.POLICY),
    ),
}
CONSENTED[Mode.PUBLISHED] = CONSENTED[Mode.REDACTED]
GRANTED = (
    PublishedContact(
        role=Role.REGISTRANT,
        fields=(
            PublishedField(field=PublishedName.NAME, lines=("Zoë Ng",)),
            PublishedField(field=PublishedName.STREET, lines=("12 Silk Road", "Hall 3")),
            PublishedField(field=PublishedName.EMAIL, lines=("zoe@registrant.example",)),
            PublishedField(field=PublishedName.FAX, lines=()),
        ),
    ),
)


def make_record(
    domain: str = "kaveri-silk-house.example",
    *,
    mode: Mode = Mode.PROXY,
    tenant: TenantId = TENANT,
    profile: str = "quiet-harbour",
    accreditation: str = "iana-9999",
    with_ids: bool = True,
    reseller: str | None = None,
    statuses: tuple[str, ...] = ("clientTransferProhibited",),
    published: tuple[PublishedContact, ...] = (),
) -> PublicRecord:
    """A record with everything filled in; its ids are left out when not `with_ids`."""
    return PublicRecord(
        domain=DomainName(domain),
        tenant_id=tenant,
        profile=ProfileId(profile),
        accreditation=AccreditationId(accreditation),
        mode=mode,
        reference="7F3K9QX2MT4VD",
        alias="k3v9x2pq7m4td",
        created_at=CREATED,
        reseller=None if reseller is None else ResellerId(reseller),
        registry_domain_id="D4417921-EXAMPLE" if with_ids else None,
        registrant_registry_id="C100-EXAMPLE" if with_ids else None,
        updated_at=datetime(2026, 1, 20, 11, 4, 9, tzinfo=UTC),
        registry_expires_at=datetime(2027, 6, 1, 8, tzinfo=UTC),
        registrar_expires_at=datetime(2027, 6, 1, 8, tzinfo=UTC),
        statuses=statuses,
        nameservers=(
            Nameserver(name=DomainName("ns1.hosting.example")),
            Nameserver(name=DomainName(f"ns2.{domain}"), addresses=("192.0.2.53", "2001:db8::53")),
        ),
        dnssec=Dnssec(ds=(DsRecord(key_tag=12345, algorithm=13, digest_type=2, digest="49FD"),)),
        consented=CONSENTED[mode],
        published=published,
    )


class Held:
    """services.look_up as RDAP sees it, over what a test puts in."""

    def __init__(self, *records: PublicRecord, profiles: tuple[Profile, ...]) -> None:
        """Hold `records` under `profiles`."""
        self.records = {record.domain.encode(): record for record in records}
        self.by_key = {(profile.tenant_id, profile.id): profile for profile in profiles}
        self.is_there = True

    def find(self, name: bytes) -> tuple[PublicRecord, Profile] | None:
        """The record under `name`."""
        if not self.is_there:
            raise Unavailable("snapshot")
        record = self.records.get(name)
        return None if record is None else (record, self.by_key[record.tenant_id, record.profile])

    def profiles(self) -> tuple[Profile, ...]:
        """All profiles."""
        return tuple(self.by_key.values())

    def as_of(self) -> datetime:
        """The fixed moment."""
        if not self.is_there:
            raise Unavailable("snapshot")
        return AS_OF
