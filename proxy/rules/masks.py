"""What registrants see of their own data through a link: enough to know it, too little to learn it.

A link out of a mail proves a mailbox, not a person: whoever reads it by chance must not get an
address from it. The first character and stars, of one length whatever stands behind them; the
country whole. Source: vault.md, Grants (registrant).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.contact import Contact, ContactSet
    from proxy.model.identifiers import Role

STARS: Final = "*****"
_MASKED: Final = (
    "name", "organization", "city", "state", "postal_code", "phone", "phone_ext", "fax", "fax_ext",
    "email",
)  # fmt: skip


def masked(contacts: ContactSet) -> Mapping[Role, Mapping[str, str]]:
    """By role what is held, masked; what is not held is left out."""
    return {role: _masked(contact) for role, contact in contacts.given.items()}


def _masked(contact: Contact) -> Mapping[str, str]:
    found = {name: mask(value) for name in _MASKED if (value := getattr(contact, name))}
    if contact.street:
        found["street"] = mask(contact.street[0])
    if contact.country:
        found["country"] = contact.country
    return found


def mask(value: str) -> str:
    """The first character and stars."""
    return value[:1] + STARS
