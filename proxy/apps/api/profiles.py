"""A registrar's profile.json: validated strictly, defaults filled in, given as a Profile.

Raises InvalidInput listing every fault. Source: contract/profile.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import urljoin

from pydantic import AfterValidator, Field, ValidationError

from proxy.apps.api import fields, reading
from proxy.apps.api.bodies import (
    Body,
    Code,
    Country,
    Email,
    Extension,
    Host,
    IpAddress,
    Line,
    Name,
    OptionalLine,
    Slug,
)
from proxy.errors import Fault, InvalidInput
from proxy.model.identifiers import AccreditationId, DomainName, ProfileId, Role
from proxy.model.public_record import Accreditation, Layout, Profile, PublicContact

if TYPE_CHECKING:
    from proxy.model.identifiers import TenantId

PhoneShown = Annotated[str, Field(pattern=r"^\+[0-9]{1,3}\.[0-9]{1,14}$")]
Url = Annotated[
    str,
    Field(max_length=512, pattern=r"^https?://[^\s/?#@\"<>\\]{1,255}(?:/[^\s?#\"<>\\]*)?$"),
    AfterValidator(fields.ascii_text),
]
Base = Annotated[Url, AfterValidator(lambda url: url if url.endswith("/") else url + "/")]
TldKey = Annotated[str, Field(pattern=r"^[a-z0-9-]{2,63}$")]


class LayoutBody(Body):
    """How names under one TLD are answered and what its registry allows."""

    layout: Literal["gtld", "plain"]
    proxy: Literal["allowed", "forbidden", "registry-hides"]
    contacts: Literal["thick", "minimum"]


class MaskBody(Body):
    """The contact that stands for every customer; `{reference}` in the name is filled in."""

    name: Line
    organization: Line
    street: Annotated[list[Line], Field(min_length=1, max_length=4)]
    city: Line
    state: OptionalLine | None = None
    postal_code: Code | None = None
    country: Country
    phone: PhoneShown
    phone_ext: Extension | None = None
    fax: PhoneShown | None = None


class WhoisBody(Body):
    """The WHOIS host and the lines below an answer."""

    host: Host
    notice: Annotated[list[Line], Field(max_length=50, default_factory=list)]


class RdapBody(Body):
    """Where RDAP is served, and which further look-ups it offers."""

    base_url: Base | None = None
    terms_url: Url
    host_names: Annotated[list[Host], Field(max_length=50, default_factory=list)]
    addresses: Annotated[list[IpAddress], Field(max_length=50, default_factory=list)]
    objects: Annotated[
        list[Literal["entity", "nameserver"]], Field(max_length=2, default_factory=list)
    ]


class AbuseBody(Body):
    """Where abuse is reported."""

    email: Email
    phone: PhoneShown


class ProfileBody(Body):
    """profile.json."""

    id: Slug
    trust: Literal["verified", "declared"]
    tld_tables: dict[TldKey, LayoutBody]
    affiliated: bool
    public_contact: MaskBody
    published_roles: Annotated[
        list[Annotated[Role, Field(strict=False)]], Field(min_length=1, max_length=4)
    ]
    relay_domain: Name
    whois: WhoisBody
    rdap: RdapBody
    abuse: AbuseBody
    registrar_url: Url | None = None
    contact_form_base: Base | None = None
    email_verification: Literal["registrar", "service"] = "registrar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a profile falls back on: from settings."""

    rdap_base_url: str
    web_base_url: str


def parse_profile(
    body: bytes, tenant_id: TenantId, accreditation: Accreditation, defaults: Defaults
) -> tuple[Profile, str]:
    """The profile in `body` and, as JSON, the body as validated; raises InvalidInput."""
    raw = reading.parse_json(body)
    try:
        checked = ProfileBody.model_validate(raw)
    except ValidationError as error:
        raise reading.refusal(error) from None
    if "default" not in checked.tld_tables:
        raise InvalidInput(
            "invalid_body",
            "The profile has faults.",
            (Fault(pointer="/tld_tables/default", code="required", detail="Needs a default row."),),
        )
    return _profile(checked, tenant_id, accreditation, defaults), checked.model_dump_json()


def default_body(name: str) -> bytes:
    """A profile for a registrar that gives none; invented hosts, to be replaced before real use."""
    return _DEFAULT.replace("{registrar}", _quoted(name)).encode()


def _profile(
    body: ProfileBody, tenant_id: TenantId, accreditation: Accreditation, defaults: Defaults
) -> Profile:
    mask = body.public_contact
    base = body.rdap.base_url or defaults.rdap_base_url.rstrip("/") + "/"
    return Profile(
        tenant_id=tenant_id,
        id=ProfileId(body.id),
        revision=1,
        trust=body.trust,
        tld_tables={
            tld: Layout(layout=one.layout, proxy=one.proxy, contacts=one.contacts)
            for tld, one in body.tld_tables.items()
        },
        affiliated=body.affiliated,
        mask=PublicContact(
            name=mask.name,
            organization=mask.organization,
            street=tuple(mask.street),
            city=mask.city,
            state=mask.state or None,
            postal_code=mask.postal_code or None,
            country=mask.country,
            phone=mask.phone,
            phone_ext=mask.phone_ext or None,
            fax=mask.fax,
            email=None,
            contact_uri=None,
        ),
        published_roles=tuple(role for role in Role if role in body.published_roles),
        relay_domain=DomainName(body.relay_domain),
        whois_host=body.whois.host,
        whois_notice=tuple(body.whois.notice),
        rdap_base_url=base,
        rdap_terms_url=body.rdap.terms_url,
        rdap_host_names=tuple(body.rdap.host_names),
        rdap_addresses=tuple(body.rdap.addresses),
        rdap_objects=frozenset(body.rdap.objects),
        abuse_email=body.abuse.email,
        abuse_phone=body.abuse.phone,
        registrar_url=body.registrar_url or _origin(body.rdap.terms_url),
        contact_form_base=body.contact_form_base or defaults.web_base_url.rstrip("/") + "/c/",
        accreditations={AccreditationId(accreditation.id): accreditation},
    )


def _origin(url: str) -> str:
    """The site of `url`: what a registrar's own page is most likely to be."""
    return urljoin(url, "/")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)[1:-1]


_DEFAULT: Final = """{
  "id": "default",
  "trust": "declared",
  "tld_tables": {"default": {"layout": "gtld", "proxy": "allowed", "contacts": "thick"}},
  "affiliated": true,
  "public_contact": {
    "name": "Privacy Customer {reference}",
    "organization": "{registrar}",
    "street": ["PO Box 1"],
    "city": "Example",
    "state": null,
    "postal_code": "0000",
    "country": "NO",
    "phone": "+47.5555550100",
    "phone_ext": null,
    "fax": null
  },
  "published_roles": ["registrant"],
  "relay_domain": "mask.example",
  "whois": {"host": "whois.registrar.example", "notice": []},
  "rdap": {"terms_url": "https://registrar.example/terms", "host_names": []},
  "abuse": {"email": "abuse@registrar.example", "phone": "+1.5555550100"},
  "registrar_url": "https://registrar.example/"
}
"""
