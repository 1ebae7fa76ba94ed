"""Registrars' accounts as an operator sees and changes them, with the operator's login.

What requests need of an account is `tenants`'. Holds no secret: keys are their ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from proxy.errors import InvalidInput
from proxy.model.identifiers import (
    AccreditationId,
    ApiKeyId,
    ProfileId,
    ResellerId,
    Scope,
    TenantId,
)
from proxy.model.public_record import Accreditation
from proxy.store import pool, queries
from proxy.store.tenants import ApiKey
from proxy.wire import published

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.ledger import LedgerEntry
    from proxy.model.public_record import Profile
    from proxy.store.pool import Connection, Record

QUERIES: Final = queries.load("accounts")
PAGE: Final = 1000
_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarAccount:
    """A registrar."""

    id: TenantId
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKey:
    """A key without its secret; `revoked_at` in the future: rotated, it goes on until then."""

    id: ApiKeyId
    scopes: frozenset[Scope]
    reseller: ResellerId | None
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReseller:
    """A reseller, and the one profile that its keys use."""

    name: ResellerId
    profile: ProfileId | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProfile:
    """A profile as it was given, as JSON text, and as edges have it."""

    id: ProfileId
    revision: int
    body: str = field(repr=False)
    shown: Profile = field(repr=False)


async def registrars(connection: Connection, after: UUID | None) -> tuple[RegistrarAccount, ...]:
    """A page of registrars in id order."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["registrars"], after or _FIRST, PAGE)
    return tuple(_account(row) for row in rows)


async def registrar(connection: Connection, tenant_id: TenantId) -> RegistrarAccount | None:
    """One registrar."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["registrar"], tenant_id)
    return None if row is None else _account(row)


async def accreditations(
    connection: Connection, tenant_id: TenantId
) -> dict[AccreditationId, Accreditation]:
    """A registrar's accreditations."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["accreditations"], tenant_id)
    return {
        AccreditationId(row["id"]): Accreditation(
            id=AccreditationId(row["id"]),
            registrar_name=row["registrar_name"],
            iana_id=row["iana_id"],
        )
        for row in rows
    }


async def add_accreditation(
    connection: Connection, tenant_id: TenantId, one: Accreditation
) -> bool:
    """Adds one; False where there is one by that id. Profiles are the caller's to publish anew."""
    with pool.translated():
        added = await connection.fetchval(
            QUERIES["add_accreditation"], tenant_id, one.id, one.registrar_name, one.iana_id
        )
    return added is not None


async def keys(connection: Connection, tenant_id: TenantId) -> tuple[KeptKey, ...]:
    """A registrar's keys, oldest first, ended ones too."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["keys"], tenant_id)
    return tuple(
        KeptKey(
            id=ApiKeyId(row["id"]),
            scopes=frozenset(map(Scope, row["scopes"])),
            reseller=None if row["reseller"] is None else ResellerId(row["reseller"]),
            created_at=row["created_at"],
            revoked_at=row["revoked_at"],
        )
        for row in rows
    )


async def add_key(connection: Connection, key: ApiKey, now: datetime) -> bool:
    """Adds a key; False where there is no such registrar, or it has no such reseller."""
    with pool.translated():
        added = await connection.fetchval(
            QUERIES["add_key"],
            key.id,
            key.tenant_id,
            key.secret_sha256,
            [scope.value for scope in sorted(key.scopes)],
            key.reseller,
            now,
        )
    return added is not None


async def rotate_key(
    connection: Connection,
    former: ApiKeyId,
    key_id: ApiKeyId,
    secret_sha256: bytes,
    *,
    now: datetime,
    former_until: datetime,
) -> ApiKey | None:
    """The key in place of `former`; None where that one is none, or ends already."""
    with pool.translated():
        row = await connection.fetchrow(
            QUERIES["rotate_key"], former, key_id, secret_sha256, now, former_until
        )
    if row is None:
        return None
    return ApiKey(
        id=key_id,
        tenant_id=TenantId(UUID(int=row["tenant_id"].int)),
        secret_sha256=secret_sha256,
        scopes=frozenset(map(Scope, row["scopes"])),
        reseller=None if row["reseller"] is None else ResellerId(row["reseller"]),
    )


async def resellers(connection: Connection, tenant_id: TenantId) -> tuple[KeptReseller, ...]:
    """A registrar's resellers by name."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["resellers"], tenant_id)
    return tuple(KeptReseller(**dict(row)) for row in rows)


async def add_reseller(
    connection: Connection,
    tenant_id: TenantId,
    name: ResellerId,
    profile: ProfileId | None,
    now: datetime,
) -> None:
    """Adds a reseller, or changes its profile; raises InvalidInput for a profile there is not."""
    unknown = InvalidInput("profile", "The registrar has no profile by that id.")
    with pool.translated({"reseller_profile": unknown}):
        await connection.execute(QUERIES["add_reseller"], tenant_id, name, profile, now)


async def remove_reseller(
    connection: Connection, tenant_id: TenantId, name: ResellerId, now: datetime
) -> int | None:
    """Ends a reseller; how many keys ended with it, or None where there is no such reseller."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["remove_reseller"], tenant_id, name, now)
    return int(row["keys"]) if row is not None and row["resellers"] else None


async def profiles(connection: Connection, tenant_id: TenantId) -> tuple[KeptProfile, ...]:
    """A registrar's profiles, locked until the transaction ends."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["profiles"], tenant_id)
    return tuple(
        KeptProfile(
            id=ProfileId(row["id"]),
            revision=row["revision"],
            body=row["body"],
            shown=published.decode_profile(row["published"].encode()),
        )
        for row in rows
    )


async def replace_profile(connection: Connection, profile: Profile, body: str) -> None:
    """Writes a profile; `body` is it as validated, JSON."""
    with pool.translated():
        await connection.execute(
            QUERIES["replace_profile"],
            profile.tenant_id,
            profile.id,
            body,
            published.encode_profile(profile).decode(),
            profile.revision,
        )


async def note(connection: Connection, entry: LedgerEntry) -> None:
    """Keeps a ledger entry, in the caller's transaction."""
    with pool.translated():
        await connection.execute(
            QUERIES["note"],
            entry.id,
            entry.tenant_id,
            entry.subject,
            entry.kind,
            msgspec.json.encode(entry.facts).decode(),
            entry.at,
        )


def _account(row: Record) -> RegistrarAccount:
    return RegistrarAccount(
        id=TenantId(UUID(int=row["id"].int)), name=row["name"], created_at=row["created_at"]
    )
