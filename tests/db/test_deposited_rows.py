"""What a deposit reads: one moment, everything of its scope and nothing else, in order."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from proxy.errors import Unavailable
from proxy.model.identifiers import Mode, State
from proxy.store import deposited, pool, registrations
from tests.support import deposited as support
from tests.support.deposited import (
    DAY,
    OTHER_TENANT,
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
    """No record, one of another version, or a destroyed one; a tombstone is no registration."""
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
            "UPDATE sealed_record SET kek_epoch = 1, submission_id = NULL"
            " WHERE registration_id = $1",
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
    """Whatever the server's are: a minute for a statement, ten between two, an hour in all."""
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        await rows.execute(
            f"ALTER ROLE pp_escrow IN DATABASE {rows.database.name} SET {name} = '5s'"
        )
    async with rows.snapshot() as it:
        read = it._connection.fetchval
        assert await read("SELECT current_setting('statement_timeout')") == "1min"
        between = await read("SELECT current_setting('idle_in_transaction_session_timeout')")
        assert between == "10min"
        in_all = await read("SELECT current_setting('transaction_timeout', true)")
        assert in_all in {"1h", None}  # PostgreSQL 16 and before have none


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
