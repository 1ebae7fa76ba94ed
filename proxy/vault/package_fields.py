"""The fields of a disclosure, taken out of opened contacts: those that were approved, no other.

The only way from contacts into a package. It copies what is named, one by one, instead of leaving
out what is not: a field that nobody thought of stays behind. Pure; values are never logged.
Source: casework s10, invariants 9 and 10; vault.md, Package.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import msgspec
from typing_extensions import override

from proxy.errors import Refused
from proxy.model.case import FieldClass
from proxy.model.contact import Contact
from proxy.model.identifiers import Role
from proxy.rules.casework import fields as catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.contact import ContactSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """One approved field: its text, its lines, or None where nothing of the kind is held."""

    name: str
    value: str | tuple[str, ...] | None = field(repr=False)

    @override
    def __str__(self) -> str:
        """Never the value."""
        return f"<Selected {self.name}>"


class _Designated(msgspec.Struct, forbid_unknown_fields=True):
    v: Literal[1]
    name: str
    email: str = ""
    organization: str | None = None
    street: tuple[str, ...] = ()
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone: str | None = None
    phone_ext: str | None = None
    fax: str | None = None
    fax_ext: str | None = None

    @override
    def __repr__(self) -> str:
        """Never the person."""
        return "<_Designated>"


def parse_designated(octets: bytes) -> Contact:
    """The contact whom a registrant named for a case; Refused `designated_malformed`.

    Evidence: JSON with the members of a contact that can be disclosed, and `v` 1.
    """
    try:
        found = msgspec.structs.asdict(msgspec.json.decode(octets, type=_Designated))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refused("designated_malformed", "The designated contact can not be read.") from None
    del found["v"]
    return Contact(**found)


def is_designated(name: str) -> bool:
    """Whether a field is of a contact whom the registrant named, and so of no record."""
    return catalogue.FIELD_CLASSES.get(name) is FieldClass.DESIGNATED_CONTACT


def select(
    contacts: ContactSet | None, fields: Sequence[str], designated: Contact | None = None
) -> tuple[Selected, ...]:
    """The approved fields with their values as stored, in the order in which they were approved.

    Refused `field_unknown` for what is no contact field, `field_repeated`, `field_none`, and
    `field_closed` where what it is a field of was not opened. Values are the very strings of the
    record: nothing is trimmed, folded, joined or translated.
    """
    if not fields:
        raise Refused("field_none", "The order names no field.")
    if len(set(fields)) != len(fields):
        raise Refused("field_repeated", "The order names a field twice.")
    return tuple(Selected(name=one, value=_value(contacts, designated, one)) for one in fields)


def _value(
    contacts: ContactSet | None, designated: Contact | None, name: str
) -> str | tuple[str, ...] | None:
    role, _, attribute = name.partition(".")
    if is_designated(name):
        if designated is None:
            raise _closed()
        contact: Contact | None = designated
    # Billing, account and identity papers have classes of their own and are no contact's.
    elif catalogue.FIELD_CLASSES.get(name) is FieldClass.PUBLIC_EQUIV:
        if contacts is None:
            raise _closed()
        contact = contacts.resolve(Role(role))
    else:
        raise Refused("field_unknown", "The order names a field that is no contact's.")
    found: str | tuple[str, ...] | None = getattr(contact, attribute, None)
    return found or None


def _closed() -> Refused:
    return Refused("field_closed", "What this field stands in was not opened.")
