"""Weak data that is taken nevertheless, because refusing it would leave a person exposed. Pure.

Gives warnings: pointer, code, sentence; never a value. Source: contract, Validation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import phonenumbers

from proxy.errors import Fault
from proxy.model.identifiers import Mode, Role
from proxy.rules import publication, screening

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from proxy.model.contact import Contact, ContactSet
    from proxy.model.identifiers import DomainName
    from proxy.model.public_record import Layout
    from proxy.model.registration import Declaration

_EPP_PHONE: Final = re.compile(r"\+([0-9]{1,3})\.([0-9]{1,14})", re.ASCII)
"""RFC 5733 s2.5 e164Type: the form in which numbers are given to registries."""

_POSTCODES: Final = {
    country: re.compile(shape, re.ASCII | re.IGNORECASE)
    for countries, shape in (
        ("AT AU BE BG CH CY DK HU LU LV NO NZ PH SI TN ZA", r"\d{4}"),
        ("CN CO KG KZ MN RO RU SG TJ UZ", r"\d{6}"),
        ("IN", r"\d{3} ?\d{3}"),
        ("DE EE EG ES FI FR HR ID IT KE KR MA MX MY RS SA TH TR UA UY", r"\d{5}"),
        ("CZ GR SE SK", r"\d{3} ?\d{2}"),
        ("US PR", r"\d{5}(-\d{4})?"),
        ("BR", r"\d{5}-?\d{3}"),
        ("CA", r"[a-z]\d[a-z] ?\d[a-z]\d"),
        ("GB", r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}"),
        ("IL", r"\d{5}(\d{2})?"),
        ("IR", r"\d{5}-?\d{5}"),
        ("JP", r"\d{3}-?\d{4}"),
        ("NL", r"\d{4} ?[a-z]{2}"),
        ("PL", r"\d{2}-?\d{3}"),
        ("PT", r"\d{4}(-?\d{3})?"),
        ("VN", r"\d{5,6}"),
    )
    for country in countries.split()
}
"""Shapes of postcodes (Universal Postal Union); a country that is not here is not judged."""

WITHHELD: Final = "looks_personal_withheld"
"""The code of the warning about a field that is not shown, because nobody confirmed it."""


def warnings(
    declared: Declaration,
    contacts: ContactSet | None,
    layout: Layout,
    *,
    masks: frozenset[DomainName] = frozenset(),
) -> tuple[Fault, ...]:
    """Everything weak about a valid enrolment, in reading order; `masks` are our mail domains."""
    found = [*_of_publication(declared, contacts, layout)]
    for role, contact in () if contacts is None else contacts.given.items():
        found.extend(_of_contact(f"/contacts/{role}", contact))
        if contact.email.rpartition("@")[2].lower() in masks:
            found.append(
                Fault(
                    pointer=f"/contacts/{role}/email",
                    code="our_address",
                    detail="This is a masked address of this service, not the person's own.",
                )
            )
    return tuple(found)


def is_possible_phone(phone: str) -> bool:
    """Whether a number in `+cc.number` form has a length that its country uses."""
    parts = _EPP_PHONE.fullmatch(phone)
    if parts is None:
        return False
    return _is_possible_length(int(parts[1]), len(parts[2]))


@lru_cache(maxsize=16_384)
def _is_possible_length(country_code: int, digits: int) -> bool:
    """What is_possible_number says of any number of so many digits: it looks at nothing else.

    Remembered by country code and length, which are no personal data; four times a registration.
    """
    number = phonenumbers.PhoneNumber(country_code=country_code, national_number=int("1" * digits))
    return phonenumbers.is_possible_number(number)


def looks_personal(text: str) -> bool:
    """Whether free text looks like an identifier of a person."""
    return screening.looks_personal(text)


def settled(found: Iterable[Fault], confirmed: Sequence[str]) -> tuple[Fault, ...]:
    """The warnings that stand: none says that a field is withheld which was confirmed, also before.

    A body that does not speak of it keeps what was confirmed of the same contacts; whether they
    are the same is known only once the registration was read.
    """
    return tuple(one for one in found if one.code != WITHHELD or one.pointer not in confirmed)


def _of_publication(
    declared: Declaration, contacts: ContactSet | None, layout: Layout
) -> Iterator[Fault]:
    if layout.proxy == "registry-hides" and declared.mode in {Mode.PROXY, Mode.PRIVACY}:
        yield Fault(
            pointer="/mode",
            code="registry_hides",
            detail="The registry of this TLD hides contacts itself.",
        )
    for pointer, text in (
        ("/registry_domain_id", declared.registry_domain_id),
        ("/registrant_registry_id", declared.registrant_registry_id),
        ("/reseller", declared.reseller),
    ):
        if text is not None and looks_personal(text):
            yield Fault(
                pointer=pointer,
                code="looks_personal",
                detail="This text is published and looks like an identifier of a person.",
            )
    registrant = None if contacts is None else contacts.resolve(Role.REGISTRANT)
    for pointer in publication.withheld(declared.mode, registrant):
        yield Fault(
            pointer=pointer,
            code=WITHHELD,
            detail="This text looks like an identifier of a person and is not published;"
            " if it may be, name this pointer in `confirmed`.",
        )


def _of_contact(pointer: str, contact: Contact) -> Iterator[Fault]:
    for member, number in (("phone", contact.phone), ("fax", contact.fax)):
        if number is not None and not is_possible_phone(number):
            code = "phone_form" if _EPP_PHONE.fullmatch(number) is None else "phone_not_possible"
            yield Fault(
                pointer=f"{pointer}/{member}",
                code=code,
                detail="Not a possible number in the form +cc.number.",
            )
    shape = _POSTCODES.get(contact.country or "")
    if contact.postal_code is not None and shape and shape.fullmatch(contact.postal_code) is None:
        yield Fault(
            pointer=f"{pointer}/postal_code",
            code="postal_code_shape",
            detail="Not the shape of a postcode of this country.",
        )
    country = contact.country
    if country is not None and country not in phonenumbers.SUPPORTED_REGIONS | _NO_PHONES:
        yield Fault(
            pointer=f"{pointer}/country",
            code="country_unknown",
            detail="Not a country code of ISO 3166-1.",
        )


_NO_PHONES: Final = frozenset({"AQ", "BV", "GS", "HM", "PN", "TF", "UM"})
"""Countries of ISO 3166-1 without telephone numbers of their own, so not in phonenumbers."""
