"""What a login that may write entries, or lock rows, can do to the ledger and what hangs on it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest
import structlog

from proxy.errors import Refused, Unavailable
from proxy.model.identifiers import RecordClass
from proxy.model.ledger import FOREIGN_KINDS, UNFIT
from proxy.run.ledger_rounds import LedgerTrust
from proxy.run.vault_proofs import Proofs
from proxy.services import audit_ledger
from proxy.store import ledger as store
from proxy.store import pool as pools
from proxy.store import sealed
from proxy.vault import primitives, receipt, statements, verifier
from proxy.vault.grants import Caller
from proxy.wire import frames, search_document
from tests.support import deposits, web
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.openings import code

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from proxy.vault.receipt import Receipt
    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db

INSERT = """INSERT INTO ledger_entry (id, subject, kind, facts, at)
    VALUES ($1, $2, $3, $4::text::jsonb, $5::text::timestamptz)"""
NOW = "2026-11-01T12:00:00Z"
KIND = "registration_ended"
NESTED = '{"a": ' + "[" * 5_000 + "]" * 5_000 + "}"
LIMITS = {
    "ledger_entry_facts_object": ("x", KIND, "[]", NOW),
    "ledger_entry_facts_length": ("x", KIND, '{"a": "' + "x" * 262_144 + '"}', NOW),
    "ledger_entry_subject_length": ("x" * 256, KIND, "{}", NOW),
    "ledger_entry_kind_length": ("x", "x" * 64, "{}", NOW),
    "ledger_entry_at_range": ("x", KIND, "{}", "infinity"),
}
LIMITS_OF_TIME = ("-infinity", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "0044-03-15 BC")
UNFIT_ROWS = {
    "fraction": (KIND, '{"a": 1.5}'),
    "large number": (KIND, '{"a": 9007199254740993}'),
    "huge number": (KIND, '{"a": 1e9999}'),
    "nesting": (KIND, NESTED),
    "null": (KIND, '{"a": null}'),
    "object": (KIND, '{"a": {}}'),
    "list of numbers": (KIND, '{"a": [1]}'),
    "the vault's kind": ("opened", '{"a": 1}'),
    "the mark itself": (UNFIT, '{"sha256": "00"}'),
}


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def insert(service: Service, kind: str, facts: str, login: str = "api") -> UUID:
    """An entry as another process may write it."""
    made = uuid4()
    async with pools.connected(service.database.access(login)) as connection:
        await connection.execute(INSERT, made, "x", kind, facts, NOW)
    return made


async def proved(service: Service, entry: UUID) -> Receipt:
    """The receipt that the vault gives."""
    _, handle = Proofs(service.rooms).commands()[frames.Prove]
    (answer,) = [one async for one in handle(Caller.OPERATOR, frames.Prove(entry=str(entry)))]
    return receipt.Receipt(**answer["receipt"])  # type: ignore[arg-type] # an object of JSON


@pytest.mark.parametrize("login", ["api", "worker", "operator"])
@pytest.mark.parametrize("constraint", LIMITS)
async def test_an_entry_beyond_a_limit_is_not_taken(
    database: Database, login: str, constraint: str
) -> None:
    """Facts that are no object, and lengths and times beyond all need, do not get in."""
    async with pools.connected(database.access(login)) as connection:
        with pytest.raises(asyncpg.CheckViolationError) as violation:
            await connection.execute(INSERT, uuid4(), *LIMITS[constraint])
        assert violation.value.constraint_name == constraint


@pytest.mark.parametrize("at", LIMITS_OF_TIME)
async def test_a_time_that_nothing_happened_at_is_not_taken(database: Database, at: str) -> None:
    """An entry's time is one that every program can hold."""
    async with pools.connected(database.access("api")) as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(INSERT, uuid4(), "x", KIND, "{}", at)


async def test_the_largest_import_fits(service: Service) -> None:
    """Five thousand rows by id and a revision of ten digits are one entry, with a receipt."""
    names = ", ".join(f'"{uuid4()}.4294967295"' for _ in range(5_000))
    made = await insert(service, "registrations_imported", f'{{"revisions": [{names}]}}')
    await service.rounds.sequence()
    assert '"kind":"registrations_imported"' in (await proved(service, made)).entry


@pytest.mark.parametrize("row", UNFIT_ROWS)
async def test_an_unfit_row_gets_a_leaf_that_says_so(service: Service, row: str) -> None:
    """It stops nobody, waits no longer, is counted and named, and proves nothing but itself."""
    unfit = await insert(service, *UNFIT_ROWS[row])
    good = await insert(service, KIND, '{"registration": "r", "list": ["a", "b"], "is": true}')
    before = support.alarms(service)
    with structlog.testing.capture_logs() as logs:
        await service.rounds.sequence()
    async with service.pool.acquire() as connection:
        assert await store.count_waiting(connection) == 0
    assert [one["entry_id"] for one in logs if one["event"] == "ledger_entry_unfit"] == [str(unfit)]
    assert service.rooms.metrics.counter("vault_ledger_unfit_total").value == 1
    assert support.alarms(service) == before + 1
    log = verifier.parse((service.vault.data_dir / "ledger.vkey").read_text().strip())
    found = receipt.check(await proved(service, unfit), log).entry
    assert (found.kind, found.id, found.subject) == (UNFIT, unfit, str(unfit))
    assert list(found.facts) == ["sha256"]
    assert receipt.check(await proved(service, good), log).entry.facts["list"] == ("a", "b")


async def test_an_unfit_row_rewritten_proves_nothing(service: Service) -> None:
    """The leaf commits to the row's text: another text under its id is refused."""
    unfit = await insert(service, "opened", '{"a": 1}')
    await service.rounds.sequence()
    async with pools.connected(service.database.superuser()) as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("UPDATE ledger_entry SET subject = 'y' WHERE id = $1", unfit)
    with pytest.raises(Refused, match="ledger_disagrees"):
        await proved(service, unfit)


async def test_a_time_that_python_can_not_hold_stops_nobody(service: Service) -> None:
    """Also where a limit of the table is not there yet."""
    await service.administrate("ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_at_range")
    for at in ("infinity", "-infinity", "20000-01-01", "0044-03-15 BC"):
        await service.administrate(INSERT, uuid4(), "x", KIND, "{}", at)
    await service.rounds.sequence()
    rows = await service.administrate("SELECT 1 FROM ledger_entry WHERE leaf_index IS NULL")
    assert rows == []
    assert service.rooms.metrics.counter("vault_ledger_unfit_total").value == 4


@pytest.mark.parametrize("kind", sorted(FOREIGN_KINDS))
async def test_what_others_may_write_stands_as_they_wrote_it(service: Service, kind: str) -> None:
    """Each kind that a process really writes is fit."""
    made = await insert(service, kind, '{"revision": 1}')
    await service.rounds.sequence()
    assert f'"kind":"{kind}"' in (await proved(service, made)).entry


async def test_rows_of_many_octets_are_taken_in_parts(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch holds no more of them than fits into memory; the others are in the next."""
    monkeypatch.setattr(store, "WAITING_OCTETS", 1_000)
    for _ in range(5):
        await insert(service, KIND, '{"a": "' + "x" * 600 + '"}')
    waiting = []
    for _ in range(3):
        await service.rounds.sequence()
        async with service.pool.acquire() as connection:
            waiting.append(await store.count_waiting(connection))
    assert waiting == [3, 1, 0]


async def test_no_data_leaves_before_the_first_batch(service: Service) -> None:
    """A vault that has just started knows nothing of the database's ledger."""
    service.rooms.ledger_trust.has_batch = False
    with pytest.raises(Refused, match="ledger_behind"):
        service.rooms.open_for_data()
    assert service.rooms.open_walls() is service.vault.walls
    await service.rounds.begin_ledger()
    assert service.rooms.open_for_data() is service.vault.walls


async def test_a_first_batch_that_fails_stops_no_start(service: Service) -> None:
    """The process serves what opens nothing; data stays where it is."""
    service.rooms.ledger_trust.has_batch = False
    await service.administrate("INSERT INTO ledger_leaf VALUES (0, sha256('x'))")
    await service.rounds.begin_ledger()
    with pytest.raises(Refused, match="ledger_disagrees"):
        service.rooms.open_for_data()


async def test_no_data_leaves_while_openings_wait_for_a_leaf(service: Service) -> None:
    """Who keeps batches away gets no opening that strangers do not see."""
    service.rooms.note("opened", {"records": 1})
    service.vault.clock.moment += timedelta(seconds=120)
    assert service.rooms.open_for_data() is service.vault.walls
    service.vault.clock.moment += timedelta(seconds=1)
    with pytest.raises(Refused, match="ledger_behind") as refusal:
        service.rooms.open_for_data()
    assert "no leaf" in refusal.value.detail
    await service.rounds.sequence()
    assert service.rooms.open_for_data() is service.vault.walls


async def test_what_a_recount_found_outlives_the_process(service: Service) -> None:
    """A restart takes nothing back; a recount from the first leaf to the last does."""
    await web.add_entries(service, 20)
    await service.rounds.sequence()
    (row,) = await service.administrate("SELECT commitment FROM ledger_leaf WHERE index = 3")
    change = "UPDATE ledger_leaf SET commitment = $1 WHERE index = 3"
    await service.administrate("ALTER TABLE ledger_leaf DISABLE TRIGGER ALL")
    await service.administrate(change, bytes(32))
    with pytest.raises(Refused, match="ledger_disagrees"):
        await service.rounds._ledger.recount()
    await service.administrate(change, row["commitment"])
    service.reopen()
    for ask in (service.rounds.sequence, open_for_data(service)):
        with pytest.raises(Refused, match="ledger_disagrees"):
            await ask()
    assert service.rooms.metrics.gauge("vault_ledger_disagrees").value == 1
    await service.rounds._ledger.recount()
    assert service.rooms.open_for_data() is service.vault.walls
    service.reopen()
    assert service.rooms.ledger_trust == LedgerTrust(has_batch=True)


async def test_a_recount_goes_on_after_an_outage(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who breaks its connection now and then does not make it begin for ever."""
    monkeypatch.setattr(audit_ledger, "STEP_LEAVES", 256)
    await web.add_entries(service, 900)
    await service.rounds.sequence()
    rounds = service.rounds._ledger
    await rounds.recount()
    walk = rounds._walk
    assert walk is not None
    with monkeypatch.context() as patch:
        patch.setattr(audit_ledger, "_look", broken)
        with pytest.raises(Unavailable):
            await rounds.recount()
    await rounds.recount()
    assert rounds._walk is walk
    assert walk.place == 512


async def broken(*_: object) -> None:
    """A database that is away."""
    raise Unavailable("database")


async def test_a_lock_of_another_login_holds_the_vault_up_for_two_seconds(
    service: Service,
) -> None:
    """A row that somebody holds costs a round a pause; the turn is free again."""
    await service.enrol(vaults.to_seal())
    async with (
        pools.connected(service.database.superuser()) as other,
        other.transaction(),
        asyncio.timeout(10),
    ):
        await other.execute("SELECT 1 FROM sealed_record FOR UPDATE")
        async with service.pool.acquire() as connection:
            assert await connection.fetchval("SHOW lock_timeout") == "2s"
            with pytest.raises(Unavailable), pools.translated():
                await connection.execute("UPDATE sealed_record SET failed = failed")
    await service.rounds.adopt()
    async with service.pool.acquire() as connection:
        assert await sealed.count_waiting(connection) == (0, 0)


@pytest.mark.parametrize("kind", ["relay", "search", "deposit keys", "deposit end"])
async def test_trust_is_asked_again_after_waiting_for_the_turn(service: Service, kind: str) -> None:
    """A ledger found wrong while an opening waited stops that opening."""
    item = vaults.to_seal()
    await support.enrol(service, item)
    begun = deposits.begin(await support.rows(service, RecordClass.IDENTITY))
    room = support.openings(service)
    await support.ask(room, begun)
    document = search_document.render(support.search())
    digest = primitives.sha256(document.encode())
    signature = frames.Signature(
        person="ada", key="SHA256:0", signature=statements.search(digest).hex()
    )
    requests: dict[str, frames.Request] = {
        "relay": frames.Relay(alias=str(item.registration_id), message="m"),
        "search": frames.Search(document=document, signature=signature),
        "deposit keys": deposits.batch(begun, await support.rows(service, RecordClass.IDENTITY)),
        "deposit end": deposits.end(begun),
    }
    async with service.rooms.turn:
        waiting = asyncio.create_task(code(room, requests[kind]))
        while not service.rooms.turn._waiters:  # noqa: ASYNC110 - the task is on its way there
            await asyncio.sleep(0)
        service.rooms.ledger_trust.recount_fault = Refused("ledger_disagrees")
    assert await waiting == "ledger_disagrees"


def open_for_data(service: Service) -> Callable[[], Awaitable[None]]:
    """What an opening asks first."""

    async def ask() -> None:
        service.rooms.open_for_data()

    return ask
