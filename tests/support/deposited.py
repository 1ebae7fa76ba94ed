"""Registrations and sealed records written row by row, for tests of what a deposit reads."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from proxy.model.deposit import Scope
from proxy.model.identifiers import Mode, State, TenantId
from proxy.store import deposited, pool
from tests.support import published

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from proxy.store.deposited import Snapshot
    from tests.support.database import Database

TENANT = published.TENANT
OTHER_TENANT = TenantId(UUID("01890000-0000-7000-8000-0000000000ff"))
START = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OURS, THEIRS = "iana-9999", "grey-seal"
_T = TypeVar("_T")
SCOPE = Scope(
    tenant_id=TENANT,
    accreditation=OURS,
    states=frozenset({State.ACTIVE, State.ENDING}),
    with_country_codes=False,
    since=None,
)
WHOLE = replace(SCOPE, accreditation=None, states=frozenset(State), with_country_codes=True)


def number(place: int) -> UUID:
    """The id of a registration; ids sort as numbers do."""
    return UUID(int=0x01890000_0000_7000_8000_000000000000 + place)


async def everything(batches: AsyncIterator[Sequence[_T]]) -> list[_T]:
    """All that comes in batches, none of them empty."""
    found: list[_T] = []
    async for batch in batches:
        assert batch
        found += batch
    return found


@dataclass(slots=True)
class Rows:
    """A database whose rows a test writes as an administrator."""

    database: Database
    connection: pool.Connection

    async def enrol(
        self,
        place: int,
        *,
        domain: str = "",
        state: State = State.ACTIVE,
        accreditation: str = OURS,
        mode: Mode = Mode.PROXY,
        changed_at: datetime = START,
        enrolled_at: datetime = START,
        version: int = 1,
        record: bytes | None = b"sealed",
        epoch: int | None = 1,
        tenant_id: TenantId = TENANT,
        shredded_at: datetime | None = None,
    ) -> None:
        """A registration with its identity record of that version."""
        name = domain or f"name{place}.example"
        declared = {
            "domain": name,
            "mode": mode.value,
            "accreditation": accreditation,
            "profile": "quiet-harbour",
        }
        await self.connection.execute(
            """INSERT INTO registration (tenant_id, id, domain, state, revision, declared,
                 reference, alias, record_version, contacts_mac, enrolled_at, changed_at,
                 ended_at, end_reason, shredded_at)
               VALUES ($1, $2, $3, $4, 3, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",
            tenant_id,
            number(place),
            name,
            state,
            json.dumps(declared),
            f"REF{place}",
            f"alias{place}",
            version,
            bytes(32),
            enrolled_at,
            changed_at,
            changed_at if state is State.ENDED else None,
            "left_service" if state in {State.ENDED, State.ENDING} else None,
            shredded_at,
        )
        await self.seal(place, version, record=record, epoch=epoch, tenant_id=tenant_id)

    async def seal(
        self,
        place: int,
        version: int,
        *,
        record: bytes | None,
        epoch: int | None = 1,
        superseded_at: datetime | None = None,
        record_class: str = "identity",
        tenant_id: TenantId = TENANT,
    ) -> None:
        """A sealed record of a registration."""
        await self.connection.execute(
            """INSERT INTO sealed_record (tenant_id, registration_id, class, version,
                 submission_id, kek_epoch, record, wrapped_dek, superseded_at)
               VALUES ($1, $2, $3, $4, CASE WHEN $5::integer IS NULL THEN $2::uuid END, $5, $6,
                 CASE WHEN $6::bytea IS NOT NULL THEN '\\x00'::bytea END, $7)""",
            tenant_id,
            number(place),
            record_class,
            version,
            epoch,
            record,
            superseded_at,
        )

    async def execute(self, statement: str, *arguments: object) -> None:
        """Any other change."""
        await self.connection.execute(statement, *arguments)

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """A snapshot with the login of the escrow process."""
        return deposited.snapshot(self.database.access("escrow"))

    async def names(self, scope: Scope) -> list[str]:
        """The names that a deposit of the scope has now."""
        async with self.snapshot() as it:
            rows = await everything(it.rows(scope))
            assert len(rows) == await it.count(scope) - len(await it.without_record(scope))
        return [one.registration.declared.domain for one in rows]

    async def gone(self, scope: Scope) -> list[str]:
        """The names that an incremental deposit takes away now."""
        async with self.snapshot() as it:
            return [one.domain for one in await everything(it.gone(scope))]


@contextlib.asynccontextmanager
async def rows(database: Database) -> AsyncIterator[Rows]:
    """A database with two registrars and nothing registered."""
    async with pool.connected(database.superuser()) as connection:
        for tenant_id, name in ((TENANT, "Heron"), (OTHER_TENANT, "Seal")):
            await connection.execute(
                "INSERT INTO tenant (id, name, created_at) VALUES ($1, $2, $3)",
                tenant_id,
                name,
                START,
            )
        yield Rows(database, connection)
