"""What left a stream, what a registrar declares otherwise, and who is covered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from proxy.errors import NotFound
from proxy.model.identifiers import AccreditationId, ApiKeyId, DomainName, Mode, State, TenantId
from proxy.model.identifiers import Scope as KeyScope
from proxy.store import deposited, pool, portfolios, tenants
from tests.support import deposited as support
from tests.support import published
from tests.support.deposited import (
    DAY,
    OTHER_TENANT,
    OURS,
    SCOPE,
    START,
    TENANT,
    THEIRS,
    WHOLE,
    Rows,
    everything,
    number,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.database import Database

pytestmark = pytest.mark.db


@pytest_asyncio.fixture
async def rows(database: Database) -> AsyncIterator[Rows]:
    """A database with two registrars and nothing registered."""
    async with support.rows(database) as made:
        yield made


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
        id=ApiKeyId("key-one"),
        tenant_id=TENANT,
        secret_sha256=bytes(31) + b"s",
        scopes=frozenset({KeyScope.REGISTRATIONS_WRITE, KeyScope.REGISTRATIONS_READ}),
    )
    async with pool.connected(rows.database.access("operator")) as operator:
        await tenants.add(operator, "Heron", profile, body="{}", key=key, now=START)
        revoked = replace(key, id=ApiKeyId("key-two"))
        await tenants.add_key(operator, revoked, START)
        await tenants.revoke_key(operator, revoked.id, START + DAY)
    async with rows.snapshot() as it:
        account = await it.tenant(TENANT)
        with pytest.raises(NotFound, match="tenant_unknown"):
            await it.tenant(TenantId(UUID(int=9)))
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
        accreditation: str | None, *, with_country_codes: bool = False, unchanged: bool = False
    ) -> tuple[int, int]:
        async with pool.connected(rows.database.access("escrow")) as connection:
            return await deposited.coverage(
                connection,
                TENANT,
                accreditation=accreditation,
                with_country_codes=with_country_codes,
                watermark=watermark,
                unchanged=unchanged,
            )

    assert await coverage(OURS) == (5, 3)
    assert await coverage(None) == (6, 4)
    assert await coverage(None, with_country_codes=True) == (7, 5)
    await rows.enrol(11, changed_at=after)
    assert await coverage(OURS) == (6, 4)
    assert await coverage(OURS, unchanged=True) == (6, 3)

    held = deposited.Held(
        tenant_id=TENANT,
        accreditation=OURS,
        with_country_codes=False,
        watermark=watermark,
        unchanged=True,
    )
    async with pool.connected(rows.database.access("escrow")) as connection:
        # of every registrar, also names in no stream
        assert await deposited.coverage_of_all(connection, ()) == (9, 0)
        assert await deposited.coverage_of_all(connection, (held,)) == (9, 3)


async def test_the_escrow_login_has_no_keys(rows: Rows) -> None:
    """It reads sealed records, and nothing that would open one or let test guesses."""
    async with pool.connected(rows.database.access("escrow")) as connection:
        for column, table in (("wrapped_dek", "sealed_record"), ("contacts_mac", "registration")):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - two columns
