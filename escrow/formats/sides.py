"""The two sides of a name: the contacts shown in front, and the people behind. Pure.

What is shown is decided by the one projection (rules.publication); here is only which role of a
registrar's format gets it. In the masking modes the service stands in front of everybody; in the
others nobody does, and the people stand on the shown side themselves, whole: a deposit keeps back
nothing. Source: protocols facts s3.2; vault.md, Deposits.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from escrow import checking
from escrow.formats import csv_text
from proxy.model.contact import Contact
from proxy.model.identifiers import Role
from proxy.model.public_record import PublicContact
from proxy.rules import publication

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from escrow.model import Underlying
    from proxy.model.contact import ContactSet
    from proxy.model.public_record import Profile

AnyContact: TypeAlias = Contact | PublicContact

_EVERYBODY: Final = tuple(Role)


def is_masked(row: Underlying) -> bool:
    """Whether the service stands in front of the people."""
    return row.registration.declared.mode in checking.MASKED_MODES


def written_for(contacts: ContactSet, role: Role) -> Role | None:
    """The role whose written contact acts in `role` (ContactSet.resolve); None for nobody."""
    if role in contacts.same_as:  # else, mostly: no set is made
        seen: set[Role] = set()
        while role in contacts.same_as and role not in seen:
            seen.add(role)
            role = contacts.same_as[role]
    return role if role in contacts.given else None


def is_unresolved(contacts: ContactSet, roles: Iterable[Role]) -> bool:
    """Whether one of `roles` refers to a contact that is not there."""
    return any(role in contacts.same_as and contacts.resolve(role) is None for role in roles)


def carried(contact: AnyContact, fields: Iterable[str]) -> Mapping[str, str]:
    """These fields of a contact as a registrar's format holds them, "" for none.

    A mask without a name goes by its organisation: the formats have no column for that.
    """
    texts: dict[str, str] = {}
    for name in fields:
        value = getattr(contact, name)
        if name == "name" and value is None:
            value = contact.organization
        texts[name] = csv_text.STREET_SEPARATOR.join(value) if name == "street" else value or ""
    return MappingProxyType(texts)


class Masks:
    """The contacts of the service, by role. Remembers what it made of each profile."""

    def __init__(self) -> None:
        self._for_all: dict[tuple[object, ...], Profile] = {}

    def of(self, row: Underlying) -> Mapping[Role, PublicContact]:
        """The mask in every role, also in those that the profile does not publish.

        Of a name that is not published yet, the bare mask.
        """
        registration = row.registration
        record = publication.project(registration, row.contacts.resolve(Role.REGISTRANT))
        return publication.contacts_answered(registration, record, self._for_everybody(row.profile))

    def _for_everybody(self, profile: Profile) -> Profile:
        key = (profile.tenant_id, profile.id, profile.revision)
        found = self._for_all.get(key)
        if found is None:
            found = replace(profile, published_roles=_EVERYBODY)
            self._for_all[key] = found
        return found
