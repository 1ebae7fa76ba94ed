"""Facts about who speaks for a name: what tenants hold of it, and what was seen of its sponsor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from ipaddress import IPv4Network, IPv6Network

    from proxy.model.identifiers import DomainName, RegistrationId, State, TenantId


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
    LEFT = "left"  # it left the service, and our contact is seen gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a registry's server said of a name. No person: an IANA id, a handle, dates."""

    iana_id: int
    way: Way
    seen_at: datetime
    since: datetime  # the first of the looks in a row that named this id
    registry_domain_id: str | None = None
    created_at: datetime | None = None
    mask_of: RegistrationId | None = None  # whose mask the registry showed, now or before
    mask_gone_since: datetime | None = None  # the first of the looks in a row without it


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one look at a registry gave."""

    iana_id: int
    way: Way
    registry_domain_id: str | None = None
    created_at: datetime | None = None
    shows_mask: bool = False


NOT_ASKED: Final = "no_registry"
"""Why a look gave nothing where a registry has no server to ask: its names have DNS alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Why a look gave nothing: a code."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Where the registry of a top-level domain is asked, and how often at most."""

    tld: str
    rdap_base: str | None  # ends in "/"
    whois_host: str | None
    whois_port: int
    looks_per_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Registries:
    """All registries that may be asked, and where they may be."""

    by_tld: Mapping[str, Registry]
    networks: tuple[IPv4Network | IPv6Network, ...]  # addresses beside public ones
    nameservers: tuple[tuple[str, int], ...]  # empty: the system's

    def of(self, domain: DomainName) -> Registry | None:
        """The registry of a name."""
        return self.by_tld.get(domain.rpartition(".")[2])
