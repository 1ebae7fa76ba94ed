"""What a registrar asks for in one PUT or one import line, after validation.

Holds persons (hidden repr): lives for one request, is never stored or logged as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.errors import Fault
    from proxy.model.contact import ContactSet
    from proxy.model.identifiers import AccreditationId, ProfileId, RegistrationId, TenantId
    from proxy.model.public_record import Profile
    from proxy.model.registration import Declaration


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A valid body: what is declared, the persons, and what else was asked."""

    declared: Declaration
    contacts: ContactSet | None = field(repr=False)
    """None, of a patch alone: as they are. Nobody outside the vault can say what that is."""

    replaces: RegistrationId | None = None
    holder_change: bool = False
    if_revision: int | None = None
    warnings: tuple[Fault, ...] = ()
    confirmed: tuple[str, ...] | None = None
    """What is confirmed; None: what was, while the contacts stay the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A registrar's account as requests need it."""

    id: TenantId
    profiles: Mapping[ProfileId, Profile]
    accreditations: frozenset[AccreditationId]
    bound_profile: ProfileId | None = None  # of a reseller's key: the only one it may use
