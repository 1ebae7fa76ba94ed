"""A deposit through its steps: what is due, what the agent gets, what becomes of faults."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from escrow.model import FormatName, Whose
from proxy.errors import ProxyError
from proxy.model.deposit import Kind, Step
from proxy.store import deposits, pool, portfolios
from tests.support import escrow_restoring, escrow_rows, escrow_working, openpgp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.escrow_working import Office

pytestmark = pytest.mark.db
ROWS = escrow_restoring.various()


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    """An office with nine registrations in every state and mode."""
    async with escrow_working.office(tmp_path, database, ROWS) as made:
        yield made


async def refusal(office: Office, wanted: Kind | None = None) -> str:
    """The code of what the next step fails with."""
    with pytest.raises(ProxyError) as refused:
        await office.advance(wanted)
    return refused.value.code


async def test_a_stream_begins_with_a_full_deposit_that_holds_everybody(office: Office) -> None:
    """Staged, delivered, verified: each step in the row and in the ledger, every person inside."""
    first = await office.advance()
    assert first is not None
    assert (first.step, first.kind, first.sequence) == (Step.STAGED, Kind.FULL, 1)
    assert office.delivered() == {}
    second = await office.advance()
    assert second is not None
    assert second.step is Step.DELIVERED
    assert await office.advance() is None  # nothing is due before the next slot
    (last,) = await office.collect()
    assert last.step is Step.VERIFIED
    assert office.faults(last) == []
    wanted = {one.registration.id: one.identity for one in ROWS}
    assert office.people(last) == wanted
    kinds = {kind for kind, _ in await office.entries()}
    assert kinds >= {"deposit_staged", "deposit_delivered", "deposit_verified"}
    told = dict(await office.entries())["deposit_staged"]
    assert last.manifest_sha256 is not None
    assert told["manifest"] == last.manifest_sha256.hex()
    assert told["registrations"] == len(ROWS)


async def test_what_is_staged_is_sent_as_it_is(office: Office) -> None:
    """An agent that was away gets the identical octets; the row says why it waited."""
    office.inbox.rmdir()
    staged = await office.advance()
    assert staged is not None
    files = {one.name: one.read_bytes() for one in (office.outbox / str(staged.id)).iterdir()}
    assert await refusal(office) == "escrow_directory"
    (waiting,) = await office.known()
    assert (waiting.step, waiting.attempts, waiting.reason) == (Step.STAGED, 1, "escrow_directory")
    office.inbox.mkdir()
    assert await office.advance() is None  # not before its time
    await office.service.later(minutes=5)
    delivered = await office.advance()
    assert delivered is not None
    assert (delivered.step, delivered.attempts, delivered.reason) == (Step.DELIVERED, 0, "")
    sent = office.delivered()
    for file in office.manifest(delivered).files:
        assert sent[file.name] == files[file.name]


async def test_missed_days_are_told_and_the_next_deposit_is_current(office: Office) -> None:
    """Slots that passed get a row and an entry each; nothing pretends to be of then."""
    await office.whole()
    await office.service.later(days=4)
    now = office.service.vault.clock.now()
    made = await office.advance()
    assert made is not None
    assert made.watermark == now
    missed = [one for one in await office.known() if one.step is Step.MISSED]
    assert len(missed) == 3
    assert sum(kind == "deposit_missed" for kind, _ in await office.entries()) == 3


async def test_deposits_keep_apart(office: Office) -> None:
    """Within the cool-down a deposit is staged and waits."""
    await office.whole()
    office.stream = replace(office.stream, cool_down_s=3600)
    await office.service.later(minutes=5)
    assert (await office.advance(Kind.FULL)) is not None
    assert await refusal(office, Kind.FULL) == "escrow_cool_down"
    await office.service.later(hours=2)
    again = await office.advance()
    assert again is not None
    assert again.step is Step.DELIVERED


async def test_an_unsent_deposit_makes_way_for_a_newer_one(office: Office) -> None:
    """When the next slot is due and nothing of the older one arrived, the newest state is sent."""
    office.inbox.rmdir()
    await office.advance()
    assert await refusal(office) == "escrow_directory"
    office.inbox.mkdir()
    await office.service.later(days=1)
    newer = await office.advance()
    assert newer is not None
    assert (newer.step, newer.kind) == (Step.STAGED, Kind.FULL)
    states = [one.step for one in await office.known()]
    assert states == [Step.STAGED, Step.ABANDONED]


async def test_another_key_of_the_agent_gets_a_deposit_of_its_own(office: Office) -> None:
    """What was encrypted to the old key is given up, and the next is full and for the new one."""
    await office.whole()
    await office.service.later(days=1)
    await office.advance()
    office.change_agent(openpgp.key(name="Other"))
    given_up = await office.advance()
    assert given_up is not None
    assert (given_up.step, given_up.reason) == (Step.ABANDONED, "agent_changed")
    anew = await office.advance()
    assert anew is not None
    assert (anew.kind, anew.fingerprint) == (Kind.FULL, office.roster.agents["agent-one"].openpgp)
    await office.advance()
    (last,) = await office.collect()
    assert office.faults(last) == []


async def test_a_file_that_changed_on_disk_is_never_sent(office: Office) -> None:
    """Between the steps the files lie on a disk; one that is not what was staged is made anew."""
    staged = await office.advance()
    assert staged is not None
    name = office.manifest(staged).files[0].name
    path = office.outbox / str(staged.id) / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    given_up = await office.advance()
    assert given_up is not None
    assert (given_up.step, given_up.reason) == (Step.ABANDONED, "escrow_file_changed")
    assert office.delivered() == {}
    assert (await office.whole()).step is Step.VERIFIED


async def test_a_row_that_does_not_open_stops_the_send_and_is_named(office: Office) -> None:
    """One altered record: nothing is sent, its id is told, and once it is mended all is well."""
    bad = ROWS[1].registration.id
    await office.service.administrate(
        "UPDATE sealed_record SET record = set_byte(record, 95, get_byte(record, 95) # 1)"
        " WHERE registration_id = $1 AND class = 'identity'",
        bad,
    )
    with pytest.raises(ProxyError) as refused:
        await office.advance()
    assert refused.value.code == "escrow_unreadable"
    assert str(bad) in refused.value.detail
    assert list(office.outbox.iterdir()) == []
    assert office.delivered() == {}
    await office.service.administrate(
        "UPDATE sealed_record SET record = set_byte(record, 95, get_byte(record, 95) # 1)"
        " WHERE registration_id = $1 AND class = 'identity'",
        bad,
    )
    await office.service.later(hours=7)
    assert (await office.whole()).step is Step.VERIFIED


async def test_a_name_without_a_person_stops_the_send(office: Office) -> None:
    """A registration whose sealed record is gone is named before anything is opened."""
    bad = ROWS[2].registration.id
    await office.service.administrate(
        "UPDATE sealed_record SET record = NULL, wrapped_dek = NULL WHERE registration_id = $1", bad
    )
    with pytest.raises(ProxyError) as refused:
        await office.advance()
    assert refused.value.code == "escrow_without_person"
    assert str(bad) in refused.value.detail


async def test_contacts_replaced_while_a_deposit_is_made_are_those_of_the_snapshot(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy registrar does not stop deposits: the record of the snapshot still opens."""
    ask = office.ask

    async def busy(request: object) -> object:
        if type(request).__name__ == "BeginDeposit":
            answer = await ask(request)  # type: ignore[arg-type]  # handed through
            await office.replace_contacts(ROWS[0], 2, "newer")
            await office.service.rounds.adopt()
            return answer
        return await ask(request)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(type(office), "ask", lambda _self, request: busy(request))
    done = await office.whole()
    assert office.people(done)[ROWS[0].registration.id] == ROWS[0].identity


async def test_contacts_that_wait_for_the_vault_are_waited_for(office: Office) -> None:
    """A registration enrolled a moment ago is in the deposit once the vault has taken it over."""
    await office.replace_contacts(ROWS[0], 2, "newer")
    await office.service.rounds.adopt()
    done = await office.whole()
    assert b"newer" in office.people(done)[ROWS[0].registration.id]


async def test_an_incremental_deposit_holds_what_changed_and_what_went(office: Office) -> None:
    """Changed contacts come again, shredded registrations are taken away, the rest is left out."""
    full = await office.whole()
    await office.service.later(hours=12)
    await office.replace_contacts(ROWS[0], 2, "newer")
    await office.service.rounds.adopt()
    await office.service.administrate(
        "UPDATE registration SET ended_at = $2, changed_at = $3 WHERE id = $1",
        ROWS[6].registration.id,
        office.service.vault.clock.now() - timedelta(days=600),
        office.service.vault.clock.now(),
    )
    await office.service.rounds.shred()
    done = await office.whole(Kind.DIFF)
    assert (done.kind, done.previous) == (Kind.DIFF, full.id)
    assert set(office.people(done)) == {ROWS[0].registration.id}
    assert office.manifest(done).deletes == 1
    assert office.faults(done) == []


async def test_our_own_deposit_needs_the_registrar_s_word_on_its_names(
    office: Office, database: Database
) -> None:
    """Without a declared portfolio, or with another one, nothing is sent."""
    office.stream = escrow_working.stream(
        office.folder, FormatName.CSV_2024, whose=Whose.OURS, id="ours"
    )
    assert await refusal(office) == "escrow_portfolio"
    names = [
        one.registration.declared.domain
        for one in ROWS
        if one.registration.state in {"active", "ending"}
    ]

    async def declare(*declared: str) -> None:
        async with pool.connected(database.access("operator")) as connection:
            await portfolios.declare(
                connection,
                escrow_rows.TENANT,
                escrow_rows.BLUE_HERON.id,
                declared,  # type: ignore[arg-type]  # names of the rows
                office.service.vault.clock.now(),
            )

    for wrong in (names[1:], [*names, "unknown-here.example"]):
        await declare(*wrong)
        await office.service.later(hours=3)
        assert await refusal(office) == "escrow_portfolio"
    await declare(*names)
    await office.service.later(hours=3)
    done = await office.whole()
    assert office.manifest(done).registrations == len(names)
    assert office.faults(done) == []


@pytest.mark.parametrize("format_", [FormatName.CSV_2007, FormatName.CSV_2024, FormatName.RFC8909])
async def test_every_agent_s_format_holds_the_people_and_verifies(
    office: Office, format_: FormatName
) -> None:
    """The people of the snapshot stand in the plaintext, and `escrow verify` finds no fault."""
    options = replace(office.stream.options, provider_id="QH-0007")
    office.stream = escrow_working.stream(office.folder, format_, options=options, id="agents")
    done = await office.whole()
    assert office.faults(done) == []
    text = b"".join(office.plain(done).values()).decode(errors="replace")
    for row in ROWS:
        if row.registration.state in {"active", "ending"}:
            person = next(iter(row.contacts.given.values()))
            assert person.email in text


async def test_a_deposit_that_the_agent_refused_is_made_anew_and_whole(office: Office) -> None:
    """What was read back is not what was made: rejected, then full again, as a resend."""
    await office.advance()
    delivered = await office.advance()
    assert delivered is not None
    damaged = office.inbox / office.manifest(delivered).files[0].name
    damaged.write_bytes(b"damaged on the agent's disk")
    (rejected,) = await office.collect()
    assert (rejected.step, rejected.reason) == (Step.REJECTED, "receipt_failed")
    await office.service.later(minutes=1)
    done = await office.whole()
    assert (done.step, done.kind, done.resend) == (Step.VERIFIED, Kind.FULL, 1)


async def test_a_second_deposit_of_the_day_waits_for_the_next(office: Office) -> None:
    """Names of agents' formats hold the day: what the agent has is never overwritten."""
    office.stream = escrow_working.stream(office.folder, FormatName.CSV_2007, id="csv")
    first = await office.whole()
    await office.service.later(minutes=10)
    assert await refusal(office, Kind.FULL) == "escrow_same_day"
    assert office.faults(first) == []
    await office.service.later(hours=13)
    second = await office.whole(Kind.FULL)
    assert office.faults(first) == office.faults(second) == []


async def test_what_the_agent_refused_makes_way_and_a_stranger_s_file_does_not(
    office: Office,
) -> None:
    """A rejected deposit's files may be replaced under their names; nobody else's."""
    office.stream = escrow_working.stream(office.folder, FormatName.CSV_2007, id="csv")
    await office.advance()
    delivered = await office.advance()
    assert delivered is not None
    await office.service.administrate("UPDATE deposit SET step = 'rejected'")
    await office.replace_contacts(ROWS[0], 2, "newer")
    await office.service.rounds.adopt()
    await office.service.later(minutes=10)
    again = await office.whole()
    assert (again.resend, office.faults(again)) == (1, [])
    names = {one.name for one in office.manifest(again).files}
    assert names == {one.name for one in office.manifest(delivered).files}
    await office.service.administrate("UPDATE deposit SET step = 'rejected'")
    stranger = office.inbox / min(names)
    stranger.write_bytes(b"somebody else's")
    await office.service.later(minutes=10)
    await office.advance()
    assert await refusal(office) == "escrow_name_taken"
    assert stranger.read_bytes() == b"somebody else's"


async def test_nobody_else_works_on_a_stream_meanwhile(office: Office) -> None:
    """The lock is the connection's: a second worker is told, and a dead one holds nothing."""
    access = office.service.database.access("escrow")
    async with pool.connected(access) as one, pool.connected(access) as two:
        assert await deposits.lock(one, office.stream.id)
        assert not await deposits.lock(two, office.stream.id)
    async with pool.connected(access) as three:
        assert await deposits.lock(three, office.stream.id)
