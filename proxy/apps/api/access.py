"""Who calls: API keys, their scopes, and the caches that make a check cost nothing.

A key reads `pp_<public id>_<secret>`; the database holds the SHA-256 of the secret, which is
256 random bits, so a slow hash would add nothing. A revoked key stops within CACHE_S.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from proxy.apps.api.client_keys import ClientKeys
from proxy.errors import InvalidInput, Refused
from proxy.model.identifiers import ApiKeyId
from proxy.store import tenants

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.enrolment import Tenant
    from proxy.model.identifiers import Scope, TenantId
    from proxy.ports import Clock
    from proxy.store.pool import Pool
    from proxy.store.tenants import ApiKey

CACHE_S: Final = 5.0
"""Seconds for which a key and its tenant are believed without asking the database."""

_CACHE_ENTRIES: Final = 10_000  # bounds memory against callers that try many key ids
_KEY: Final = re.compile(r"pp_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
SECRET_OCTETS: Final = 32
ID_OCTETS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A key that was checked, and its account."""

    key: ApiKey
    tenant: Tenant


def make_key(random: Callable[[int], bytes]) -> tuple[ApiKeyId, str, bytes]:
    """A new key: its public id, the text shown once, and the hash that is kept."""
    key_id = random(ID_OCTETS).hex()
    secret = base64.urlsafe_b64encode(random(SECRET_OCTETS)).decode().rstrip("=")
    return ApiKeyId(key_id), f"pp_{key_id}_{secret}", hashlib.sha256(secret.encode()).digest()


class KeyRing:
    """Checks `Authorization` headers against the database, through a cache of CACHE_S."""

    def __init__(
        self,
        pool: Pool,
        monotonic: Callable[[], float],
        clock: Clock,
        clients: ClientKeys | None = None,
    ) -> None:
        """`monotonic` gives seconds of a clock that never steps back; `clock` ends rotated keys.

        `clients` says which keys want which client certificates.
        """
        self._pool = pool
        self._clients = clients or ClientKeys(None, monotonic)
        self._clock = clock
        self._monotonic = monotonic
        self._keys: dict[ApiKeyId, tuple[float, ApiKey | None]] = {}
        self._tenants: dict[TenantId, tuple[float, Tenant]] = {}

    async def check(
        self, header: str | None, scope: Scope | None, fingerprint: bytes | None = None
    ) -> Caller:
        """The caller behind an Authorization header; raises `unauthorized` or Refused `scope`.

        Without a scope any key will do: for what every key may know. `fingerprint` is that of the
        client's certificate, None on a connection without TLS of ours.
        """
        parts = (header or "").split(" ")
        is_bearer = len(parts) == 2 and parts[0].lower() == "bearer"  # noqa: PLR2004 - RFC 6750 s2.1
        found = _KEY.fullmatch(parts[1]) if is_bearer else None
        if found is None:
            raise InvalidInput("unauthorized", "Send `Authorization: Bearer <api_key>`.")
        key = await self._key(ApiKeyId(found[1]))
        if key is not None and key.ends_at is not None and key.ends_at <= self._clock.now():
            key = None
        given = hashlib.sha256(found[2].encode()).digest()
        # The hash is compared even where there is no key, so that ids can not be told by time.
        if not hmac.compare_digest(given, bytes(32) if key is None else key.secret_sha256):
            raise InvalidInput("unauthorized", "The API key is not known.")
        self._clients.check(ApiKeyId(found[1]), fingerprint)
        if key is None or not (scope is None or scope in key.scopes):
            raise Refused("scope", f"The API key lacks the scope {scope}.")
        tenant = await self._tenant(key.tenant_id)
        return Caller(key=key, tenant=replace(tenant, bound_profile=key.profile))

    async def _key(self, key_id: ApiKeyId) -> ApiKey | None:
        now = self._monotonic()
        cached = self._keys.get(key_id)
        if cached is not None and now - cached[0] < CACHE_S:
            return cached[1]
        async with self._pool.acquire() as connection:
            key = await tenants.find_key(connection, key_id, self._clock.now())
        if len(self._keys) >= _CACHE_ENTRIES:
            self._keys.clear()
        self._keys[key_id] = (now, key)
        return key

    async def _tenant(self, tenant_id: TenantId) -> Tenant:
        now = self._monotonic()
        cached = self._tenants.get(tenant_id)
        if cached is not None and now - cached[0] < CACHE_S:
            return cached[1]
        async with self._pool.acquire() as connection:
            tenant = await tenants.find_tenant(connection, tenant_id)
        self._tenants[tenant_id] = (now, tenant)
        return tenant
