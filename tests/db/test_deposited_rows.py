"""What a deposit reads: one moment, everything of its scope and nothing else, in order."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from proxy.errors import NotFound, Unavailable
from proxy.model.deposit import Scope
from proxy.model.identifiers import AccreditationId, DomainName, Mode, State, TenantId
from proxy.store import deposited, pool, portfolios, registrations, tenants
from tests.support import published

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from proxy.store.deposited import Snapshot
    from tests.support.database import Database

pytestmark = pytest.mark.db

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

    async def enrol(  # noqa: PLR0913 - what a test wants to be different
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

    async def seal(  # noqa: PLR0913 - what a test wants to be different
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


@pytest_asyncio.fixture
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


async def test_a_row_has_all_that_the_database_knows(rows: Rows) -> None:
    """The registration as the API reads it, its newest record, and its former aliases."""
    later = START + DAY
    await rows.enrol(1, version=7, record=b"new", changed_at=later, state=State.ENDING)
    await rows.seal(1, 3, record=b"old", superseded_at=later)
    await rows.seal(1, 7, record=b"reach", record_class="reach")
    await rows.execute("UPDATE registration SET hold = true, lapses_at = $1", later + DAY)
    for alias in ("b", "a"):
        await rows.execute(
            "INSERT INTO former_alias VALUES ($1, $2, $3, $4)", alias, TENANT, number(1), later
        )
    await rows.execute(
        "INSERT INTO former_alias VALUES ('c', $1, $2, $3)", TENANT, number(2), later
    )
    async with rows.snapshot() as it:
        (one,) = await everything(it.rows(SCOPE))
    kept = await registrations.find_by_id(rows.connection, TENANT, one.registration.id)
    assert kept is not None
    assert one.registration == kept.registration
    assert (one.record_version, one.record, one.changed_at) == (7, b"new", later)
    assert (one.lapses_at, one.hold) == (later + DAY, True)
    assert json.loads(one.declared)["domain"] == "name1.example"
    assert one.former_aliases == (("a", later), ("b", later))
    assert "new" not in repr(one)
    assert "name1" not in repr(one).replace(repr(one.registration), "")


async def test_hashes_are_those_of_the_rows(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same registrations, same order, same octets, wherever a batch ends."""
    monkeypatch.setattr(deposited, "ROWS", 3)
    monkeypatch.setattr(deposited, "HASHES", 2)
    for place in (5, 1, 4, 2, 6, 3):
        await rows.enrol(place, version=place, record=f"record {place}".encode())
    async with rows.snapshot() as it:
        hashes = await everything(it.hashes(SCOPE))
        found = await everything(it.rows(SCOPE))
    assert [one.registration.id for one in found] == [number(place) for place in range(1, 7)]
    assert [(one.registration_id, one.record_version, one.sha256) for one in hashes] == [
        (one.registration.id, one.record_version, hashlib.sha256(one.record).digest())
        for one in found
    ]


@pytest.mark.parametrize("state", list(State))
async def test_a_scope_has_its_states_alone(rows: Rows, state: State) -> None:
    """What is reserved, claimed or ended is in no accreditation's deposit."""
    await rows.enrol(1, state=state)
    assert await rows.names(SCOPE) == (["name1.example"] if state in SCOPE.states else [])
    assert await rows.names(replace(SCOPE, states=frozenset({state}))) == ["name1.example"]


async def test_a_scope_has_its_tenant_and_accreditation_alone(rows: Rows) -> None:
    """No name of anybody else reaches an agent."""
    await rows.enrol(1)
    await rows.enrol(2, accreditation=THEIRS)
    await rows.enrol(3, tenant_id=OTHER_TENANT)
    assert await rows.names(SCOPE) == ["name1.example"]
    assert await rows.names(replace(SCOPE, accreditation=None)) == [
        "name1.example",
        "name2.example",
    ]


async def test_country_codes_belong_only_where_asked_for(rows: Rows) -> None:
    """A TLD of two letters, no more and no fewer."""
    for place, domain in enumerate(("a.no", "b.co.uk", "no.com", "d.x.info", "e.xn--p1ai")):
        await rows.enrol(place, domain=domain)
    assert await rows.names(SCOPE) == ["no.com", "d.x.info", "e.xn--p1ai"]
    assert len(await rows.names(replace(SCOPE, with_country_codes=True))) == 5


async def test_every_mode_is_in_a_deposit(rows: Rows) -> None:
    """Also who is only redacted has to be restored."""
    for place, mode in enumerate(Mode):
        await rows.enrol(place, mode=mode)
    assert len(await rows.names(SCOPE)) == len(Mode)


async def test_what_changed_since_is_taken_with_a_margin(rows: Rows) -> None:
    """A write that began before the last snapshot and became visible after it is not lost."""
    since = START + DAY
    for place, changed_at in enumerate(
        (since - deposited.MARGIN, since - deposited.MARGIN + DAY / 86_400, since + DAY)
    ):
        await rows.enrol(place, changed_at=changed_at)
    assert await rows.names(replace(SCOPE, since=since)) == ["name1.example", "name2.example"]
    assert len(await rows.names(SCOPE)) == 3


async def test_registrations_without_a_person_are_told(rows: Rows) -> None:
    """No record, one of another version, or a destroyed one; what ended and was shredded is none."""
    await rows.enrol(1)
    await rows.enrol(2, record=None)
    await rows.enrol(3)
    await rows.execute("UPDATE registration SET record_version = 9 WHERE id = $1", number(3))
    await rows.enrol(4, accreditation=THEIRS, record=None)
    await rows.enrol(5, state=State.ENDED, record=None, shredded_at=START + DAY)
    async with rows.snapshot() as it:
        assert await it.without_record(SCOPE) == (number(2), number(3))
        assert await it.without_record(WHOLE) == (number(2), number(3), number(4))
        assert (await it.count(SCOPE), await it.count(WHOLE)) == (3, 4)
        assert [one.registration_id for one in await everything(it.hashes(WHOLE))] == [number(1)]


async def test_registrations_that_wait_for_the_vault_are_told(rows: Rows) -> None:
    """By the snapshot as they were then, outside of it as they are."""
    await rows.enrol(1)
    for place in (2, 3):
        await rows.enrol(place, version=4, epoch=None)
    await rows.enrol(4, accreditation=THEIRS, epoch=None)
    async with rows.snapshot() as it:
        assert await it.unadopted(SCOPE) == (number(3), number(2))
        await rows.execute(
            "UPDATE sealed_record SET kek_epoch = 1, submission_id = NULL WHERE registration_id = $1",
            number(2),
        )
        waiting = await it.unadopted(SCOPE)
        assert waiting == (number(3), number(2))
    async with pool.connected(rows.database.access("escrow")) as connection:
        assert await deposited.still_unadopted(connection, TENANT, waiting) == (number(3),)
        assert await deposited.still_unadopted(connection, OTHER_TENANT, waiting) == ()


async def test_a_snapshot_is_of_one_moment(rows: Rows) -> None:
    """What is changed while it is read is not in it, in no part of it."""
    await rows.enrol(1)
    await rows.enrol(2)
    async with rows.snapshot() as it:
        before = await it.count(SCOPE)
        await rows.enrol(3)
        await rows.execute("UPDATE registration SET state = 'claimed' WHERE id = $1", number(1))
        await rows.execute("UPDATE sealed_record SET record = 'other'")
        found = await everything(it.rows(SCOPE))
        assert (before, await it.count(SCOPE), len(found)) == (2, 2, 2)
        assert {one.record for one in found} == {b"sealed"}
        assert len(await everything(it.hashes(SCOPE))) == 2
    assert await rows.names(SCOPE) == ["name2.example", "name3.example"]


async def test_a_snapshot_writes_nothing(rows: Rows) -> None:
    """Its transaction is read-only, whatever its login may do elsewhere."""
    async with rows.snapshot() as it:
        with pytest.raises(Unavailable, match="database"), pool.translated():
            await it._connection.execute("UPDATE deposit SET step = 'staged'")


async def test_a_snapshot_has_its_own_limits(rows: Rows) -> None:
    """Whatever the server's are: an hour in all, a minute for a statement."""
    await rows.execute("ALTER ROLE pp_escrow SET idle_in_transaction_session_timeout = '1ms'")
    try:
        async with rows.snapshot() as it:
            await asyncio.get_running_loop().run_in_executor(None, sum, range(1_000_000))
            assert await it.count(SCOPE) == 0
            shown = [
                await it._connection.fetchval("SELECT current_setting($1)", name)
                for name in ("statement_timeout", "idle_in_transaction_session_timeout")
            ]
        assert shown == ["1min", "10min"]
    finally:
        await rows.execute("ALTER ROLE pp_escrow RESET ALL")


async def test_a_snapshot_ends_after_its_time(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deposit that takes too long keeps the server from tidying no longer."""
    monkeypatch.setattr(deposited, "SNAPSHOT_S", 0.05)
    with pytest.raises(Unavailable, match="snapshot_timeout"):
        async with rows.snapshot():
            await asyncio.Event().wait()


async def test_a_fault_in_a_snapshot_is_the_caller_s_own(rows: Rows) -> None:
    """A full disk is no outage of the database."""
    for fault in (OSError("disk"), TimeoutError("agent")):
        with pytest.raises(type(fault), match=str(fault)):
            async with rows.snapshot():
                raise fault


async def test_what_left_the_stream_is_gone(rows: Rows) -> None:
    """Ended, or under another accreditation now: if it changed since, and was there by then."""
    since, later = START + DAY, START + 2 * DAY
    await rows.enrol(1, changed_at=later)
    await rows.enrol(2, changed_at=later, state=State.ENDED)
    await rows.enrol(3, changed_at=later, accreditation=THEIRS)
    await rows.enrol(4, changed_at=START, state=State.ENDED)
    await rows.enrol(5, changed_at=later, enrolled_at=later, state=State.ENDED)
    await rows.enrol(6, changed_at=later, state=State.ENDED, domain="a.no")
    await rows.enrol(7, changed_at=later, state=State.ENDED, tenant_id=OTHER_TENANT)
    incremental = replace(SCOPE, since=since)
    async with rows.snapshot() as it:
        found = await everything(it.gone(incremental))
        assert [(one.registration_id, one.reference) for one in found] == [
            (number(2), "REF2"),
            (number(3), "REF3"),
        ]
        assert await everything(it.gone(SCOPE)) == []
    assert await rows.gone(replace(incremental, accreditation=None)) == ["name2.example"]


async def test_a_name_that_came_back_is_not_gone(rows: Rows) -> None:
    """Ended under one registration and held under the next: a stream of names still has it."""
    since, later = START + DAY, START + 2 * DAY
    await rows.enrol(1, domain="one.example", changed_at=later, state=State.ENDED)
    await rows.enrol(2, domain="one.example", changed_at=later, enrolled_at=later)
    await rows.enrol(3, domain="two.example", changed_at=later, state=State.ENDED)
    await rows.enrol(4, domain="two.example", changed_at=later, accreditation=THEIRS)
    assert await rows.gone(replace(SCOPE, since=since)) == ["two.example", "two.example"]


async def test_a_copy_of_everything_loses_what_was_shredded(rows: Rows) -> None:
    """It keeps what ended, by id, until nothing of the person is left."""
    since, later = START + DAY, START + 2 * DAY
    await rows.enrol(1, domain="one.example", changed_at=later, state=State.ENDED)
    await rows.enrol(2, domain="two.example", state=State.ENDED, record=None, shredded_at=later)
    await rows.enrol(3, domain="two.example", changed_at=START)
    own = replace(WHOLE, since=since)
    assert await rows.names(own) == ["one.example"]
    assert await rows.gone(own) == ["two.example"]
    assert await rows.gone(replace(SCOPE, since=since)) == ["one.example"]


async def test_a_portfolio_is_compared_both_ways(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names declared and not here, names here and not declared, and some of each by name."""
    monkeypatch.setattr(deposited, "NAMES", 2)
    async with rows.snapshot() as it:
        never = await it.portfolio_differences(SCOPE, OURS)
    assert (never.declared, never.declared_at, never.missing) == (0, None, 0)
    await rows.enrol(1)
    await rows.enrol(2, changed_at=START - 9 * DAY)
    await rows.enrol(3, state=State.ENDED)
    await rows.enrol(4, accreditation=THEIRS)
    await rows.enrol(5, domain="a.no")
    declared = ["name1.example", "name3.example", "name4.example", "nobody.example", "b.no"]
    async with pool.connected(rows.database.access("operator")) as operator:
        await portfolios.declare(
            operator, TENANT, AccreditationId(OURS), map(DomainName, declared), START + DAY
        )
    async with rows.snapshot() as it:
        found = await it.portfolio_differences(replace(SCOPE, since=START), OURS)
        with_codes = await it.portfolio_differences(replace(SCOPE, with_country_codes=True), OURS)
    assert (found.declared, found.declared_at) == (5, START + DAY)
    assert (found.missing, found.some_missing) == (3, ("name3.example", "name4.example"))
    assert (found.undeclared, found.some_undeclared) == (1, ("name2.example",))
    assert (with_codes.missing, with_codes.undeclared) == (4, 2)
    assert with_codes.some_missing == ("b.no", "name3.example")


async def test_an_account_is_read_whole(rows: Rows) -> None:
    """Profiles as edges have them, accreditations, and keys in force without their secrets."""
    profile = published.profile()
    await rows.execute("DELETE FROM tenant WHERE id = $1", TENANT)
    key = tenants.ApiKey(
        id=tenants.ApiKeyId("key-one"),
        tenant_id=TENANT,
        secret_sha256=bytes(31) + b"s",
        scopes=frozenset({tenants.Scope.REGISTRATIONS_WRITE, tenants.Scope.REGISTRATIONS_READ}),
    )
    async with pool.connected(rows.database.access("operator")) as operator:
        await tenants.add(operator, "Heron", profile, body="{}", key=key, now=START)
        revoked = replace(key, id=tenants.ApiKeyId("key-two"))
        await tenants.add_key(operator, revoked, START)
        await tenants.revoke_key(operator, revoked.id, START + DAY)
    async with rows.snapshot() as it:
        account = await it.tenant(TENANT)
        with pytest.raises(NotFound, match="tenant_unknown"):
            await it.tenant(TenantId(UUID(int=1)))
    assert (account.name, account.created_at) == ("Heron", START)
    assert account.profiles == (profile,)
    assert {one.id: one for one in account.accreditations} == profile.accreditations
    (kept,) = account.keys
    assert (kept.id, kept.secret_sha256, kept.reseller) == ("key-one", key.secret_sha256, None)
    assert kept.scopes == ("registrations:read", "registrations:write")
    assert repr(key.secret_sha256) not in repr(account)


async def test_what_is_current_is_told_in_turn(rows: Rows) -> None:
    """By id and version of the contacts; what is not there is not current."""
    await rows.enrol(1, version=2)
    await rows.enrol(2, version=5)
    asked = [(number(2), 5), (number(1), 1), (number(9), 1), (number(1), 2)]
    async with rows.snapshot() as it:
        assert await it.is_current(TENANT, asked) == (True, False, False, True)
        assert await it.is_current(OTHER_TENANT, asked) == (False,) * 4


async def test_coverage_counts_who_is_in_the_last_deposit_as_they_are(rows: Rows) -> None:
    """Live names with somebody behind a mask: enrolled by the watermark, not replaced since."""
    watermark = START + DAY
    before, after = START, START + 2 * DAY
    await rows.enrol(1)
    await rows.enrol(2, mode=Mode.PRIVACY, state=State.ENDING, enrolled_at=watermark)
    await rows.enrol(3, enrolled_at=after)
    await rows.enrol(4, version=2)
    await rows.seal(4, 1, record=b"old", superseded_at=after)
    await rows.enrol(5, version=2)
    await rows.seal(5, 1, record=None, superseded_at=before)
    await rows.enrol(6, mode=Mode.REDACTED)
    await rows.enrol(7, state=State.ENDED)
    await rows.enrol(8, accreditation=THEIRS)
    await rows.enrol(9, domain="a.no")
    await rows.enrol(10, tenant_id=OTHER_TENANT)

    async def coverage(
        accreditation: str | None, *, with_country_codes: bool = False
    ) -> tuple[int, int]:
        async with pool.connected(rows.database.access("escrow")) as connection:
            return await deposited.coverage(
                connection,
                TENANT,
                accreditation=accreditation,
                with_country_codes=with_country_codes,
                watermark=watermark,
            )

    assert await coverage(OURS) == (5, 3)
    assert await coverage(None) == (6, 4)
    assert await coverage(None, with_country_codes=True) == (7, 5)


async def test_the_escrow_login_has_no_keys(rows: Rows) -> None:
    """It reads sealed records, and nothing that would open one or let test guesses."""
    async with pool.connected(rows.database.access("escrow")) as connection:
        for column, table in (("wrapped_dek", "sealed_record"), ("contacts_mac", "registration")):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - two columns
