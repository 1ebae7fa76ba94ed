"""A drill finds every person that a deposit would not restore, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from escrow import drill as drills
from escrow.drill import Live
from escrow.opening import Unsealing
from proxy.errors import InvalidInput, Refused
from proxy.model.deposit import Kind
from proxy.store import deposited, embedded, pool
from proxy.vault import unseal
from tests.support import escrow_rows, supervisor
from tests.support import vault as vaults
from tests.support.escrow_restoring import full, gone, head, lines, people, restore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from escrow.drill import AreErased, Report
    from escrow.model import Underlying
    from proxy.model.identifiers import RegistrationId
    from tests.support.database import Database

pytestmark = pytest.mark.db

OPENING: Unsealing[AESGCM] = Unsealing(
    decapsulate=unseal.decapsulate,
    unwrap_intake=unseal.unwrap_intake,
    open_record=unseal.open_record,
)


def live(row: Underlying, **changes: object) -> Live:
    """The row as the live vault has it, with `changes`."""
    fields: dict[str, object] = {
        "registration_id": row.registration.id,
        "record_version": row.record_version,
        "enrolled_at": row.registration.enrolled_at,
        "plaintext": row.identity,
    }
    return Live(**(fields | changes))  # type: ignore[arg-type]  # the fields above


def word_on(erased: Iterable[Underlying]) -> AreErased:
    """The vault's word: it erased these and nobody else."""
    known = {one.registration.id for one in erased}

    async def answer(asked: Sequence[RegistrationId]) -> list[bool]:
        assert len(asked) <= drills.BATCH
        return [one in known for one in asked]

    return answer


async def run(
    directory: Path,
    sources: Sequence[Iterable[bytes]],
    side: Iterable[Live],
    look: Callable[[], Awaitable[None]] | None = None,
    erased: Iterable[Underlying] = (),
) -> Report:
    """A drill below `directory`; `look` is called while the restored rows are there.

    `erased` are those of whom the vault says so.
    """

    async def given() -> AsyncIterator[Live]:
        if look is not None:
            await look()
        for one in side:
            yield one

    return await drills.drill(
        sources,
        given(),
        OPENING,
        are_erased=word_on(erased),
        clock=vaults.StillClock(),
        random=secrets.token_bytes,
        parent=directory,
    )


def contents(directory: Path, name: str = "*") -> list[bytes]:
    """What the files of that name below the directory hold."""
    return [path.read_bytes() for path in directory.rglob(name) if path.is_file()]


def is_empty(directory: Path) -> bool:
    """Whether nothing is in the directory."""
    return not any(directory.iterdir())


async def test_a_good_deposit_restores_everybody(tmp_path: Path) -> None:
    """Deposits of several batches against the same people: all the same, and nothing left."""
    rows = escrow_rows.rows(1100)
    changed = escrow_rows.row(7, escrow_rows.people("new"), record_version=2)
    report = await run(
        tmp_path,
        [
            lines(head(1), rows),
            lines(head(2, Kind.DIFF, on=1, total=1099), [changed], [gone(rows[9])]),
        ],
        [live(changed if number == 7 else row) for number, row in enumerate(rows) if number != 9],
    )
    assert report.is_good
    assert (report.same, report.different, report.missing) == (1099, 0, 0)
    assert (report.changed_since, report.gone_since, report.enrolled_since) == (0, 0, 0)
    assert report.restored.registrations == report.restored.expected == 1099
    assert is_empty(tmp_path)


async def test_every_difference_is_found_and_told_by_id(tmp_path: Path) -> None:
    """One octet of a person, a person who is not there, a rolled-back live side: all alarms."""
    rows = escrow_rows.rows(10)
    watermark = head(1).watermark
    side = [
        live(rows[0]),
        live(rows[1], plaintext=rows[1].identity.replace(b"mark1 Weg", b"mark1 weg")),
        live(rows[2], record_version=2, plaintext=b"another"),  # changed since
        # 3: gone since
        live(rows[4], record_version=0),  # the live side is behind its own deposit
        live(rows[5]),  # not in the deposit, enrolled long before
        live(rows[6], enrolled_at=watermark + timedelta(hours=1)),
        live(rows[7], enrolled_at=watermark - deposited.MARGIN),
        # 8: gone since
        live(rows[9], enrolled_at=watermark - deposited.MARGIN + timedelta(seconds=1)),
    ]
    deposit = full([*rows[:5], rows[8]])
    report = await run(tmp_path, [deposit], side, erased=[rows[3], rows[8], rows[0]])
    assert not report.is_good
    assert (report.same, report.different, report.changed_since) == (1, 2, 1)
    assert (report.missing, report.enrolled_since, report.gone_since) == (2, 2, 2)
    assert report.lost == 0
    assert report.different_ids == tuple(str(rows[number].registration.id) for number in (1, 4))
    assert report.missing_ids == tuple(str(rows[number].registration.id) for number in (5, 7))


async def test_a_person_altered_in_the_deposit_is_found(tmp_path: Path, database: Database) -> None:
    """Against people of a live database with a vault of its own, another person stands out."""
    rows = escrow_rows.rows(4)
    async with vaults.service(tmp_path, database) as service:
        await restore(service, lines(head(1), rows))
        opened = await people(service)
    side = [live(row, plaintext=opened[row.registration.id]) for row in rows]
    other = escrow_rows.row(2, escrow_rows.people("other"), mode=rows[2].registration.declared.mode)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert (await run(scratch, [full(rows)], side)).is_good
    report = await run(scratch, [full([*rows[:2], other, rows[3]])], side)
    assert not report.is_good
    assert (report.same, report.different) == (3, 1)
    assert report.different_ids == (str(rows[2].registration.id),)


async def test_who_went_without_the_vault_s_word_is_lost(tmp_path: Path) -> None:
    """Rows that a superuser took away are no erasure: told by id, and the drill is not good."""
    rows = escrow_rows.rows(4)
    side = [live(row) for row in rows[:2]]
    deposit = full(rows)
    report = await run(tmp_path, [deposit], side, erased=rows[2:3])
    assert (report.same, report.gone_since, report.lost) == (2, 1, 1)
    assert report.lost_ids == (str(rows[3].registration.id),)
    assert not report.is_good
    report = await run(tmp_path, [deposit], side, erased=rows[2:])
    assert (report.gone_since, report.lost, report.is_good) == (2, 0, True)


async def test_a_drill_that_compared_nobody_is_not_good(tmp_path: Path) -> None:
    """Restored people and an empty live side prove nothing, even if all were erased since."""
    rows = escrow_rows.rows(3)
    report = await run(tmp_path, [full(rows)], [], erased=rows)
    assert (report.gone_since, report.lost, report.different, report.missing) == (3, 0, 0, 0)
    assert not report.is_good
    assert (await run(tmp_path, [full([])], [])).is_good


async def test_deposits_that_hold_fewer_than_there_were_are_not_good(tmp_path: Path) -> None:
    """A chain with a deposit left out restores fewer, and says so by its own newest word."""
    rows = escrow_rows.rows(2)
    report = await run(tmp_path, [lines(head(1, total=3), rows)], [live(row) for row in rows])
    assert (report.same, report.restored.expected, report.is_good) == (2, 3, False)


async def test_at_most_twenty_are_named(tmp_path: Path) -> None:
    """A report of a thousand missing people stays a report."""
    rows = escrow_rows.rows(90)
    side = [live(row, plaintext=b"other") for row in rows[:30]] + [live(row) for row in rows[30:60]]
    report = await run(tmp_path, [lines(head(1), [*rows[:30], *rows[60:]])], side)
    assert (report.different, report.missing, report.lost) == (30, 30, 30)
    ids = (report.different_ids, report.missing_ids, report.lost_ids)
    assert [len(one) for one in ids] == [20, 20, 20]


async def test_no_person_and_no_key_is_on_the_disk(tmp_path: Path) -> None:
    """While restored rows lie in the scratch database, no file of it has a person's data."""
    rows = escrow_rows.rows(3)
    seen: list[bytes] = []

    async def look() -> None:
        (scratch,) = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
        administrator = embedded.Cluster(scratch / "postgres").superuser()
        async with pool.connected(administrator) as connection:
            await connection.execute("CHECKPOINT")  # else most of it is in the server's memory
        seen.extend(await asyncio.to_thread(contents, tmp_path))

    await run(tmp_path, [lines(head(1), rows)], [live(row) for row in rows], look)
    whole = b"".join(seen)
    assert rows[1].registration.declared.domain.encode() in whole  # else it is not the database
    assert b"mark1" in whole  # the one field that privacy mode publishes
    for mark in (b"mark1 Weg", b"mark1stadt", b"mark1@", b"mark0", b"mark1-tech"):
        assert mark not in whole


@pytest.mark.parametrize("fault", ["deposit", "live", "order"])
async def test_the_scratch_directory_goes_whatever_happens(tmp_path: Path, fault: str) -> None:
    """A bad deposit, a live side that fails or comes out of order: no directory and no server."""
    rows = escrow_rows.rows(3)
    deposit = lines(head(1), rows)
    side = [live(row) for row in rows]
    sources = [deposit[:-1] if fault == "deposit" else deposit]
    pids: list[str] = []

    async def look() -> None:
        pids.extend(text.split()[0].decode() for text in contents(tmp_path, "postmaster.pid"))
        if fault == "live":
            raise Refused("deposit_closed")

    with pytest.raises((InvalidInput, Refused)) as refused:
        await run(tmp_path, sources, reversed(side) if fault == "order" else side, look)
    assert (
        refused.value.code
        == {
            "deposit": "deposit_incomplete",
            "live": "deposit_closed",
            "order": "drill_order",
        }[fault]
    )
    assert is_empty(tmp_path)
    assert bool(pids) == (fault != "deposit")
    assert not any(supervisor.is_alive(int(one)) for one in pids)


async def test_a_record_that_does_not_open_is_different(tmp_path: Path) -> None:
    """What the throwaway keys do not open was not restored, whatever its version says."""

    def refuse(*_: object) -> bytes:
        raise Refused("record_tampered")

    rows = escrow_rows.rows(2)

    async def given() -> AsyncIterator[Live]:
        for row in rows:
            yield live(row, record_version=row.record_version + 1)

    report = await drills.drill(
        [lines(head(1), rows)],
        given(),
        replace(OPENING, open_record=refuse),
        are_erased=word_on([]),
        clock=vaults.StillClock(),
        random=secrets.token_bytes,
        parent=tmp_path,
    )
    assert (report.different, report.changed_since) == (2, 0)
