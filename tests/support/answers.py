"""WHOIS, RDAP and API answers read into one neutral form, to be compared field by field.

Read here by hand from the texts, with nothing of the program that wrote them: a mistake that both
sides shared would be no mistake to this test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WITHHELD = "REDACTED FOR PRIVACY"
ROLE_LABELS = {"registrant": "Registrant", "admin": "Admin", "tech": "Tech", "billing": "Billing"}
RDAP_ROLES = {
    "registrant": "registrant",
    "administrative": "admin",
    "technical": "tech",
    "billing": "billing",
}
# RFC 8056 s2 for those EPP codes that the samples hold.
EPP_CODES = {
    "active": "ok",
    "client hold": "clientHold",
    "client transfer prohibited": "clientTransferProhibited",
    "client update prohibited": "clientUpdateProhibited",
    "client delete prohibited": "clientDeleteProhibited",
}
CONTACT_FIELDS = {
    "name": "Name",
    "organization": "Organization",
    "city": "City",
    "state": "State/Province",
    "postal_code": "Postal Code",
    "country": "Country",
    "phone": "Phone",
    "phone_ext": "Phone Ext",
    "fax": "Fax",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one answer says of a contact; None is absent, "-" withheld."""

    name: str | None
    organization: str | None
    street: tuple[str, ...] | str
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    phone: str | None
    phone_ext: str | None
    fax: str | None
    reach: str | None  # the masked address, or the address of a form in its place


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one answer says of a name."""

    domain: str
    unicode_name: str | None
    registry_domain_id: str | None
    created_at: str | None
    updated_at: str | None
    expires_at: str | None
    statuses: frozenset[str]
    nameservers: tuple[str, ...]
    is_signed: bool
    contacts: dict[str, Shown]
    reseller: str | None
    registrar: str | None = None
    iana_id: str | None = None
    abuse_email: str | None = None
    abuse_phone: str | None = None


def _whois_lines(text: str) -> list[tuple[str, str]]:
    body = text.partition("\r\n>>> Last update")[0]
    return [
        (label, value.strip())
        for label, colon, value in (line.partition(":") for line in body.split("\r\n"))
        if colon and not label.startswith("URL of the ICANN")
    ]


def from_whois(answer: bytes) -> Answer:
    """A WHOIS answer in the gTLD layout."""
    lines = _whois_lines(answer.decode())

    def every(label: str) -> tuple[str, ...]:
        return tuple(value for known, value in lines if known == label)

    def one(label: str) -> str | None:
        found = every(label)
        assert len(found) <= 1, label
        return (found[0] or None) if found else None

    def contact(label: str) -> Shown:
        street = every(f"{label} Street")
        fields: dict[str, Any] = {
            field: "-" if one(f"{label} {word}") == WITHHELD else one(f"{label} {word}")
            for field, word in CONTACT_FIELDS.items()
        }
        return Shown(
            **fields,
            street="-" if street == (WITHHELD,) else street,
            reach=one(f"{label} Email"),
        )

    return Answer(
        domain=one("Domain Name") or "",
        unicode_name=one("Internationalized Domain Name"),
        registry_domain_id=one("Registry Domain ID"),
        created_at=one("Creation Date"),
        updated_at=one("Updated Date"),
        expires_at=one("Registrar Registration Expiration Date"),
        statuses=frozenset(value.split()[0] for value in every("Domain Status") if value),
        nameservers=every("Name Server"),
        is_signed=one("DNSSEC") == "signedDelegation",
        contacts={
            role: contact(label)
            for role, label in ROLE_LABELS.items()
            if any(known == f"{label} Email" for known, _ in lines)
        },
        reseller=one("Reseller"),
        registrar=one("Registrar"),
        iana_id=one("Registrar IANA ID"),
        abuse_email=one("Registrar Abuse Contact Email"),
        abuse_phone=one("Registrar Abuse Contact Phone"),
    )


def _card(entity: Any) -> dict[tuple[str, str], Any]:
    """The properties of a jCard by name and telephone type; the value, for `adr` the property."""
    assert entity["vcardArray"][0] == "vcard"
    return {
        (name, parameters.get("type", "")): (parameters, value) if name == "adr" else value
        for name, parameters, _, value in entity["vcardArray"][1]
    }


def _withheld_fields(tree: Any, label: str) -> frozenset[str]:
    names = {
        entry["name"].get("type") or entry["name"]["description"]
        for entry in tree.get("redacted", ())
    }
    return frozenset(
        field
        for field, word in {**CONTACT_FIELDS, "street": "Street"}.items()
        if f"{label} {word}" in names
    )


def _rdap_contact(tree: Any, entity: Any, label: str) -> Shown:
    card = _card(entity)
    withheld = _withheld_fields(tree, label)
    parameters, slots = card[("adr", "")]
    number, _, extension = (
        (card.get(("tel", "voice")) or "").removeprefix("tel:").partition(";ext=")
    )
    street = slots[2] if isinstance(slots[2], list) else [slots[2]] if slots[2] else []
    found = {
        "name": card[("fn", "")],
        "organization": card.get(("org", "")),
        "city": slots[3],
        "state": slots[4],
        "postal_code": slots[5],
        "country": parameters.get("cc"),
        "phone": number,
        "phone_ext": extension,
        "fax": (card.get(("tel", "fax")) or "").removeprefix("tel:"),
    }
    for field in withheld - {"street"}:
        assert not found[field], f"{field} is listed as redacted and populated"
    assert not ("street" in withheld and street)
    return Shown(
        **{field: "-" if field in withheld else value or None for field, value in found.items()},
        street="-" if "street" in withheld else tuple(street),
        reach=card.get(("email", "")) or card.get(("contact-uri", "")),
    )


def from_rdap(tree: Any) -> Answer:
    """An RDAP domain object."""
    by_role = {role: entity for entity in tree["entities"] for role in entity["roles"]}
    dates = {event["eventAction"]: event["eventDate"] for event in tree["events"]}
    registrar = by_role["registrar"]
    (abuse,) = (_card(e) for e in registrar["entities"] if "abuse" in e["roles"])
    return Answer(
        domain=tree["ldhName"],
        unicode_name=tree.get("unicodeName"),
        registry_domain_id=tree.get("handle"),
        created_at=dates["registration"],
        updated_at=dates.get("last changed"),
        expires_at=dates.get("registrar expiration"),
        statuses=frozenset(EPP_CODES[status] for status in tree["status"]),
        nameservers=tuple(host["ldhName"] for host in tree["nameservers"]),
        is_signed=tree["secureDNS"]["delegationSigned"],
        contacts={
            ours: _rdap_contact(tree, by_role[theirs], ROLE_LABELS[ours])
            for theirs, ours in RDAP_ROLES.items()
            if theirs in by_role
        },
        reseller=_card(by_role["reseller"])[("fn", "")] if "reseller" in by_role else None,
        registrar=_card(registrar)[("fn", "")] or None,
        iana_id=registrar.get("handle"),
        abuse_email=abuse[("email", "")],
        abuse_phone=abuse[("tel", "voice")].removeprefix("tel:"),
    )


def contacts_from_api(body: Any) -> dict[str, Shown]:
    """The contacts that the API answers as those to publish."""
    return {role: _api_contact(person) for role, person in body["public_contacts"].items()}


def _api_contact(person: Any) -> Shown:
    withheld = person.get("withheld", ())
    found = {field: person[field] for field in (*CONTACT_FIELDS, "street")}
    assert not any(found[field] for field in withheld if field in found)
    said: dict[str, Any] = {
        field: "-" if field in withheld else tuple(value) if field == "street" else value
        for field, value in found.items()
    }
    return Shown(
        **said,
        reach=person["email"] or person.get("contact_uri"),
    )
