"""Blind-index tokens: what a search can match without reading anybody. Pure but for HMAC.

A token is 16 octets of an HMAC under a key per tenant and field, so tokens of two tenants or two
fields never meet. What it does not hide from who reads the table: that two registrations of one
tenant share a value. Source: FORMAT.md, Blind index.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from proxy.model.identifiers import Role
from proxy.vault import primitives

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from proxy.model.contact import Contact, ContactSet

TOKEN_OCTETS = 16
FIELDS = ("email", "phone", "name", "organization")


def tokens(contacts: ContactSet, key_of: Callable[[str], bytes]) -> tuple[bytes, ...]:
    """The tokens of all contacts, each once, in order of their value (tells no role)."""
    return _tokens(contacts.given.values(), key_of)


def holders(contacts: ContactSet, key_of: Callable[[str], bytes], token: bytes) -> tuple[Role, ...]:
    """The roles whose contact gives the token, those that refer to such a contact included."""
    acting = ((role, contacts.resolve(role)) for role in Role)
    return tuple(
        role for role, one in acting if one is not None and token in _tokens((one,), key_of)
    )


def _tokens(given: Collection[Contact], key_of: Callable[[str], bytes]) -> tuple[bytes, ...]:
    found: set[bytes] = set()
    for field in FIELDS:
        normalise = _NORMAL[field]
        values = {normalise(value) for one in given if (value := _of(one, field))}
        values.discard("")
        if values:
            key = key_of(field)
            found.update(primitives.mac(key, value.encode())[:TOKEN_OCTETS] for value in values)
    return tuple(sorted(found))


def token(field: str, value: str, key: bytes) -> bytes | None:
    """The token of one value of a field; None when nothing of the value counts."""
    normal = _NORMAL[field](value)
    return primitives.mac(key, normal.encode())[:TOKEN_OCTETS] if normal else None


def normal_text(value: str) -> str:
    """Letters and digits, case folded (NFKC), one space between words."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    kept = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in folded)
    return " ".join(kept.split())


def normal_email(value: str) -> str:
    """The address, case folded (NFKC); dots and plus tags are kept: they may matter."""
    return unicodedata.normalize("NFKC", value).casefold().strip()


def normal_phone(value: str) -> str:
    """The digits alone: +41.44 and +41 44 are one number."""
    return "".join(str(unicodedata.digit(one)) for one in value if one.isdigit())


def _of(contact: Contact, field: str) -> str | None:
    value: str | None = getattr(contact, field)
    return value


_NORMAL = {
    "email": normal_email,
    "phone": normal_phone,
    "name": normal_text,
    "organization": normal_text,
}
