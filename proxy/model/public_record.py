"""The one thing the world may see of a registration (promise 1), and what it is shown with.

A person's data can enter only as ConsentedField or PublishedContact. Neither can be made from a
Contact by accident: the first names its ground, the second is made by the vault alone.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a codec reads Profile's annotations
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec
from typing_extensions import override

# msgspec reads the annotations of its structs at run time, so these are real imports.
from proxy.model.identifiers import (
    AccreditationId,
    DomainName,
    Mode,
    ProfileId,
    ResellerId,
    Role,
    TenantId,
)
from proxy.model.registration import Dnssec, Nameserver


class ConsentedName(StrEnum):
    """The fields of a contact that may ever be shown by consent."""

    NAME = "name"
    STATE = "state"
    COUNTRY = "country"


class Ground(StrEnum):
    """Why a person's field may be shown."""

    MODE = "mode"  # the holder chose privacy mode: holder named, contact masked
    POLICY = "policy"  # ICANN Registration Data Policy s9: state and country stay public


class ConsentedField(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One field of the registrant that may be shown, and on what ground."""

    field: ConsentedName
    value: str
    ground: Ground

    @override
    def __repr__(self) -> str:
        """Never the value."""
        return f"<ConsentedField {self.field} {self.ground}>"


class PublishedName(StrEnum):
    """The fields of a contact that may be shown under a publish grant: all that the world knows."""

    NAME = "name"
    ORGANIZATION = "organization"
    STREET = "street"
    CITY = "city"
    STATE = "state"
    POSTAL_CODE = "postal_code"
    COUNTRY = "country"
    PHONE = "phone"
    PHONE_EXT = "phone_ext"
    FAX = "fax"
    EMAIL = "email"


class PublishedField(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One field that its person agreed to show; without lines where they have none of the kind."""

    field: PublishedName
    lines: tuple[str, ...]

    @override
    def __repr__(self) -> str:
        """Never the value."""
        return f"<PublishedField {self.field}>"


class PublishedContact(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The fields of one contact that a publish grant shows. Made by the vault alone."""

    role: Role
    fields: tuple[PublishedField, ...]

    @override
    def __repr__(self) -> str:
        """Never a value."""
        return f"<PublishedContact {self.role}>"


class PublicRecord(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What is published of one name. Shown together with the tenant's Profile.

    A msgspec struct, because the edge decodes one per query: measured, it is the largest part of
    a look-up after the system calls.
    """

    domain: DomainName
    tenant_id: TenantId
    profile: ProfileId
    accreditation: AccreditationId
    mode: Mode
    reference: str
    alias: str
    created_at: datetime
    reseller: ResellerId | None = None
    registry_domain_id: str | None = None
    registrant_registry_id: str | None = None
    updated_at: datetime | None = None
    transferred_at: datetime | None = None
    registry_expires_at: datetime | None = None
    registrar_expires_at: datetime | None = None
    statuses: tuple[str, ...] = ()
    nameservers: tuple[Nameserver, ...] = ()
    dnssec: Dnssec = Dnssec()
    consented: tuple[ConsentedField, ...] = ()
    published: tuple[PublishedContact, ...] = ()

    def with_published(self, published: tuple[PublishedContact, ...]) -> PublicRecord:
        """The same record with these fields shown under a publish grant, and no others."""
        return msgspec.structs.replace(self, published=published)

    def with_alias(self, alias: str) -> PublicRecord:
        """The same record with another address of its mask."""
        return msgspec.structs.replace(self, alias=alias)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicContact:
    """A contact as shown: the mask, consented fields, or withheld fields (None and listed).

    `withheld` names the fields that exist for the world but are kept back (redacted mode); it
    never depends on whether the person has them. `contact_uri` stands in for `email`.
    """

    name: str | None
    organization: str | None
    street: tuple[str, ...]
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    phone: str | None
    phone_ext: str | None
    fax: str | None
    email: str | None
    contact_uri: str | None
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How names under one TLD are answered and what its registry allows."""

    layout: str  # "gtld" | "plain"
    proxy: str  # "allowed" | "forbidden" | "registry-hides"
    contacts: str  # "thick" | "minimum": what the registry holds; for the registrar adapters


@dataclass(frozen=True, slots=True, kw_only=True)
class Accreditation:
    """The registrar on whose behalf an answer is given."""

    id: AccreditationId
    registrar_name: str
    iana_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A tenant's brand: mask, hosts, notices and TLD rules (contract, profile.json)."""

    tenant_id: TenantId
    id: ProfileId
    revision: int
    trust: str  # "verified" | "declared"
    tld_tables: Mapping[str, Layout]  # by TLD, with "default"
    affiliated: bool
    mask: PublicContact  # name may hold {reference}
    published_roles: tuple[Role, ...]
    relay_domain: DomainName
    whois_host: str
    whois_notice: tuple[str, ...]
    rdap_base_url: str  # ends in "/"
    rdap_terms_url: str
    rdap_host_names: tuple[str, ...]
    rdap_addresses: tuple[str, ...]  # listening addresses that select this profile's registrar
    rdap_objects: frozenset[str]  # of {"entity", "nameserver"}: further look-ups offered
    abuse_email: str
    abuse_phone: str
    registrar_url: str
    contact_form_base: str  # ends in "/"; the alias follows
    accreditations: Mapping[AccreditationId, Accreditation]

    def layout_for(self, domain: DomainName) -> Layout:
        """The row of the TLD table that covers `domain`, else the default row."""
        return self.tld_tables.get(domain.rpartition(".")[2]) or self.tld_tables["default"]
