"""Deposits as rows: one open a stream, moved only from where they were, with their entry."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from proxy.errors import Conflict
from proxy.model.deposit import OPEN_STEPS, Deposit, DepositId, Kind, Step, StreamId
from proxy.model.identifiers import AccreditationId, DomainName, TenantId
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.store import deposits, pool, portfolios

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.database import Database

pytestmark = pytest.mark.db

TENANT = TenantId(UUID("01890000-0000-7000-8000-000000000001"))
STREAM = StreamId("heron-2024")
OTHER = StreamId("heron-copy")
SLOT = datetime(2026, 5, 3, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
MANIFEST = '{"deposit":"x","v":1}'
ACCREDITATION = AccreditationId("iana-9999")


@pytest_asyncio.fixture
async def escrow(database: Database) -> AsyncIterator[pool.Connection]:
    """A connection of the escrow process; there is one registrar."""
    async with pool.connected(database.superuser()) as administrator:
        await administrator.execute(
            "INSERT INTO tenant (id, name, created_at) VALUES ($1, 'Heron', $2)", TENANT, SLOT
        )
    async with pool.connected(database.access("escrow")) as connection:
        yield connection


def deposit(**changes: object) -> Deposit:
    """A full deposit about to be staged."""
    fields: dict[str, object] = {
        "id": DepositId(uuid4()),
        "tenant_id": TENANT,
        "stream": STREAM,
        "kind": Kind.FULL,
        "slot": SLOT,
        "sequence": 1,
        "resend": 0,
        "since": None,
        "previous": None,
        "agent": "harbour-escrow",
        "made_at": SLOT,
    }
    return Deposit(**(fields | changes))  # type: ignore[arg-type]  # the fields above


def at_step(step: Step, **changes: object) -> Deposit:
    """A deposit that went through everything before `step`."""
    fields: dict[str, object] = {
        "step": step,
        "watermark": SLOT,
        "fingerprint": "AB" * 20,
        "manifest": MANIFEST,
        "manifest_sha256": hashlib.sha256(MANIFEST.encode()).digest(),
        "delivered_files": 2,
        "attempts": 3,
        "try_after": SLOT + DAY,
        "reason": "sftp_away",
        "staged_at": SLOT,
        "delivered_at": SLOT + DAY / 24,
        "verified_at": SLOT + DAY / 12,
        "receipt_sha256": bytes(32),
        "drilled_at": SLOT + DAY,
    }
    return deposit(**(fields | changes))


def entry(kind: str = "deposit_staged") -> LedgerEntry:
    """What the ledger learns."""
    return LedgerEntry(
        id=LedgerEntryId(uuid4()),
        tenant_id=TENANT,
        subject="a deposit",
        kind=kind,
        facts={"files": 2, "stream": STREAM},
        at=SLOT,
    )


async def entries(database: Database) -> list[tuple[UUID, str]]:
    """The ledger entries there are, by kind."""
    async with pool.connected(database.superuser()) as connection:
        rows = await connection.fetch("SELECT id, kind FROM ledger_entry ORDER BY kind, id")
    return [(row["id"], row["kind"]) for row in rows]


async def test_a_deposit_is_read_as_it_was_written(escrow: pool.Connection) -> None:
    """Every field, at its first step and with all that comes later."""
    for one in (
        at_step(Step.VERIFIED),
        deposit(
            kind=Kind.DIFF, since=SLOT - DAY, previous=DepositId(uuid4()), slot=SLOT + DAY, resend=2
        ),
    ):
        await deposits.add(escrow, one, None)
        assert await deposits.find(escrow, TENANT, one.id) == one
    assert await deposits.find(escrow, TENANT, DepositId(uuid4())) is None


@pytest.mark.parametrize("step", sorted(OPEN_STEPS))
async def test_a_stream_has_one_open_deposit(escrow: pool.Connection, step: Step) -> None:
    """A second one is a Conflict; another stream and a finished one are none of its business."""
    first = at_step(step)
    await deposits.add(escrow, first, None)
    assert await deposits.find_open(escrow, TENANT, STREAM) == first
    with pytest.raises(Conflict, match="deposit_open"):
        await deposits.add(escrow, deposit(slot=SLOT + DAY), entry())
    await deposits.add(escrow, deposit(stream=OTHER), None)
    done = replace(first, step=Step.ABANDONED)
    assert await deposits.advance(escrow, done, expected_step=step, entry=None)
    assert await deposits.find_open(escrow, TENANT, STREAM) is None
    await deposits.add(escrow, deposit(slot=SLOT + DAY), None)


@pytest.mark.parametrize("step", sorted(set(Step) - OPEN_STEPS))
async def test_a_finished_deposit_is_not_open(escrow: pool.Connection, step: Step) -> None:
    """What waits for the agent alone keeps no newer one from being made."""
    await deposits.add(escrow, at_step(step), None)
    assert await deposits.find_open(escrow, TENANT, STREAM) is None
    await deposits.add(escrow, deposit(slot=SLOT + DAY), None)


async def test_a_deposit_moves_on_with_its_entry(
    escrow: pool.Connection, database: Database
) -> None:
    """All that may change is written, and the ledger has the entry."""
    first = deposit()
    await deposits.add(escrow, first, None)
    noted = entry()
    after = replace(at_step(Step.STAGED), id=first.id)
    assert await deposits.advance(escrow, after, expected_step=Step.STAGING, entry=noted)
    assert await deposits.find(escrow, TENANT, first.id) == after
    assert await entries(database) == [(noted.id, "deposit_staged")]


async def test_a_deposit_that_was_moved_meanwhile_stays(
    escrow: pool.Connection, database: Database
) -> None:
    """Neither row nor ledger learn of a step that somebody else has already taken."""
    first = at_step(Step.STAGED)
    await deposits.add(escrow, first, None)
    after = replace(first, step=Step.DELIVERED, delivered_files=9)
    assert not await deposits.advance(escrow, after, expected_step=Step.STAGING, entry=entry())
    assert await deposits.find(escrow, TENANT, first.id) == first
    assert await entries(database) == []


async def test_no_deposit_moves_without_its_entry(
    escrow: pool.Connection, database: Database
) -> None:
    """An entry that the ledger can not take keeps the row where it was."""
    first = deposit()
    await deposits.add(escrow, first, None)
    broken = replace(entry(), kind="Deposit Staged")
    after = replace(at_step(Step.STAGED), id=first.id)
    with pytest.raises(pool.BrokenConstraint, match="ledger_entry_kind_check"):
        await deposits.advance(escrow, after, expected_step=Step.STAGING, entry=broken)
    with pytest.raises(pool.BrokenConstraint, match="ledger_entry_kind_check"):
        await deposits.add(escrow, deposit(stream=OTHER), broken)
    assert await deposits.find(escrow, TENANT, first.id) == first
    assert await deposits.find_latest(escrow, TENANT, OTHER) is None
    assert await entries(database) == []


async def test_deposits_are_found_by_their_newest_slot(escrow: pool.Connection) -> None:
    """Newest by slot; of one slot the one that was made last; missed ones count as latest."""
    first = at_step(Step.REJECTED)
    again = at_step(Step.VERIFIED, resend=1, made_at=SLOT + DAY / 2, sequence=2)
    diff = at_step(Step.DELIVERED, kind=Kind.DIFF, since=SLOT, slot=SLOT + DAY, sequence=3)
    missed = deposit(kind=Kind.DIFF, slot=SLOT + 2 * DAY, sequence=4, step=Step.MISSED)
    for one in (again, missed, first, diff):
        await deposits.add(escrow, one, None)
    other = at_step(Step.VERIFIED, stream=OTHER, slot=SLOT + DAY / 4)
    await deposits.add(escrow, other, None)
    assert await deposits.list_stream(escrow, TENANT, STREAM, 9) == (missed, diff, again, first)
    assert await deposits.list_stream(escrow, TENANT, STREAM, 2) == (missed, diff)
    assert await deposits.list_recent(escrow, 4) == (missed, diff, other, again)
    assert await deposits.find_latest(escrow, TENANT, STREAM) == missed
    assert await deposits.find_latest(escrow, TENANT, StreamId("nobody")) is None
    full = await deposits.find_last(
        escrow, TENANT, STREAM, {Kind.FULL}, {Step.STAGED, Step.DELIVERED, Step.VERIFIED}
    )
    assert full == again
    assert await deposits.find_last(escrow, TENANT, STREAM, set(Kind), {Step.DELIVERED}) == diff
    assert await deposits.find_last(escrow, TENANT, STREAM, {Kind.INCR}, set(Step)) is None


async def test_a_missed_slot_is_noted_once(escrow: pool.Connection, database: Database) -> None:
    """Slots that two processes find are noted by one of them, with one entry each."""
    slots = [
        deposit(slot=SLOT + day * DAY, kind=kind, step=Step.MISSED, sequence=day, reason="missed")
        for day, kind in ((1, Kind.FULL), (2, Kind.DIFF))
    ]
    one, two = ((each, entry("deposit_missed")) for each in slots)
    assert await deposits.note_missed(escrow, TENANT, [one]) == 1
    again = (replace(slots[0], id=DepositId(uuid4())), entry("deposit_missed"))
    assert await deposits.note_missed(escrow, TENANT, [again, two]) == 1
    assert await deposits.list_stream(escrow, TENANT, STREAM, 9) == (slots[1], slots[0])
    assert await entries(database) == sorted((each.id, "deposit_missed") for _, each in (one, two))
    assert await deposits.note_missed(escrow, TENANT, []) == 0


@pytest.mark.parametrize(
    ("one", "constraint"),
    [
        (deposit(stream="Heron"), "deposit_stream"),
        (deposit(sequence=0), "deposit_sequence"),
        (deposit(kind=Kind.DIFF), "deposit_since"),
        (deposit(since=SLOT), "deposit_since"),
        (deposit(reason="It was away."), "deposit_reason"),
        (at_step(Step.STAGED, manifest=None, manifest_sha256=None), "deposit_is_staged"),
        (at_step(Step.STAGED, watermark=None), "deposit_is_staged"),
        (at_step(Step.STAGED, manifest='{"deposit":"y"}'), "deposit_manifest_hash"),
        (at_step(Step.STAGED, manifest_sha256=None), "deposit_manifest_hash"),
        (at_step(Step.STAGED, fingerprint="ab" * 20), "deposit_fingerprint"),
        (at_step(Step.DELIVERED, delivered_at=None), "deposit_is_delivered"),
        (at_step(Step.VERIFIED, verified_at=None), "deposit_is_verified"),
        (at_step(Step.VERIFIED, receipt_sha256=b"x"), "deposit_receipt"),
    ],
)
async def test_a_row_that_contradicts_itself_is_refused(
    escrow: pool.Connection, one: Deposit, constraint: str
) -> None:
    """What the steps promise stands in the schema, too."""
    with pytest.raises(pool.BrokenConstraint, match=f"{constraint}$"):
        await deposits.add(escrow, one, None)


async def test_a_stream_is_worked_on_by_one_process(
    escrow: pool.Connection, database: Database
) -> None:
    """Whoever has its lock has it until it lets go or is gone; other streams are free."""
    async with pool.connected(database.access("escrow")) as other:
        assert await deposits.lock(other, STREAM)
        assert not await deposits.lock(escrow, STREAM)
        assert await deposits.lock(escrow, OTHER)
        assert await deposits.unlock(other, STREAM)
        assert await deposits.lock(escrow, STREAM)
        assert await deposits.unlock(escrow, STREAM)
        assert await deposits.lock(other, STREAM)
        assert not await deposits.lock(escrow, STREAM)
    async with asyncio.timeout(30):
        while not await deposits.lock(escrow, STREAM):  # noqa: ASYNC110 - the state is the server's
            await asyncio.sleep(0)  # yields; ends with the state asked for


async def test_a_login_of_escrow_forgets_nothing(escrow: pool.Connection) -> None:
    """Deposits are never deleted, and the operator looks at them only."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await escrow.execute("DELETE FROM deposit")


async def test_the_operator_sees_deposits_and_changes_none(
    escrow: pool.Connection, database: Database
) -> None:
    """`status` reads what the escrow process wrote."""
    one = deposit()
    await deposits.add(escrow, one, None)
    async with pool.connected(database.access("operator")) as operator:
        assert await deposits.list_recent(operator, 5) == (one,)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await operator.execute("UPDATE deposit SET step = 'verified'")


async def test_a_portfolio_is_replaced_as_a_whole(
    escrow: pool.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names count once; what fails half way leaves the last declaration as it was."""
    monkeypatch.setattr(portfolios, "BATCH", 2)
    names = [DomainName(f"{letter}.example") for letter in "abcab"]

    async def declared() -> tuple[int, list[str]]:
        count = await escrow.fetchval("SELECT domains FROM portfolio_declared")
        rows = await escrow.fetch("SELECT domain FROM portfolio ORDER BY domain")
        return count, [row["domain"] for row in rows]

    async with pool.connected(database.access("operator")) as operator:
        assert await portfolios.declare(operator, TENANT, ACCREDITATION, names, SLOT) == 3
        assert await declared() == (3, ["a.example", "b.example", "c.example"])
        with pytest.raises(pool.BrokenConstraint, match="portfolio_domain"):
            await portfolios.declare(
                operator, TENANT, ACCREDITATION, [*names[:3], DomainName("x")], SLOT + DAY
            )
        assert await declared() == (3, ["a.example", "b.example", "c.example"])
        again = await portfolios.declare(operator, TENANT, ACCREDITATION, names[2:3], SLOT + DAY)
    assert again == 1
    assert await declared() == (1, ["c.example"])
