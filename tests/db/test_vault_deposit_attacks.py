"""What a deposit gets for rows that were changed, and what its keys are worth elsewhere."""

from __future__ import annotations

import asyncio
import base64
import threading
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import structlog

from proxy.errors import Refused
from proxy.model.identifiers import RecordClass
from proxy.vault import deposits, unseal
from proxy.vault import state as states
from proxy.vault.deposits import Asked
from proxy.wire import frames
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.deposits import batch, begin, end, enrolled, plaintexts, reasons
from tests.support.openings import ask, code, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db
PATIENCE_S = 10.0  # for a thread that should answer at once

SWAP_KEYS = """UPDATE sealed_record a SET wrapped_dek = b.wrapped_dek FROM sealed_record b
    WHERE a.registration_id = $1 AND b.registration_id <> $1 AND a.class = b.class"""


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def test_what_was_refused_stays_refused(service: Service) -> None:
    """A row mended between two asks for one batch does not slip past the count of refusals."""
    _, rows = await enrolled(service)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    away, true = bytes(rows[0].record) + b"x", rows[0].record
    write = """UPDATE sealed_record SET record = $2 WHERE registration_id = $1
        AND class = 'identity'"""
    await service.administrate(write, rows[0].name.registration_id, away)
    assert reasons(await ask(room, batch(begun, rows))) == ["record_forged", "", ""]
    await service.administrate(write, rows[0].name.registration_id, true)
    await service.administrate(write, rows[1].name.registration_id, away)
    again = await ask(room, batch(begun, rows))
    assert reasons(again) == ["record_forged", "record_forged", ""]
    assert await ask(room, end(begun)) == {"done": True, "outcome": "complete", "refused": 2}
    closed = [one["facts"] for one in entries(service) if one["kind"] == "deposit_closed"]
    assert [one["refused"] for one in closed] == [2]
    assert support.alarms(service) == 2


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        ("DELETE FROM sealed_record WHERE registration_id = $1", "record_missing"),
        ("UPDATE sealed_record SET record = record || 'x' WHERE registration_id = $1",
         "record_forged"),
        (SWAP_KEYS, "record_key"),
        ("UPDATE sealed_record SET kek_epoch = 9 WHERE registration_id = $1", "epoch_unknown"),
    ],
)  # fmt: skip
async def test_changed_rows_give_no_key(service: Service, attack: str, reason: str) -> None:
    """A row that was tampered with has a reason in its place; least of all another row's key."""
    _, rows = await enrolled(service, 2)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    await service.administrate(attack, rows[0].name.registration_id)
    with structlog.testing.capture_logs() as logs:
        answer = await ask(room, batch(begun, rows))
    assert reasons(answer) == [reason, ""]
    assert [(one["event"], one["reason"]) for one in logs] == [("vault_row_refused", reason)]
    assert support.alarms(service) == 1
    assert (await ask(room, end(begun)))["refused"] == 1


async def test_a_record_that_changed_meanwhile_gives_no_key_and_no_alarm(
    service: Service,
) -> None:
    """Erased or encrypted anew, also if superseded: what was announced is not there any more."""
    items, rows = await enrolled(service, 3)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    await support.enrol(service, vaults.to_seal(version=2, person=items[0].registration_id))
    await service.end(items[1], "left_service", vaults.START - timedelta(days=540))
    await service.rounds.shred()
    await service.rounds.begin_rotation(is_compromised=True)
    await service.rounds.rotate()
    answer = await ask(room, batch(begun, rows))
    assert reasons(answer) == ["record_changed", "record_erased", "record_changed"]
    assert support.alarms(service) == 0
    assert (await ask(room, end(begun)))["refused"] == 3


async def test_one_announcement_twice_at_a_time_begins_one_run(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While records are counted the same may be asked again: no leaf twice, no run begun anew."""
    _, rows = await enrolled(service)
    room, begun = support.openings(service), begin(rows[:2])
    counting, counted = deposits.DepositBook.is_possible, [threading.Event(), threading.Event()]

    def count(book: deposits.DepositBook, announced: deposits.Announced) -> bool:
        is_first = not counted[0].is_set()
        counted[0].set()
        assert not is_first or counted[1].wait(PATIENCE_S)
        return counting(book, announced)

    monkeypatch.setattr(deposits.DepositBook, "is_possible", count)
    slow = asyncio.create_task(ask(room, begun))
    await asyncio.to_thread(counted[0].wait, PATIENCE_S)
    assert await ask(room, begun) == {"done": True, "asked": 0}
    await ask(room, batch(begun, rows[1:]))
    counted[1].set()
    assert await slow == {"done": True, "asked": 2}
    assert await code(room, batch(begun, rows[:2])) == "deposit_order"
    assert [one["kind"] for one in entries(service)] == ["deposit_opened"]


async def test_a_key_opens_nothing_that_is_encrypted_later(service: Service) -> None:
    """After `keys rotate --compromised` the keys of a deposit open no row of the table."""
    _, rows = await enrolled(service, 1)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    answer = await ask(room, batch(begun, rows))
    assert "mark0" in plaintexts(answer, rows)[0]
    await service.rounds.begin_rotation(is_compromised=True)
    await service.rounds.rotate()
    now = await support.rows(service, RecordClass.IDENTITY)
    with pytest.raises(Refused) as refusal:
        plaintexts(answer, now)
    assert refusal.value.code == "record_key"


async def test_invented_hashes_give_no_key(service: Service) -> None:
    """Who announces other hashes than the records have gets reasons, and a true root of nothing."""
    _, rows = await enrolled(service, 1)
    asked = Asked(name=rows[0].name, record_sha256=bytes(32))
    begun = begin(rows, root=deposits.root_of([bytes(32)]).hex())
    room = support.openings(service)
    await ask(room, begun)
    request = frames.DepositKeys(run=begun.run, names=(deposits.render_name(asked),))
    assert reasons(await ask(room, request)) == ["record_changed"]
    assert (await ask(room, end(begun)))["refused"] == 1


async def test_no_value_stands_in_answers_logs_or_state(service: Service) -> None:
    """Keys leave, and nothing that they open; the state keeps neither."""
    mark = f"mark{uuid4().hex}"
    await support.enrol(service, vaults.to_seal(mark=mark), vaults.to_seal(mark=mark))
    rows = await support.rows(service, RecordClass.IDENTITY)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    await service.administrate(SWAP_KEYS, rows[0].name.registration_id)
    with structlog.testing.capture_logs() as logs:
        answer = await ask(room, batch(begun, rows))
    key = answer["keys"][1]["key"]
    assert mark in unseal.open_record(base64.b64decode(key), rows[1].name, rows[1].record).decode()
    assert mark not in str(answer)
    assert mark not in str(logs)
    assert key not in str(logs)
    assert support.holds(service, mark, key) == []
    octets = (service.vault.key_dir / "vault" / states.DIRECTORY / "data.mdb").read_bytes()
    assert base64.b64decode(key) not in octets
