"""Facts about who speaks for a name: what tenants hold of it, and what was seen of its sponsor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import RegistrationId, State, TenantId


class Way(StrEnum):
    """How the sponsor of a name was learnt, from the registry's own servers."""

    RDAP = "rdap"
    WHOIS = "whois"


class Standing(StrEnum):
    """What is known of a tenant's right to speak for a name."""

    PROVEN = "proven"  # the registry names an IANA id of the tenant
    SHOWN = "shown"  # the tenant's token stands in the name's DNS
    DECLARED = "declared"  # the profile's word is taken (`trust = declared`)
    UNPROVEN = "unproven"  # nothing is known
    CONTRADICTED = "contradicted"  # the registry names somebody else, or another registration
    OUT = "out"  # so for days, by RDAP: it was transferred


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a registry's server said of a name. No person: an IANA id, a handle, dates."""

    iana_id: int
    way: Way
    seen_at: datetime
    since: datetime  # the first of the looks in a row that named this id
    registry_domain_id: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A tenant's live registration of a name, as far as it decides who speaks."""

    tenant_id: TenantId
    id: RegistrationId
    state: State  # active, ending or claimed
    is_declared: bool  # its profile has `trust = declared`
    iana_ids: frozenset[int]  # of the tenant's accreditations
    has_iana_id: bool  # the accreditation that it was enrolled under has one
    enrolled_at: datetime
    registry_domain_id: str | None = None
    created_at: datetime | None = None
    shown_at: datetime | None = None  # when the tenant's token was last seen in DNS
