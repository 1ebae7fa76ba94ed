"""Who changes rows or files between a deposit's steps gets nothing sent, verified or counted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from escrow import envelope, manifests, serve, watching
from escrow.model import FormatName
from escrow.steps import COSTLY_WAIT
from proxy.errors import ProxyError
from proxy.hosting.process import Paths, Process
from proxy.hosting.vault_calls import VaultCaller
from proxy.metrics import Registry
from proxy.model.deposit import Kind, Step
from proxy.settings import Settings
from proxy.store import pool
from proxy.vault import unseal
from tests.support import escrow_restoring, escrow_working, openpgp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from escrow.watching import Standing
    from tests.support.database import Database
    from tests.support.escrow_working import Office

pytestmark = pytest.mark.db
ROWS = escrow_restoring.various()
PLAN = """
[[stream]]
id = "{id}"
registrar = "{registrar}"
accreditation = "*"
whose = "own-copy"
format = "recovery"
agent = "agent-one"
full = "daily 02:00"
directory = "{directory}"
cool_down = "0s"
"""


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    """An office with nine registrations in every state and mode."""
    async with escrow_working.office(tmp_path, database, ROWS) as made:
        yield made


async def standing(office: Office) -> Standing:
    """How the stream stands, as the metrics and `escrow status` say."""
    async with pool.connected(office.service.database.access("escrow")) as connection:
        return await watching.standing(connection, office.stream, office.service.vault.clock.now())


async def test_an_emptied_manifest_in_the_row_verifies_nothing(office: Office) -> None:
    """A superuser who writes a manifest without files, and its true hash, sends no deposit."""
    staged = await office.advance()
    assert staged is not None
    empty = manifests.render(replace(office.manifest(staged), files=()))
    await office.service.administrate(
        "UPDATE deposit SET manifest = $1, manifest_sha256 = $2",
        empty.decode(),
        manifests.digest(empty),
    )
    given_up = await office.advance()
    assert given_up is not None
    assert (given_up.step, given_up.reason) == (Step.ABANDONED, "escrow_manifest_changed")
    assert office.delivered() == {}
    assert (await standing(office)).covered == 0


async def test_a_manifest_that_somebody_else_signed_is_not_sent(office: Office) -> None:
    """Who holds the data directory can not have files of theirs delivered as ours."""
    staged = await office.advance()
    assert staged is not None
    folder = office.outbox / str(staged.id)
    text = (folder / manifests.NAME).read_bytes()
    (folder / manifests.SIGNATURE_NAME).write_bytes(envelope.sign(text, bytes(openpgp.key())))
    given_up = await office.advance()
    assert given_up is not None
    assert (given_up.step, given_up.reason) == (Step.ABANDONED, "escrow_signature")
    assert office.delivered() == {}


async def test_another_s_manifest_on_disk_is_not_sent(office: Office) -> None:
    """A true manifest of an earlier deposit is not this one's."""
    first = await office.whole()
    await office.service.later(minutes=5)
    second = await office.advance(Kind.FULL)
    assert second is not None
    for name in (manifests.NAME, manifests.SIGNATURE_NAME):
        content = (office.outbox / str(first.id) / name).read_bytes()
        (office.outbox / str(second.id) / name).write_bytes(content)
    given_up = await office.advance()
    assert given_up is not None
    assert given_up.reason == "escrow_manifest_changed"


async def test_a_deposit_that_got_stuck_halfway_makes_way(office: Office) -> None:
    """Some files arrived and the next can not: at the next slot a current deposit is made."""
    office.stream = escrow_working.stream(office.folder, FormatName.CSV_2007, id="csv")
    staged = await office.advance()
    assert staged is not None
    second = office.manifest(staged).files[1].name
    (office.inbox / second).write_bytes(b"a stranger's")
    with pytest.raises(ProxyError) as refused:
        await office.advance()
    assert refused.value.code == "escrow_name_taken"
    assert (await office.known())[0].delivered_files == 1
    (office.inbox / second).unlink()
    await office.service.later(days=1)
    newer = await office.advance()
    assert newer is not None
    assert newer.id != staged.id
    assert (await office.known())[1].step is Step.ABANDONED


async def test_a_deposit_of_next_year_makes_no_storm(office: Office) -> None:
    """A row of a clock that was wrong is set aside: one deposit is made, and no second at once."""
    await office.whole()
    await office.service.administrate("UPDATE deposit SET slot = slot + interval '300 days'")
    await office.service.later(minutes=5)
    assert (await office.whole()).step is Step.VERIFIED
    for _ in range(3):
        assert await office.advance() is None


async def test_a_receipt_is_not_looked_for_where_the_plan_points_since(office: Office) -> None:
    """Read back is where it was sent; elsewhere nothing is verified and nothing refused."""
    await office.advance()
    await office.advance()
    (office.folder / "elsewhere").mkdir()
    before = office.stream
    office.stream = replace(before, directory=str(office.folder / "elsewhere"))
    assert await office.collect() == ()
    office.stream = before
    (file,) = [one for one in office.inbox.iterdir() if one.name.endswith(".gpg")]
    content = file.read_bytes()
    file.unlink()
    assert await office.collect() == ()  # fetched, perhaps: it proves nothing
    file.write_bytes(content)
    (one,) = await office.collect()
    assert one.step is Step.VERIFIED


async def test_what_was_made_for_one_place_is_not_sent_to_another(office: Office) -> None:
    """A plan changed between the steps: the deposit is made anew, whole, for the new place."""
    await office.whole()
    await office.service.later(hours=1)
    await office.advance(Kind.DIFF)
    (office.folder / "elsewhere").mkdir()
    office.stream = replace(office.stream, directory=str(office.folder / "elsewhere"))
    given_up = await office.advance()
    assert given_up is not None
    assert (given_up.step, given_up.reason) == (Step.ABANDONED, "plan_changed")
    assert list((office.folder / "elsewhere").iterdir()) == []
    again = await office.whole()
    assert (again.step, again.kind) == (Step.VERIFIED, Kind.FULL)


async def test_contents_that_are_wrong_are_not_opened_again_every_minute(office: Office) -> None:
    """Each try opens people and costs of the agent's budget: the next comes hours later."""
    await office.service.administrate(
        "UPDATE sealed_record SET record = set_byte(record, 95, get_byte(record, 95) # 1)"
        " WHERE registration_id = $1 AND class = 'identity'",
        ROWS[1].registration.id,
    )
    with pytest.raises(ProxyError):
        await office.advance()
    await office.service.later(hours=5)
    assert await office.advance() is None
    (waiting,) = await office.known()
    assert waiting.try_after is not None
    assert waiting.try_after - waiting.made_at >= COSTLY_WAIT


async def test_an_incremental_deposit_counts_only_with_what_it_builds_on(office: Office) -> None:
    """A verified change on top of a full deposit that nobody vouched for covers nobody."""
    await office.advance()
    full = await office.advance()
    assert full is not None
    assert full.step is Step.DELIVERED  # and no receipt
    await office.service.later(hours=1)
    await office.advance(Kind.DIFF)
    await office.advance()
    await office.service.administrate(
        "UPDATE deposit SET step = 'verified', verified_at = now() WHERE kind = 'diff'"
    )
    assert (await standing(office)).covered == 0
    await office.service.administrate(
        "UPDATE deposit SET step = 'verified', verified_at = now() WHERE kind = 'full'"
    )
    one = await standing(office)
    assert one.covered == one.masked > 0


async def test_a_name_that_came_into_an_agent_s_scope_later_is_not_covered(office: Office) -> None:
    """A reservation that became active after the deposit is in no agent's deposit yet."""
    office.stream = escrow_working.stream(office.folder, FormatName.CSV_2024, id="csv")
    await office.whole()
    before = await standing(office)
    assert before.covered == before.masked
    await office.service.later(hours=1)
    await office.service.administrate(
        "UPDATE registration SET state = 'active', changed_at = $1, lapses_at = NULL"
        " WHERE state = 'reserved'",
        office.service.vault.clock.now(),
    )
    after = await standing(office)
    assert (after.masked, after.covered) == (before.masked + 1, before.covered)


async def test_an_accreditation_that_does_not_exist_deposits_nothing(office: Office) -> None:
    """A misspelt plan makes no deposit of nobody that looks well."""
    office.stream = replace(
        escrow_working.stream(office.folder, FormatName.CSV_2024, id="csv"),
        accreditation="iana-404",
    )
    with pytest.raises(ProxyError) as refused:
        await office.advance()
    assert refused.value.code == "escrow_accreditation"


async def test_a_poisoned_row_stops_neither_others_nor_the_process(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that nobody foresaw fails its own stream; the other deposits, and nothing ends."""

    async def ask(_caller: VaultCaller, request: Any) -> Any:
        return await office.ask(request)

    monkeypatch.setattr(VaultCaller, "ask", ask)
    (office.folder / "other").mkdir()
    plan = office.folder / "plan.toml"
    plan.write_text(
        "".join(
            PLAN.format(id=one, registrar=office.stream.tenant_id, directory=office.folder / where)
            for one, where in ((office.stream.id, "inbox"), ("healthy", "other"))
        )
    )
    await office.whole()
    await office.service.administrate(
        "UPDATE deposit SET slot = '-infinity', sequence = 2147483647"
    )
    stopping = asyncio.Event()
    process = Process(
        role="escrow",
        index=0,
        settings=replace(Settings(data_dir=office.folder, key_dir=office.folder), escrow_plan=plan),
        database=office.service.database.access("escrow"),
        sockets={},
        users={},
        metrics=Registry(),
        clock=office.service.vault.clock,
        paths=Paths(
            data_dir=office.service.vault.data_dir,
            key_dir=office.service.vault.key_dir,
            run_dir=office.folder,
            scratch_dir=office.folder,
        ),
        stopping=stopping,
        announce=lambda: None,
    )
    serving = asyncio.create_task(serve.serve(process, unseal.open_record))
    try:
        async with asyncio.timeout(30):
            while not [
                one for one in (office.folder / "other").iterdir() if "manifest" in one.name
            ]:
                assert not serving.done()
                await asyncio.sleep(0.05)  # files of another task have no event to wait on
    finally:
        stopping.set()
        await asyncio.wait_for(serving, timedelta(seconds=10).total_seconds())
    assert process.metrics.counter("escrow_failures_total", stream=office.stream.id).value > 0
    assert process.metrics.counter("escrow_failures_total", stream="healthy").value == 0
