"""A crash at any write of a deposit: the next run finishes the same one, and sends it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from escrow.envelope import Sealing
from escrow.transport.directory import DirectoryTransport
from proxy.model.deposit import Kind, Step
from proxy.store import deposits
from proxy.vault import files
from tests.support import escrow_restoring, escrow_working
from tests.support.crash import crashing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.deposit import Deposit
    from tests.support.database import Database
    from tests.support.escrow_working import Office

pytestmark = [pytest.mark.db, pytest.mark.timeout(240)]
ROWS = escrow_restoring.various()
WRITES: tuple[tuple[object, str], ...] = (
    (deposits, "add"),
    (deposits, "advance"),
    (files, "write"),
    (Sealing, "finish"),
    (DirectoryTransport, "deliver"),
    (escrow_working.Office, "ask"),
)


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    """An office with nine registrations in every state and mode."""
    async with escrow_working.office(tmp_path, database, ROWS) as made:
        yield made


async def _finished(office: Office, wanted: Kind | None) -> Deposit:
    """The newest deposit, carried to its receipt."""
    for _ in range(4):
        await office.advance(wanted)
        wanted = None
        if settled := await office.collect():
            return settled[0]
    newest = (await office.known())[0]
    assert newest.step is Step.VERIFIED
    return newest


async def test_a_deposit_survives_a_crash_at_every_write(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is staged it is made anew; from then on the identical octets arrive, once."""
    crashed_staged = place = 0
    while True:
        place += 1
        await office.service.later(minutes=10)
        with crashing(monkeypatch, place, WRITES) as crash:
            await _finished(office, Kind.FULL)
        if crash.passed < place:
            break
        open_one = next((one for one in await office.known() if one.step is Step.STAGED), None)
        staged = {}
        if open_one is not None:
            crashed_staged += 1
            folder = office.outbox / str(open_one.id)
            staged = {one.name: one.read_bytes() for one in folder.iterdir()}
        newest = (await office.known())[:1]
        is_begun = bool(newest) and newest[0].step not in {Step.VERIFIED, Step.ABANDONED}
        await office.service.later(minutes=2)  # names of files hold the time
        # One that is past its files only waits for its receipt; one that is not goes on.
        done = await _finished(office, None if is_begun else Kind.FULL)
        if open_one is not None:
            assert done.id == open_one.id
            for file in office.manifest(done).files:
                assert (office.inbox / file.name).read_bytes() == staged[file.name]
        assert office.faults(done) == []
        assert len(office.people(done)) == len(ROWS)
        assert not [one.name for one in office.inbox.iterdir() if one.name.endswith(".part")]
    assert place > 30
    assert crashed_staged > 3
    steps = {one.step for one in await office.known()}
    assert steps == {Step.VERIFIED}
