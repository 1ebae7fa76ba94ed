"""Registrars' accounts: tenants, API keys, profiles, accreditations, the intake key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.model.enrolment import Tenant
from proxy.model.identifiers import (
    AccreditationId,
    ApiKeyId,
    ProfileId,
    ResellerId,
    Scope,
    TenantId,
)
from proxy.model.sealed import IntakeKey
from proxy.store import pool, queries
from proxy.wire import published

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.public_record import Profile
    from proxy.store.pool import Connection

QUERIES: Final = queries.load("tenants")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A registrar's key: whose, what it may do, and the hash of its secret."""

    id: ApiKeyId
    tenant_id: TenantId
    secret_sha256: bytes = field(repr=False)
    scopes: frozenset[Scope]
    reseller: ResellerId | None = None
    profile: ProfileId | None = None  # of the reseller: its names are shown with no other
    ends_at: datetime | None = None  # rotated: it goes on until then


async def find_key(connection: Connection, key_id: ApiKeyId, now: datetime) -> ApiKey | None:
    """The key, unless it was revoked."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["key"], key_id, now)
    if row is None:
        return None
    return ApiKey(
        id=key_id,
        tenant_id=TenantId(UUID(int=row["tenant_id"].int)),
        secret_sha256=row["secret_sha256"],
        scopes=frozenset(map(Scope, row["scopes"])),
        reseller=None if row["reseller"] is None else ResellerId(row["reseller"]),
        profile=None if row["profile"] is None else ProfileId(row["profile"]),
        ends_at=row["revoked_at"],
    )


async def find_tenant(connection: Connection, tenant_id: TenantId) -> Tenant:
    """The account with its profiles and accreditations."""
    with pool.translated():
        profiles = await connection.fetch(QUERIES["profiles"], tenant_id)
        accreditations = await connection.fetch(QUERIES["accreditations"], tenant_id)
    return Tenant(
        id=tenant_id,
        profiles={
            ProfileId(row["id"]): published.decode_profile(row["body"].encode()) for row in profiles
        },
        accreditations=frozenset(AccreditationId(row["id"]) for row in accreditations),
    )


async def newest_intake_key(connection: Connection, now: datetime) -> IntakeKey | None:
    """The newest intake key that is in its time, as the vault published it."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["newest_intake_key"], now)
    return None if row is None else IntakeKey(**dict(row))


async def is_known(connection: Connection, tenant_id: TenantId) -> bool:
    """Whether there is such a tenant."""
    with pool.translated():
        return bool(await connection.fetchval(QUERIES["is_known"], tenant_id))


async def count(connection: Connection) -> int:
    """How many tenants there are."""
    with pool.translated():
        return int(await connection.fetchval(QUERIES["count"]))


async def add(
    connection: Connection,
    name: str,
    profile: Profile,
    *,
    body: str,
    key: ApiKey,
    now: datetime,
) -> None:
    """Adds a registrar with one profile, its accreditations and one key; one transaction.

    `body` is the profile as validated, JSON.
    """
    with pool.translated():
        async with connection.transaction():
            await connection.execute(QUERIES["add_tenant"], profile.tenant_id, name, now)
            for one in profile.accreditations.values():
                await connection.execute(
                    QUERIES["add_accreditation"],
                    profile.tenant_id,
                    one.id,
                    one.registrar_name,
                    one.iana_id,
                )
            await connection.execute(
                QUERIES["add_profile"],
                profile.tenant_id,
                profile.id,
                body,
                published.encode_profile(profile).decode(),
            )
    await add_key(connection, key, now)


async def add_key(connection: Connection, key: ApiKey, now: datetime) -> None:
    """Adds an API key."""
    with pool.translated():
        await connection.execute(
            QUERIES["add_key"],
            key.id,
            key.tenant_id,
            key.secret_sha256,
            [scope.value for scope in sorted(key.scopes)],
            key.reseller,
            now,
        )


async def revoke_key(connection: Connection, key_id: ApiKeyId, now: datetime) -> TenantId | None:
    """Ends an API key; API hosts notice within seconds. Whose it was; None of none, or ended."""
    with pool.translated():
        found = await connection.fetchval(QUERIES["revoke_key"], key_id, now)
    return None if found is None else TenantId(UUID(int=found.int))
