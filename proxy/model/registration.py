"""A registration as a registrar declares it: facts about a name, no persons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from proxy.model.identifiers import DomainName  # msgspec reads it at run time

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import (
        AccreditationId,
        EndReason,
        Mode,
        ProfileId,
        RegistrationId,
        ResellerId,
        State,
        TenantId,
    )

# The parts below are msgspec structs, not dataclasses: they stand inside PublicRecord, which the
# edge decodes once per query (wire/published.py).


class Nameserver(msgspec.Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True):
    """A delegated host, in A-label form, with its glue addresses (RFC 5952 text)."""

    name: DomainName
    addresses: tuple[str, ...] = ()


class DsRecord(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """RFC 4034 s5; digest is upper-case hex."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: str


class DnsKey(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """RFC 4034 s2; public_key is base64."""

    flags: int
    protocol: int
    algorithm: int
    public_key: str


class Dnssec(msgspec.Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True):
    """Delegation signer data; empty means unsigned."""

    ds: tuple[DsRecord, ...] = ()
    keys: tuple[DnsKey, ...] = ()

    @property
    def is_signed(self) -> bool:
        """Whether the delegation is signed (RFC 9083 delegationSigned)."""
        return bool(self.ds or self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a registrar declares about a name in one PUT or import line, persons apart.

    Equal declarations mean: nothing to publish anew. All times are aware UTC, whole seconds.
    """

    domain: DomainName
    mode: Mode
    accreditation: AccreditationId
    profile: ProfileId
    reseller: ResellerId | None = None
    registry_domain_id: str | None = None
    registrant_registry_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    transferred_at: datetime | None = None
    registry_expires_at: datetime | None = None
    registrar_expires_at: datetime | None = None
    statuses: tuple[str, ...] = ()
    nameservers: tuple[Nameserver, ...] = ()
    dnssec: Dnssec = Dnssec()
    customer_ref: str | None = None
    confirmed: tuple[str, ...] = ()
    """Pointers of fields that look like an identifier of a person and may be shown all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A declaration we hold, with what we added to it."""

    tenant_id: TenantId
    id: RegistrationId
    revision: int
    state: State
    declared: Declaration
    reference: str  # 13 characters, shown in the mask's name
    alias: str  # local part of the masked address
    enrolled_at: datetime
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
