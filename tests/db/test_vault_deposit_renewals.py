"""Contacts that are replaced around a deposit: what its snapshot held opens, what is older not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import structlog

from proxy.model.identifiers import RecordClass, Role
from proxy.model.sealed import Adopted
from proxy.store import pool as pools
from proxy.vault import renewals
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.deposits import batch, begin, end, enrolled, plaintexts, reasons
from tests.support.openings import ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.sealed import SealedBatch, SealedRecord, ToSeal
    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db

REMOVE = "DELETE FROM sealed_record WHERE registration_id = $1 AND version > $2"


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def renew(service: Service, item: ToSeal, version: int = 2) -> SealedBatch:
    """The registration's contacts are replaced, and adopted."""
    renewed = await service.enrol(renewal(item, version))
    await service.rounds.adopt()
    return renewed


def renewal(item: ToSeal, version: int = 2) -> ToSeal:
    """Other contacts of the same registration."""
    return vaults.to_seal(version=version, mark=f"fresh{version}", person=item.registration_id)


async def deposited(service: Service, rows: list[SealedRecord]) -> list[str]:
    """The reasons in a deposit of these rows that begins now."""
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    return reasons(await ask(room, batch(begun, rows)))


async def test_what_is_replaced_while_a_deposit_is_made_opens_as_announced(
    service: Service,
) -> None:
    """Between begin and keys, once and twice, across a restart: the snapshot's bytes, no alarm."""
    items, rows = await enrolled(service, 3)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    await service.later(hours=3)
    await renew(service, items[0])
    await renew(service, items[1])
    await renew(service, items[1], 3)
    room = support.openings(service)
    first = await ask(room, batch(begun, rows[:1]))
    service.reopen()
    await service.later(hours=8)
    room = support.openings(service)
    found = plaintexts(first, rows[:1])
    found += plaintexts(await ask(room, batch(begun, rows[1:])), rows[1:])
    for item, text in zip(items, found, strict=True):
        assert item.contacts.given[Role.REGISTRANT].email in text
    assert (await ask(room, end(begun)))["refused"] == 0
    assert support.alarms(service) == 0


@pytest.mark.parametrize(
    ("before_s", "reason"), [(0, ""), (3600, ""), (3601, "record_rolled_back")]
)
async def test_an_hour_passes_between_snapshot_and_begin_at_most(
    service: Service, before_s: int, reason: str
) -> None:
    """Replaced within the hour before begin opens; earlier, the row must have been put back."""
    items, rows = await enrolled(service, 2)
    await renew(service, items[0])
    await service.later(seconds=before_s)
    with structlog.testing.capture_logs() as logs:
        assert await deposited(service, rows) == [reason, ""]
    seen = [one["reason"] for one in logs if one["event"] == "vault_row_refused"]
    assert seen == [reason] * bool(reason)
    assert support.alarms(service) == len(seen)


async def test_a_version_opens_only_if_all_that_follow_came_late(service: Service) -> None:
    """A version whose adoption was held back makes none before it look new."""
    (item,), rows = await enrolled(service, 1)
    await renew(service, item, 3)
    await service.later(hours=2)
    await renew(service, item, 2)
    known = await support.rows(service, RecordClass.IDENTITY)
    assert [one.name.version for one in known] == [1, 2, 3]
    assert rows[0] == known[0]
    assert await deposited(service, known) == ["record_rolled_back", "record_rolled_back", ""]


async def test_a_row_rolled_back_by_a_superuser_is_refused(service: Service) -> None:
    """Without the newer row, whatever the registration says, the old one opens for no deposit."""
    (item,), rows = await enrolled(service, 1)
    await renew(service, item)
    await service.later(hours=2)
    await service.administrate(REMOVE, item.registration_id, 1)
    await service.administrate(
        "UPDATE registration SET record_version = 1 WHERE id = $1", item.registration_id
    )
    assert await deposited(service, rows) == ["record_rolled_back"]
    assert support.alarms(service) == 1


async def test_an_adoption_repeated_makes_nothing_look_new(service: Service) -> None:
    """A superuser who has the newer row adopted again gains no hour: the first time stays."""
    (item,), rows = await enrolled(service, 1)
    renewed = await renew(service, item)
    await service.later(hours=49)
    await service.rounds.keep_keys()  # forgets when it was first adopted
    await service.administrate(REMOVE, item.registration_id, 1)
    async with pools.connected(service.database.superuser()) as connection:
        await service.submit(connection, renewed)
    await service.rounds.adopt()
    assert service.rooms.metrics.counter("vault_adopted_total").value == 6
    assert support.alarms(service) == 0
    assert await deposited(service, rows) == ["record_rolled_back"]


@pytest.mark.parametrize(("before_s", "reason"), [(3600, ""), (3601, "record_rolled_back")])
async def test_a_crash_inside_an_adoption_keeps_its_time(
    service: Service, before_s: int, reason: str
) -> None:
    """The state knew the record, the database not: adopted again later, the first time holds."""
    (item,), rows = await enrolled(service, 1)
    renewed = await service.enrol(renewal(item))
    assert all(isinstance(one, Adopted) for one in service.vault.walls.adopter.adopt([renewed]))
    service.reopen()
    await service.later(seconds=before_s)
    await service.rounds.adopt()
    assert len(await support.rows(service, RecordClass.IDENTITY)) == 2
    assert await deposited(service, rows) == [reason]


async def test_a_renewed_record_that_was_erased_stays_refused(service: Service) -> None:
    """Erasure comes before everything else, and is expected."""
    (item,), rows = await enrolled(service, 1)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    await renew(service, item)
    assert remembered(service) == 1
    await service.end(item, "left_service", vaults.START - timedelta(days=540))
    await service.rounds.shred()
    assert reasons(await ask(room, batch(begun, rows))) == ["record_erased"]
    assert support.alarms(service) == 0
    assert remembered(service) == 0


async def test_upkeep_forgets_renewals_that_no_deposit_looks_back_to(service: Service) -> None:
    """After two days the table is as small as before; a run of twelve hours loses nothing."""
    items, rows = await enrolled(service, 2)
    await renew(service, items[0])
    await service.later(minutes=59)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    await service.later(hours=12)
    await service.rounds.keep_keys()
    assert reasons(await ask(support.openings(service), batch(begun, rows))) == ["", ""]
    assert remembered(service) == 1
    service.vault.clock.moment = vaults.START + renewals.REMEMBERED
    await service.rounds.keep_keys()
    assert remembered(service) == 1
    service.vault.clock.moment += timedelta(seconds=1)
    await service.rounds.keep_keys()
    assert remembered(service) == 0


def remembered(service: Service) -> int:
    """How many entries the table has."""
    state = service.vault.state
    with state._environment.begin(db=state._tables[b"renewed"]) as transaction:
        return int(transaction.stat(state._tables[b"renewed"])["entries"])
