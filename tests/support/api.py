"""The registrar API in this process, on a real database, with the vault's real sealer."""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aiohttp.test_utils import TestClient, TestServer

from proxy.apps.api import access, application, profiles
from proxy.apps.api.access import KeyRing
from proxy.apps.api.office import Limits, Office
from proxy.errors import Unavailable
from proxy.metrics import Registry
from proxy.model import identifiers
from proxy.model.identifiers import AccreditationId, Scope, TenantId
from proxy.model.public_record import Accreditation
from proxy.services.register import Registrar
from proxy.store import pool as pools
from proxy.store import registrations, tenants
from proxy.store.tenants import ApiKey
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from aiohttp import ClientResponse, web

    from proxy.model.identifiers import ResellerId
    from proxy.rules.throttling import Limit
    from proxy.store.pool import Record
    from proxy.wire.frames import Answer, Request
    from tests.support.database import Database
    from tests.support.vault import Service

PROFILE: dict[str, Any] = {
    "id": "quiet-harbour",
    "trust": "verified",
    "tld_tables": {
        "default": {"layout": "gtld", "proxy": "allowed", "contacts": "thick"},
        "in": {"layout": "plain", "proxy": "forbidden", "contacts": "thick"},
        "de": {"layout": "plain", "proxy": "registry-hides", "contacts": "minimum"},
    },
    "affiliated": True,
    "public_contact": {
        "name": "Privacy Customer {reference}",
        "organization": "Quiet Harbour Privacy AS",
        "street": ["PO Box 12"],
        "city": "Moss",
        "state": "Viken",
        "postal_code": "1501",
        "country": "NO",
        "phone": "+47.5555550100",
        "phone_ext": None,
        "fax": None,
    },
    "published_roles": ["registrant"],
    "relay_domain": "mask.example.net",
    "whois": {"host": "whois.registrar.example", "notice": ["Access is rate limited."]},
    "rdap": {
        "base_url": "https://rdap.registrar.example/",
        "terms_url": "https://registrar.example/terms",
        "host_names": ["rdap.registrar.example"],
    },
    "abuse": {"email": "abuse@registrar.example", "phone": "+1.5555550100"},
}


def body(domain: str = "kaveri.example", **changes: Any) -> dict[str, Any]:
    """A registration as a registrar sends it; every person's field carries a mark."""
    return {
        "domain": domain,
        "mode": "proxy",
        "registry_domain_id": "D4417921-EXAMPLE",
        "created_at": "2021-06-01T08:00:00Z",
        "updated_at": "2026-01-20T11:04:09Z",
        "statuses": ["clientTransferProhibited"],
        "nameservers": [{"name": "ns1.hosting.example"}],
        "contacts": {
            "registrant": {
                "name": "Zqmark Person",
                "organization": "Zqmark House",
                "street": ["14 Zqmark Road"],
                "city": "Zqmarkpur",
                "state": "Zqstate",
                "postal_code": "600017",
                "country": "IN",
                "phone": "+91.4455550134",
                "email": "zqmark@people.example",
                "language": "ta",
            },
            "admin": {"same_as": "registrant"},
        },
        **changes,
    }


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.content)

    @property
    def faults(self) -> dict[str, str]:
        """The codes of a problem's errors by pointer."""
        return {one["pointer"]: one["code"] for one in self.json["errors"]}


@dataclass(slots=True)
class Door:
    """The API's way to a vault, which a test may open."""

    ask: Callable[[Request], Awaitable[Answer]]

    async def answer(self, request: Request) -> Answer:
        """What lies behind it."""
        return await self.ask(request)


@dataclass(slots=True)
class Api:
    """The API with its database and vault."""

    service: Service
    office: Office
    client: TestClient[web.Request, web.Application]
    wakes: list[bool]
    door: Door
    key: str = ""
    tenant: TenantId = vaults.TENANT

    async def register(
        self, *, scopes: frozenset[Scope] = frozenset(Scope), reseller: ResellerId | None = None
    ) -> str:
        """A further key of the tenant."""
        key_id, text, hashed = access.make_key(secrets.token_bytes)
        made = ApiKey(
            id=key_id,
            tenant_id=self.tenant,
            secret_sha256=hashed,
            scopes=scopes,
            reseller=reseller,
        )
        async with pools.connected(self.service.database.access("operator")) as connection:
            await tenants.add_key(connection, made, vaults.START)
        return text

    async def other_tenant(self) -> Api:
        """The same API as another registrar calls it."""
        tenant_id = TenantId(identifiers.uuid7(vaults.START, secrets.token_bytes(10)))
        return replace(self, tenant=tenant_id, key=await _add(self.service.database, tenant_id))

    async def call(
        self,
        method: str,
        path: str,
        content: object = None,
        *,
        key: str | None = None,
        **headers: str,
    ) -> Reply:
        """One call; a dict is sent as JSON, bytes as they are."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        chosen = self.key if key is None else key
        if chosen:
            sent.setdefault("Authorization", f"Bearer {chosen}")
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        answer = await self.client.request(
            method, path, data=None if content is None else io.BytesIO(data), headers=sent
        )
        return await _read(answer)

    async def put(self, content: dict[str, Any], **headers: str) -> Reply:
        """A PUT of `content` under its own name."""
        return await self.call("PUT", f"/v1/registrations/{content['domain']}", content, **headers)

    async def load(self, lines: list[object], **query: str) -> Reply:
        """An import of `lines`."""
        data = b"".join(
            (one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines
        )
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        path = f"/v1/imports?{asked}" if asked else "/v1/imports"
        return await self.call("POST", path, data, Content_Type="application/x-ndjson")

    async def rows(self, statement: str, *arguments: object) -> list[Record]:
        """Rows as the superuser sees them."""
        return await self.service.administrate(statement, *arguments)


async def _read(answer: ClientResponse) -> Reply:
    return Reply(answer.status, answer.headers, await answer.read())


async def _add(database: Database, tenant_id: TenantId) -> str:
    key_id, text, hashed = access.make_key(secrets.token_bytes)
    accreditation = Accreditation(
        id=AccreditationId("iana-9999"), registrar_name="Quiet Harbour", iana_id=9999
    )
    defaults = profiles.Defaults(
        rdap_base_url="http://127.0.0.1:4380/", web_base_url="https://privacy.example"
    )
    parsed, validated = profiles.parse_profile(
        json.dumps(PROFILE).encode(), tenant_id, accreditation, defaults
    )
    key = ApiKey(id=key_id, tenant_id=tenant_id, secret_sha256=hashed, scopes=frozenset(Scope))
    async with pools.connected(database.access("operator")) as connection:
        await tenants.add(
            connection, "Quiet Harbour", parsed, body=validated, key=key, now=vaults.START
        )
    return text


async def no_vault(_request: Request) -> Answer:
    """What a host without a vault answers to approvers."""
    raise Unavailable("vault", "The vault does not answer; try again later.")


@contextlib.asynccontextmanager
async def serving(
    directory: Path,
    database: Database,
    *,
    rate: Limit | None = None,
    batch_lines: int = 10,
    admit: Callable[[web.Request], None] = lambda _: None,
) -> AsyncIterator[Api]:
    """The API for the length of the block."""
    async with vaults.service(directory, database) as service:
        pool = await pools.open_pool(
            database.access("api"), max_size=8, session=registrations.SESSION, is_stateless=True
        )
        wakes: list[bool] = []
        door = Door(no_vault)
        office = Office(
            pool=pool,
            registrar=Registrar(pool),
            sealer=service.vault.sealer(),
            keys=KeyRing(pool, time.monotonic, service.vault.clock),
            clock=service.vault.clock,
            random=secrets.token_bytes,
            limits=Limits(
                body_octets=65_536,
                import_octets=1_000_000,
                line_octets=20_000,
                batch_lines=batch_lines,
                reservation_days=7,
                rate=rate,
            ),
            wake=lambda: wakes.append(True),
            metrics=Registry(),
        )
        async with TestClient(
            TestServer(application.build(office, "test", door.answer, admit))
        ) as client:
            api = Api(service, office, client, wakes, door)
            made = await api.other_tenant()
            try:
                yield made
            finally:
                await pool.close()
