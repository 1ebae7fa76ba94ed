"""What an operator does to registrars' accounts: keys, resellers, accreditations, profiles.

Each takes a connection with the operator's login and works beside a running service. A key's
secret is given out once and kept nowhere. An edge has a profile with all accreditations inside, so
both are written together.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.apps.api import access, profiles
from proxy.errors import Conflict, NotFound
from proxy.model.identifiers import AccreditationId, TenantId
from proxy.model.public_record import Accreditation
from proxy.store import accounts, tenants
from proxy.store.tenants import ApiKey

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from proxy.apps.api.profiles import Defaults
    from proxy.model.identifiers import ApiKeyId, ProfileId, ResellerId, Scope
    from proxy.model.public_record import Profile
    from proxy.store.accounts import KeptProfile, RegistrarAccount
    from proxy.store.pool import Connection

_NO_ACCREDITATION: Final = Accreditation(
    id=AccreditationId("none"), registrar_name="none", iana_id=None
)


async def require(connection: Connection, tenant_id: TenantId) -> RegistrarAccount:
    """The registrar; raises NotFound."""
    found = await accounts.registrar(connection, tenant_id)
    if found is None:
        raise NotFound("registrar", "There is no registrar by this id.")
    return found


async def add_key(
    connection: Connection,
    tenant_id: TenantId,
    scopes: frozenset[Scope],
    reseller: ResellerId | None,
    now: datetime,
) -> tuple[ApiKeyId, str]:
    """A new key: its id and its text; raises NotFound."""
    await require(connection, tenant_id)
    key_id, text, hashed = access.make_key(secrets.token_bytes)
    key = ApiKey(
        id=key_id, tenant_id=tenant_id, secret_sha256=hashed, scopes=scopes, reseller=reseller
    )
    if not await accounts.add_key(connection, key, now):
        raise NotFound("reseller", "The registrar has no reseller by that name.")
    return key_id, text


async def rotate_key(
    connection: Connection, former: ApiKeyId, overlap: timedelta, now: datetime
) -> tuple[ApiKey, str]:
    """The key that takes the place of `former`, which goes on for `overlap`; raises NotFound."""
    key_id, text, hashed = access.make_key(secrets.token_bytes)
    key = await accounts.rotate_key(
        connection, former, key_id, hashed, now=now, former_until=now + overlap
    )
    if key is None:
        raise NotFound("key", "There is no key by this id, or it ends already.")
    return key, text


async def revoke_key(connection: Connection, key_id: ApiKeyId, now: datetime) -> None:
    """Ends a key at once; raises NotFound."""
    if not await tenants.revoke_key(connection, key_id, now):
        raise NotFound("key", "There is no key by this id, or it has ended already.")


async def add_accreditation(
    connection: Connection, tenant_id: TenantId, one: Accreditation
) -> None:
    """Adds an accreditation, and publishes every profile with it; raises NotFound, Conflict."""
    async with connection.transaction():
        await require(connection, tenant_id)
        kept = await accounts.profiles(connection, tenant_id)
        if not await accounts.add_accreditation(connection, tenant_id, one):
            raise Conflict("accreditation", "The registrar has an accreditation by that id.")
        known = await accounts.accreditations(connection, tenant_id)
        for profile in kept:
            changed = replace(profile.shown, accreditations=known, revision=profile.revision + 1)
            await accounts.replace_profile(connection, changed, profile.body)


async def write_profile(
    connection: Connection, tenant_id: TenantId, body: bytes, defaults: Defaults, *, is_new: bool
) -> Profile:
    """Adds or replaces a profile; raises InvalidInput with every fault, NotFound, Conflict.

    Edges show it as soon as it reaches them; names keep the profile they were enrolled under.
    """
    async with connection.transaction():
        await require(connection, tenant_id)
        known = await accounts.accreditations(connection, tenant_id)
        if not known:
            raise Conflict("accreditation", "The registrar has no accreditation to show.")
        parsed, validated = profiles.parse_profile(
            body, tenant_id, next(iter(known.values())), defaults
        )
        former = _by_id(await accounts.profiles(connection, tenant_id), parsed.id)
        if is_new and former is not None:
            raise Conflict("profile", "There is a profile by that id; use `profile replace`.")
        if not is_new and former is None:
            raise NotFound("profile", "There is no profile by that id; use `profile add`.")
        made = replace(
            parsed, accreditations=known, revision=1 if former is None else former.revision + 1
        )
        await accounts.replace_profile(connection, made, validated)
    return made


def check_profile(body: bytes, defaults: Defaults) -> ProfileId:
    """The id of the profile in `body`; raises InvalidInput with every fault. Asks no database."""
    parsed, _ = profiles.parse_profile(body, TenantId(UUID(int=0)), _NO_ACCREDITATION, defaults)
    return parsed.id


def _by_id(kept: tuple[KeptProfile, ...], profile_id: ProfileId) -> KeptProfile | None:
    return next((one for one in kept if one.id == profile_id), None)
