"""The plaintext inside a sealed record: contacts as canonical JSON (RFC 8785), padded. Pure.

Two records per registration: `identity` holds all contacts whole, `reach` the e-mail address and
language by role. Nothing here may be logged. Source: FORMAT.md, Plaintext.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from typing_extensions import override

from proxy.errors import InvalidInput
from proxy.model.contact import Contact, ContactSet
from proxy.model.identifiers import Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

PADDING_OCTETS = 128  # hides the exact length of a name or address from who reads the table

# msgspec's sorted output equals RFC 8785 for what stands here (ASCII member names, strings, one
# small integer); a property test compares it with the rfc8785 package, which is 20 times slower.
_ENCODER = msgspec.json.Encoder(order="sorted")
_FIELDS = tuple(Contact.__dataclass_fields__)


class _Person(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A contact as it stands in an identity record; see model.contact.Contact."""

    name: str
    email: str
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
    language: str | None = None
    verified_at: datetime | None = None
    verified_method: str | None = None

    @override
    def __repr__(self) -> str:
        """Never the person."""
        return "<_Person>"


class _Identity(msgspec.Struct, forbid_unknown_fields=True):
    given: dict[Role, _Person]
    same_as: dict[Role, Role]
    v: int


class _Address(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    language: str | None = None

    @override
    def __repr__(self) -> str:
        """Never the address."""
        return "<_Address>"


class _Reach(msgspec.Struct, forbid_unknown_fields=True):
    reach: dict[Role, _Address]
    v: int


_IDENTITY = msgspec.json.Decoder(_Identity)
_REACH = msgspec.json.Decoder(_Reach)


def render_identity(contacts: ContactSet) -> bytes:
    """All contacts whole; what is absent is left out."""
    return _ENCODER.encode(
        {
            "v": 1,
            "given": {role: _members(contact) for role, contact in contacts.given.items()},
            "same_as": contacts.same_as,
        }
    )


def render_reach(contacts: ContactSet) -> bytes:
    """E-mail address and language of every role that has a contact, references followed."""
    reach: dict[Role, dict[str, str]] = {}
    for role in Role:
        contact = contacts.resolve(role)
        if contact is not None:
            reach[role] = {"email": contact.email}
            if contact.language is not None:
                reach[role]["language"] = contact.language
    return _ENCODER.encode({"v": 1, "reach": reach})


def pad(plaintext: bytes) -> bytes:
    """The plaintext with spaces behind it, up to a multiple of PADDING_OCTETS."""
    return plaintext.ljust(-(-len(plaintext) // PADDING_OCTETS) * PADDING_OCTETS)


def parse_identity(plaintext: bytes) -> ContactSet:
    """The contacts of an identity record; InvalidInput `plaintext_malformed` otherwise."""
    return _contacts(_parsed(plaintext), frozenset(Role))


def parse_registrant(plaintext: bytes) -> ContactSet:
    """The same, but without contacts that can not act as registrant: in half the time."""
    identity = _parsed(plaintext)
    # A reference that is followed ends at a role that some reference names.
    return _contacts(identity, {Role.REGISTRANT, *identity.same_as.values()})


def parse_reach(plaintext: bytes) -> Mapping[Role, tuple[str, str | None]]:
    """E-mail address and language by role; InvalidInput `plaintext_malformed` otherwise."""
    try:
        reach = _REACH.decode(plaintext)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("plaintext_malformed") from None
    if reach.v != 1:
        raise InvalidInput("plaintext_malformed")
    return {role: (address.email, address.language) for role, address in reach.reach.items()}


def _parsed(plaintext: bytes) -> _Identity:
    try:
        identity = _IDENTITY.decode(plaintext)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("plaintext_malformed") from None
    if identity.v != 1:
        raise InvalidInput("plaintext_malformed")
    return identity


def _contacts(identity: _Identity, roles: AbstractSet[Role]) -> ContactSet:
    return ContactSet(
        given={
            role: Contact(**msgspec.structs.asdict(person))
            for role, person in identity.given.items()
            if role in roles
        },
        same_as=identity.same_as,
    )


def _members(contact: Contact) -> dict[str, object]:
    members = {name: getattr(contact, name) for name in _FIELDS}
    return {name: value for name, value in members.items() if value is not None and value != ()}
