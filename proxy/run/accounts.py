"""What an operator does to registrars' accounts: keys, resellers, accreditations, profiles.

Each takes a connection with the operator's login and works beside a running service. A key's
secret is given out once and kept nowhere. An edge has a profile with all accreditations inside, so
both are written together. Every act leaves an entry for the ledger, in the transaction of the act:
ids and counts, and of a reseller's name a digest.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import UUID

from proxy.apps.api import access, profiles
from proxy.errors import Conflict, NotFound
from proxy.model import identifiers
from proxy.model.identifiers import AccreditationId, TenantId
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.model.public_record import Accreditation
from proxy.store import accounts, quotas, tenants
from proxy.store.tenants import ApiKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from proxy.apps.api.profiles import Defaults
    from proxy.model.identifiers import ApiKeyId, ProfileId, ResellerId, Scope
    from proxy.model.public_record import Profile
    from proxy.store.accounts import KeptProfile, RegistrarAccount
    from proxy.store.pool import Connection

Fact: TypeAlias = "str | int | tuple[str, ...]"
"""What an entry may say."""

_TOLD: Final = 20  # resellers named to who named none of them
_NO_ACCREDITATION: Final = Accreditation(
    id=AccreditationId("none"), registrar_name="none", iana_id=None
)


async def require(connection: Connection, tenant_id: TenantId) -> RegistrarAccount:
    """The registrar; raises NotFound."""
    found = await accounts.registrar(connection, tenant_id)
    if found is None:
        raise NotFound("registrar", "There is no registrar by this id.")
    return found


async def require_reseller(connection: Connection, tenant_id: TenantId, name: ResellerId) -> None:
    """Return when the registrar has the reseller; raises NotFound with those that it has."""
    names = [one.name for one in await accounts.resellers(connection, tenant_id)]
    if name not in names:
        few = ", ".join(names[:_TOLD]) + (", …" if len(names) > _TOLD else "")
        known = f"it has {few}" if names else "add it by `privacyproxy reseller add`"
        raise NotFound("reseller", f"The registrar has no reseller by that name: {known}.")


async def add_key(
    connection: Connection,
    tenant_id: TenantId,
    scopes: frozenset[Scope],
    reseller: ResellerId | None,
    now: datetime,
) -> tuple[ApiKeyId, str]:
    """A new key: its id and its text; raises NotFound."""
    key_id, text, hashed = access.make_key(secrets.token_bytes)
    key = ApiKey(
        id=key_id, tenant_id=tenant_id, secret_sha256=hashed, scopes=scopes, reseller=reseller
    )
    async with connection.transaction():
        await require(connection, tenant_id)
        if reseller is not None:
            await require_reseller(connection, tenant_id, reseller)
        if not await accounts.add_key(connection, key, now):
            raise NotFound("reseller", "The registrar has no reseller by that name.")
        facts: dict[str, Fact] = {
            "key": key_id,
            "scopes": _words(scopes),
            **_of(tenant_id, reseller),
        }
        await note(connection, tenant_id, "api_key_added", facts, now)
    return key_id, text


async def rotate_key(
    connection: Connection, former: ApiKeyId, overlap: timedelta, now: datetime
) -> tuple[ApiKey, str]:
    """The key that takes the place of `former`, which goes on for `overlap`; raises NotFound."""
    key_id, text, hashed = access.make_key(secrets.token_bytes)
    until = now + overlap
    async with connection.transaction():
        key = await accounts.rotate_key(
            connection, former, key_id, hashed, now=now, former_until=until
        )
        if key is None:
            raise NotFound("key", "There is no key by this id, or it ends already.")
        facts: dict[str, Fact] = {
            "key": key_id,
            "former": former,
            "former_until": until.isoformat(),
        }
        await note(connection, key.tenant_id, "api_key_rotated", facts, now)
    return key, text


async def revoke_key(connection: Connection, key_id: ApiKeyId, now: datetime) -> None:
    """Ends a key at once; raises NotFound."""
    async with connection.transaction():
        tenant_id = await tenants.revoke_key(connection, key_id, now)
        if tenant_id is None:
            raise NotFound("key", "There is no key by this id, or it has ended already.")
        await note(connection, tenant_id, "api_key_revoked", {"key": key_id}, now)


async def add_reseller(
    connection: Connection,
    tenant_id: TenantId,
    name: ResellerId,
    profile: ProfileId | None,
    now: datetime,
) -> None:
    """Adds a reseller, or gives it another profile; raises NotFound, InvalidInput `profile`."""
    async with connection.transaction():
        await require(connection, tenant_id)
        await accounts.add_reseller(connection, tenant_id, name, profile, now)
        facts: dict[str, Fact] = {
            **_of(tenant_id, name),
            **({} if profile is None else {"profile": profile}),
        }
        await note(connection, tenant_id, "reseller_added", facts, now)


async def remove_reseller(
    connection: Connection, tenant_id: TenantId, name: ResellerId, now: datetime
) -> int:
    """Ends a reseller and its keys; how many keys ended. Raises NotFound with those there are."""
    async with connection.transaction():
        await require(connection, tenant_id)
        await require_reseller(connection, tenant_id, name)
        ended = await accounts.remove_reseller(connection, tenant_id, name, now) or 0
        facts: dict[str, Fact] = {**_of(tenant_id, name), "keys_ended": ended}
        await note(connection, tenant_id, "reseller_removed", facts, now)
    return ended


async def set_quota(
    connection: Connection,
    tenant_id: TenantId,
    reseller: ResellerId | None,
    names: int,
    now: datetime,
) -> None:
    """Limits the live names of an account or reseller, 0 for no limit; raises NotFound.

    Outside a transaction. The entry comes first: a limit is counted in several transactions, and a
    crash between leaves an entry of a limit that the same command then finishes.
    """
    await require(connection, tenant_id)
    if reseller is not None and names:  # what limits one that is gone may still be taken away
        await require_reseller(connection, tenant_id, reseller)
    facts: dict[str, Fact] = {"names": names, **_of(tenant_id, reseller)}
    await note(connection, tenant_id, "quota_set", facts, now)
    if names:
        await quotas.limit(connection, tenant_id, reseller, names)
    else:
        await quotas.lift(connection, tenant_id, reseller)


async def add_accreditation(
    connection: Connection, tenant_id: TenantId, one: Accreditation, now: datetime
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
        facts: dict[str, Fact] = {"accreditation": one.id, "profiles": len(kept)}
        await note(connection, tenant_id, "accreditation_added", facts, now)


async def write_profile(
    connection: Connection,
    tenant_id: TenantId,
    body: bytes,
    defaults: Defaults,
    *,
    is_new: bool,
    now: datetime,
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
        facts: dict[str, Fact] = {"profile": made.id, "revision": made.revision}
        await note(connection, tenant_id, "profile_written", facts, now)
    return made


async def note(
    connection: Connection,
    tenant_id: TenantId,
    kind: str,
    facts: Mapping[str, Fact],
    now: datetime,
) -> None:
    """Keeps an entry about an account for the ledger; its salt is the registrar's."""
    entry = LedgerEntry(
        id=LedgerEntryId(identifiers.uuid7(now, secrets.token_bytes(10))),
        tenant_id=tenant_id,
        subject=f"registrar/{tenant_id}",
        kind=kind,
        facts=facts,
        at=now,
    )
    await accounts.note(connection, entry)


def check_profile(body: bytes, defaults: Defaults) -> ProfileId:
    """The id of the profile in `body`; raises InvalidInput with every fault. Asks no database."""
    parsed, _ = profiles.parse_profile(body, TenantId(UUID(int=0)), _NO_ACCREDITATION, defaults)
    return parsed.id


def _by_id(kept: tuple[KeptProfile, ...], profile_id: ProfileId) -> KeptProfile | None:
    return next((one for one in kept if one.id == profile_id), None)


def _words(scopes: Iterable[Scope]) -> tuple[str, ...]:
    return tuple(sorted(one.value for one in scopes))


def _of(tenant_id: TenantId, reseller: ResellerId | None) -> dict[str, str]:
    """Which reseller an entry is of, for who knows its name."""
    if reseller is None:
        return {}
    return {"reseller": hashlib.sha256(tenant_id.bytes + reseller.encode()).hexdigest()}
