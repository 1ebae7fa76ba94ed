"""Contacts as jCards. Pure: shows what it is given and never puts words in place of a gap.

Placeholder text for withheld fields is forbidden in RDAP (RFC 9537 s3): a positional field stays
as empty text, any other is left out; rdap_redaction tells which.
Source: RFC 7095; RFC 6350; RFC 8605 (contact-uri); gTLD profile 2024 s1.4 (country as `cc`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.model.public_record import PublicContact

Card = list[object]
"""A vcardArray."""


def card(contact: PublicContact) -> Card:
    """The jCard of one contact as shown."""
    properties: list[object] = [_VERSION, _text("fn", contact.name or "")]
    if contact.organization is not None:
        properties.append(_text("org", contact.organization))
    properties.append(_address(contact))
    if contact.phone is not None:
        properties.append(_phone("voice", contact.phone, contact.phone_ext))
    if contact.fax is not None:
        properties.append(_phone("fax", contact.fax, None))
    # Never both: a reader could not tell which one is meant.
    if contact.contact_uri is not None:
        properties.append(["contact-uri", {}, "uri", contact.contact_uri])
    elif contact.email is not None:
        properties.append(_text("email", contact.email))
    return ["vcard", properties]


def name_card(name: str) -> Card:
    """A jCard that only names somebody."""
    return ["vcard", [_VERSION, _text("fn", name)]]


def abuse_card(email: str, phone: str) -> Card:
    """The jCard of the registrar's abuse desk."""
    return [
        "vcard",
        [
            _VERSION,
            _text("fn", "Abuse Contact"),
            _phone("voice", phone, None),
            _text("email", email),
        ],
    ]


_VERSION: list[object] = ["version", {}, "text", "4.0"]


def _text(name: str, value: str) -> list[object]:
    return [name, {}, "text", value]


def _address(contact: PublicContact) -> list[object]:
    """RFC 6350 s6.3.1: seven slots; the country's is empty, its code stands in `cc`."""
    street: object = list(contact.street)
    if len(contact.street) < 2:  # noqa: PLR2004 - several lines are a list in their slot
        street = contact.street[0] if contact.street else ""
    slots = ["", "", street, contact.city or "", contact.state or "", contact.postal_code or "", ""]
    parameters = {} if contact.country is None else {"cc": contact.country}
    return ["adr", parameters, "text", slots]


def _phone(kind: str, number: str, extension: str | None) -> list[object]:
    """RFC 3966: the number as registries write it; its dot is a visual separator there."""
    uri = f"tel:{number};ext={extension}" if extension else f"tel:{number}"
    return ["tel", {"type": kind}, "uri", uri]
