"""Registrars' accounts and keys, made with the operator's database login.

Used by the command line and the demo. A key's secret is given out once and kept nowhere.
"""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.apps.api import access, profiles
from proxy.errors import NotFound
from proxy.hosting import boot, database
from proxy.model import identifiers
from proxy.model.identifiers import USUAL_SCOPES, AccreditationId, ApiKeyId, TenantId
from proxy.model.public_record import Accreditation
from proxy.run import accounts as desk
from proxy.store import pool as pools
from proxy.store import tenants
from proxy.store.logins import LoginRole
from proxy.store.tenants import ApiKey

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from proxy.model.identifiers import Scope
    from proxy.settings import Settings
    from proxy.store.pool import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A new registrar and its key, shown once."""

    id: TenantId
    api_key: str = field(repr=False)


def operator_access(settings: Settings) -> Access:
    """How the command line logs in; raises Unavailable with what is missing."""
    return boot.access(database.login(settings, LoginRole.OPERATOR))


def defaults(settings: Settings) -> profiles.Defaults:
    """What profiles fall back on."""
    return profiles.Defaults(
        rdap_base_url=settings.rdap_base_url or f"http://{settings.rdap_listen[0].text}/",
        web_base_url=settings.web_base_url,
    )


async def add_registrar(
    settings: Settings, name: str, iana_id: int, profile: bytes | None, now: datetime
) -> Added:
    """Adds a registrar; raises InvalidInput listing every fault of the profile."""
    tenant_id = TenantId(identifiers.uuid7(now, secrets.token_bytes(10)))
    accreditation = Accreditation(
        id=AccreditationId(f"iana-{iana_id}"), registrar_name=name, iana_id=iana_id
    )
    body = profiles.default_body(name) if profile is None else profile
    parsed, validated = profiles.parse_profile(body, tenant_id, accreditation, defaults(settings))
    key, text = _new_key(tenant_id, USUAL_SCOPES)
    async with (
        pools.connected(operator_access(settings)) as connection,
        connection.transaction(),
    ):
        await tenants.add(connection, name, parsed, body=validated, key=key, now=now)
        facts = {"accreditation": accreditation.id, "profile": parsed.id, "key": key.id}
        await desk.note(connection, tenant_id, "registrar_added", facts, now)
    return Added(id=tenant_id, api_key=text)


async def add_key(
    settings: Settings, tenant_id: UUID, scopes: frozenset[Scope], now: datetime
) -> tuple[ApiKeyId, str]:
    """A further key of a registrar: its id and its text; raises NotFound."""
    async with pools.connected(operator_access(settings)) as connection:
        return await desk.add_key(connection, TenantId(tenant_id), scopes, None, now)


async def revoke_key(settings: Settings, key_id: ApiKeyId, now: datetime) -> None:
    """Ends a key, if it has not ended yet."""
    async with pools.connected(operator_access(settings)) as connection:
        with contextlib.suppress(NotFound):
            await desk.revoke_key(connection, key_id, now)


def _new_key(tenant_id: TenantId, scopes: frozenset[Scope]) -> tuple[ApiKey, str]:
    key_id, text, hashed = access.make_key(secrets.token_bytes)
    return ApiKey(id=key_id, tenant_id=tenant_id, secret_sha256=hashed, scopes=scopes), text
