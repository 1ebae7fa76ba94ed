"""A published record as WHOIS text: the ICANN registrar layout, and a plain one for ccTLDs. Pure.

This is the definition of what is answered; wire/whois_sheets makes the same bytes faster, from
templates it derives from here. All contacts come from publication.contacts_shown (promise 1).

Sources: 2013 RAA, Registration Data Directory Service Specification s1.4.2 (labels, order);
ICANN Advisory on WHOIS clarifications, clause I.1 (empty fields); RFC 5731 s2.3 (statuses).

Empty fields: a line without a value is left out, the same for all optional fields of all replies;
only keys that a registrar record must have are printed bare (`Registry Domain ID:`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from proxy.model import names
from proxy.model.identifiers import Role
from proxy.rules import publication

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from proxy.model.public_record import Profile, PublicContact, PublicRecord

WITHHELD_TEXT: Final = "REDACTED FOR PRIVACY"
COMPLAINT_FORM: Final = (
    "URL of the ICANN Whois Inaccuracy Complaint Form: https://www.icann.org/wicf/"
)
STATUS_CODES: Final = (
    "For more information on Whois status codes, please visit https://icann.org/epp"
)
GTLD: Final = "gtld"

_LABELS: Final[Mapping[Role, str]] = {
    Role.REGISTRANT: "Registrant",
    Role.ADMIN: "Admin",
    Role.TECH: "Tech",
    Role.BILLING: "Billing",
}

# C0, DEL and C1 forge lines or drive terminals; the others turn the reading direction or break
# lines in some readers.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)

_TWO: Final = tuple(f"{number:02}" for number in range(60))

Line = tuple[str, str]
"""A label and its value; the value may be empty."""


def clean(value: str) -> str:
    """`value` on one line: control characters become spaces, none at either end."""
    return value.strip() if value.isprintable() else _UNSAFE.sub(" ", value).strip()


def moment_text(moment: datetime) -> str:
    """`2026-01-20T11:04:09Z`; `moment` is UTC."""
    # A third of the time of isoformat, which counts: an answer holds four.
    return (
        f"{moment.year:04}-{_TWO[moment.month]}-{_TWO[moment.day]}"
        f"T{_TWO[moment.hour]}:{_TWO[moment.minute]}:{_TWO[moment.second]}Z"
    )


def render(record: PublicRecord, profile: Profile, as_of: datetime) -> bytes:
    """The whole answer about a domain name; `as_of` is the age of what we know."""
    return render_as(
        record,
        profile,
        as_of,
        layout=profile.layout_for(record.domain).layout,
        unicode_name=names.unicode_name(record.domain),
    )


def render_as(
    record: PublicRecord,
    profile: Profile,
    as_of: datetime,
    *,
    layout: str,
    unicode_name: str | None,
) -> bytes:
    """The same with the layout and the U-label form of the name decided by the caller."""
    is_gtld = layout == GTLD
    fields = (
        _gtld(record, profile, unicode_name) if is_gtld else _plain(record, profile, unicode_name)
    )
    text = [f"{label}: {value}" if value else f"{label}:" for label, value in fields]
    if is_gtld:
        text.append(COMPLAINT_FORM)
    text += footer(as_of)
    if is_gtld:
        text += (STATUS_CODES, "")
    text += notice(profile)
    return encode(text)


def footer(as_of: datetime) -> tuple[str, str]:
    """The line that ends the data, and a blank one."""
    return f">>> Last update of WHOIS database: {moment_text(as_of)} <<<", ""


def notice(profile: Profile) -> tuple[str, ...]:
    """The profile's notice, at least one line that is not empty."""
    lines = tuple(clean(line) for line in profile.whois_notice)
    return lines if any(lines) else (f"The terms of use stand at {clean(profile.rdap_terms_url)}",)


def encode(lines: Iterable[str]) -> bytes:
    """The lines, each ended by CR LF, in UTF-8."""
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "replace")


def registrar_lines(profile: Profile, record: PublicRecord) -> tuple[str, str]:
    """The registrar's name and IANA id, empty where there is none."""
    accreditation = profile.accreditations.get(record.accreditation)
    if accreditation is None:
        return "", ""
    iana_id = "" if accreditation.iana_id is None else str(accreditation.iana_id)
    return clean(accreditation.registrar_name), iana_id


def _gtld(record: PublicRecord, profile: Profile, unicode_name: str | None) -> Iterator[Line]:
    """RAA s1.4.2, in order, up to DNSSEC."""
    registrar, iana_id = registrar_lines(profile, record)
    # Where the registrar has no term of its own, the registry's is the one it sold.
    expires = record.registrar_expires_at or record.registry_expires_at
    yield "Domain Name", clean(record.domain)
    yield from _optional("Internationalized Domain Name", unicode_name)
    yield "Registry Domain ID", clean(record.registry_domain_id or "")
    yield from _optional("Registrar WHOIS Server", profile.whois_host)
    yield "Registrar URL", clean(profile.registrar_url)
    if record.updated_at is not None:
        yield "Updated Date", moment_text(record.updated_at)
    yield "Creation Date", moment_text(record.created_at)
    yield (
        "Registrar Registration Expiration Date",
        "" if expires is None else moment_text(expires),
    )
    yield "Registrar", registrar
    yield "Registrar IANA ID", iana_id
    yield "Registrar Abuse Contact Email", clean(profile.abuse_email)
    yield "Registrar Abuse Contact Phone", clean(profile.abuse_phone)
    yield from _optional("Reseller", record.reseller)
    statuses = [clean(status) for status in record.statuses]
    for status in statuses or [""]:
        yield "Domain Status", f"{status} https://icann.org/epp#{status}" if status else ""
    yield from _contacts(record, profile)
    yield from _delegation(record)


def _plain(record: PublicRecord, profile: Profile, unicode_name: str | None) -> Iterator[Line]:
    """The same facts without what only gTLD registrars owe: ids of ICANN, its links and forms."""
    registrar, _ = registrar_lines(profile, record)
    expires = record.registry_expires_at or record.registrar_expires_at
    yield "Domain Name", clean(record.domain)
    yield from _optional("Internationalized Domain Name", unicode_name)
    yield from _optional("Registry Domain ID", record.registry_domain_id)
    yield from _optional("Registrar", registrar)
    yield from _optional("Registrar URL", profile.registrar_url)
    yield from _optional("Registrar Abuse Contact Email", profile.abuse_email)
    yield from _optional("Registrar Abuse Contact Phone", profile.abuse_phone)
    yield from _optional("Reseller", record.reseller)
    if record.updated_at is not None:
        yield "Updated Date", moment_text(record.updated_at)
    yield "Creation Date", moment_text(record.created_at)
    if expires is not None:
        yield "Expiry Date", moment_text(expires)
    for status in record.statuses:
        yield from _optional("Domain Status", status)
    yield from _contacts(record, profile)
    yield from _delegation(record)


def _contacts(record: PublicRecord, profile: Profile) -> Iterator[Line]:
    for role, contact in publication.contacts_shown(record, profile).items():
        # The registry's handle of a contact is withheld with the contact, whether there is one or
        # not. Other roles' handles are never published.
        if record.mode in publication.WITHHOLDING:
            yield f"Registry {_LABELS[role]} ID", WITHHELD_TEXT
        elif role is Role.REGISTRANT:
            yield from _optional("Registry Registrant ID", record.registrant_registry_id)
        yield from _contact(_LABELS[role], contact)


def _contact(label: str, contact: PublicContact) -> Iterator[Line]:
    """RAA s1.4.2: one contact's lines. Country and Email are always there."""
    withheld = contact.withheld

    def shown(field: str, value: str | None) -> str:
        return clean(value or "") or (WITHHELD_TEXT if field in withheld else "")

    street = [line for line in (clean(line) for line in contact.street) if line]
    if not street and "street" in withheld:
        street = [WITHHELD_TEXT]
    yield from _optional(f"{label} Name", shown("name", contact.name))
    yield from _optional(f"{label} Organization", shown("organization", contact.organization))
    for line in street:
        yield f"{label} Street", line
    yield from _optional(f"{label} City", shown("city", contact.city))
    yield from _optional(f"{label} State/Province", shown("state", contact.state))
    yield from _optional(f"{label} Postal Code", shown("postal_code", contact.postal_code))
    yield f"{label} Country", shown("country", contact.country)
    yield from _optional(f"{label} Phone", shown("phone", contact.phone))
    yield from _optional(f"{label} Phone Ext", shown("phone_ext", contact.phone_ext))
    yield from _optional(f"{label} Fax", shown("fax", contact.fax))
    yield f"{label} Email", clean(contact.email or contact.contact_uri or shown("email", None))


def _delegation(record: PublicRecord) -> Iterator[Line]:
    for nameserver in record.nameservers:
        yield "Name Server", clean(nameserver.name)
    yield "DNSSEC", "signedDelegation" if record.dnssec.is_signed else "unsigned"


def _optional(label: str, value: str | None) -> Iterator[Line]:
    """The line, or none where there is nothing to say."""
    text = clean(value or "")
    if text:
        yield label, text
