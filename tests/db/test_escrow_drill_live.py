"""Deposits read from a disk and drilled against a real vault: other files and hidden rows show."""

from __future__ import annotations

import gzip
import secrets
import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from escrow import desk, drill, envelope, manifests
from escrow import opening as openings
from escrow.cli import drill as command
from escrow.cli import reading, restore
from escrow.model import Whose
from escrow.opening import Unsealing
from proxy.errors import InvalidInput, ProxyError, Refused
from proxy.model.deposit import Kind, Step
from proxy.vault import unseal
from proxy.wire import frames
from tests.support import escrow_restoring, escrow_rows, escrow_working

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from escrow.cli.reading import Deposit as OnDisk
    from escrow.drill import Report
    from escrow.model import Underlying
    from proxy.model.deposit import Deposit
    from tests.support.database import Database
    from tests.support.escrow_working import Office

pytestmark = pytest.mark.db
ROWS = escrow_restoring.various()
OPENING: Unsealing[AESGCM] = Unsealing(
    decapsulate=unseal.decapsulate,
    unwrap_intake=unseal.unwrap_intake,
    open_record=unseal.open_record,
)


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    """An office with nine registrations in every state and mode."""
    async with escrow_working.office(tmp_path, database, ROWS) as made:
        yield made


def reader(office: Office) -> reading.Reader:
    """Who has the agent's key, and our certificate."""
    signer = desk.keys(office.service.vault.key_dir).signing_certificate()
    return reading.Reader(key=bytes(office.key), password="", signer=signer)


def on_disk(office: Office, deposit: Deposit) -> OnDisk:
    """The deposit as it lies at the agent."""
    path = office.inbox / f"{office.manifest(deposit).stem}_manifest.json"
    return reading.load(path, reader(office).signer)


def read(office: Office, *given: OnDisk, meanwhile: Callable[[], None] = lambda: None) -> int:
    """How many lines the deposits have, read as a restore does."""
    with restore.opened(given, reader(office)) as sources:
        meanwhile()
        return sum(1 for source in sources for _ in source)


async def two_days(office: Office) -> tuple[OnDisk, OnDisk]:
    """Full deposits of a day and of the next, when a person had new contacts."""
    first = await office.whole()
    await office.service.later(days=1)
    await office.replace_contacts(ROWS[0], 2, "newer")
    await office.service.rounds.adopt()
    second = await office.whole(Kind.FULL)
    return on_disk(office, first), on_disk(office, second)


def put(older: OnDisk, newer: OnDisk) -> None:
    """The older deposit's file under the newer one's name."""
    for before, after in zip(older.manifest.files, newer.manifest.files, strict=True):
        shutil.copyfile(older.folder / before.name, newer.folder / after.name)


async def drilled(office: Office, *given: OnDisk) -> Report:
    """What `escrow drill` finds, without its note."""
    parts = office.parts()
    with restore.opened(given, reader(office)) as sources:
        return await drill.drill(
            sources,
            command.LiveVault(parts=parts, stream=office.stream).people(),
            OPENING,
            are_erased=partial(openings.are_erased, parts.ask, office.stream.tenant_id),
            clock=parts.clock,
            random=secrets.token_bytes,
            parent=office.folder,
        )


async def take_away(office: Office, row: Underlying) -> None:
    """What a superuser does to a person: all rows, without a word to the vault."""
    for table, column in (
        ("sealed_record", "registration_id"),
        ("blind_index", "registration_id"),
        ("former_alias", "registration_id"),
        ("published", "registration_id"),
        ("registration", "id"),
    ):
        await office.service.administrate(
            f"DELETE FROM {table} WHERE {column} = $1",  # noqa: S608 - the names above
            row.registration.id,
        )


async def hide(office: Office, row: Underlying) -> None:
    """What a superuser does who leaves the rows there: marked as if they had been shredded."""
    await office.service.administrate(
        "UPDATE registration SET shredded_at = now() WHERE id = $1", row.registration.id
    )


async def erase(office: Office, row: Underlying) -> None:
    """The registration ended long ago, and the vault shreds it."""
    await office.service.administrate(
        """UPDATE registration SET state = 'ended', end_reason = 'transferred_out', hold = false,
             ended_at = $2 WHERE id = $1""",
        row.registration.id,
        escrow_rows.WATERMARK.replace(year=2020),
    )
    await office.service.rounds.shred()


async def test_files_as_they_were_made_are_read(office: Office) -> None:
    """Head, nine registrations, end; and a drill of them is good."""
    first, second = await two_days(office)
    assert read(office, first) == read(office, second) == len(ROWS) + 2
    report = await drilled(office, second)
    assert (report.same, report.is_good) == (len(ROWS), True)
    report = await drilled(office, first)
    assert (report.same, report.changed_since, report.is_good) == (len(ROWS) - 1, 1, True)


async def test_an_older_deposit_under_a_newer_name_is_refused(office: Office) -> None:
    """Our own signature and key open it, and its name is right: it is not the manifest's file."""
    first, second = await two_days(office)
    put(first, second)
    with pytest.raises(Refused) as refused, restore.opened([second], reader(office)):
        raise AssertionError
    assert refused.value.code == "deposit_file"
    assert second.manifest.deposit in refused.value.detail
    with pytest.raises(Refused):
        await drilled(office, second)


async def test_a_file_changed_after_the_check_is_refused_as_well(office: Office) -> None:
    """Between check and reading the files lie on a disk: what is read tells by itself."""
    first, second = await two_days(office)
    with pytest.raises(Refused) as refused:
        read(office, second, meanwhile=partial(put, first, second))
    assert refused.value.code == "deposit_file"


async def test_other_plaintext_with_the_same_head_is_refused(office: Office) -> None:
    """One line less under the true head, sealed with our key: the manifest knows the plaintext."""
    done = await office.whole()
    deposit = on_disk(office, done)
    (file,) = deposit.manifest.files
    lines = office.plain(done)[file.plain_name].splitlines(keepends=True)
    path = deposit.folder / file.name
    ring = desk.keys(office.service.vault.key_dir)
    certificate = ring.certificate(office.roster.agents["agent-one"].openpgp)

    def swap() -> None:
        path.unlink()
        sealing = envelope.Sealing(path, recipients=(certificate,), signing_key=ring.signing_key())
        sealing.write(gzip.compress(b"".join((lines[0], *lines[2:]))))
        sealing.finish()

    with pytest.raises(Refused) as refused:
        read(office, deposit, meanwhile=swap)
    assert refused.value.code == "deposit_file"


async def test_a_manifest_that_names_another_deposit_s_files_is_refused(office: Office) -> None:
    """Whoever can have a manifest signed can not have Monday's people restored as Tuesday's."""
    first, second = await two_days(office)
    forged = replace(second.manifest, files=first.manifest.files)
    with pytest.raises(Refused) as refused:
        read(office, replace(second, manifest=forged, text=manifests.render(forged)))
    assert refused.value.code == "deposit_file"


@pytest.mark.parametrize("attack", [take_away, hide])
async def test_a_person_whose_rows_are_gone_stops_the_send(
    office: Office, attack: Callable[[Office, Underlying], object]
) -> None:
    """An own copy without somebody the vault knows is not made, and a drill does not agree."""
    done = await office.whole()
    await office.service.later(days=1)
    await attack(office, ROWS[1])  # type: ignore[misc]  # both are coroutine functions
    with pytest.raises(ProxyError) as refused:
        await office.advance()
    assert refused.value.code == "escrow_people_missing"
    assert "knows 9 people of the registrar, the database 8" in refused.value.detail
    (stopped, _) = await office.known()
    assert (stopped.step, stopped.reason) == (Step.STAGING, "escrow_people_missing")
    with pytest.raises(ProxyError) as refused:
        await drilled(office, on_disk(office, done))
    assert refused.value.code == "escrow_people_missing"


async def test_one_accreditation_s_drill_finds_them_by_the_deposit(office: Office) -> None:
    """Where the vault's number can not be compared, who is gone without its word is told."""
    office.stream = replace(office.stream, accreditation=escrow_rows.BLUE_HERON.id)
    deposit = on_disk(office, await office.whole())
    assert (await drilled(office, deposit)).is_good
    await take_away(office, ROWS[1])
    report = await drilled(office, deposit)
    assert (report.lost, report.gone_since, report.is_good) == (1, 0, False)
    assert report.lost_ids == (str(ROWS[1].registration.id),)


async def test_whom_the_vault_erased_is_missed_by_nobody(office: Office) -> None:
    """Deposits go on without them, and an older deposit's drill says that they went."""
    deposit = on_disk(office, await office.whole())
    await office.service.later(days=1)
    await erase(office, ROWS[6])
    report = await drilled(office, deposit)
    assert (report.gone_since, report.lost, report.is_good) == (1, 0, True)
    assert (await office.whole(Kind.FULL)).step is Step.VERIFIED


async def test_an_erasure_between_question_and_snapshot_stops_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault's number is one too many then, and its second answer is not."""
    ask, asked = office.ask, list[int]()

    async def busy(_: Office, request: frames.Request) -> object:
        answer = await ask(request)
        if isinstance(request, frames.CountPeople):
            asked.append(answer["people"])
            if len(asked) == 1:
                await erase(office, ROWS[6])
        return answer

    monkeypatch.setattr(type(office), "ask", busy)
    assert (await office.advance()) is not None
    assert asked == [9, 8]


async def test_a_plan_that_means_others_now_is_not_drilled(office: Office) -> None:
    """Another accreditation or registrar under the stream's name would compare nobody."""
    manifest = office.manifest(await office.whole())
    command.check_stream(manifest, office.stream)
    for changes in (
        {"id": "other"},
        {"accreditation": escrow_rows.BLUE_HERON.id},
        {"tenant_id": escrow_restoring.deposit_id(9)},
        {"whose": Whose.REGISTRAR},
    ):
        with pytest.raises(InvalidInput) as refused:
            command.check_stream(manifest, replace(office.stream, **changes))
        assert refused.value.code == "stream"
