"""From the bytes of a body to an Enrolment, or every fault at once.

Raises InvalidInput and nothing else; its sentences are constants, so no value of a body can come
back in an answer or reach a log. Sources: contract, Validation; RFC 8259 s4 (duplicate names).
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from pydantic import ValidationError

from proxy.apps.api import fields, patterns
from proxy.apps.api.bodies import (
    ContactGiven,
    ContactSame,
    ContactsBody,
    DeclaredBody,
    ImportLine,
    PatchedBody,
    RegistrationBody,
)
from proxy.errors import Fault, InvalidInput
from proxy.model.contact import Contact, ContactSet
from proxy.model.enrolment import Enrolment, Tenant
from proxy.model.identifiers import (
    AccreditationId,
    DomainName,
    ProfileId,
    RegistrationId,
    ResellerId,
    Role,
)
from proxy.model.registration import Declaration, DnsKey, Dnssec, DsRecord, Nameserver
from proxy.rules import quality

_SENTENCES: Final = {
    "missing": ("required", "This member is required."),
    "extra_forbidden": ("unknown_member", "There is no such member."),
    "string_type": ("type", "A text is expected."),
    "string_too_long": ("too_long", "The text is too long."),
    "string_too_short": ("too_short", "The text must not be empty."),
    "string_pattern_mismatch": ("syntax", "The text has characters or a form not allowed here."),
    "string_unicode": ("syntax", "The text is not valid Unicode."),
    "int_type": ("type", "A whole number is expected."),
    "int_from_float": ("type", "A whole number is expected."),
    "bool_type": ("type", "true or false is expected."),
    "list_type": ("type", "A list is expected."),
    "model_type": ("type", "An object is expected."),
    "model_attributes_type": ("type", "An object is expected."),
    "too_long": ("too_many", "The list is too long."),
    "enum": ("choice", "Not one of the allowed words."),
    "greater_than_equal": ("range", "The number is too small."),
    "less_than_equal": ("range", "The number is too large."),
    "uuid_type": ("type", "A registration id is expected."),
    "uuid_parsing": ("syntax", "A registration id is expected."),
    "domain_name": ("domain_name", "Not a possible domain name."),
    "timestamp": ("timestamp", "A time as in RFC 3339 with zone is expected."),
    "ip_address": ("ip_address", "Not an address a name server can have."),
    "base64": ("base64", "Base64 is expected."),
    "literal_error": ("choice", "Not one of the allowed words."),
    "url": ("syntax", "An http or https address in ASCII is expected."),
    "dict_type": ("type", "An object is expected."),
    "status": ("status", "Not a status of EPP."),
}
_MEMBER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)


def parse_json(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; refuses duplicate members, NaN, and anything but UTF-8."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
        )
    except InvalidInput:
        raise
    except (ValueError, RecursionError):
        raise InvalidInput("json", "The body is not JSON (RFC 8259).") from None
    if not isinstance(value, dict):
        raise _invalid([Fault(pointer="", code="type", detail="An object is expected.")])
    return value


def parse_registration(body: bytes, tenant: Tenant, *, domain: str | None) -> Enrolment:
    """The enrolment in a PUT body; `domain` is the name in its path."""
    return _parse(RegistrationBody, parse_json(body), tenant, domain=domain)


def parse_patched(raw: dict[str, Any], tenant: Tenant, *, domain: str) -> Enrolment:
    """The enrolment that a patch leaves, without contacts where it names none."""
    return _parse(PatchedBody, raw, tenant, domain=domain)


def parse_line(line: bytes, tenant: Tenant) -> Enrolment:
    """The enrolment in one line of an import."""
    return _parse(ImportLine, parse_json(line), tenant, domain=None)


def parse_line_name(line: bytes) -> DomainName | None:
    """The name in a line whose other members may be faulty, or None."""
    try:
        return DomainName(fields.domain_name(str(json.loads(line)["domain"])))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _parse(
    kind: type[RegistrationBody | PatchedBody],
    raw: dict[str, Any],
    tenant: Tenant,
    *,
    domain: str | None,
) -> Enrolment:
    faults = _reference_faults(raw.get("contacts"))
    body = None
    try:
        body = kind.model_validate(raw)
    except ValidationError as error:
        faults += refusal(error).faults
    if body is None:
        raise _invalid(faults)
    faults += _tenant_faults(body, tenant)
    if domain is not None and body.domain != domain:
        faults.append(
            Fault(pointer="/domain", code="path_mismatch", detail="Not the name in the path.")
        )
    faults += [
        Fault(
            pointer=f"/dnssec/ds/{index}/digest",
            code="digest_length",
            detail="Not the length of this digest type.",
        )
        for index, ds in enumerate(body.dnssec.ds if body.dnssec else ())
        if len(ds.digest) != patterns.DIGEST_DIGITS.get(ds.digest_type, len(ds.digest))
    ]
    if faults:
        raise _invalid(faults)
    return _enrolment(body, tenant)


def refusal(error: ValidationError) -> InvalidInput:
    """The same faults in our words: pydantic's own sentences can hold values."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return _invalid([_fault(one["type"], one["loc"]) for one in found])


def _enrolment(body: RegistrationBody | PatchedBody, tenant: Tenant) -> Enrolment:
    declared = _declaration(body, tenant)
    contacts = None if body.contacts is None else _contacts(body.contacts)
    layout = tenant.profiles[declared.profile].layout_for(declared.domain)
    return Enrolment(
        declared=declared,
        contacts=contacts,
        replaces=None if body.replaces is None else RegistrationId(body.replaces),
        holder_change=body.holder_change,
        if_revision=body.if_revision if isinstance(body, ImportLine) else None,
        warnings=quality.warnings(
            declared,
            contacts,
            layout,
            masks=frozenset(one.relay_domain for one in tenant.profiles.values()),
        ),
        confirmed=None if body.confirmed is None else tuple(sorted(set(body.confirmed))),
    )


def _declaration(body: DeclaredBody, tenant: Tenant) -> Declaration:
    dnssec = body.dnssec
    return Declaration(
        domain=DomainName(body.domain),
        mode=body.mode,
        accreditation=AccreditationId(body.accreditation or next(iter(tenant.accreditations))),
        profile=ProfileId(body.profile or tenant.bound_profile or next(iter(tenant.profiles))),
        reseller=ResellerId(body.reseller) if body.reseller else None,
        registry_domain_id=body.registry_domain_id or None,
        registrant_registry_id=body.registrant_registry_id or None,
        created_at=body.created_at,
        updated_at=body.updated_at,
        transferred_at=body.transferred_at,
        registry_expires_at=body.registry_expires_at,
        registrar_expires_at=body.registrar_expires_at,
        statuses=tuple(dict.fromkeys(body.statuses)),
        nameservers=tuple(
            Nameserver(name=DomainName(one.name), addresses=tuple(dict.fromkeys(one.addresses)))
            for one in body.nameservers
        ),
        dnssec=Dnssec()
        if dnssec is None
        else Dnssec(
            ds=tuple(
                DsRecord(
                    key_tag=one.key_tag,
                    algorithm=one.algorithm,
                    digest_type=one.digest_type,
                    digest=one.digest,
                )
                for one in dnssec.ds
            ),
            keys=tuple(
                DnsKey(
                    flags=one.flags,
                    protocol=one.protocol,
                    algorithm=one.algorithm,
                    public_key=one.public_key,
                )
                for one in dnssec.keys
            ),
        ),
        customer_ref=body.customer_ref or None,
    )


def _contacts(body: ContactsBody) -> ContactSet:
    given: dict[Role, Contact] = {}
    same_as: dict[Role, Role] = {}
    for role in Role:
        contact: ContactGiven | ContactSame | None = getattr(body, role.value)
        if isinstance(contact, ContactSame):
            same_as[role] = contact.same_as
        elif contact is not None:
            given[role] = _contact(contact)
    return ContactSet(given=given, same_as=same_as)


def _contact(body: ContactGiven) -> Contact:
    """Optional parts that are empty text become None: both say that there is none."""
    return Contact(
        name=body.name,
        organization=body.organization or None,
        street=tuple(body.street),
        city=body.city or None,
        state=body.state or None,
        postal_code=body.postal_code or None,
        country=body.country or None,
        phone=body.phone or None,
        phone_ext=body.phone_ext or None,
        fax=body.fax or None,
        fax_ext=body.fax_ext or None,
        email=body.email,
        language=body.language or None,
        verified_at=None if body.verified is None else body.verified.at,
        verified_method=None if body.verified is None else body.verified.method,
    )


def _reference_faults(contacts: object) -> list[Fault]:
    """Faults of `same_as`, looked for in the raw body so that other faults do not hide them."""
    if not isinstance(contacts, dict):
        return []
    refers = {
        role: one["same_as"]
        for role, one in contacts.items()
        if isinstance(one, dict) and isinstance(one.get("same_as"), str) and role in set(Role)
    }
    found = []
    for role, referred in refers.items():
        seen, at = {role}, referred
        while at in refers and at not in seen:
            seen.add(at)
            at = refers[at]
        if at in seen:
            code, detail = "cycle", "The references lead in a circle."
        elif contacts.get(at) is None and at in set(Role):
            code, detail = "dangling", "The contact referred to is not there."
        else:
            continue
        found.append(Fault(pointer=f"/contacts/{role}/same_as", code=code, detail=detail))
    return found


def _tenant_faults(body: DeclaredBody, tenant: Tenant) -> list[Fault]:
    found = []
    for pointer, value, known in (
        ("/accreditation", body.accreditation, tenant.accreditations),
        ("/profile", body.profile, _profiles(tenant)),
    ):
        if value is None and len(known) != 1:
            detail = "Required, because this account has several or none."
            found.append(Fault(pointer=pointer, code="required", detail=detail))
        elif value is not None and value not in known:
            detail = "This account has none by that name."
            found.append(Fault(pointer=pointer, code="unknown", detail=detail))
    return found


def _profiles(tenant: Tenant) -> frozenset[ProfileId]:
    """The profiles that the caller may name."""
    if tenant.bound_profile is not None:
        return frozenset({tenant.bound_profile})
    return frozenset(tenant.profiles)


def _fault(kind: str, location: tuple[int | str, ...]) -> Fault:
    code, detail = _SENTENCES.get(kind, ("invalid", "The value is not allowed here."))
    parts = [str(part) for part in location]
    if len(parts) > 2 and parts[0] == "contacts":  # noqa: PLR2004 - the union's tag is no member
        del parts[2]
    # A member's name is the caller's text as well: it is told only where it looks like a name.
    # Below a contact it is never told: a person's value may stand where a name should.
    if kind == "extra_forbidden" and (
        parts[0] == "contacts" or _MEMBER.fullmatch(parts[-1]) is None
    ):
        del parts[-1]
    return Fault(pointer="".join(f"/{part}" for part in parts), code=code, detail=detail)


def _invalid(faults: list[Fault]) -> InvalidInput:
    return InvalidInput("invalid_body", "The body has faults; all are listed.", tuple(faults))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInput("json", "An object names a member twice (RFC 8259 s4).")
    return found


def _refuse_constant(_: str) -> None:
    raise ValueError
