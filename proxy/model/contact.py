"""A person or organisation behind a registration. Personal data: hidden repr, no default text.

Nothing here may reach a log, an error, a metric or a public answer (promises 1 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.identifiers import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One contact as the registrar gave it; optional parts are None, never empty text."""

    name: str = field(repr=False)
    organization: str | None = field(default=None, repr=False)
    street: tuple[str, ...] = field(default=(), repr=False)
    city: str | None = field(default=None, repr=False)
    state: str | None = field(default=None, repr=False)
    postal_code: str | None = field(default=None, repr=False)
    country: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    phone_ext: str | None = field(default=None, repr=False)
    fax: str | None = field(default=None, repr=False)
    fax_ext: str | None = field(default=None, repr=False)
    email: str = field(repr=False)
    language: str | None = field(default=None, repr=False)
    verified_at: datetime | None = field(default=None, repr=False)
    verified_method: str | None = field(default=None, repr=False)

    @override
    def __str__(self) -> str:
        """Never the person."""
        return "<Contact>"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSet:
    """The contacts of one registration.

    `given` holds contacts written out; `same_as` holds live references (role to role), so that a
    later change of the referred contact carries over. Every reference ends at a given contact.
    """

    given: Mapping[Role, Contact] = field(repr=False)
    same_as: Mapping[Role, Role]

    def resolve(self, role: Role) -> Contact | None:
        """The contact that acts in `role`, through at most one reference per role."""
        seen: set[Role] = set()
        while role in self.same_as and role not in seen:
            seen.add(role)
            role = self.same_as[role]
        return self.given.get(role)
