"""The types that validate what registrars send, and from which OpenAPI is generated.

pydantic, because it reports every fault with its place. Must not hold rules of the service, nor
let a value into a message: `reading` words every fault by its type alone. Unknown members are
refused, types are strict, text is free of control and direction-override characters.
Sources: contract/registration.json; RFC 5733 (contacts), RFC 5731 and 3915 (statuses), RFC 4034.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)
from typing_extensions import override

from proxy.apps.api import fields, patterns
from proxy.model.identifiers import Mode, Role

_SAFE: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
"""A registrant who gets a line break or a direction override into an answer can forge lines."""

_SLUG: Final = r"^[a-z0-9][a-z0-9-]{0,63}$"
_PHONE: Final = r"^(?:\+?[0-9][0-9 .()/-]{0,29}[0-9.()/-])?$"
_EMAIL: Final = (
    r"^[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,64}"
    r"@(?:[\w-]{1,63}\.)+[\w-]{2,63}$"
)

_ANY: Final = r"^[^\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]" + _SAFE[1:]
"""The same of a text that is not empty once outer white space is dropped; for the document."""

Line = Annotated[
    str, Field(min_length=1, max_length=255, pattern=_SAFE, json_schema_extra={"pattern": _ANY})
]
OptionalLine = Annotated[str, Field(max_length=255, pattern=_SAFE)]
Code = Annotated[str, Field(max_length=16, pattern=_SAFE)]
Slug = Annotated[str, Field(pattern=_SLUG)]
Reference = Annotated[str, Field(max_length=255, pattern=_SAFE)]
Phone = Annotated[str, Field(max_length=32, pattern=_PHONE)]
Extension = Annotated[str, Field(pattern=r"^[0-9]{0,10}$")]
Email = Annotated[
    str,
    Field(max_length=254, pattern=_EMAIL, json_schema_extra=patterns.EMAIL),
    AfterValidator(fields.email),
]
Country = Annotated[str, Field(pattern=r"^([A-Za-z]{2})?$"), AfterValidator(str.upper)]
Language = Annotated[str, Field(max_length=35, pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$")]
Name = Annotated[
    str,
    Field(max_length=1024, json_schema_extra=patterns.DOMAIN_NAME),
    AfterValidator(fields.domain_name),
]
Moment = Annotated[
    datetime, BeforeValidator(fields.moment), Field(json_schema_extra=patterns.DATE_TIME)
]
Host = Name
IpAddress = Annotated[
    str,
    Field(max_length=45),
    WithJsonSchema(patterns.IP_ADDRESS),
    AfterValidator(fields.ip_address),
]
_Whole: Final = BeforeValidator(fields.whole)
Octet = Annotated[int, Field(ge=0, le=255), _Whole]
Hexadecimal = Annotated[
    str,
    Field(max_length=256, pattern=r"^([0-9A-Fa-f]{2})+$"),
    AfterValidator(str.upper),
    WithJsonSchema({"type": "string"}),  # its pattern stands beside the digest's type
]
Status = Annotated[
    str,
    Field(json_schema_extra={"enum": sorted(fields.STATUSES)}),
    AfterValidator(fields.status),
]


class Body(BaseModel):
    """Strict types, no unknown members, outer white space dropped, values never shown."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        regex_engine="rust-regex",
    )

    @override
    def __repr__(self) -> str:
        """Never the content."""
        return f"<{type(self).__name__}>"

    @override
    def __str__(self) -> str:
        """Never the content."""
        return repr(self)


class Verified(Body):
    """When and how the registrar verified a contact."""

    at: Moment
    method: Annotated[
        str, Field(min_length=1, max_length=64, pattern=_SAFE, json_schema_extra={"pattern": _ANY})
    ]


class ContactGiven(Body):
    """A contact, written out."""

    name: Line
    organization: OptionalLine | None = None
    street: Annotated[list[Line], Field(max_length=4, default_factory=list)]
    city: OptionalLine | None = None
    state: OptionalLine | None = None
    postal_code: Code | None = None
    country: Country | None = None
    phone: Phone | None = None
    phone_ext: Extension | None = None
    fax: Phone | None = None
    fax_ext: Extension | None = None
    email: Email
    language: Language | None = None
    verified: Verified | None = None


class ContactSame(Body):
    """A live reference: the contact of another role."""

    same_as: Annotated[Role, Field(strict=False)]


def _kind(value: Any) -> str:
    is_same = isinstance(value, ContactSame) or (isinstance(value, dict) and "same_as" in value)
    return "same" if is_same else "given"


ContactBody = Annotated[
    Annotated[ContactGiven, Tag("given")] | Annotated[ContactSame, Tag("same")],
    Discriminator(_kind),
]


class ContactsBody(Body):
    """The contacts by role."""

    registrant: ContactBody
    admin: ContactBody | None = None
    tech: ContactBody | None = None
    billing: ContactBody | None = None


class NameserverBody(Body):
    """A delegated host, with its own addresses where it has glue."""

    name: Host
    addresses: Annotated[list[IpAddress], Field(max_length=13, default_factory=list)]


class DsBody(Body):
    """RFC 4034 s5."""

    model_config = ConfigDict(json_schema_extra=patterns.DIGESTS)

    key_tag: Annotated[int, Field(ge=0, le=65535), _Whole]
    algorithm: Octet
    digest_type: Octet
    digest: Hexadecimal


class KeyBody(Body):
    """RFC 4034 s2."""

    flags: Annotated[int, Field(ge=0, le=65535), _Whole]
    protocol: Annotated[int, Field(ge=3, le=3, json_schema_extra={"enum": [3]}), _Whole]
    algorithm: Octet
    public_key: Annotated[
        str,
        Field(max_length=1400, json_schema_extra=patterns.BASE64),
        AfterValidator(fields.base64_text),
    ]


class DnssecBody(Body):
    """Delegation signer data."""

    ds: Annotated[list[DsBody], Field(max_length=10, default_factory=list)]
    keys: Annotated[list[KeyBody], Field(max_length=10, default_factory=list)]


Confirmed = Literal["/contacts/registrant/name", "/contacts/registrant/state"]
"""publication.POINTERS: what a mode may show of what registrants write freely."""


class DeclaredBody(Body):
    """What is declared of one registration, persons apart."""

    domain: Name
    mode: Annotated[Mode, Field(strict=False)]
    accreditation: Slug | None = None
    reseller: Slug | None = None
    profile: Slug | None = None
    registry_domain_id: Reference | None = None
    registrant_registry_id: Reference | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    transferred_at: Moment | None = None
    registry_expires_at: Moment | None = None
    registrar_expires_at: Moment | None = None
    statuses: Annotated[list[Status], Field(max_length=24, default_factory=list)]
    nameservers: Annotated[list[NameserverBody], Field(max_length=13, default_factory=list)]
    dnssec: DnssecBody | None = None
    customer_ref: Reference | None = None
    replaces: Annotated[UUID, Field(strict=False)] | None = None
    holder_change: bool = False
    confirmed: Annotated[list[Confirmed], Field(max_length=8)] | None = None


class RegistrationBody(DeclaredBody):
    """One registration, as PUT takes it."""

    contacts: ContactsBody


class PatchedBody(DeclaredBody):
    """A registration as a patch leaves it; contacts that the patch does not name stay sealed."""

    contacts: ContactsBody | None = None


class ImportLine(RegistrationBody):
    """One line of an import: a registration, and the revision it must have now (0: none yet)."""

    if_revision: Annotated[int, Field(ge=0, le=2**31 - 1), _Whole] | None = None
